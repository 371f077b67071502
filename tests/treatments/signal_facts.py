"""Sessions with lots and reactions, as few words as a test of signals wants them in."""

from datetime import UTC, datetime, timedelta

from tests.factories import (
    CourseFactory,
    InjectionFactory,
    PatientFactory,
    PreparationFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
)

NOW = datetime(2026, 3, 20, 18, 0, tzinfo=UTC)
FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def give(*lots, patient=None, days=0, mixed=False, **facts):
    """Let a patient have a signed session with these lots, straight or mixed, so many days after the first."""
    place = lots[0].location if lots else None
    patient = patient or (PatientFactory(location=place) if place else PatientFactory())
    course = patient.courses.first() or CourseFactory(patient=patient)
    session = SessionFactory(course=course, performed_at=FIRST + timedelta(days=days), **{"signed": True} | facts)
    if mixed:
        mixture = PreparationFactory(location=place, ingredients=[(lot, 5) for lot in lots])
        InjectionFactory(session=session, lot=None, preparation=mixture)
    else:
        for lot in lots:
            InjectionFactory(session=session, lot=lot)
    return session


def react(session, kind="nodule", **facts):
    return SideEffectFactory(session=session, kind=SideEffectKindFactory(code=kind), **facts)
