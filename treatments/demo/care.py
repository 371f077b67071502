"""What was done about the demo's reactions: a review due again, a nodule followed up, a faint that is over."""

import uuid
from datetime import datetime, timedelta

from clinic.models import User
from treatments.actions.side_effects import follow, log_contact, review, take_step
from treatments.models import InfectionStep, SideEffect, SideEffectContact, SideEffectReview

Causality, Outcome = SideEffectReview.Causality, SideEffectReview.Outcome


def care(*, doctor: User, nurse: User, now: datetime) -> None:
    faint = newest("vasovagal")
    look(
        faint,
        doctor,
        faint.onset_at + timedelta(hours=1),
        SideEffectReview(
            causality=Causality.PROBABLE,
            note="Fainted when getting up, after twelve minutes lying down well again. Blood pressure 118 over 74.",
            action="Treat lying down, and wait ten minutes before getting up.",
            outcome=Outcome.RESOLVED,
        ),
    )
    hard = newest("induration")
    today = hard.session.course.location.today(now)
    look(
        hard,
        doctor,
        now - timedelta(days=2),
        SideEffectReview(
            causality=Causality.POSSIBLE,
            note="Firm, 2 cm, not tender, no redness above it.",
            action="Photograph it, and look again before the next session.",
            outcome=Outcome.ONGOING,
            next_review_on=today,
        ),
    )
    nodule = newest("nodule")
    today = nodule.session.course.location.today(now)
    made = SideEffectContact(
        outcome=SideEffectContact.Outcome.MESSAGE,
        note="Asked to come in this week for a culture.",
        next_contact_on=today,
        form_token=uuid.uuid4(),
    )
    follow(nodule, owner=nurse, next_contact_on=None, version=nodule.version)
    log_contact(nodule, made=made, by=nurse, now=now - timedelta(days=1), version=nodule.version)
    take_step(nodule, InfectionStep.objects.get(code="photograph"), done=True, by=nurse, now=now - timedelta(days=1))


def newest(kind: str) -> SideEffect:
    return SideEffect.objects.for_page().filter(kind__code=kind).latest("onset_at")


def look(effect: SideEffect, by: User, at: datetime, made: SideEffectReview) -> None:
    review(effect, made=made, by=by, now=at, version=effect.version)
