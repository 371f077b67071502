"""What is known of a patient before a treatment: the last full screening, and what stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.models import Location
from patients.models import Patient, Screening, ScreeningAnswer


@dataclass(frozen=True)
class Standing:
    """The newest full screening in force, and every question whose newest answer is yes.

    A question answered no later, in a full screening or a short one, is no finding any more.
    """

    full: Screening | None
    findings: list[ScreeningAnswer]

    @property
    def absolute(self) -> list[ScreeningAnswer]:
        """Return what rules a treatment out: all of it, an area's or a product's."""
        return absolute(self.findings)

    @property
    def relative(self) -> list[ScreeningAnswer]:
        """Return what a clinician decides about."""
        return relative(self.findings)

    def expires_on(self, valid_days: int, location: Location) -> date | None:
        """Return the last day on which the full screening holds, counted at this place; None without a screening."""
        if self.full is None:
            return None
        return location.local(self.full.answered_at).date() + timedelta(days=valid_days)

    def is_expired(self, today: date, valid_days: int, location: Location) -> bool:
        """Say whether the full screening holds no more on `today`. One that never was is missing, not expired."""
        last_day = self.expires_on(valid_days, location)
        return last_day is not None and today > last_day


def standing(patient: Patient, *, before: datetime | None = None) -> Standing:
    """Return how the patient stands, now or as was known by the moment `before`; asks the database twice."""
    screenings = Screening.objects.in_force().of_patient(patient)
    if before is not None:
        screenings = screenings.before(before)
    latest = ScreeningAnswer.objects.newest_of(patient, before).filter(answer=ScreeningAnswer.Answer.YES)
    return Standing(screenings.full().first(), list(latest))


def absolute(answers: Iterable[ScreeningAnswer]) -> list[ScreeningAnswer]:
    return [answer for answer in answers if answer.is_yes and answer.question.is_absolute]


def relative(answers: Iterable[ScreeningAnswer]) -> list[ScreeningAnswer]:
    return [answer for answer in answers if answer.is_yes and not answer.question.is_absolute]
