"""The numbers beside the navigation: some seconds old, except right after one has done something."""

import uuid

import pytest
from django.core.cache import caches
from django.test import override_settings

from clinic.roles import Role
from tests.factories import LocationFactory, SideEffectFactory, SideEffectKindFactory, UserFactory

REMEMBERING = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "worker": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "test-work"},
}


@pytest.fixture
def clinician(client, db):
    user = UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()])
    client.force_login(user)
    with override_settings(CACHES=REMEMBERING):
        caches["worker"].clear()
        yield user


def nodule(clinician):
    here = clinician.locations.get()
    return SideEffectFactory(session__course__patient__location=here, kind=SideEffectKindFactory(code="nodule"))


def beside_side_effects(client, path):
    return next(link.count for link in client.get(path).context["nav"] if str(link.label) == "Side effects")


def test_numbers_are_kept_for_the_next_page(client, clinician):
    nodule(clinician)
    first = beside_side_effects(client, "/patients/")
    nodule(clinician)
    assert (first, beside_side_effects(client, "/patients/")) == (1, 1)


def test_today_has_the_numbers_of_now_and_keeps_them(client, clinician):
    beside_side_effects(client, "/patients/")
    nodule(clinician)
    assert [beside_side_effects(client, path) for path in ("/", "/patients/")] == [1, 1]


def test_a_page_that_says_what_one_did_has_the_numbers_of_now(client, clinician):
    effect = nodule(clinician)
    beside_side_effects(client, "/patients/")
    client.post(
        f"{effect.get_absolute_url()}review/",
        {
            "review-version": effect.version,
            "review-form_token": str(uuid.uuid4()),
            "review-causality": "Possible",
            "review-note": "As expected.",
            "review-outcome": "ongoing",
        },
    )
    assert beside_side_effects(client, "/patients/") == 0


def test_numbers_of_one_are_not_shown_to_another(client, clinician):
    nodule(clinician)
    beside_side_effects(client, "/patients/")
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()]))
    assert beside_side_effects(client, "/patients/") == 0
