"""The progress report on paper: the numbers of the page, from the same outcome."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.pdf import paper_size, render
from treatments import verdict as words
from treatments.areas import areas_in_words
from treatments.course_chart import WIDE, course_chart, in_words, scale_caption
from treatments.outcome import Outcome
from treatments.verdict import Table


def report(outcome: Outcome, *, for_patient: bool) -> bytes:
    """Return the report as PDF, for the file or for the patient, who is spared what the clinicians told each other."""
    return render("treatments/progress/report.typ", contents(outcome, for_patient=for_patient))


def contents(outcome: Outcome, *, for_patient: bool) -> dict[str, Any]:
    """Return all that the paper shows, in words and as one picture."""
    course, place = outcome.course, outcome.course.location
    found = words.verdict(outcome)
    facts = words.facts(outcome)
    return {
        "title": _("Progress report"),
        "language": "en",
        "paper": paper_size(place.country_code),
        "place": place.name,
        "printed": _("Printed %(moment)s.") % {"moment": date_format(place.local(outcome.now), "j F Y, H:i T")},
        "page": _("Page {x} of {y}"),
        "lacks": _(
            "Some characters could not be printed, since this machine has no font for them. The record has them."
        ),
        "about": about(outcome),
        "verdict": {
            "word": found.word,
            "headline": found.headline,
            "what": found.what,
            "measured": found.measured,
            "reasons": " ".join(found.reasons),
        },
        # What it cost is told by the bill.
        "facts": [(fact.label, fact.value, fact.detail) for fact in facts if not (for_patient and fact.is_money)],
        "chart": {
            "heading": _("Course over time"),
            "caption": caption(outcome),
            "svg": str(course_chart(outcome, WIDE, on_paper=True)),
            "words": in_words(outcome),
            "note": words.clinic_note(outcome),
        },
        "table": laid_out(_("Baseline against now"), _("What"), words.table(outcome)),
        "reactions": laid_out(_("Reactions"), _("Reaction"), words.reaction_table(outcome)),
        "decisions": {"heading": _("Decisions"), "rows": [] if for_patient else decisions(outcome)},
        "claim": _(
            "“Expected” is what the clinic says of such courses; “measured” is what was found in this one. "
            "Areas: %(areas)s."
        )
        % {"areas": areas_in_words(course.areas.all()).lower()},
    }


def about(outcome: Outcome) -> list[tuple[str, str]]:
    course, patient = outcome.course, outcome.course.patient
    return [
        (_("Patient"), patient.full_name),
        (_("Born"), date_format(patient.birth_date, "j F Y")),
        (_("Record number"), patient.record_number),
        (_("Course"), f"{course.protocol}, {date_format(course.started_on, 'j F Y')}"),
        (_("Clinician"), course.clinician.get_full_name()),
        (_("Sessions"), outcome.progress.long_label),
    ]


def caption(outcome: Outcome) -> str:
    line = outcome.focus
    if line is None:
        return ""
    name = ", ".join(filter(None, [line.instrument.short_name, line.title.lower()]))
    return f"{name}: {scale_caption(line, outcome)}"


def laid_out(heading: str, first: str, table: Table) -> dict[str, Any]:
    rows = [[row.label, *row.cells] for row in table.rows]
    return {"heading": heading, "heads": [first, *table.heads], "rows": rows}


def decisions(outcome: Outcome) -> list[tuple[str, str]]:
    local = outcome.course.location.local
    return [
        (
            _("After session %(n)s") % {"n": milestone.number},
            _("%(decision)s. %(reason)s (%(name)s, %(day)s)")
            % {
                "decision": milestone.review.get_decision_display(),
                "reason": milestone.review.reason,
                "name": milestone.review.decided_by.get_full_name(),
                "day": date_format(local(milestone.review.decided_at), "j F Y"),
            },
        )
        for milestone in outcome.milestones
        if milestone.review
    ]
