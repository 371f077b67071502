"""What putting a session into another patient's record comes to, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import cached_property

from clinic.models import User
from patients.models import Patient
from treatments.drawn import drawn_to_sign
from treatments.gate import Problem, problems
from treatments.models import AskBack, Assessment, Course, Session, SessionCorrection, SideEffect
from treatments.photo_consent import PhotoRefusal, missing_consent
from treatments.photos import SessionPhotos
from treatments.session_record import photos_of

# A course that is not stored has no photos to ask for.
NO_PHOTOS = SessionPhotos(slots=[], others=0, milestone=None, refusal=None, takes=False)


@dataclass(frozen=True)
class Correction:
    """A session of the wrong patient, seen from the course of the right one. Each part is read once."""

    session: Session
    course: Course
    now: datetime

    @property
    def patient(self) -> Patient:
        return self.course.patient

    @cached_property
    def _problems(self) -> list[Problem]:
        drawn = replace(drawn_to_sign(self.session), course=self.course, session=None)
        return problems(drawn, self.now, photos=None if self.course.pk else NO_PHOTOS)

    @property
    def against(self) -> list[Problem]:
        """Return what will stand against signing in the right record, by the day of the session."""
        return [problem for problem in self._problems if problem.stops]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self._problems if not problem.stops]

    @cached_property
    def photo_count(self) -> int:
        return len(photos_of(self.session))

    @cached_property
    def photo_refusal(self) -> PhotoRefusal | None:
        """Return the consent that the photos lack in the right record, None without any."""
        photos = photos_of(self.session)
        scopes = {photo.consent_scope for photo in photos}
        refusals = (missing_consent(self.patient, type(photos[0]).Scope(scope), self.now) for scope in sorted(scopes))
        return next(filter(None, refusals), None)

    @cached_property
    def answers(self) -> Sequence[AskBack]:
        """Return what was said at the session of the wrong patient's earlier reactions."""
        return list(self.session.ask_backs.select_related("side_effect__kind", "side_effect__area"))


def effects_to_move(session: Session) -> list[SideEffect]:
    """Return the reactions that may have been the right patient's: none that the wrong one told by the own link."""
    found = session.side_effects.filter(entered_in_error_at=None, aftercare_answer=None)
    return list(found.select_related("kind", "area", "recorded_by").order_by("onset_at", "pk"))


def assessments_of_day(session: Session) -> list[Assessment]:
    day = session.course.day_of(session.performed_at)
    found = Assessment.objects.standing().filter(course=session.course, assessed_on=day)
    return list(found.select_related("assessed_by").order_by("pk"))


def courses_for(session: Session, patient: Patient) -> list[Course]:
    """Return the patient's courses in which the session may stand: begun by its day, and not the one it is in."""
    day = session.course.day_of(session.performed_at)
    found = Course.objects.of_patient(patient).filter(started_on__lte=day).exclude(pk=session.course_id)
    return list(found.select_related("protocol__indication", "clinician", "location", "patient__location"))


def may_begin_anew(session: Session, patient: Patient) -> bool:
    """Say whether a course like the one in the wrong record may begin: none of its protocol goes on."""
    return not Course.objects.of_patient(patient).running().filter(protocol=session.course.protocol).exists()


@dataclass(frozen=True)
class Provenance:
    """How a session came here or went away; `other` is the one in the other record, for whom may see that record."""

    correction: SessionCorrection
    other: Session | None


def provenances(session: Session, user: User) -> dict[str, Provenance | None]:
    """Return both, {"came", "went"}, in two queries at most."""
    found = list(SessionCorrection.objects.about(session))
    went = next((row for row in found if row.wrong_id == session.pk), None)
    came = next((row for row in found if row.right_id == session.pk), None)
    others = [row.right_id if row.wrong_id == session.pk else row.wrong_id for row in found]
    seen = (
        set(Session.objects.visible_to(user).filter(pk__in=others).values_list("pk", flat=True)) if others else set()
    )
    return {
        "went": Provenance(went, went.right if went.right_id in seen else None) if went else None,
        "came": Provenance(came, came.wrong if came.wrong_id in seen else None) if came else None,
    }
