"""A reaction as a line of a file."""

from datetime import datetime

from django.utils.translation import gettext as _

from clinic.phones import show_phone
from treatments.badges import reaction_badge
from treatments.models import SideEffect
from treatments.words import clock_caption


def csv_head() -> list[str]:
    return [
        _("Patient"),
        _("Record number"),
        _("Phone"),
        _("Reaction"),
        _("Area"),
        _("Severity"),
        _("CTCAE grade"),
        _("Began"),
        _("Gone since"),
        _("State"),
        _("Clock"),
        _("Followed up by"),
        _("Next contact"),
        _("Next review"),
        _("Location"),
    ]


def csv_row(effect: SideEffect, now: datetime) -> list[object]:
    """Return the row for a file; days as ISO 8601, by the day of the place."""
    course = effect.session.course
    patient, local = course.patient, course.location.local
    return [
        patient.full_name,
        patient.record_number,
        show_phone(patient.phone) if patient.phone else "",
        effect.kind.name,
        effect.area or "",
        effect.get_severity_display(),
        effect.grade or "",
        local(effect.onset_at).date().isoformat(),
        local(effect.resolved_at).date().isoformat() if effect.resolved_at else "",
        reaction_badge(effect, now).word,
        clock_caption(effect.clock, now),
        effect.owner or "",
        effect.next_contact_on.isoformat() if effect.next_contact_on else "",
        effect.next_review_on.isoformat() if effect.next_review_on else "",
        course.location,
    ]
