"""A clinician's decision at a milestone."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.validators import validate_plain_text
from clinic.widgets import ChoiceCards
from treatments.forms.notes import NoteField
from treatments.models import MilestoneReview
from treatments.outcome import Outcome


class MilestoneForm(forms.Form):
    """Continue, change or stop, with the reason. Nothing is chosen beforehand."""

    after_session = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=1000)
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"), choices=MilestoneReview.Decision, widget=ChoiceCards, required=True
    )
    reason = NoteField(label=gettext_lazy("Reason"), most=2000, rows=3, validators=[validate_plain_text])

    def __init__(self, *args: Any, outcome: Outcome, **kwargs: Any) -> None:
        due, course = outcome.due, outcome.course
        if due:
            kwargs["initial"] = {"after_session": due.number, **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        left = max(course.planned_sessions - len(outcome.days), 0)
        lines = {
            "continue": _("%(left)s more, to %(planned)s") % {"left": left, "planned": course.planned_sessions},
            "change": _("plan or product"),
            "stop": _("end the course"),
        }
        if not left:
            lines |= {"continue": _("longer than planned"), "stop": _("the course is complete")}
        self.fields["decision"].widget = ChoiceCards(choices=MilestoneReview.Decision.choices, lines=lines)
