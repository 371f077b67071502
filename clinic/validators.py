"""Checks that any record may need. Their paths are frozen into migrations: they do not move."""

import unicodedata
import zoneinfo
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

OLDEST_YEARS = 125  # the longest life on record is 122 years
YEARS = range(1900, 2200)


def validate_not_in_future(value: date | datetime) -> None:
    """Refuse a day after today, or a moment after now, at the place where the request is made."""
    if isinstance(value, datetime):
        if value > timezone.now():
            raise ValidationError(
                _("%(moment)s is in the future.") % {"moment": date_format(timezone.localtime(value), "j F Y, H:i")},
                code="future",
            )
    elif value > timezone.localdate():
        raise ValidationError(_("%(day)s is in the future.") % {"day": date_format(value, "j F Y")}, code="future")


def validate_year(value: date | datetime) -> None:
    """Refuse a year that nobody means: a slip of the keyboard makes 0206 or 20266 of 2026."""
    if value.year not in YEARS:
        raise ValidationError(_("The year %(year)s cannot be meant. Check it.") % {"year": value.year}, code="year")


def validate_birth_date(value: date) -> None:
    """Refuse a birth date in the future or further back than any human life; propose the century that was meant."""
    today = timezone.localdate()
    if value > today:
        day = date_format(value, "j F Y")
        if value.year > today.year:
            guess = value + relativedelta(years=-100)
            raise ValidationError(
                _("%(day)s is in the future. Did you mean %(year)s?") % {"day": day, "year": guess.year}, code="future"
            )
        raise ValidationError(_("%(day)s is in the future.") % {"day": day}, code="future")
    if value < today + relativedelta(years=-OLDEST_YEARS):
        age = relativedelta(today, value).years
        raise ValidationError(
            _("Born %(day)s, the patient would be %(age)s years old. Check the year.")
            % {"day": date_format(value, "j F Y"), "age": age},
            code="too_old",
        )


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Examples: Europe/Berlin, America/New_York.") % {"value": value}
        )


# They turn the direction of what stands around them: a name could make another's read backwards.
DIRECTION_MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def validate_plain_text(value: str) -> None:
    """Refuse control characters that no person types and that databases or screens choke on (NUL, escape, …)."""
    for place, character in enumerate(value, 1):
        is_control = unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t"
        if is_control or character in DIRECTION_MARKS:
            raise ValidationError(
                _("Character %(place)s cannot be shown. Delete it and type what you meant.") % {"place": place},
                code="control_character",
            )
