"""Whether a photo may be kept of a patient, for what it is to be used. The one place that asks."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from patients.consents import Purpose, State, consent_states
from patients.models import Patient
from treatments.models import Photo

# What each use rests on. Who agrees to a wider one is not asked in the same breath for the narrower.
NEEDED = {
    Photo.Scope.RECORD: (Purpose.PHOTO_RECORD,),
    Photo.Scope.TEACHING: (Purpose.PHOTO_RECORD, Purpose.PHOTO_TEACHING),
    Photo.Scope.MARKETING: (Purpose.PHOTO_RECORD, Purpose.PHOTO_TEACHING, Purpose.PHOTO_MARKETING),
}


@dataclass(frozen=True)
class PhotoRefusal:
    """Why no photo is kept; `url` is the page that resolves it, empty where none does."""

    words: str
    way_out: str = ""
    url: str = ""

    def __str__(self) -> str:
        return self.words

    def __html__(self) -> SafeString:
        if not self.url:
            return format_html("{}", self.words)
        return format_html('{} <a href="{}">{}</a>', self.words, self.url, self.way_out)


def refusal_of_photos(patient: Patient, scope: Photo.Scope, now: datetime) -> PhotoRefusal | None:
    """Say why no photo is kept of this patient for this use at this moment; None when it may be."""
    if patient.refusal_to_treat:
        return PhotoRefusal(patient.refusal_to_treat)
    return missing_consent(patient, scope, now)


def missing_consent(patient: Patient, scope: Photo.Scope, now: datetime) -> PhotoRefusal | None:
    """Return the first consent that this use rests on and that is not in force. The patient's location is loaded."""
    states = {state.purpose: state for state in consent_states(patient, now)}
    lacking = next((states[purpose] for purpose in NEEDED[scope] if not states[purpose].is_in_force), None)
    if lacking is None:
        return None
    words = {
        State.MISSING: _("There is no consent to %(purpose)s."),
        State.WITHDRAWN: _("The consent to %(purpose)s was withdrawn."),
        State.EXPIRED: _("The consent to %(purpose)s has expired."),
    }[lacking.state]
    url = f"{reverse('consent-new', args=[patient.public_id])}?purpose={lacking.purpose}"
    purpose = str(lacking.purpose.label)
    return PhotoRefusal(words % {"purpose": purpose[:1].lower() + purpose[1:]}, _("Let the patient sign it"), url)
