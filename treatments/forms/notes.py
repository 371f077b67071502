"""Long text: counted as its writer counts, and refused with what is too much, never cut off."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import ngettext


class NoteField(forms.CharField):
    """Text of at most `most` characters. The browser is not told: it would cut off what is pasted without a word."""

    def __init__(self, *, most: int, rows: int = 3, **kwargs: Any) -> None:
        self.most = most
        super().__init__(widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        # Browsers send two characters for a line's end; the writer typed one.
        return (super().to_python(value) or "").replace("\r\n", "\n")

    def validate(self, value: str) -> None:
        super().validate(value)
        excess = len(value) - self.most
        if excess > 0:
            raise ValidationError(
                ngettext(
                    "This is %(excess)s character too long. There is room for %(most)s.",
                    "This is %(excess)s characters too long. There is room for %(most)s.",
                    excess,
                )
                % {
                    "excess": number_format(excess, force_grouping=True),
                    "most": number_format(self.most, force_grouping=True),
                },
                code="max_length",
            )
