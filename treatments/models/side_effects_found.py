"""The reactions of the clinic as sets: each state of `treatments.rules.reaction` said once more, for the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from clinic.models import Location
from clinic.paging import MOST_COUNTED
from patients.models import Patient, seen_by
from treatments.models.catalogue import SideEffectKind, TreatmentArea
from treatments.models.course import Course
from treatments.models.injection import Injection
from treatments.models.photo import Photo
from treatments.models.preparation import Ingredient
from treatments.models.product import Lot
from treatments.models.session import Session
from treatments.models.sessions_found import batch_of
from treatments.rules.reaction import SEVERE_GRADE

if TYPE_CHECKING:
    from clinic.models import User
    from treatments.models.side_effect import SideEffect  # noqa: F401 -- the type checker reads it in a string

ROOM = 101  # for the urgent ones, in a count of all that ends

UNREVIEWED = Q(reviewed_at=None)
GRAVE = Q(grade__gte=SEVERE_GRADE)
INTERRUPTS = UNREVIEWED & (Q(is_of_urgent_kind=True) | GRAVE)
SERIOUS = UNREVIEWED & (Q(is_always_reviewed=True) | Q(severity="severe") | GRAVE | Q(came_back_at__isnull=False))
# Signs of infection that somebody may still have to see; whether a session watches them is asked of these few.
SIGN_IN_SIGHT = Q(is_infection_sign=True) & (UNREVIEWED | Q(resolved_at=None))
REVIEW_NAMED = Q(review_due_at__isnull=False)
CONTACT_NAMED = Q(contact_due_at__isnull=False)
RESOLVED_LATE = Q(resolved_at__gt=F("expected_end_at"))
# A review made while the reaction was inside its time does not answer for its running past it.
NOT_SEEN_LATE = UNREVIEWED | Q(reviewed_at__lte=F("expected_end_at"))


def reasons_to_review(now: datetime) -> list[Q]:
    return [
        SERIOUS,
        Q(resolved_at=None, expected_end_at__lt=now) & NOT_SEEN_LATE,
        RESOLVED_LATE & NOT_SEEN_LATE,
        UNREVIEWED & in_watch(),
        Q(review_due_at__lte=now),
    ]


def in_watch() -> Q:
    """Return the condition that a sign of infection began 7 to 203 days after a session of the patient."""
    others = Session.objects.standing().filter(course__patient=OuterRef("session__course__patient"))
    return Q(Exists(others.watching(OuterRef("onset_at"))), is_infection_sign=True)


class SideEffectQuerySet(models.QuerySet["SideEffect"]):
    """The states here and those of `treatments.rules.reaction` are one rule in two languages; a test ties them."""

    def visible_to(self, user: "User") -> "SideEffectQuerySet":
        return self.filter(seen_by(user, "session__course__patient"))

    def standing(self) -> "SideEffectQuerySet":
        """Leave out what was entered in error, itself or with its session: it is shown in the record, and no work."""
        return self.filter(entered_in_error_at=None, session__entered_in_error_at=None)

    def after_sessions_between(self, start: datetime, end: datetime) -> "SideEffectQuerySet":
        """Return the reactions to sessions performed from a moment on and before another."""
        return self.filter(session__performed_at__gte=start, session__performed_at__lt=end)

    def after_signed(self) -> "SideEffectQuerySet":
        """Return the reactions to signed sessions that stand."""
        return self.standing().filter(session__signed_at__isnull=False)

    def of_patient(self, patient: Patient) -> "SideEffectQuerySet":
        return self.filter(session__course__patient=patient)

    def of_patients(self, patients: Iterable[Patient]) -> "SideEffectQuerySet":
        return self.filter(session__course__patient__in=[patient.pk for patient in patients])

    def of_course(self, course: Course) -> "SideEffectQuerySet":
        return self.filter(session__course=course)

    def with_suspects(self) -> "SideEffectQuerySet":
        """Annotate `product` and `number` of each batch that may have caused a reaction: one row a batch and area.

        The rule of `suspecting`, as rows to count: what its session injected in its area, or in all of them where no
        area is named or nothing was injected there, unless somebody ruled the lot out.
        """
        from treatments.models.cleared_lot import ClearedLot  # noqa: PLC0415 -- cleared_lot imports side_effect

        there = Injection.objects.filter(session=OuterRef("session"), area=OuterRef("area"))
        cleared = ClearedLot.objects.filter(
            side_effect=OuterRef("pk"), lot__product=OuterRef("product"), lot__number=OuterRef("number")
        )
        return self.annotate(injected_area=F("session__injections__area"), **batch_of("session__injections")).filter(
            ~Exists(cleared), Q(area=None) | Q(area=F("injected_area")) | ~Exists(there)
        )

    def with_place(self) -> "SideEffectQuerySet":
        """Annotate `place`, where a reaction is: its area, or each area that the session treated if none is named."""
        return self.annotate(place=F("session__areas")).filter(Q(area=None) | Q(area=F("place")))

    def begun_with_session(self) -> "SideEffectQuerySet":
        """Return, and lock, those that began with their session to the minute: they were there right after it."""
        return self.select_for_update(of=("self",)).filter(onset_at=F("session__performed_at"))

    def held(self) -> "SideEffectQuerySet":
        """Return them as stored now; nobody else saves them until the transaction ends."""
        return self.select_for_update(of=("self",)).select_related("kind", "area", "session").order_by("pk")

    def open(self) -> "SideEffectQuerySet":
        return self.filter(resolved_at=None)

    def running(self, now: datetime) -> "SideEffectQuerySet":
        """Return what is open and inside its expected time."""
        return self.open().filter(Q(expected_end_at=None) | Q(expected_end_at__gte=now))

    def prolonged(self, now: datetime) -> "SideEffectQuerySet":
        """Return what is open past its expected time."""
        return self.open().filter(expected_end_at__lt=now)

    def in_time(self) -> "SideEffectQuerySet":
        return self.filter(
            Q(resolved_at__lte=F("expected_end_at")) | Q(expected_end_at=None, resolved_at__isnull=False)
        )

    def resolved_late(self) -> "SideEffectQuerySet":
        return self.filter(RESOLVED_LATE)

    def to_review(self, now: datetime) -> "SideEffectQuerySet":
        """Return what a clinician must review, and has not.

        Each reason is looked up by an index of its own; as one condition with OR they would use none.
        """
        return self._for_any_reason(*reasons_to_review(now))

    def to_see_to(self, now: datetime, user: "User") -> "SideEffectQuerySet":
        """Return what is to be reviewed, and what this user is to contact the patient about by now."""
        return self._for_any_reason(*reasons_to_review(now), Q(owner=user, contact_due_at__lte=now))

    def urgent(self) -> "SideEffectQuerySet":
        """Return what heads every clinician's Today."""
        return self.filter(INTERRUPTS)

    def suspected(self) -> "SideEffectQuerySet":
        """Return the suspected late infections that are still there, or that no clinician has seen."""
        return self.filter(SIGN_IN_SIGHT, in_watch())

    def contact_due(self, now: datetime) -> "SideEffectQuerySet":
        """Return those whose patient somebody is to contact by now."""
        return self.filter(contact_due_at__lte=now)

    def followed_by(self, user: "User") -> "SideEffectQuerySet":
        return self.filter(owner=user)

    def unowned(self) -> "SideEffectQuerySet":
        """Return those that nobody follows up: nobody was named, or whoever was works here no more."""
        return self.filter(Q(owner=None) | Q(owner__is_active=False))

    def in_area(self, area: TreatmentArea) -> "SideEffectQuerySet":
        return self.filter(area=area)

    def at(self, location: Location) -> "SideEffectQuerySet":
        return self.filter(session__course__location=location)

    def _for_any_reason(self, *reasons: Q) -> "SideEffectQuerySet":
        first, *others = [self.model._default_manager.order_by().filter(reason).values("pk") for reason in reasons]
        return self.filter(pk__in=first.union(*others, all=True))

    def before(self, moment: datetime) -> "SideEffectQuerySet":
        """Return what began before a moment, newest first."""
        return self.filter(onset_at__lt=moment).order_by("-onset_at", "-pk")

    def oldest_first(self) -> "SideEffectQuerySet":
        return self.order_by("recorded_at", "pk")

    def for_list(self) -> "SideEffectQuerySet":
        """Load what a row shows: patient, kind, area, who recorded it, and the session with its number."""
        watched = models.Case(models.When(in_watch(), then=True), default=False)
        return (
            self.select_related("kind", "area", "recorded_by", "owner")
            .annotate(in_watch=watched)
            .prefetch_related(
                models.Prefetch(
                    "session", Session.objects.with_number().select_related("course__patient", "course__location")
                )
            )
        )

    def with_photos(self) -> "SideEffectQuerySet":
        """Load the photos that show each, the first taken first."""
        shown = Photo.objects.usable().order_by("taken_at", "pk")
        return self.prefetch_related(models.Prefetch("photos", shown))

    def for_page(self) -> "SideEffectQuerySet":
        """Load what a reaction's own page shows."""
        return self.for_list().with_photos().select_related("reviewed_by", "entered_in_error_by")

    def in_work_order(self, now: datetime) -> "SideEffectQuerySet":
        """Annotate `rank` and `ends_at`, by which the worst comes first: urgent, most over time, ending soonest."""
        return self.annotate(
            rank=models.Case(
                models.When(INTERRUPTS, then=0),
                models.When(resolved_at=None, expected_end_at__lt=now, then=1),
                default=2,
            ),
            ends_at=Coalesce("expected_end_at", "onset_at"),
        )

    def review_counts(self, now: datetime, *, most: int = MOST_COUNTED) -> tuple[int, int]:
        """Return how many are to be reviewed, and how many of them are urgent.

        Counting ends a little above `most`, so that those beside the urgent ones are more than that, too.
        """
        return self._counts(self.to_review(now), most)

    def work_counts(self, now: datetime, user: "User", *, most: int = MOST_COUNTED) -> tuple[int, int]:
        """Return how many are to be seen to by this user's clinic and by the user, and how many of them are urgent."""
        return self._counts(self.to_see_to(now, user), most)

    def _counts(self, found: "SideEffectQuerySet", most: int) -> tuple[int, int]:
        urgent = self.urgent().order_by().values(all=models.Value(1)).annotate(n=Count("pk")).values("n")
        counted = found.order_by().annotate(urgent_ones=models.Subquery(urgent))[: most + ROOM]
        counts = counted.aggregate(all=Count("pk"), urgent=models.Max("urgent_ones"))
        return counts["all"], counts["urgent"] or 0

    def of_kind(self, kind: SideEffectKind) -> "SideEffectQuerySet":
        return self.filter(kind=kind)

    def resolved(self) -> "SideEffectQuerySet":
        return self.filter(resolved_at__isnull=False)

    def of_lots(self, lots: "Iterable[Lot] | models.QuerySet[Lot]") -> "SideEffectQuerySet":
        """Return the standing reactions that any of these lots is suspected of, each once; give a batch as its lots.

        One rule with `treatments.suspects`; a test ties them.
        """
        keys: Any = lots.order_by().values("pk") if isinstance(lots, models.QuerySet) else [lot.pk for lot in lots]
        mixed = Ingredient.objects.filter(lot__in=keys).order_by().values("preparation")
        drawn = Injection.objects.filter(Q(lot__in=keys) | Q(preparation__in=mixed)).order_by().values("session")
        return self.standing().filter(session__in=drawn).suspecting(pk__in=keys)

    def suspecting(self, **lot: Any) -> "SideEffectQuerySet":
        """Return the reactions with a lot under suspicion that meets these conditions, as of `Lot.objects.filter`.

        Suspected is what was injected where the reaction is, straight or mixed, unless somebody cleared it. A reaction
        of the whole body, or of an area that its session no longer has, suspects all of the session. A column of
        an outer query is `OuterRef(OuterRef(...))`.
        """
        from treatments.models.cleared_lot import ClearedLot  # noqa: PLC0415 -- cleared_lot imports side_effect

        of_lot = Q(**{f"lot__{name}": value for name, value in lot.items()})
        clearing = ClearedLot.objects.order_by().filter(side_effect=OuterRef(OuterRef("pk")), lot=OuterRef("lot"))
        suspect = of_lot & ~Exists(clearing)
        straight = Injection.objects.order_by().filter(suspect)
        mixed = Ingredient.objects.order_by().filter(suspect)
        session, area = OuterRef("session"), OuterRef("area")
        in_session = Exists(straight.filter(session=session)) | Exists(
            mixed.filter(preparation__injections__session=session)
        )
        in_area = Exists(straight.filter(session=session, area=area)) | Exists(
            mixed.filter(preparation__injections__session=session, preparation__injections__area=area)
        )
        area_was_treated = Exists(Injection.objects.order_by().filter(session=session, area=area))
        return self.filter(in_area | ~area_was_treated & in_session)
