"""Form controls of our own. Each is a native input in other clothes, so the keyboard and screen readers know it.

A control with `self_styled` brings its own markup, and the field template leaves its classes alone.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models.fields import BLANK_CHOICE_DASH

EMPTY_LABEL = BLANK_CHOICE_DASH[0][1]


class Choices:
    """Leave out the dashes of a blank choice: a question not yet asked shows nothing chosen."""

    self_styled = True
    use_fieldset = True

    def optgroups(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> list[Any]:
        """Return Django's (group name, options, index) triples without the option of dashes."""
        groups = super().optgroups(name, value, attrs)  # type: ignore[misc]
        kept = ((group, [option for option in options if not is_dashes(option)], i) for group, options, i in groups)
        return [triple for triple in kept if triple[1]]

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return super().id_for_label(id_, index) if index is not None else ""  # type: ignore[misc]


def is_dashes(option: dict[str, Any]) -> bool:
    return option["value"] in {"", None} and str(option["label"]) == EMPTY_LABEL


class Segmented(Choices, forms.RadioSelect):
    """Two to five exclusive answers side by side. Values in `amber` turn amber when chosen."""

    template_name = "clinic/widgets/segmented.html"

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = (), *, amber: Collection[str] = ()) -> None:
        super().__init__(attrs, choices)
        self.amber = amber

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        return option | {"is_amber": str(option["value"]) in self.amber}


class ScoreKeys(forms.RadioSelect):
    """The values of one item as keys, a dash for not scored first; the value of last time is marked."""

    template_name = "clinic/widgets/score_keys.html"
    self_styled = True
    use_fieldset = True

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = (), *, last: str = "") -> None:
        super().__init__(attrs, choices)
        self.last = last

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        return option | {"is_last": bool(self.last) and str(option["value"]) == self.last}


class ChoiceCards(Choices, forms.RadioSelect):
    """Cards for a decision: a title, and one line from `lines`, which is keyed by the choice's value."""

    template_name = "clinic/widgets/choice_cards.html"

    def __init__(
        self, attrs: dict[str, Any] | None = None, choices: Any = (), *, lines: dict[str, Any] | None = None
    ) -> None:
        super().__init__(attrs, choices)
        self.lines = lines or {}

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        return option | {"line": self.lines.get(str(option["value"]), "")}


class PainKeys(Choices, forms.RadioSelect):
    """Eleven keys, 0 to 10."""

    template_name = "clinic/widgets/pain_keys.html"

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__(attrs, choices or [(str(number), str(number)) for number in range(11)])


class Chips(Choices, forms.CheckboxSelectMultiple):
    """Any number of answers; choosing the `exclusive` value ("None") unticks the others, and they untick it."""

    template_name = "clinic/widgets/chips.html"

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = (), *, exclusive: str = "") -> None:
        super().__init__(attrs, choices)
        self.exclusive = exclusive

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["exclusive"] = self.exclusive
        return context


class UnitInput(forms.NumberInput):
    """A number with its unit inside the right end."""

    template_name = "clinic/widgets/unit_input.html"
    self_styled = True

    def __init__(self, attrs: dict[str, Any] | None = None, *, unit: str = "") -> None:
        super().__init__({"inputmode": "decimal"} | (attrs or {}))
        self.unit = unit

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["unit"] = self.unit
        return context


class VolumeInput(UnitInput):
    """Millilitres as text: a browser's own number field would swallow a decimal comma that it does not know."""

    input_type = "text"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "off"} | (attrs or {}), unit="ml")


class Stepper(UnitInput):
    """A number with a key for less and one for more; it can be typed in as well."""

    template_name = "clinic/widgets/stepper.html"

    def __init__(
        self, attrs: dict[str, Any] | None = None, *, unit: str = "", step: Decimal | str = "0.1", minimum: str = "0"
    ) -> None:
        super().__init__({"step": str(step), "min": minimum} | (attrs or {}), unit=unit)


class DateInput(forms.DateInput):
    """The browser's own date field, which wants ISO dates whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's own date and time field, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")
