"""Reviewing a reaction, following it up, and logging a contact about it."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import TokenField, choices_of_rows
from clinic.models import User
from clinic.validators import validate_plain_text
from clinic.widgets import ChoiceCards, DateInput, Segmented
from treatments.actions import side_effects as actions
from treatments.forms.notes import NoteField
from treatments.forms.side_effects import StepForm
from treatments.models import SideEffect, SideEffectContact, SideEffectReview
from treatments.rules import assessing
from treatments.rules.assessing import Relation

Causality, Outcome = SideEffectReview.Causality, SideEffectReview.Outcome
FURTHEST = timedelta(days=366)
NO_REVIEW, OTHER_DAY = "no", "other-day"

RELATION_NAMES = {
    Relation.RELATED: gettext_lazy("Related"),
    Relation.POSSIBLE: gettext_lazy("Possible"),
    Relation.UNRELATED: gettext_lazy("Unrelated"),
    Relation.UNDECIDED: gettext_lazy("Undecided"),
}
# The WHO-UMC criteria in our words; source in docs/glossary.md, "Review".
HELP: dict[str, Any] = {
    Causality.CERTAIN: gettext_lazy(
        "The time fits, nothing else explains it, and a known pattern or a new try shows it."
    ),
    Causality.PROBABLE: gettext_lazy("The time fits, and something else is unlikely to explain it."),
    Causality.POSSIBLE: gettext_lazy("The time fits, but something else could explain it as well."),
    Causality.UNLIKELY: gettext_lazy("The time hardly fits, or something else explains it."),
    Causality.CONDITIONAL: gettext_lazy("It needs more data, or they are on their way: a culture, say."),
    Causality.UNASSESSABLE: gettext_lazy(
        "What is known is too little or contradicts itself, and cannot be completed."
    ),
}
# Why an outcome is not to be had: what the record would have to say first.
CONTRADICTED: dict[str, Any] = {
    Outcome.RESOLVED: gettext_lazy("It is still there. Say first since when it is gone."),
    Outcome.SEQUELAE: gettext_lazy("It is still there. Say first since when it is gone."),
    Outcome.RECOVERING: gettext_lazy("It is said to be gone. If it is not, correct that first."),
    Outcome.ONGOING: gettext_lazy("It is said to be gone. If it is not, correct that first."),
    Outcome.UNKNOWN: gettext_lazy("It is said to be gone, so its outcome is known."),
    Outcome.FATAL: gettext_lazy("A death is CTCAE grade 5. Correct the grade first."),
}


def day_ahead(day: date | None, today: date) -> date | None:
    """Return the day if somebody can plan for it. Raises `ValidationError` for one that is past, or years away."""
    if day and day < today:
        raise ValidationError(_("%(day)s is past.") % {"day": date_format(day, "j F Y")}, code="past")
    if day and day > today + FURTHEST:
        raise ValidationError(_("%(day)s is more than a year ahead.") % {"day": date_format(day, "j F Y")}, code="far")
    return day


class CareForm(StepForm):
    """A step by a person on a day of the reaction's place."""

    def __init__(self, *args: Any, by: User, now: datetime, **kwargs: Any) -> None:
        self.by, self.now = by, now
        super().__init__(*args, **kwargs)
        self.today = self.effect.session.course.location.today(now)


