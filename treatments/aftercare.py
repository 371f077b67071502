"""A patient's aftercare page: its signed address, and what stands on it in plain words."""

import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import segno
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import gettext as _

from treatments import words
from treatments.models import (
    AftercareAnswer,
    AftercareLink,
    AftercareText,
    PatientWords,
    Reminder,
    Session,
    SideEffect,
    SideEffectKind,
    TreatmentArea,
)

NOBODY = uuid.UUID(int=0)
# Signed for this alone: a signature made for anything else opens nothing here.
SIGNER = Signer(sep=".", salt="treatments.aftercare")
OTHER = "other"


def token_of(link: AftercareLink) -> str:
    """Return the secret part of the address: the link's id and its signature, and nothing about a person."""
    return SIGNER.sign(urlsafe_b64encode(link.public_id.bytes).rstrip(b"=").decode("ascii"))


def find_open(token: str, now: datetime) -> AftercareLink | None:
    """Return the link that a token opens, None for what is altered, unknown, withdrawn or over.

    The database is asked in every case, so that no answer comes quicker than another.
    """
    try:
        public_id = uuid.UUID(bytes=urlsafe_b64decode(SIGNER.unsign(token) + "=="))
    except (BadSignature, ValueError):
        public_id = NOBODY
    link = AftercareLink.objects.for_patient().filter(public_id=public_id).first()
    return link if link and link.is_open(now) else None


def address_of(link: AftercareLink) -> str:
    """Return the whole address, of the host that the settings name and never of one that a request brings."""
    return settings.PUBLIC_URL.rstrip("/") + reverse("aftercare", args=[token_of(link)])


def qr_of(link: AftercareLink) -> str:
    """Return the address as a QR code: an SVG in a data address, which needs no style of its own."""
    return segno.make(address_of(link), error="m", micro=False).svg_data_uri(border=2, omitsize=True)


@dataclass(frozen=True)
class AftercareCard:
    """What staff see of a session's link; without one there is only a button to make it."""

    link: AftercareLink | None = None
    address: str = ""
    qr: str = ""
    mail: Reminder | None = None
    answers: Sequence[AftercareAnswer] = ()


def aftercare_card(session: Session, now: datetime) -> AftercareCard | None:
    """Return the card of a signed session that stands, None for any other. Answers of withdrawn links stay."""
    if not session.is_signed or session.is_in_error:
        return None
    link = AftercareLink.objects.given().filter(session=session).prefetch_related("reminders").first()
    answers = AftercareAnswer.objects.filter(link__session=session).prefetch_related(
        "side_effects__kind",
        "side_effects__area",
        "changes__side_effect__kind",
        "changes__side_effect__area",
        "reminders",
    )
    if link:
        link.session = session
    if link is None or not link.is_open(now):
        return AftercareCard(link=link, answers=list(answers))
    return AftercareCard(link, address_of(link), qr_of(link), next(iter(link.reminders.all()), None), list(answers))


@dataclass(frozen=True)
class Usual:
    """What is common after a session, and for how long."""

    name: str
    length: str


class Vocabulary:
    """How patients call kinds and areas in one language, with English for what it lacks. One query."""

    def __init__(self, language: str) -> None:
        self.kinds: dict[int, str] = {}
        self.areas: dict[int, str] = {}
        for row in PatientWords.objects.spoken(language):
            if row.kind_id:
                self.kinds[row.kind_id] = row.words
            elif row.area_id:
                self.areas[row.area_id] = row.words

    def kind(self, kind: SideEffectKind) -> str:
        """Return how patients call a kind; one that only clinicians name goes by no name."""
        return self.kinds.get(kind.pk) or _("What the clinic noted")

    def area(self, area: TreatmentArea) -> str:
        return self.areas.get(area.pk, str(area))

    def reaction(self, effect: SideEffect) -> str:
        return f"{self.kind(effect.kind)}, {self.area(effect.area).lower()}" if effect.area else self.kind(effect.kind)


@dataclass(frozen=True)
class AftercarePage:
    """What the page shows beside its form."""

    text: AftercareText | None
    usual: list[Usual]
    vocabulary: Vocabulary
    kinds: list[SideEffectKind]
    areas: list[TreatmentArea]
    open_reactions: list[SideEffect]
    days: int


def aftercare_page(link: AftercareLink, now: datetime, language: str) -> AftercarePage:
    """Load all of a page, in the language active."""
    session = link.session
    location = session.course.location
    vocabulary = Vocabulary(language)
    kinds = offered_kinds(vocabulary)
    return AftercarePage(
        text=AftercareText.objects.closest(session, language),
        usual=usual(kinds, vocabulary),
        vocabulary=vocabulary,
        kinds=kinds,
        areas=list(session.areas.all()),
        open_reactions=open_reactions(session),
        days=(location.today(now) - location.local(session.performed_at).date()).days,
    )


def offered_kinds(vocabulary: Vocabulary) -> list[SideEffectKind]:
    """Return what patients choose from. Urgent kinds are what danger signs become, and are not for them to name."""
    return list(SideEffectKind.objects.filter(pk__in=vocabulary.kinds, is_urgent=False))


def usual(kinds: Sequence[SideEffectKind], vocabulary: Vocabulary) -> list[Usual]:
    """Return the kinds that are asked for at every session and end by themselves, with how long they may take."""
    expected = [kind for kind in kinds if kind.is_immediate and not kind.always_review]
    return [
        Usual(vocabulary.kind(kind), words.duration(kind.expected_max))
        for kind in expected
        if kind.expected_max and kind.code != OTHER
    ]


def open_reactions(session: Session) -> list[SideEffect]:
    """Return what is still there of the course up to this session, urgent or not, the oldest first."""
    known = SideEffect.objects.of_course(session.course).standing().open()
    up_to = known.filter(session__performed_at__lte=session.performed_at)
    return list(up_to.select_related("kind", "area", "session").order_by("onset_at", "pk"))


def last_answer(link: AftercareLink) -> AftercareAnswer | None:
    loaded = link.answers.prefetch_related(
        "side_effects__kind", "side_effects__area", "changes__side_effect__kind", "changes__side_effect__area"
    )
    return loaded.first()
