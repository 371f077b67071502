from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Location, Versioned
from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models import Patient, comes_back, seen_by
from treatments.models.appointment import A_DAY, Appointment
from treatments.models.catalogue import Indication
from treatments.models.course import Course
from treatments.models.late_signs import late_signs_field
from treatments.models.session import Session
from treatments.rules import follow_up as rule
from treatments.rules.follow_up import State, Window

if TYPE_CHECKING:
    from clinic.models import User

HERE = (Appointment.Status.ARRIVED, Appointment.Status.IN_ROOM)
VISIT = timedelta(hours=12)  # nobody waits longer: an appointment still open after it was forgotten on the board


# While that session stands: what overtook nothing after all leaves the follow-up open.
OVERTAKEN = Q(overtaken_by__isnull=False) & Q(Exists(Session.objects.standing().filter(pk=OuterRef("overtaken_by"))))


def _fact(condition: Q) -> ExpressionWrapper:
    return ExpressionWrapper(condition, output_field=models.BooleanField())


class FollowUpQuerySet(models.QuerySet["FollowUp"]):
    """The states here and those of `treatments.rules.follow_up` are one rule in two languages; a test ties them."""

    def visible_to(self, user: "User") -> "FollowUpQuerySet":
        return self.filter(seen_by(user, "course__patient"))

    def of_patient(self, patient: Patient) -> "FollowUpQuerySet":
        return self.filter(course__patient=patient)

    def of_course(self, course: Course) -> "FollowUpQuerySet":
        return self.filter(course=course)

    def with_facts(self, now: datetime) -> "FollowUpQuerySet":
        """Annotate what the state follows from: `attended`, `booked`, `last_outcome`, `is_gone`, `refuses_calls`.

        "Do not contact" is about the person, so it holds for every course, until the patient agrees to messages again.
        """
        own = {"follow_up": OuterRef("pk")}
        appointments = Appointment.objects.filter(**own)
        treated = Exists(Session.objects.signed().filter(**own))
        came = Exists(appointments.filter(status=Appointment.Status.DONE))
        refused = Exists(
            ContactAttempt.objects.filter(
                outcome=ContactAttempt.Outcome.DO_NOT_CONTACT,
                follow_up__course__patient=OuterRef("course__patient"),
            )
        )
        return self.annotate(
            attended=_fact(Q(OVERTAKEN, Q(treated) | Q(came), _connector=Q.OR)),
            booked=Exists(
                appointments.filter(
                    Q(status=Appointment.Status.BOOKED, starts_at__gte=now)
                    | Q(status__in=HERE, starts_at__gte=now - VISIT)
                )
            ),
            last_outcome=Coalesce(
                Subquery(ContactAttempt.objects.filter(**own).order_by("-made_at", "-pk").values("outcome")[:1]),
                models.Value(""),
                output_field=models.CharField(),
            ),
            is_gone=_fact(
                Q(course__patient__deceased_on__isnull=False)
                | Q(course__patient__archived_at__isnull=False)
                | Q(course__patient__restricted_at__isnull=False)
                | Q(course__patient__erasure_decided_at__isnull=False)
            ),
            # The permission first: it spares most patients the search through their calls.
            refuses_calls=_fact(Q(course__patient__contact_permission=False) & Q(refused)),
        )

    def in_state(self, state: State, today: date) -> "FollowUpQuerySet":
        """Return those that stand so today; call `with_facts` first."""
        if state is State.ATTENDED:
            return self.filter(attended=True)
        pending = self.filter(attended=False)
        if state is State.BOOKED:
            # From the few appointments ahead to their follow-ups, not from all follow-ups there ever were.
            ahead = Appointment.objects.filter(
                follow_up__isnull=False, starts_at__gte=datetime.combine(today, time.min, UTC) - 2 * A_DAY
            )
            return pending.filter(booked=True, pk__in=ahead.values("follow_up"))
        pending = pending.filter(booked=False)
        if state is State.NOT_WANTED:
            return pending.filter(Q(is_gone=True) | Q(refuses_calls=True))
        if state in {State.DECLINED, State.UNREACHABLE}:
            answers = [outcome for outcome, answer in ANSWERS.items() if answer is state]
            called = ContactAttempt.objects.filter(outcome__in=answers).values("follow_up")
            return pending.filter(is_gone=False, refuses_calls=False, last_outcome__in=answers, pk__in=called)
        waiting = self._waiting()
        if state is State.UPCOMING:
            return waiting.filter(opens_on__gt=today)
        if state is State.DUE:
            return waiting.filter(opens_on__lte=today, closes_on__gte=today)
        return waiting.filter(closes_on__lt=today)

    def unattended(self) -> "FollowUpQuerySet":
        """Return those nobody came to yet, without the rest of `with_facts`."""
        treated = Q(sessions__signed_at__isnull=False, sessions__entered_in_error_at=None)
        came = treated | Q(appointments__status=Appointment.Status.DONE)
        return self.exclude(pk__in=self.model.objects.filter(came).values("pk")).exclude(OVERTAKEN)

    def to_call(self, today: date) -> "FollowUpQuerySet":
        """Return those whom somebody should call: due and overdue; call `with_facts` first."""
        return self._waiting().filter(opens_on__lte=today)

    def to_remind(self, location: Location, today: date) -> "FollowUpQuerySet":
        """Return those due at a location whose patient may get messages. Call `with_facts` first."""
        return (
            self.in_state(State.DUE, today)
            .filter(course__location=location, course__patient__in=Patient.objects.with_messages())
            .select_related("course__patient", "course__location", "course__protocol")
            .order_by("closes_on", "pk")
        )

    def _waiting(self) -> "FollowUpQuerySet":
        """Return those for which the calendar decides: nothing has happened and nothing was answered."""
        return self.exclude(last_outcome__in=list(ANSWERS)).filter(
            attended=False, booked=False, is_gone=False, refuses_calls=False
        )

    def for_list(self) -> "FollowUpQuerySet":
        """Load what a row of the call list shows."""
        from treatments.models.reminder import Reminder  # noqa: PLC0415 -- reminder imports follow_up

        reminders = Reminder.objects.filter(follow_up=OuterRef("pk")).order_by("-started_at")
        return self.select_related("course__patient", "course__protocol__indication", "course__location").annotate(
            last_session_at=Subquery(
                Session.objects.signed()
                .filter(course=OuterRef("course"))
                .order_by("-performed_at")
                .values("performed_at")[:1]
            ),
            done=Coalesce(
                Subquery(
                    Session.objects.counting()
                    .filter(course=OuterRef("course"))
                    .order_by()
                    .values("course")
                    .annotate(n=models.Count("pk"))
                    .values("n")
                ),
                0,
            ),
            last_attempt_at=Subquery(
                ContactAttempt.objects.filter(follow_up=OuterRef("pk"))
                .order_by("-made_at", "-pk")
                .values("made_at")[:1]
            ),
            next_try_on=Subquery(
                ContactAttempt.objects.filter(follow_up=OuterRef("pk"))
                .order_by("-made_at", "-pk")
                .values("next_try_on")[:1]
            ),
            reminder_state=Subquery(reminders.values("state")[:1], output_field=models.CharField()),
            comes_back=comes_back("course__patient__preferred_channel", "course__patient"),
            reminded_at=Subquery(reminders.values("started_at")[:1], output_field=models.DateTimeField()),
        )

    def treating(self, indication: Indication) -> "FollowUpQuerySet":
        return self.filter(course__protocol__indication=indication)

    def at(self, location: Location) -> "FollowUpQuerySet":
        return self.filter(course__location=location)

    def of_patients(self, patients: models.QuerySet[Patient]) -> "FollowUpQuerySet":
        return self.filter(course__patient__in=patients)

    def each_by_its_day(self, places: Iterable[Location], now: datetime, judge: Callable) -> "FollowUpQuerySet":
        """Return what `judge` leaves of each place's rows on that place's own day.

        The whole world has two or three days at a time, and most clinics one: then the places need not be told apart.
        """
        by_day: dict[date, list[Location]] = {}
        for place in places:
            by_day.setdefault(place.today(now), []).append(place)
        if not by_day:
            return self.none()
        if len(by_day) == 1:
            return judge(self, *by_day)
        first, *others = by_day
        # A course of a place that is not among these goes with the first: nobody drops out of the list.
        parts = [judge(self.exclude(course__location__in=[place for day in others for place in by_day[day]]), first)]
        parts += [judge(self.filter(course__location__in=by_day[day]), day) for day in others]
        return reduce(or_, parts)

    def most_pressing(self, today: date) -> "FollowUp | None":
        """Return the one to show of a patient's few: to call now, else booked, else the next; call `with_facts` first.

        Where nothing is ahead, the latest.
        """
        ranks = {State.OVERDUE: 0, State.DUE: 0, State.BOOKED: 1, State.UPCOMING: 2}
        rows: list[FollowUp] = list(self)
        ahead: list[FollowUp] = [row for row in rows if row.state(today) in ranks]
        if ahead:
            return min(ahead, key=lambda row: (ranks[row.state(today)], row.closes_on, row.pk))
        return max(rows, key=lambda row: (row.closes_on, row.pk), default=None)


