"""Which lots may be behind a reaction, as a form asks it: all that were given are ticked, and one can be cleared."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy

from clinic.widgets import Chips
from treatments.models import Lot
from treatments.suspects import Given

SHOWN = "lots_shown"  # the lots that the page offered: an unticked box is not sent, and silence clears nothing


class LotChips(Chips):
    """A chip a lot; each says which areas it went into, so that a script can leave out what is not in question."""

    areas: Mapping[str, str] = {}

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(*args, **kwargs)
        option["attrs"]["data-areas"] = self.areas.get(str(option["value"]), "")
        return option


class GivenLotsField(forms.MultipleChoiceField):
    """Lots of one session by their keys. What is no lot of it says nothing: the session was changed meanwhile."""

    widget = LotChips

    def validate(self, value: list[str]) -> None:
        pass


class SuspectsForm(forms.Form):
    """A form with the lots of a session, each ticked until somebody unticks it; call `offer_lots` in `__init__`."""

    given: Sequence[Given] = ()
    cleared_before: frozenset[str] = frozenset()

    lots = GivenLotsField(
        label=gettext_lazy("Lots in question"),
        required=False,
        help_text=gettext_lazy("All that was injected there. Untick a lot that has nothing to do with it."),
    )

    def offer_lots(self, given: Sequence[Given], *, cleared: Iterable[int] = ()) -> None:
        """Offer what was given; `cleared` are the keys of the lots that somebody ruled out before."""
        self.given, self.cleared_before = given, frozenset(map(str, cleared))
        field = cast(GivenLotsField, self.fields["lots"])
        field.choices = [(str(each.lot.pk), str(each.lot)) for each in given]
        widget = cast(LotChips, field.widget)
        widget.areas = {str(each.lot.pk): " ".join(map(str, sorted(each.areas))) for each in given}
        if self.is_bound:
            data = cast(QueryDict, self.data).copy()
            data.setlist(self.add_prefix("lots"), [str(each.lot.pk) for each in given if not self._is_cleared(each)])
            self.data = data
        else:
            self.initial["lots"] = [str(each.lot.pk) for each in given if str(each.lot.pk) not in self.cleared_before]

    def _is_cleared(self, given: Given) -> bool:
        key, data = str(given.lot.pk), cast(QueryDict, self.data)
        if key not in data.getlist(SHOWN):
            return key in self.cleared_before
        return key not in data.getlist(self.add_prefix("lots"))

    def cleared_lots(self) -> list[Lot]:
        """Return the lots that are offered and not ticked."""
        ticked = self["lots"].value() or []
        return [each.lot for each in self.given if str(each.lot.pk) not in ticked]