class ReviewForm(CareForm):
    """A clinician's review: what caused it, what was found, what follows, when to look again."""

    form_token = TokenField()
    causality = forms.ChoiceField(
        label=gettext_lazy("Caused by the treatment?"),
        choices=[
            (name, [(each.value, each.label) for each in Causality if assessing.relation(each) is relation])
            for relation, name in RELATION_NAMES.items()
        ],
        widget=ChoiceCards(lines=HELP),
        error_messages={"required": gettext_lazy("Choose how far the treatment caused it.")},
    )
    note = NoteField(
        label=gettext_lazy("Assessment"),
        most=2000,
        rows=3,
        validators=[validate_plain_text],
        error_messages={"required": gettext_lazy("Write what you found and what follows from it.")},
        help_text=gettext_lazy("What you found."),
    )
    action = forms.CharField(
        label=gettext_lazy("What is to be done"),
        max_length=500,
        required=False,
        validators=[validate_plain_text],
        help_text=gettext_lazy("Empty: nothing further."),
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=Outcome.choices,
        widget=Segmented,
        error_messages={"required": gettext_lazy("Choose what became of it.")},
    )
    again = forms.ChoiceField(
        label=gettext_lazy("Next review"),
        choices=[
            (NO_REVIEW, gettext_lazy("None")),
            ("2", gettext_lazy("In 2 days")),
            ("7", gettext_lazy("In a week")),
            ("14", gettext_lazy("In 2 weeks")),
            (OTHER_DAY, gettext_lazy("Other day")),
        ],
        required=False,
        initial=NO_REVIEW,
        widget=Segmented,
    )
    next_review_on = forms.DateField(label=gettext_lazy("On"), required=False, widget=DateInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="review", **kwargs)
        self._offer_outcomes()

    def _offer_outcomes(self) -> None:
        """Offer what agrees with the record, the outcome it speaks for chosen."""
        agreeing = self.effect.outcomes
        self.fields["outcome"].widget.choices = [(each.value, Outcome(each).label) for each in agreeing]
        self.initial["outcome"] = agreeing[0].value

    def refuse(self, stored: SideEffect) -> None:
        super().refuse(stored)
        self.effect = stored
        self._offer_outcomes()

    def clean_outcome(self) -> str:
        outcome: str = self.cleaned_data["outcome"]
        if outcome not in self.effect.outcomes:
            raise ValidationError(CONTRADICTED[outcome], code="contradicted")
        return outcome

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        again, day = cleaned.get("again") or NO_REVIEW, cleaned.get("next_review_on")
        if again != OTHER_DAY:
            cleaned["next_review_on"] = None if again == NO_REVIEW else self.today + timedelta(days=int(again))
        elif not day and "next_review_on" not in self.errors:
            self.add_error("next_review_on", _("Choose the day of the next review."))
        return cleaned

    def clean_next_review_on(self) -> date | None:
        # A day left over from another choice is not judged.
        day = self.cleaned_data["next_review_on"]
        return day_ahead(day, self.today) if self.cleaned_data.get("again") == OTHER_DAY else day

    def save(self) -> SideEffect:
        facts = ("causality", "note", "action", "outcome", "next_review_on", "form_token")
        made = SideEffectReview(**{name: self.cleaned_data[name] for name in facts})
        return actions.review(self.effect, made=made, by=self.by, now=self.now, version=self.cleaned_data["version"])


class FollowForm(CareForm):
    """Who follows a reaction up, and when the patient is contacted next."""

    owner = forms.ModelChoiceField(
        User.objects.none(), label=gettext_lazy("Followed up by"), required=False, empty_label=gettext_lazy("Nobody")
    )
    next_contact_on = forms.DateField(label=gettext_lazy("Next contact on"), required=False, widget=DateInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="follow", **kwargs)
        effect = self.effect
        colleagues = User.objects.treating_at(effect.session.course.location, also=effect.owner_id)
        choices_of_rows(self, "owner").queryset = colleagues.order_by("last_name", "first_name", "pk")
        self.initial.update(owner=effect.owner_id, next_contact_on=effect.next_contact_on)

    def clean_next_contact_on(self) -> date | None:
        day = self.cleaned_data["next_contact_on"]
        return day if day == self.effect.next_contact_on else day_ahead(day, self.today)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("next_contact_on") and not cleaned.get("owner") and "owner" not in self.errors:
            self.add_error("owner", _("Choose who makes the next contact."))
        return cleaned

    def save(self) -> SideEffect:
        data = self.cleaned_data
        return actions.follow(
            self.effect, owner=data["owner"], next_contact_on=data["next_contact_on"], version=data["version"]
        )


class ContactForm(CareForm):
    """A contact with the patient about a reaction, or a try at one, and the next."""

    form_token = TokenField()
    outcome = forms.ChoiceField(
        label=gettext_lazy("What came of it"),
        choices=SideEffectContact.Outcome.choices,
        widget=Segmented,
        error_messages={"required": gettext_lazy("Choose what came of it.")},
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=500, validators=[validate_plain_text]
    )
    next_contact_on = forms.DateField(
        label=gettext_lazy("Next contact on"),
        required=False,
        widget=DateInput,
        help_text=gettext_lazy("Empty: no further contact is planned."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="contact", **kwargs)

    def clean_next_contact_on(self) -> date | None:
        return day_ahead(self.cleaned_data["next_contact_on"], self.today)

    def save(self) -> SideEffect:
        data = self.cleaned_data
        made = SideEffectContact(**{name: data[name] for name in ("outcome", "note", "next_contact_on", "form_token")})
        return actions.log_contact(self.effect, made=made, by=self.by, now=self.now, version=data["version"])