class FollowUp(Versioned):
    """The return of a patient some months after the last session. Its window follows the sessions."""

    course = models.ForeignKey(Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="follow_ups")
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    overtaken_by = models.ForeignKey(
        Session,
        verbose_name=_("overtaken by"),
        on_delete=models.PROTECT,
        related_name="overtaken_follow_ups",
        null=True,
        blank=True,
        editable=False,
        help_text=_("The session of the running course that came before the return and opened the next window."),
    )
    opens_on = models.DateField(_("window opens on"))
    closes_on = models.DateField(_("window closes on"))
    history = HistoricalRecords()

    objects = FollowUpQuerySet.as_manager()

    # Annotated by `with_facts`.
    attended: bool
    booked: bool
    last_outcome: str  # empty before the first attempt
    is_gone: bool
    refuses_calls: bool
    # Annotated by `for_list`.
    done: int
    last_session_at: datetime | None
    last_attempt_at: datetime | None
    next_try_on: date | None
    comes_back: bool
    reminder_state: str | None
    reminded_at: datetime | None

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["closes_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["course", "number"], name="follow_up_numbered_once"),
            models.CheckConstraint(
                condition=Q(closes_on__gte=F("opens_on")),
                name="follow_up_closes_after_it_opens",
                violation_error_message=_("The window closes before it opens."),
            ),
        ]
        indexes = [
            models.Index(fields=["closes_on", "id"], name="follow_up_by_close"),
            models.Index(fields=["opens_on", "id"], name="follow_up_by_open"),
        ]

    def __str__(self) -> str:
        return f"{self.course}, {self.opens_on:%Y-%m-%d} – {self.closes_on:%Y-%m-%d}"

    @property
    def window(self) -> Window:
        return Window(self.opens_on, self.closes_on)

    def was_attended(self) -> bool:
        """Say whether the patient came: to a treatment, to an appointment, or within the course. Asks the database."""
        is_overtaken = self.overtaken_by is not None and not self.overtaken_by.is_in_error
        return is_overtaken or self.sessions.signed().exists() or self.appointments.done().exists()

    def was_spoken_of(self) -> bool:
        """Say whether calls or messages were about this window. Asks the database."""
        return self.attempts.exists() or self.reminders.exists()

    def is_untouched(self) -> bool:
        """Say whether nothing hangs on it: no call, no message, no booking, no session. Asks the database."""
        return not (self.was_spoken_of() or self.sessions.exists() or self.appointments.exists())

    def state(self, today: date) -> State:
        """Return how it stands today, from the facts that `FollowUpQuerySet.with_facts` annotated."""
        not_wanted = self.is_gone or self.refuses_calls
        answer = State.NOT_WANTED if not_wanted else ANSWERS.get(self.last_outcome or "")
        return rule.state(self.window, today, attended=self.attended, booked=self.booked, answer=answer)


