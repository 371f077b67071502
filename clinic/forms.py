"""What every form of the house does: send once, save only over what was read, and say what stands against it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.forms.utils import pretty_name
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clinic.models import Versioned
from clinic.validators import validate_year

Made = TypeVar("Made", bound=models.Model | None)


@dataclass(frozen=True)
class ConflictRow:
    """One field of a record that two people saved: how it stands in the record, and as this person typed it."""

    label: str
    theirs: str
    mine: str

    @property
    def differs(self) -> bool:
        return self.theirs != self.mine


@dataclass(frozen=True)
class Conflict:
    """A refused save: every field in both versions, and who saved the other when."""

    rows: list[ConflictRow]
    changed_by: str
    changed_at: datetime | None

    @property
    def differing(self) -> list[ConflictRow]:
        """Return the fields to compare; the others are the same in both."""
        return [row for row in self.rows if row.differs]


LONGEST_KEY = 19  # digits: a longer number is no row's, and more than a database counts


class RowsField(forms.ModelMultipleChoiceField):
    """Any number of rows. A number that no database holds is no row, and not an error of the server."""

    def clean(self, value: Any) -> Any:
        for key in value if isinstance(value, (list, tuple)) else ():
            if len(str(key)) >= LONGEST_KEY:
                raise ValidationError(
                    self.error_messages["invalid_choice"], code="invalid_choice", params={"value": str(key)[:20]}
                )
        return super().clean(value)


def choices_of_rows(form: forms.BaseForm, name: str) -> forms.ModelChoiceField:
    """Return a field that chooses among rows, so that its rows can be set."""
    return cast(forms.ModelChoiceField, form.fields[name])


def choices_of_words(form: forms.BaseForm, name: str) -> forms.ChoiceField:
    """Return a field that chooses among fixed words, so that they can be set."""
    return cast(forms.ChoiceField, form.fields[name])


class RecordForm(forms.ModelForm):
    """A form that holds its record to every rule of the database, those on fields it does not show included."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateTimeField):
                # Before any other rule: arithmetic and time zones end at the years 1 and 9999.
                field.validators.append(validate_year)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own hook, which its stubs leave out
        if not self.errors:
            try:
                self.instance.validate_constraints()
            except ValidationError as error:
                self.add_error(None, error)


class VersionedForm(RecordForm):
    """A form that refuses to save over a version of the record that its reader has not seen.

    After a refusal `conflict` holds both versions and the form carries the newer version number, so that pressing
    Save again is a decision made with both in view. Nothing typed is lost.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    conflict: Conflict | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["version"].initial = self.instance.version

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk:
            stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
            if cleaned.get("version") != stored.version:
                self.refuse(stored)
        return cleaned

    def refuse(self, stored: Versioned) -> None:
        """Show both versions and take up the stored version number for the next try."""
        self.conflict = self._compare(stored)
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("version")] = str(stored.version)
        self.data = data
        self.add_error(
            None,
            ValidationError(
                _("Somebody changed this record since you opened it. Compare both versions, then save or leave."),
                code="conflict",
            ),
        )

    def _compare(self, stored: Versioned) -> Conflict:
        other = type(self)(instance=stored, **self.build_kwargs())
        rows = []
        for name, field in self.fields.items():
            if isinstance(field.widget, forms.HiddenInput) or field.disabled:
                continue
            theirs, mine = other[name].initial, self[name].value()
            label = str(field.label or capfirst(pretty_name(name)))
            rows.append(ConflictRow(label, shown(field, theirs), shown(field, mine)))
        last = stored.history.select_related("history_user").first() if hasattr(stored, "history") else None
        who = last.history_user.get_full_name() if last and last.history_user else ""
        return Conflict(rows, who, stored.updated_at)

    def build_kwargs(self) -> dict[str, Any]:
        """Return what another form of this class needs beside the instance."""
        return {}

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        if not commit or not self.instance.pk:
            return super().save(commit)
        with transaction.atomic():
            self.instance.save_over(self.cleaned_data["version"])
            self._save_m2m()  # type: ignore[attr-defined]  # Django's own hook, which its stubs leave out
        return self.instance


def shown(field: forms.Field, value: Any) -> str:
    """Return a field's value in the words a person reads."""
    if isinstance(field, forms.BooleanField):
        return _("yes") if value in {True, "on", "True"} else _("no")
    if isinstance(field, forms.ModelMultipleChoiceField) and field.queryset is not None:
        keys = [item.pk if isinstance(item, models.Model) else item for item in value or []]
        return ", ".join(str(row) for row in field.queryset.filter(pk__in=filter(is_key, keys)))
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        key = value.pk if isinstance(value, models.Model) else value
        return str(field.queryset.filter(pk=key).first() or "–") if is_key(key) else "–"
    if isinstance(field.widget, forms.widgets.ChoiceWidget):
        words = dict(_flat(field.widget.choices))
        chosen = value if isinstance(value, (list, tuple)) else ["" if value is None else value]
        return ", ".join(str(words.get(each, each)) for each in chosen) or "–"
    value = field.prepare_value(value)
    if value is None or value == "":
        return "–"
    return str(field.widget.format_value(value) if hasattr(field.widget, "format_value") else value)


