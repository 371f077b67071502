"""The sessions of the clinic as sets: what stands, counts and was answered, and what each page loads of them."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from clinic.models import Location
from patients.models import Patient, seen_by
from treatments.models.course import Course
from treatments.rules.late_infection import WATCH_BEGINS, WATCH_IS_OVER

if TYPE_CHECKING:
    from clinic.models import User
    from treatments.models.session import Session


def batch_of(injections: str) -> dict[str, Coalesce]:
    """Return the annotations that name the batch of an injection, reached by this path: of a mixture each part's."""
    straight, mixed = f"{injections}__lot", f"{injections}__preparation__ingredients__lot"
    return {
        "product": Coalesce(f"{straight}__product", f"{mixed}__product"),
        "number": Coalesce(f"{straight}__number", f"{mixed}__number"),
    }


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: "User") -> "SessionQuerySet":
        return self.filter(seen_by(user, "course__patient"))

    def standing(self) -> "SessionQuerySet":
        """Leave out those that were entered in error."""
        return self.filter(entered_in_error_at=None)

    def signed(self) -> "SessionQuerySet":
        return self.standing().filter(signed_at__isnull=False)

    def between(self, start: datetime, end: datetime) -> "SessionQuerySet":
        """Return what was performed from a moment on and before another."""
        return self.filter(performed_at__gte=start, performed_at__lt=end)

    def with_answer(self) -> "SessionQuerySet":
        """Annotate `is_answered`: whether reactions after the session are known, none included.

        They are where one was recorded, where the patient answered through the aftercare link, be it that all is
        well, or where the next session of the course asked back. Of any other session nobody knows: it is no
        evidence of none.
        """
        from treatments.models.aftercare import AftercareAnswer  # noqa: PLC0415 -- aftercare imports session
        from treatments.models.side_effect import SideEffect  # noqa: PLC0415 -- side_effect imports session

        following = self.model.objects.standing().filter(
            Q(performed_at__gt=OuterRef("performed_at"))
            | Q(performed_at=OuterRef("performed_at"), pk__gt=OuterRef("pk")),
            course=OuterRef("course"),
            performed_at__gte=OuterRef("performed_at"),
        )
        asked = Subquery(following.order_by("performed_at", "pk").values("asked_back")[:1])
        recorded = Exists(SideEffect.objects.filter(session=OuterRef("pk"), entered_in_error_at=None))
        return self.annotate(asked_next=asked).annotate(
            is_answered=models.Case(
                models.When(Q(asked_next__in=[self.model.Asked.NONE, self.model.Asked.SOME]), then=True),
                models.When(recorded, then=True),
                models.When(Exists(AftercareAnswer.objects.filter(link__session=OuterRef("pk"))), then=True),
                default=False,
                output_field=models.BooleanField(),
            )
        )

    def with_batch(self) -> "SessionQuerySet":
        """Annotate `product` and `number` of each batch a session had, straight or mixed: one row a batch and area."""
        return self.annotate(**batch_of("injections"))

    def drafts(self) -> "SessionQuerySet":
        return self.standing().filter(signed_at=None)

    def of_patient(self, patient: Patient) -> "SessionQuerySet":
        return self.filter(course__patient=patient)

    def before(self, moment: datetime) -> "SessionQuerySet":
        """Return what was performed before a moment, newest first."""
        return self.filter(performed_at__lt=moment).order_by("-performed_at", "-pk")

    def watching(self, onset: Any) -> "SessionQuerySet":
        """Return those in whose late-infection watch something began: at a moment, or at that of an outer query."""
        return self.filter(performed_at__gt=onset - WATCH_IS_OVER, performed_at__lte=onset - WATCH_BEGINS)

    def preceding(self, session: "Session", moment: datetime | None) -> "SessionQuerySet":
        """Return what the course had by a moment, newest first and this one left out: the first is "last time".

        Drafts are included, and what was entered in error is not. Without a moment, all of the course.
        """
        others = self.standing().filter(course=session.course_id).exclude(pk=session.pk)
        if moment is not None:
            others = others.filter(performed_at__lte=moment)
        return others.order_by("-performed_at", "-pk")

    def weighed_before(self, session: "Session", moment: datetime) -> "Session | None":
        """Return the patient's last session before a moment at which a weight was taken, this one left out."""
        others = self.standing().of_patient(session.course.patient).exclude(pk=session.pk).exclude(weight_kg=None)
        return others.before(moment).first()

    def for_timeline(self) -> "SessionQuerySet":
        return self.with_number().select_related("course__protocol", "signed_by").prefetch_related("areas")

    def for_signing_list(self) -> "SessionQuerySet":
        return self.with_number().select_related(
            "course__patient", "course__protocol", "course__location", "performed_by"
        )

    def for_log(self, patient: Patient) -> "SessionQuerySet":
        """Load what a reaction may have begun after: every standing session of a patient, the latest first.

        Drafts are among them, for the needle was real.
        """
        found = self.standing().of_patient(patient).with_number().order_by("-performed_at", "-pk")
        return found.select_related("course__protocol", "course__location", "course__clinician", "course__patient")

    def summary(self) -> dict[str, Any]:
        """Return {"count", "oldest_at"} of these sessions in one query."""
        return self.order_by().aggregate(count=Count("pk"), oldest_at=models.Min("performed_at"))

    def for_report(self) -> "SessionQuerySet":
        """Load what a report's list says of each: patient, course, place, who gave it, its batches and reactions."""
        return (
            self.with_number()
            .select_related("course__patient", "course__protocol", "course__location", "performed_by")
            .prefetch_related("side_effects__kind", "side_effects__area")
        )

    def of_course_itself(self) -> "SessionQuerySet":
        """Leave out the treatments given at a follow-up, and what was entered in error: neither has a number."""
        return self.standing().filter(follow_up=None)

    def counting(self) -> "SessionQuerySet":
        """Return the sessions that count as done: signed, and of the course itself."""
        return self.signed().of_course_itself()

    def for_course_page(self) -> "SessionQuerySet":
        """Load a course's sessions as its page lists them: numbered, newest first, with areas and reactions."""
        return (
            self.with_number()
            .select_related("performed_by", "signed_by")
            .prefetch_related("areas", "side_effects__kind", "side_effects__area")
            .order_by("-performed_at", "-pk")
        )

    def for_page(self) -> "SessionQuerySet":
        """Load what a session's own page shows."""
        return (
            self.with_number()
            .select_related(
                "performed_by", "signed_by", "entered_in_error_by", "appointment", "follow_up", "screening"
            )
            .prefetch_related(
                "screening__answers__question",
                "areas",
                "side_effects__kind",
                "side_effects__area",
                models.Prefetch("course", Course.objects.for_page()),
            )
        )

    def number_at(self, course: Course, performed_at: datetime, *, key: int | None = None) -> int:
        """Return the number that a session of the course has, or would have; `key` is its own once it is stored."""
        at_once = Q(performed_at=performed_at)
        if key is not None:
            at_once &= Q(pk__lt=key)
        earlier = self.of_course_itself().filter(Q(performed_at__lt=performed_at) | at_once, course=course)
        return earlier.count() + 1

    def performed_on(self, day: date, location: Location) -> "SessionQuerySet":
        """Return what was given on a calendar day as a location has it."""
        first, end = location.span(day)
        return self.filter(performed_at__gte=first, performed_at__lt=end)

    def with_number(self) -> "SessionQuerySet":
        """Annotate `number`, its place in its course by the time it was performed.

        None for a follow-up's, and for one that was entered in error.
        """
        earlier = (
            self.model.objects.of_course_itself()
            .filter(course=OuterRef("course"))
            .filter(
                Q(performed_at__lt=OuterRef("performed_at"))
                | Q(performed_at=OuterRef("performed_at"), pk__lte=OuterRef("pk"))
            )
            .order_by()
            .values("course")
            .annotate(n=Count("pk"))
            .values("n")
        )
        numbered = models.When(follow_up=None, entered_in_error_at=None, then=Subquery(earlier))
        return self.annotate(number=models.Case(numbered, default=None))