class ContactAttemptQuerySet(models.QuerySet["ContactAttempt"]):
    def of_patient(self, patient: Patient) -> "ContactAttemptQuerySet":
        return self.filter(follow_up__course__patient=patient)

    def before(self, moment: datetime) -> "ContactAttemptQuerySet":
        """Return what was tried before a moment, newest first."""
        return self.filter(made_at__lt=moment).order_by("-made_at", "-pk")


class ContactAttempt(models.Model):
    """One try to reach the patient about a follow-up, and what came of it."""

    class Outcome(models.TextChoices):
        NO_ANSWER = "no-answer", _("No answer")
        CALL_BACK = "call-back", _("Call back later")
        DECLINED = "declined", _("Declined")
        DO_NOT_CONTACT = "do-not-contact", _("Do not contact")
        WRONG_NUMBER = "wrong-number", _("Wrong number")

    follow_up = models.ForeignKey(
        FollowUp, verbose_name=_("follow-up"), on_delete=models.PROTECT, related_name="attempts"
    )
    made_at = models.DateTimeField(_("at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("by"), on_delete=models.PROTECT, related_name="contact_attempts"
    )
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome)
    next_try_on = models.DateField(_("next try on"), null=True, blank=True)
    late_signs = late_signs_field()
    note = models.CharField(_("note"), max_length=500, blank=True, validators=[validate_plain_text])
    form_token = models.UUIDField(null=True, editable=False, unique=True)

    objects = ContactAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact attempt")
        verbose_name_plural = _("contact attempts")
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["follow_up", "-made_at"], name="attempt_latest")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {on_the_wall(self.made_at)}"


# What a call brought, as the state of the follow-up; an outcome that is not here leaves the calendar to decide.
# "Do not contact" is not here either: it is about the person (`refuses_calls`).
ANSWERS: dict[str, State] = {
    ContactAttempt.Outcome.DECLINED: State.DECLINED,
    ContactAttempt.Outcome.WRONG_NUMBER: State.UNREACHABLE,
}