def is_key(value: Any) -> bool:
    """Say whether this may be the key of a row: a form may send anything in its place."""
    return str(value).isdecimal() and len(str(value)) < LONGEST_KEY


def _flat(choices: Any) -> list[tuple[Any, Any]]:
    flat: list[tuple[Any, Any]] = []
    for value, label in choices:
        flat.extend(label if isinstance(label, (list, tuple)) else [(value, label)])
    return [(str(value), label) for value, label in flat] + flat


class TokenField(forms.UUIDField):
    """What makes one row of a form that is sent twice. Browsers that keep what was typed do not keep this."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(initial=uuid.uuid4, **kwargs)
        self.widget.attrs["autocomplete"] = "off"


class OnceForm(RecordForm):
    """A form that makes one row however often it is sent: a double tap finds what the first made.

    The row keeps the form's token. Somebody who goes back in the browser and types the next one sends the old token
    with other facts: that is no double tap, and is asked again instead of being taken for the first.
    """

    form_token = TokenField()

    def made_before(self) -> Any:
        """Return the row that an earlier sending of the same facts made, else None.

        Other facts under the token of a row stay in the form, with an error that names the row and a new token, so
        that sending them once more makes another row. Ask before acting on `is_valid`, which then knows of the error.
        """
        self.is_valid()  # first: the row of a tap of this moment may itself be what stands against this one
        made = self.sent_before()
        if made is None or self.repeats(made):
            return made
        self.ask_again(self.in_words(made))
        return None

    def ask_again(self, what: str) -> None:
        """Refuse other facts under the token of a row, and take a new token for the next sending."""
        data = cast(QueryDict, self.data).copy()
        data[self.add_prefix("form_token")] = str(uuid.uuid4())
        self.data = data
        said = _("This form was sent already and made %(what)s. To make another, send it again.")
        self.add_error(None, ValidationError(said % {"what": what}, code="sent"))

    def sent_before(self) -> Any:
        """Return the row that an earlier sending made, whatever it says now."""
        try:
            token = uuid.UUID(str(self.data.get(self.add_prefix("form_token"))))
        except ValueError:
            return None
        return self._meta.model._default_manager.filter(form_token=token).first()

    def repeats(self, made: Any) -> bool:
        """Say whether the form says of every field what the row says."""
        made_of = set(self._meta.fields or ())
        return all(self._agrees(made, name) for name in self.fields if name in made_of)

    def _agrees(self, made: Any, name: str) -> bool:
        stored = self._meta.model._meta.get_field(name).value_from_object(made)
        if name in self.errors:  # nothing was read from it, or something was that a rule took away again
            return not self.fields[name].has_changed(stored, self[name].data)
        if isinstance(stored, list):
            return set(stored) == set(self.cleaned_data[name])
        return getattr(self.instance, self._meta.model._meta.get_field(name).attname) == stored

    def in_words(self, made: Any) -> str:
        """Name the row of an earlier sending, as the desk calls it."""
        return str(made)

    def save(self, commit: bool = True) -> Any:  # noqa: FBT001, FBT002 -- Django's signature
        if not self.instance.pk:
            self.instance.form_token = self.cleaned_data["form_token"]
        with transaction.atomic():
            return super().save(commit)


def save_once(form: OnceForm, act: Callable[[], Made]) -> Made:
    """Run `act`, which saves the form, unless the same sending was saved already; return the one row there is.

    Raises `ValidationError` when another row, saved since the form was judged, stands against this one.
    """
    try:
        return act()
    except (IntegrityError, ValidationError) as error:
        made = form.sent_before()
        if made is not None:
            return made
        if isinstance(error, IntegrityError):
            form.instance.validate_constraints()
        raise
