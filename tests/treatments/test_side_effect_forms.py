import pytest

from tests.factories import SideEffectFactory
from treatments.forms.side_effects import ResolveForm


@pytest.mark.parametrize(
    ("kind", "unit"), [("burning", "minutes"), ("vasovagal", "hours"), ("swelling", "days"), ("nerve", "days")]
)
def test_length_of_a_reaction_is_asked_in_the_unit_of_its_kind(db, kind, unit):
    effect = SideEffectFactory(kind__code=kind)

    form = ResolveForm(effect=effect, now=effect.onset_at)

    assert form["lasted_unit"].value() == unit
