"""What is asked and signed before the treatments of the demo's people: most have all of it, some lack a part."""

import math
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from clinic.models import User
from patients import actions
from patients.models import Consent, ConsentForm, Patient, Screening, ScreeningAnswer, ScreeningQuestion
from patients.signature import Strokes

ANSWERED_YES = {3: ("keloid", ""), 5: ("antiplatelet", "ibuprofen now and then"), 8: ("anticoagulant", "apixaban")}
PURPOSES = (ConsentForm.Purpose.TREATMENT, ConsentForm.Purpose.PHOTO_RECORD)


def screen_and_sign(patient: Patient, *, number: int, nurse: User, treated_since: datetime, now: datetime) -> None:
    """Ask and sign before the first session, and ask again some weeks ago. Every seventh was not asked again."""
    first = treated_since - timedelta(days=3)
    screen(patient, yes=None, nurse=nurse, at=first)
    for purpose in PURPOSES[: 1 + number % 2]:
        sign(patient, purpose, nurse=nurse, at=first + timedelta(minutes=10))
    again = now - timedelta(days=20 + number % 30)
    if number % 7 and again > first:
        screen(patient, yes=ANSWERED_YES.get(number), nurse=nurse, at=again)


def screen(patient: Patient, *, yes: tuple[str, str] | None, nurse: User, at: datetime) -> None:
    code, detail = yes or ("", "")
    answers = [
        ScreeningAnswer(question=question, answer="yes", detail=detail)
        if question.code == code
        else ScreeningAnswer(question=question, answer="no")
        for question in ScreeningQuestion.objects.asked_in(Screening.Kind.FULL)
    ]
    screening = Screening(patient=patient, kind=Screening.Kind.FULL, answered_at=at, recorded_by=nurse)
    actions.record_screening(screening, answers=answers)


def sign(patient: Patient, purpose: ConsentForm.Purpose, *, nurse: User, at: datetime) -> None:
    form = ConsentForm.objects.get(purpose=purpose, language="en", number=1)
    day = patient.location.today(at)
    Consent.objects.create(
        patient=patient,
        form=form,
        signed_at=at,
        signer_name=patient.full_name,
        method=Consent.Method.DRAWN,
        strokes=flourish(),
        recorded_by=nurse,
        expires_on=day + relativedelta(months=form.valid_months) if form.valid_months else None,
    )


def flourish() -> Strokes:
    """Return a signature that nobody has: a wave that dies away, and a line under it."""
    wave = [[round(0.12 + 0.011 * i, 4), round(0.55 - 0.3 * math.sin(i / 3) * (1 - i / 60), 4)] for i in range(60)]
    return [wave, [[0.15, 0.8], [0.8, 0.74]]]
