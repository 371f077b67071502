"""The papers of a patient's record as PDF."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.pdf import paper_size, render
from patients.models import Consent
from patients.signature import HEIGHT, WIDTH, path_data


def consent_paper(consent: Consent, now: datetime) -> bytes:
    """Return a consent with its exact text and the signature; the patient's place is loaded, and says the time."""
    place = consent.patient.location
    return render(
        "patients/consents/consent.typ",
        {
            "title": consent.form.title,
            "language": consent.form.language.partition("-")[0],
            "paper": paper_size(place.country_code),
            "place": place.name,
            "printed": _("Printed %(moment)s.") % {"moment": moment(consent, now)},
            "page": _("Page {x} of {y}"),
            "lacks": _(
                "Some characters could not be printed, since this machine has no font for them. The record has them."
            ),
            "about": about(consent),
            "text": consent.form.paragraphs,
            "signature": {
                "heading": _("Signature"),
                "name": consent.signer_name,
                "words": _("Signature of %(name)s") % {"name": consent.signer_name},
                "drawing": drawing(consent),
                "rows": signature_rows(consent),
            },
            "integrity": integrity(consent),
            "digest": _("SHA-256 of what was signed: %(digest)s") % {"digest": consent.digest},
        },
    )


def about(consent: Consent) -> list[tuple[str, str]]:
    patient = consent.patient
    return [
        (_("Patient"), patient.full_name),
        (_("Born"), date_format(patient.birth_date, "j F Y")),
        (_("Record number"), patient.record_number),
        (_("Text"), f"{consent.form.get_purpose_display()}, {version_in_words(consent)}"),
    ]


def version_in_words(consent: Consent) -> str:
    return _("version %(number)s (%(language)s)") % {
        "number": consent.form.number,
        "language": consent.form.language,
    }


def signature_rows(consent: Consent) -> list[tuple[str, str]]:
    who = consent.signer_name
    rows = [
        (_("Signed by"), f"{who}, {consent.signer_relation}" if consent.signer_relation else who),
        (_("On"), moment(consent, consent.signed_at)),
        (_("How"), consent.get_method_display()),
        (_("In the presence of"), consent.recorded_by.get_full_name()),
        (_("Valid to"), date_format(consent.expires_on, "j F Y") if consent.expires_on else _("until withdrawn")),
    ]
    if consent.withdrawn_at:
        rows.append((_("Withdrawn"), f"{moment(consent, consent.withdrawn_at)}. {consent.withdrawal_reason}"))
    return rows


def integrity(consent: Consent) -> str:
    """Say whether the record still holds what was signed."""
    if consent.is_under_other_number:
        words = _(
            "It was signed under record %(number)s, which is part of this one. Text and signature are unchanged."
        )
        return words % {"number": consent.signed_under}
    if consent.patient.is_erased:
        return _("The patient was erased: the name and the signature were taken out of this record.")
    if consent.is_intact():
        return _("The text and the signature are as they were at the moment of signing.")
    return _("The text or the signature has been changed since it was signed. Do not rely on this paper.")


def moment(consent: Consent, at: datetime) -> str:
    """Return a moment with its zone, at the patient's place."""
    return date_format(consent.patient.location.local(at), "j F Y, H:i T")


def drawing(consent: Consent) -> str:
    """Return the signature as an SVG file; empty when the name was typed."""
    if not consent.strokes:
        return ""
    path = "".join(map(path_data, consent.strokes))
    look = 'fill="none" stroke="#000" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><path d="{path}" {look}/></svg>'
