from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.quantities import held
from clinic.validators import validate_not_in_future, validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models import Screening
from treatments.models.appointment import Appointment
from treatments.models.catalogue import TreatmentArea
from treatments.models.course import Course
from treatments.models.sessions_found import SessionQuerySet
from treatments.rules.course import too_early


class Session(Versioned):
    """One treatment given. It is a draft until a clinician signs it."""

    class Technique(models.TextChoices):
        """By depth, shallow first. Source: docs/glossary.md, "Technique"."""

        EPIDERMAL = "epidermal", _("Epidermal nappage, under 1 mm")
        PAPULE = "papule", _("Papule, 1–2 mm")
        NAPPAGE = "nappage", _("Nappage, 2–4 mm")
        POINT_BY_POINT = "point-by-point", _("Point by point, 4–12 mm")
        DEEP = "deep", _("Deep, 13 mm at 45°")

    class Asked(models.TextChoices):
        """Whether reactions were asked for. Blank is not asked: another fact than none."""

        NOT_ASKED = "", _("not asked")
        NONE = "none", _("none")
        SOME = "some", _("yes")

    course = models.ForeignKey(Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="sessions")
    follow_up = models.ForeignKey(
        "treatments.FollowUp",
        verbose_name=_("follow-up"),
        on_delete=models.PROTECT,
        related_name="sessions",
        null=True,
        blank=True,
        editable=False,
    )
    appointment = models.ForeignKey(
        Appointment,
        verbose_name=_("appointment"),
        on_delete=models.PROTECT,
        related_name="sessions",
        null=True,
        blank=True,
        editable=False,
    )
    performed_at = models.DateTimeField(_("performed at"), validators=[validate_not_in_future])
    performed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("performed by"),
        on_delete=models.PROTECT,
        related_name="sessions_performed",
    )
    areas = models.ManyToManyField(TreatmentArea, verbose_name=_("areas treated"), related_name="sessions")
    technique = models.CharField(_("technique"), max_length=14, choices=Technique)
    depth_mm = models.DecimalField(
        _("depth"),
        max_digits=3,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(25)],
    )
    needle = models.CharField(
        _("needle"),
        max_length=30,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("For example 30G, 13 mm."),
    )
    weight_kg = models.DecimalField(
        _("weight"),
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(25), MaxValueValidator(350)],
    )
    pain = models.PositiveSmallIntegerField(
        _("pain during injection"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(10)],
        help_text=_("0 none, 10 worst (numeric rating scale, LOINC 72514-3)."),
    )
    unmeasured_reason = models.CharField(
        _("why the weight or the pain is missing"),
        max_length=200,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("For a session that is signed without them: “scales broken”, “patient declined”."),
    )
    reactions_asked = models.CharField(
        _("reaction now"), max_length=4, choices=Asked, default=Asked.NOT_ASKED, blank=True
    )
    asked_back = models.CharField(
        _("anything new since the last session"),
        max_length=4,
        choices=Asked,
        default=Asked.NOT_ASKED,
        blank=True,
    )
    screening = models.OneToOneField(
        Screening,
        verbose_name=_("screening of the day"),
        on_delete=models.PROTECT,
        related_name="session",
        null=True,
        blank=True,
        editable=False,
    )
    map_points = models.JSONField(
        _("points placed by hand"),
        default=dict,
        blank=True,
        help_text=_("By area: [view, x, y] with fractions of the picture. Empty: spread over the area."),
    )
    antiseptic = models.CharField(_("skin antiseptic"), max_length=60, blank=True, validators=[validate_plain_text])
    device = models.CharField(
        _("syringe or gun"),
        max_length=60,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("With its serial number, where it has one."),
    )
    aftercare_given = models.BooleanField(_("aftercare explained and handed over"), default=False)
    early_reason = models.CharField(
        _("reason for the early session"), max_length=300, blank=True, validators=[validate_plain_text]
    )
    note = models.TextField(_("note"), max_length=4000, blank=True, validators=[validate_plain_text])
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True, editable=False)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("signed by"),
        on_delete=models.PROTECT,
        related_name="sessions_signed",
        null=True,
        blank=True,
        editable=False,
    )
    entered_in_error_at = models.DateTimeField(_("entered in error"), null=True, blank=True, editable=False)
    entered_in_error_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("found to be in error by"),
        on_delete=models.PROTECT,
        related_name="sessions_found_in_error",
        null=True,
        blank=True,
        editable=False,
    )
    entered_in_error_reason = models.CharField(
        _("why it is in error"), max_length=300, blank=True, editable=False, validators=[validate_plain_text]
    )
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, editable=False)
    history = HistoricalRecords(m2m_fields=[areas], excluded_fields=["form_token"])

    objects = SessionQuerySet.as_manager()

    # Annotated by `with_number`.
    number: int | None

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-performed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pain=None) | Q(pain__lte=10),
                name="session_pain_0_to_10",
                violation_error_message=_("Pain is a whole number from 0 to 10."),
            ),
            models.CheckConstraint(
                condition=held("weight_kg", 25, 350, places=2),
                name="session_weight_possible",
                violation_error_message=_("A weight is between 25 and 350 kg."),
            ),
            models.CheckConstraint(
                condition=held("depth_mm", 0, 25, places=1),
                name="session_depth_possible",
                violation_error_message=_("A depth is between 0 and 25 mm."),
            ),
            models.CheckConstraint(
                condition=Q(signed_at=None, signed_by=None)
                | Q(signed_at__isnull=False, signed_by__isnull=False, signed_at__gte=F("performed_at")),
                name="session_signed_by_someone_after_it",
                violation_error_message=_("A session is signed by someone, and after it was performed."),
            ),
            models.CheckConstraint(
                condition=Q(entered_in_error_at=None, entered_in_error_by=None, entered_in_error_reason="")
                | Q(entered_in_error_at__isnull=False, entered_in_error_by__isnull=False)
                & ~Q(entered_in_error_reason=""),
                name="session_in_error_has_a_reason",
                violation_error_message=_("Entered in error has a person and a reason."),
            ),
        ]
        indexes = [
            models.Index(fields=["course", "-performed_at"], name="session_by_course_latest"),
            models.Index(
                fields=["performed_at"], condition=Q(signed_at=None, entered_in_error_at=None), name="session_unsigned"
            ),
            # For rates over a period: what a session was, with no look at its row.
            models.Index(
                fields=["performed_at", "signed_at", "course", "performed_by", "technique"],
                condition=Q(entered_in_error_at=None),
                name="session_standing_by_time",
            ),
            # Few sessions answer a follow-up: by the index of all, planners think that none is worth a search.
            models.Index(fields=["follow_up"], condition=Q(follow_up__isnull=False), name="session_of_follow_up"),
        ]

    def __str__(self) -> str:
        return f"{self.course}, {on_the_wall(self.performed_at)}"

    def get_absolute_url(self) -> str:
        return reverse("session", args=[self.public_id])

    def clean(self) -> None:
        """Hold the session to its course, its patient, its reactions and its neighbours."""
        if not self.performed_at:
            return
        course = self.course
        day = course.day_of(self.performed_at)
        if day < course.started_on:
            text = _("The course starts on %(day)s. A session is not before that.")
            raise ValidationError({"performed_at": text % {"day": date_format(course.started_on, "j F Y")}})
        died_on = course.patient.deceased_on
        if died_on and day > died_on:
            text = _("The patient died on %(day)s.")
            raise ValidationError({"performed_at": text % {"day": date_format(died_on, "j F Y")}})
        self._refuse_to_pass_reactions()
        if not self.early_reason:
            self._refuse_too_close(day)

    def _refuse_to_pass_reactions(self) -> None:
        """Refuse a time later than what was noticed of a reaction; one that began with the session moves with it."""
        stored = Session.objects.filter(pk=self.pk).first() if self.pk else None
        if stored is None or stored.performed_at == self.performed_at:
            return
        for effect in self.side_effects.select_related("kind", "area"):
            if effect.onset_at == stored.performed_at:
                effect.move(self.performed_at - stored.performed_at)
            noticed = min(effect.onset_at, effect.resolved_at or effect.onset_at)
            if noticed < self.performed_at:
                text = _(
                    "%(reaction)s was noticed on %(moment)s, before this. Correct the reaction first, or this time."
                )
                moment = date_format(self.course.location.local(noticed), "j F, H:i")
                raise ValidationError({"performed_at": text % {"reaction": effect.title, "moment": moment}})

    def _refuse_too_close(self, day: date) -> None:
        """Refuse a session too soon after the one before it, or before the next that does not say why."""
        course = self.course
        interval = course.protocol.interval
        previous, following = self.previous(), self.following()
        last = course.day_of(previous.performed_at) if previous else None
        if last and too_early(last, day, interval):
            text = _("The last session was on %(day)s; the next is from %(first)s on. Say why this one is earlier.")
            first = last + timedelta(days=interval.minimum)
            raise ValidationError(
                {"early_reason": text % {"day": date_format(last, "j F"), "first": date_format(first, "j F")}}
            )
        then = course.day_of(following.performed_at) if following and not following.early_reason else None
        if then and too_early(day, then, interval):
            days = (then - day).days
            words = ngettext(
                "The next session was on %(day)s, %(days)s day later; %(least)s are the least. Say why so close.",
                "The next session was on %(day)s, %(days)s days later; %(least)s are the least. Say why so close.",
                days,
            )
            facts = {"day": date_format(then, "j F"), "days": days, "least": interval.minimum}
            raise ValidationError({"early_reason": words % facts})

    def missing_for_signing(self, *, has_areas: bool) -> dict[str, str]:
        """Return what a signed session has and this one lacks, as field name to what to do."""
        missing: dict[str, Any] = {}
        if not has_areas:
            missing["areas"] = _("Choose the areas treated.")
        if self.weight_kg is None and not self.unmeasured_reason:
            missing["weight_kg"] = _("Weigh the patient, or say why not.")
        if self.reactions_asked == self.Asked.NOT_ASKED:
            missing["reactions_asked"] = _("Ask for reactions, and say “None” if there is none.")
        if self.pain is None and not self.unmeasured_reason:
            missing["pain"] = _("Ask for the pain, 0 to 10, or say why not.")
        return missing

    def previous(self) -> "Session | None":
        """Return the session of the course before this one with its number, drafts included."""
        return Session.objects.preceding(self, self.performed_at).with_number().first()

    def is_first(self) -> bool:
        """Say whether the course has no session before this one, drafts included."""
        return not Session.objects.preceding(self, self.performed_at).exists()

    def following(self) -> "Session | None":
        """Return the session of the course after this one, drafts included."""
        others = Session.objects.standing().filter(course=self.course_id, performed_at__gt=self.performed_at)
        return others.exclude(pk=self.pk).order_by("performed_at", "pk").first()

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None

    @property
    def is_in_error(self) -> bool:
        return self.entered_in_error_at is not None

    @property
    def screening_in_force(self) -> Screening | None:
        """Return the short screening of the day, None where it was not asked or was entered in error itself."""
        return self.screening if self.screening and self.screening.is_in_force else None
