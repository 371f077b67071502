"""A reaction as its row and its page show it: the clock with its caption, and why somebody must look at it."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic.drawing import clock_svg
from treatments import words
from treatments.badges import Badge
from treatments.badges import reaction_badge as badge_of
from treatments.models import SideEffect
from treatments.rules.reaction import ReviewReason, State

register = template.Library()


@register.simple_tag
def reaction_badge(effect: SideEffect, now: datetime) -> Badge:
    return badge_of(effect, now)


@register.simple_tag
def reaction_clock(effect: SideEffect, now: datetime) -> SafeString:
    """Draw how long it has lasted against how long it may, with the caption below."""
    of = effect.clock
    caption = words.clock_caption(of, now)
    late = of.state(now) in {State.PROLONGED, State.RESOLVED_LATE}
    drawing = clock_svg(
        elapsed=of.elapsed(now).total_seconds(),
        maximum=of.maximum.total_seconds() if of.maximum else None,
        running=of.is_open(),
        urgent=effect.is_urgent,
        label=words.clock_sentence(effect.title, of, now),
    )
    said = format_html('<span class="over">{}</span>', caption) if late else caption
    return format_html('{}<p class="clock-caption">{}</p>', drawing, said)


@register.simple_tag
def clock_words(effect: SideEffect, now: datetime) -> str:
    """Return how it stands, to begin a sentence with: "Day 4 of about 5"."""
    return capfirst(words.clock_caption(effect.clock, now))


@register.simple_tag
def reaction_badges(effect: SideEffect, now: datetime) -> list[Badge]:
    """Return why a reaction is work, the gravest reason first; how it stands when it is none."""
    if not effect.stands:
        return [badge_of(effect, now)]
    reasons = effect.review_reasons(now)
    found = _gravity(effect, reasons)
    if ReviewReason.CAME_BACK in reasons:
        found.append(Badge(_("Came back"), "is-review", "rotate-ccw"))
    if ReviewReason.DUE in reasons:
        found.append(Badge(_("Review due"), "is-review", "calendar-clock"))
    if effect.state(now) is State.PROLONGED:
        found.append(Badge(_("Prolonged"), "is-prolonged", "timer"))
    elif ReviewReason.PROLONGED in reasons:
        found.append(Badge(_("Gone late"), "is-resolved", "history"))
    return found or [badge_of(effect, now)]


def _gravity(effect: SideEffect, reasons: list[ReviewReason]) -> list[Badge]:
    """Return what is grave about it: urgent, a suspected infection, a kind always reviewed, severe."""
    found = []
    grade = _("grade %(grade)s") % {"grade": effect.grade} if effect.grade else ""
    if effect.is_urgent:
        text = _("Urgent kind") if effect.kind.is_urgent else _("Urgent, %(grade)s") % {"grade": grade}
        found.append(Badge(text, "is-urgent-solid", "octagon-alert"))
    is_suspected = effect.is_suspected_infection
    if is_suspected and (effect.resolved_at is None or reasons):
        found.append(Badge(_("Late infection?"), "is-review", "flag"))
    elif ReviewReason.KIND in reasons and not effect.is_urgent:
        found.append(Badge(_("Always reviewed"), "is-review", "flag"))
    if ReviewReason.SEVERE in reasons and not (effect.is_urgent and grade):
        text = _("Severe, %(grade)s") % {"grade": grade} if grade else _("Severe")
        found.append(Badge(text, "is-review", "flag"))
    return found


@register.simple_tag
def contact_day(effect: SideEffect, now: datetime) -> str:
    """Return when the patient is contacted next, where a day is planned: "contact due today", "contact 3 Dec"."""
    place = effect.session.course.location
    if effect.is_contact_due(now):
        return _("contact due %(day)s") % {"day": words.ago(effect.next_contact_on, place.today(now))}  # type: ignore[arg-type]  # the template asks
    return _("contact %(day)s") % {"day": date_format(effect.next_contact_on, "j M")}  # type: ignore[arg-type]


@register.filter
def is_to_review(effect: SideEffect, now: datetime) -> bool:
    return bool(effect.review_reasons(now))


@register.filter
def lasting(length: object) -> str:
    """Return a duration as a person says it; nothing for none."""
    return words.duration(length) if length else ""  # type: ignore[arg-type]


@register.simple_tag
def at_session(effect: SideEffect, now: datetime) -> str:
    """Return which session it came after and how long ago that was: "Session 4, 11 days ago"."""
    session = effect.session
    days = words.ago(timezone.localdate(session.performed_at), timezone.localdate(now))
    if session.number is None:
        return _("Follow-up treatment, %(ago)s") % {"ago": days}
    return _("Session %(number)s, %(ago)s") % {"number": session.number, "ago": days}


@register.simple_tag
def reported(effect: SideEffect, now: datetime) -> str:
    """Return who reported it and when it was recorded: "Patient, today 08:52"."""
    place = effect.session.course.location
    when = words.moment(place.local(effect.recorded_at), place.local(now))
    who = effect.get_reported_by_display()
    if effect.reported_by != SideEffect.Reporter.PATIENT and effect.recorded_by:
        who = effect.recorded_by.get_short_name()
    return _("%(who)s, %(when)s") % {"who": who, "when": when}
