"""A course in a template: its track, its money, its weights."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from clinic.drawing import track_svg
from clinic.models import Location
from clinic.money import show_money, show_money_range
from clinic.units import show_ml, show_weight, show_weight_change
from treatments.areas import areas_in_words
from treatments.badges import COURSE_TONES, Badge
from treatments.badges import reaction_badge as badge_of
from treatments.banner import days_ago as in_days
from treatments.models import Course, SideEffect, TreatmentArea
from treatments.progress import Progress
from treatments.rules.course import MoneyRange

register = template.Library()


@register.simple_tag
def course_track(progress: Progress, *, large: bool = False) -> SafeString:
    return track_svg(
        done=progress.done,
        planned=progress.planned,
        minimum=progress.minimum,
        milestones=tuple(progress.milestones),
        large=large,
        goes_on=progress.goes_on,
        label=progress.long_label,
    )


@register.filter
def course_tone(course: Course) -> str:
    """Return the state class of a course's badge."""
    return COURSE_TONES[Course.Status(course.status)]


@register.simple_tag
def reaction_badge(effect: SideEffect, now: datetime) -> Badge:
    return badge_of(effect, now)


@register.simple_tag
def money(amount: Decimal | MoneyRange | None, currency: str) -> str:
    if amount is None:
        return ""
    if isinstance(amount, MoneyRange):
        return show_money_range(amount.least, amount.most, currency)
    return show_money(amount, currency)


@register.simple_tag
def weight(kilograms: Decimal | None, location: Location) -> str:
    return show_weight(kilograms, location)


@register.simple_tag
def weight_change(kilograms: Decimal, location: Location) -> str:
    return show_weight_change(kilograms, location)


@register.filter
def areas(treated: Iterable[TreatmentArea]) -> str:
    return areas_in_words(treated)


@register.filter
def days_ago(days: int | None) -> str:
    return in_days(days)


@register.filter
def short_day(moment: datetime | date | None, today: date) -> str:
    """Return "Today", "3 Nov", or "3 Nov 2025" of another year; a moment's day is the one of the page's time zone."""
    if moment is None:
        return ""
    day = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    if day == today:
        return _("Today")
    return date_format(day, "j M" if day.year == today.year else "j M Y")


@register.filter
def ml(volume: Decimal) -> str:
    """Return "1.4 ml"."""
    return show_ml(volume)
