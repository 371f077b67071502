"""How a patient's consents stand: one state for each purpose, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.banner import short_day
from patients.models import Consent, ConsentForm, Patient

Purpose = ConsentForm.Purpose


class State(StrEnum):
    IN_FORCE = "in force"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    MISSING = "missing"


@dataclass(frozen=True)
class ConsentState:
    """How one purpose stands, and the consent that decides it: the newest in force, else the newest of all."""

    purpose: Purpose
    state: State
    consent: Consent | None
    newest_form: ConsentForm | None
    words: str

    @property
    def is_in_force(self) -> bool:
        return self.state is State.IN_FORCE

    @property
    def tone(self) -> str:
        """Return the class of its badge. Only treatment needs consent: the others may be left out."""
        if self.is_in_force:
            return "is-in-time"
        return "is-prolonged" if self.purpose is Purpose.TREATMENT else "is-resolved"

    @property
    def newer_form(self) -> ConsentForm | None:
        """Return the version published since the one signed, if there is one in the language it was signed in."""
        signed, newest = self.consent and self.consent.form, self.newest_form
        is_newer = signed and newest and newest.language == signed.language and newest.number > signed.number
        return newest if is_newer else None


def consent_state(patient: Patient, now: datetime, purpose: str = Purpose.TREATMENT) -> ConsentState:
    """Return how one purpose stands at a moment."""
    return next(state for state in consent_states(patient, now) if state.purpose == purpose)


def consent_states(patient: Patient, now: datetime) -> list[ConsentState]:
    """Return how every purpose stands at a moment; asks the database twice. The patient's location is loaded."""
    consents = list(Consent.objects.of_patient(patient).for_list())
    for consent in consents:
        consent.patient = patient  # whose place's day it is
    forms = list(ConsentForm.objects.in_use(now))
    return [judge(purpose, consents, forms, patient, now) for purpose in Purpose]


def judge(
    purpose: Purpose, consents: Iterable[Consent], forms: Iterable[ConsentForm], patient: Patient, now: datetime
) -> ConsentState:
    """Return how a purpose stands by the patient's consents, newest first, and the forms in use."""
    own = [consent for consent in consents if consent.form.purpose == purpose]
    deciding = next((consent for consent in own if consent.is_in_force(now)), own[0] if own else None)
    state = state_of(deciding, now)
    language = deciding.form.language if deciding else patient.language
    newest = form_to_sign([form for form in forms if form.purpose == purpose], language)
    words = in_words(state, purpose, deciding, patient.location.today(now))
    return ConsentState(purpose, state, deciding, newest, words)


def state_of(consent: Consent | None, now: datetime) -> State:
    if consent is None:
        return State.MISSING
    if consent.is_in_force(now):
        return State.IN_FORCE
    return State.WITHDRAWN if consent.withdrawn_at else State.EXPIRED


def in_words(state: State, purpose: Purpose, consent: Consent | None, today: date) -> str:
    """Return what the banner and the lists say: "Valid to 3 Aug 2027", "Withdrawn 3 Nov", "Missing", "Not given"."""
    if consent is None:
        return _("Missing") if purpose is Purpose.TREATMENT else _("Not given")
    local = consent.patient.location.local
    if state is State.WITHDRAWN and consent.withdrawn_at:
        return _("Withdrawn %(day)s") % {"day": short_day(local(consent.withdrawn_at).date(), today)}
    if consent.expires_on is None:
        return _("Valid since %(day)s") % {"day": short_day(local(consent.signed_at).date(), today)}
    if state is State.EXPIRED:
        return _("Expired %(day)s") % {"day": short_day(consent.expires_on, today)}
    return _("Valid to %(day)s") % {"day": date_format(consent.expires_on, "j M Y")}


def form_to_sign(forms: Iterable[ConsentForm], language: str) -> ConsentForm | None:
    """Return the newest text in a language, else in its base language ("pt" for "pt-br"), else in English, else any.

    `forms` are those in use for one purpose, of each language the newest first.
    """
    newest: dict[str, ConsentForm] = {}
    for form in forms:
        newest.setdefault(form.language, form)
    for tried in (language, language.partition("-")[0], "en"):
        if tried in newest:
            return newest[tried]
    return next(iter(newest.values()), None)
