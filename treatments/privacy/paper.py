"""The dossier as a person reads it: one paper, in the patient's language as far as we speak it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.pdf import paper_size, render
from clinic.phones import show_phone
from patients.models import Allergy, Consent, Erasure, Patient
from treatments.areas import areas_in_words
from treatments.models import Appointment, Injection, Photo, Reminder, Score, Session, SideEffect

Section = dict[str, Any]
DAY = "j M Y"


def dossier_paper(family: list[Patient], now: datetime) -> bytes:
    """Return the PDF; the language is the one in force, `family` all records of the patient, the first goes on."""
    place = family[0].location
    keys = [record.pk for record in family]
    found = [
        allergies(keys),
        consents(keys),
        sessions(keys),
        reactions(keys),
        scores(keys),
        appointments(keys),
        photos(keys),
        messages(keys),
        erasures(keys),
    ]
    return render(
        "treatments/privacy/dossier.typ",
        {
            "title": _("Your record"),
            "language": (translation.get_language() or "en").partition("-")[0],
            "paper": paper_size(place.country_code),
            "place": place.name,
            "printed": _("Made on %(day)s.") % {"day": date_format(place.local(now), "j F Y")},
            "page": _("Page {x} of {y}"),
            "lacks": _("Some characters could not be printed here. The file data.json has them."),
            "intro": _(
                "This is what the clinic keeps about you. The file data.json beside it has every detail, the folder "
                "“tables” the same for a spreadsheet, “consents” what you signed, and “photos” your photos."
            ),
            "about": [row for record in family for row in about(record)],
            "sections": [section for section in found if section["rows"]],
        },
    )


def section(heading: str, heads: list[str], rows: Iterable[Iterable[object]]) -> Section:
    return {
        "heading": heading,
        "heads": heads,
        "widths": [1] * len(heads),
        "rows": [["" if cell is None else str(cell) for cell in row] for row in rows],
    }


def day(moment: datetime | None, place: Any) -> str:
    return date_format(place.local(moment), DAY) if moment else ""


def about(record: Patient) -> list[tuple[str, str]]:
    lines = [record.address_line, f"{record.postal_code} {record.city}", record.region, record.country_code]
    rows = [
        (_("Name"), record.full_name),
        (_("Born"), date_format(record.birth_date, "j F Y")),
        (_("Record number"), record.record_number),
        (_("Phone"), show_phone(record.phone) if record.phone else ""),
        (_("E-mail"), record.email),
        (_("Address"), ", ".join(line.strip() for line in lines if line.strip())),
        (_("Emergency contact"), f"{record.emergency_name} {record.emergency_phone}".strip()),
    ]
    return [(label, value) for label, value in rows if value]


def allergies(keys: list[int]) -> Section:
    found = Allergy.objects.filter(patient__in=keys).select_related("patient__location").order_by("recorded_at", "pk")
    rows = [
        (each.substance, each.reaction, day(each.recorded_at, each.patient.location), each.status_reason)
        for each in found
    ]
    return section(_("Allergies"), [_("Substance"), _("Reaction"), _("Noted"), _("Withdrawn because")], rows)


def consents(keys: list[int]) -> Section:
    signed = Consent.objects.filter(patient__in=keys).for_page().order_by("signed_at", "pk")
    rows = [
        (
            f"{consent.form.title} ({consent.form.number})",
            consent.signer_name,
            day(consent.signed_at, consent.patient.location),
            day(consent.withdrawn_at, consent.patient.location),
        )
        for consent in signed
    ]
    return section(_("Consents"), [_("Text"), _("Signed by"), _("On"), _("Taken back")], rows)


def sessions(keys: list[int]) -> Section:
    found = (
        Session.objects.filter(course__patient__in=keys)
        .select_related("course__protocol", "course__location")
        .prefetch_related("areas")
        .order_by("performed_at", "pk")
    )
    injected = drawn_up(keys)
    rows = [
        (
            day(session.performed_at, session.course.location),
            str(session.course.protocol) + (f" ({_('entered in error')})" if session.is_in_error else ""),
            areas_in_words(session.areas.all(), short=True),
            "\n".join(f"{what}: {ml.normalize():f} ml" for what, ml in injected[session.pk].items()),
            f"{session.weight_kg.normalize():f} kg" if session.weight_kg else "",
        )
        for session in found
    ]
    heads = [_("Day"), _("Treatment"), _("Areas"), _("Injected (batch)"), _("Weight")]
    return section(_("Sessions"), heads, rows) | {"widths": [2, 2, 3, 6, 1]}


def drawn_up(keys: list[int]) -> dict[int, dict[str, Decimal]]:
    """Return for each session how many millilitres of each product and batch were injected, over all areas."""
    injected: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    lines = Injection.objects.filter(session__course__patient__in=keys).select_related("lot__product", "preparation")
    for line in lines.order_by("pk"):
        what = f"{line.lot.product} ({line.lot.number})" if line.lot else str(line.preparation)
        injected[line.session_id][what] += line.volume_ml
    return injected


def reactions(keys: list[int]) -> Section:
    found = SideEffect.objects.filter(session__course__patient__in=keys)
    rows = [
        (
            day(effect.onset_at, effect.session.course.location),
            effect.title,
            day(effect.resolved_at, effect.session.course.location),
            effect.note,
        )
        for effect in found.select_related("kind", "area", "session__course__location").order_by("onset_at", "pk")
    ]
    return section(_("Reactions"), [_("Since"), _("What"), _("Gone"), _("Note")], rows)


def scores(keys: list[int]) -> Section:
    found = Score.objects.filter(assessment__course__patient__in=keys).select_related(
        "assessment", "instrument", "area"
    )
    rows = [
        (
            date_format(score.assessment.assessed_on, DAY),
            str(score.instrument),
            str(score.area) if score.area else score.side,
            f"{score.value.normalize():f} {score.instrument.unit}".strip() if score.value is not None else score.label,
        )
        for score in found.order_by("assessment__assessed_on", "pk")
    ]
    return section(_("Measured"), [_("Day"), _("Scale"), _("Area"), _("Value")], rows)


def appointments(keys: list[int]) -> Section:
    found = Appointment.objects.filter(patient__in=keys).select_related("location").order_by("starts_at", "pk")
    rows = [(date_format(each.location.local(each.starts_at), "j M Y, H:i"), each.location.name) for each in found]
    return section(_("Appointments"), [_("When"), _("Where")], rows)


def photos(keys: list[int]) -> Section:
    found = Photo.objects.filter(course__patient__in=keys, entered_in_error_at=None)
    rows = [
        (day(photo.taken_at, photo.course.location), photo.title)
        for photo in found.select_related("area", "course__location").order_by("taken_at", "pk")
    ]
    return section(_("Photos"), [_("Day"), _("What it shows")], rows)


def messages(keys: list[int]) -> Section:
    found = Reminder.objects.filter(patient__in=keys, alarming_answer=None, sent_at__isnull=False)
    rows = [
        (day(sent.sent_at, sent.patient.location), sent.get_channel_display(), sent.address)
        for sent in found.select_related("patient__location").order_by("sent_at", "pk")
    ]
    return section(_("Messages sent"), [_("Day"), _("By"), _("To")], rows)


def erasures(keys: list[int]) -> Section:
    found = Erasure.objects.filter(patient__in=keys).select_related("patient__location").order_by("asked_at", "pk")
    rows = [
        (
            day(each.asked_at, each.patient.location),
            day(each.withdrawn_at, each.patient.location),
            each.withdrawn_reason,
        )
        for each in found
    ]
    return section(_("Erasures asked for"), [_("Day"), _("Taken back"), _("Reason")], rows)
