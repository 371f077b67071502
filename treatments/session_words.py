"""A session in words: whole, for the versions of an amendment, and against the one before it."""

from collections.abc import Iterable
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.units import show_ml, show_weight
from patients.models import ScreeningAnswer
from treatments.areas import areas_in_words
from treatments.drawn import NOTHING, Drawn, Line, Share, drawn_of
from treatments.models import AskBack, Lot, Session

Rows = list[list[str]]


def in_words(session: Session) -> Rows:
    """Return the session as stored, as [label, value] pairs that can be read without the program."""
    place = session.course.location
    drawn = drawn_of(session)
    rows = [
        [_("Performed"), date_format(place.local(session.performed_at), "j F Y, H:i")],
        [_("By"), session.performed_by.get_full_name()],
        [_("Areas"), areas_in_words(session.areas.all())],
        *(
            [_("Drawn up"), _("%(ml)s %(what)s") % {"ml": show_ml(line.ml), "what": source_of(line)}]
            for line in drawn.lines
        ),
        *([str(part.area), share_in_words(part)] for part in drawn.shares),
        [_("Technique"), str(session.get_technique_display())],
        [_("Needle"), session.needle],
        [_("Depth"), f"{session.depth_mm} mm" if session.depth_mm is not None else ""],
        [_("Skin antiseptic"), session.antiseptic],
        [_("Syringe or gun"), session.device],
        [_("Weight"), show_weight(session.weight_kg, place)],
        [_("Pain, 0 to 10"), _("not asked") if session.pain is None else str(session.pain)],
        [_("Why the weight or the pain is missing"), session.unmeasured_reason],
        [_("Anything new since the last session"), str(session.get_asked_back_display())],
        [_("Reaction now"), str(session.get_reactions_asked_display())],
        [_("Reason for the early session"), session.early_reason],
        [_("Aftercare explained and handed over"), _("yes") if session.aftercare_given else _("no")],
        [_("Note"), session.note],
    ]
    if session.screening_in_force:
        rows += [
            [answer.question.name, said(answer)]
            for answer in session.screening_in_force.answers.select_related("question")
        ]
    rows += [[row.side_effect.title, str(row.get_answer_display())] for row in _asked_back(session)]
    rows += [[_("Points placed by hand"), points_in_words(session)]]
    return [row for row in rows if row[1]]


def _asked_back(session: Session) -> Iterable[AskBack]:
    return session.ask_backs.select_related("side_effect__kind", "side_effect__area")


def points_in_words(session: Session) -> str:
    """Return where points were placed by hand, figure by figure, as fractions of the picture."""
    placed = sorted(session.map_points.items())
    return "; ".join(
        f"{code}: " + ", ".join(f"{figure} {x:.3f}/{y:.3f}" for figure, x, y in points) for code, points in placed
    )


def said(answer: ScreeningAnswer) -> str:
    words = str(answer.get_answer_display())
    return f"{words}: {answer.detail}" if answer.detail else words


def source_of(line: Line) -> str:
    """Return "Procaine 1 %, lot PR-0874", or the name of the mixture with its lots."""
    if isinstance(line.source, Lot):
        return _("%(product)s, lot %(number)s") % {"product": line.name, "number": line.source.number}
    lots = ", ".join(f"{lot.product} {lot.number}" for lot in line.lots)
    return f"{line.name} ({lots})"


def share_in_words(part: Share) -> str:
    if part.points is None:
        return show_ml(part.ml)
    words = ngettext("%(ml)s in %(points)s point", "%(ml)s in %(points)s points", part.points)
    return words % {"ml": show_ml(part.ml), "points": part.points}


def compared(now: Drawn, last: Drawn, *, number: int | None) -> str:
    """Return "As session 6, except …" of what is given now against the last time; "" where nothing is alike.

    It follows from both sessions, so it is said wherever it is read and stored nowhere.
    """
    if not now.lines or not last.lines:
        return ""
    name = _("session %(number)s") % {"number": number} if number else _("the last treatment")
    differences = [*_of_products(now.lines, last.lines), *_of_areas(now.shares, last.shares), *_of_needle(now, last)]
    if not differences:
        return _("As %(session)s.") % {"session": name}
    return _("As %(session)s, except %(differences)s.") % {
        "session": name,
        "differences": get_text_list(differences, _("and")),
    }


def _of_products(now: list[Line], last: list[Line]) -> Iterable[str]:
    before, after = by_name(last), by_name(now)
    for name, lines in after.items():
        then = before.get(name)
        if then is None:
            yield _("%(ml)s %(product)s added") % {"ml": show_ml(total(lines)), "product": name}
            continue
        if total(lines) != total(then):
            yield _("%(product)s %(ml)s") % {"product": name, "ml": show_ml(total(lines))}
        fresh = [
            line.source.number for line in lines if isinstance(line.source, Lot) and line.source not in sources(then)
        ]
        if fresh:
            yield _("%(product)s lot %(lot)s") % {"product": name, "lot": ", ".join(fresh)}
    for name in before.keys() - after.keys():
        yield _("no %(product)s") % {"product": name}


def by_name(lines: list[Line]) -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.name, []).append(line)
    return found


def total(lines: list[Line]) -> Decimal:
    return sum((line.ml for line in lines), NOTHING)


def sources(lines: list[Line]) -> set[object]:
    return {line.source for line in lines}


def _of_areas(now: list[Share], last: list[Share]) -> Iterable[str]:
    before, after = {part.area: part for part in last}, {part.area: part for part in now}
    for area, part in after.items():
        then = before.get(area)
        if then is None:
            yield _("%(area)s added") % {"area": lower(str(area))}
        elif part.ml != then.ml:
            yield _("%(ml)s in %(area)s") % {"ml": show_ml(part.ml), "area": lower(str(area))}
    for area in before:
        if area not in after:
            yield _("nothing in %(area)s") % {"area": lower(str(area))}


def _of_needle(now: Drawn, last: Drawn) -> Iterable[str]:
    one, other = now.session, last.session
    if one is None or other is None:
        return
    if one.technique != other.technique:
        yield lower(str(one.get_technique_display()))
    if one.needle != other.needle and one.needle:
        yield _("needle %(needle)s") % {"needle": one.needle}
    if one.depth_mm != other.depth_mm and one.depth_mm is not None:
        yield _("%(depth)s mm deep") % {"depth": one.depth_mm}


def lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
