"""Forms that ask back: what is unusual is kept only once somebody says that it is meant."""

import hashlib
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


class AskingForm(forms.BaseForm):
    """A form with questions about what was typed. Nothing is lost: the same form comes back with a box to tick.

    A subclass calls `ask` while it cleans and `wait_for_answer` at the end. The box is worth exactly the questions it
    was shown with, so that a number changed afterwards is asked about anew. Its page includes `clinic/_asking.html`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: list[str] = []

    def _clean_form(self) -> None:
        self.asked = []  # a form may be judged more than once
        super()._clean_form()  # type: ignore[misc]  # Django's own hook, which its stubs leave out

    def ask(self, question: str) -> None:
        self.asked.append(question)

    @property
    def mark(self) -> str:
        """Return what the box says when ticked: the questions, folded to a short word."""
        return hashlib.sha256("\n".join(self.asked).encode()).hexdigest()[:16]

    @property
    def is_answered(self) -> bool:
        return self.data.get(self.add_prefix("meant")) == self.mark

    def wait_for_answer(self) -> None:
        """Refuse to go on while a question is open."""
        if self.asked and not self.is_answered:
            self.add_error(
                None, ValidationError(_("Something unusual was typed. Look again, then save."), code="asked")
            )
