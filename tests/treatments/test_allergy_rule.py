"""A product's words against the names of a patient's allergies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.models import Product
from treatments.rules.allergy import allergy_conflict

LIDOCAINE = "lidocaine, lignocaine, xylocain, amide"


@pytest.mark.parametrize(
    ("words", "substance"),
    [
        (LIDOCAINE, "Lidocaine (Xylocain)"),
        (LIDOCAINE, "LIDOCAINE"),
        (LIDOCAINE, "Lidocaïne"),
        (LIDOCAINE, "Xylocaine spray"),
        (LIDOCAINE, "amide anaesthetics"),
        (LIDOCAINE, "Amides"),
        ("soya, soy, egg", "soy"),
        ("soya, soy, egg", "Hen's egg, raw"),
        ("soya, soy, egg", "eggs"),
        ("soya, soy, egg", "egg-white"),
        ("bee, wasp", "bee stings"),
        ("benzyl alcohol", "Benzyl  alcohol (preservative)"),
        ("sulphite", "Sulphites in wine"),
    ],
)
def test_an_allergy_that_speaks_against_the_product(words, substance):
    assert allergy_conflict(words, [substance]) == substance


@pytest.mark.parametrize(
    ("words", "substance"),
    [
        ("egg", "eggplant"),
        ("bee", "beef"),
        ("soy", "soybean"),
        ("benzyl alcohol", "alcohol"),
        ("benzyl alcohol", "benzyl benzoate"),
        ("procaine", "lidocaine"),
        ("amide", "polyamide plaster"),
        ("", "latex"),
        (" , ,", "latex"),
        ("lidocaine", ""),
        ("lidocaine", "(…)"),
    ],
)
def test_an_allergy_that_does_not(words, substance):
    assert allergy_conflict(words, [substance]) is None


def test_the_first_allergy_that_fits_is_named():
    assert allergy_conflict("latex, penicillin", ["pollen", "Penicillin V", "latex gloves"]) == "Penicillin V"


@given(st.text(), st.lists(st.text()))
def test_whatever_was_typed_there_is_an_answer(words, substances):
    assert allergy_conflict(words, substances) in {None, *substances}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "substance"),
    [
        ("lidocaine-1", "Lignocaine"),
        ("lidocaine-adrenaline", "sulfites"),
        ("procaine-2", "ester anaesthetics"),
        ("hyaluronidase", "Wasp venom"),
        ("phosphatidylcholine-deoxycholate", "soy lecithin"),
        ("deoxycholic-acid", "benzyl alcohol"),
    ],
)
def test_the_catalogue_knows_its_allergies(code, substance):
    assert allergy_conflict(Product.objects.get(code=code).allergy_words, [substance])
