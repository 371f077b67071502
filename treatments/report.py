"""The progress report on paper: the numbers of the page, from the same outcome."""

from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.pdf import paper_size, render
from clinic.units import show_weight_change
from treatments import chart_tables as tables
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
            "legend": legend(outcome),
            "note": words.clinic_note(outcome),
        },
        "warning": warning(outcome),
        "table": laid_out(_("Baseline against now"), _("What"), words.table(outcome)),
        "claims": laid_out(_("Expected against measured"), _("After"), tables.claim_table(outcome)),
        "days": laid_out(_("Scores and weight by day"), _("Day"), tables.chart_table(outcome)),
        "reactions": laid_out(_("Reactions"), _("Reaction"), tables.reaction_table(outcome)),
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


def legend(outcome: Outcome) -> str:
    """Return what the lines of the picture are, as words: paper of one colour has no other key."""
    line, compared = outcome.focus, outcome.comparison
    if line is None or not line.points:
        return ""
    parts = [_("Strong: measured.")]
    if outcome.shows_others:
        parts.append(_("Pale: other areas."))
    if line.baseline and outcome.course.protocol.claim.is_made:
        parts.append(_("Shaded: expected, the clinic's claim."))
    if line.baseline and compared and compared.quartiles:
        parts.append(_("Dashed: the clinic's median, between its quartiles, n = %(n)s.") % {"n": compared.n_shown})
    return " ".join(parts)


def warning(outcome: Outcome) -> str:
    """Return that the weight is over the limit, empty when it is not."""
    weight = outcome.weight
    if weight is None or not weight.is_over:
        return ""
    gain = show_weight_change(weight.change, outcome.course.location)
    text = _(
        "Weight %(gain)s since the first session. That is over the limit. Results last only without a large weight "
        "gain, and scores and girths may rise with it."
    )
    return text % {"gain": gain}


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
