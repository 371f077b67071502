"""The field for a time on the wall of a place."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from treatments.rules.wall_time import Clock, at_wall


class WallTimeField(forms.DateTimeField):
    """A day and a time as the page's clock has them; what the clocks leave out, or have twice, is refused in words."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            return super().to_python(value)
        except ValidationError as error:
            typed = (error.params or {}).get("datetime")
            if isinstance(typed, datetime) and (words := change_of_clocks(typed)):
                raise ValidationError(words, code=error.code) from error
            raise


def change_of_clocks(typed: datetime) -> str:
    """Say what the clocks do at a time on the page's clock, empty when they do not change there."""
    try:
        clock = at_wall(typed.date(), typed.time(), timezone.get_current_timezone()).clock
    except OverflowError:  # at the ends of the calendar
        return ""
    if clock is Clock.NEVER:
        return _("The clocks go forward over this time, so it is not there that day. Choose another.")
    if clock is Clock.TWICE:
        return _("The clocks go back over this time, so it is there twice that day. Choose another.")
    return ""
