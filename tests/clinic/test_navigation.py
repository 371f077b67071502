"""The way around, by role."""

import pytest

from clinic.navigation import ITEMS
from clinic.roles import Role
from tests.factories import LocationFactory, SideEffectFactory, SideEffectKindFactory, UserFactory

pytestmark = pytest.mark.django_db


def links(client, path="/"):
    return client.get(path).context["nav"]


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (Role.STAFF, ["Today", "Calendar", "Patients", "Side effects", "Follow-ups", "Lots"]),
        (Role.CLINICIAN, ["Today", "Calendar", "Patients", "Side effects", "Follow-ups", "Lots", "Reports"]),
        (Role.ADMIN, ["Today", "Calendar", "Patients", "Follow-ups", "Lots", "Reports", "Catalogue", "Staff"]),
    ],
)
def test_each_role_has_its_items(client, role, labels):
    client.force_login(UserFactory(role=role, locations=[LocationFactory()]))

    assert [str(link.label) for link in links(client)][: len(labels)] == labels


@pytest.mark.parametrize("role", Role)
def test_no_item_leads_where_its_reader_may_not_go(client, role):
    client.force_login(UserFactory(role=role, locations=[LocationFactory()]))

    assert {client.get(link.url).status_code for link in links(client)} == {200}


@pytest.mark.parametrize(
    ("path", "current"),
    [
        ("/", "Today"),
        ("/calendar/?view=week", "Calendar"),
        ("/patients/", "Patients"),
        ("/side-effects/?tab=open", "Side effects"),
        ("/preparations/", "Lots"),
    ],
)
def test_the_item_one_is_in_is_marked(client, path, current):
    client.force_login(UserFactory(locations=[LocationFactory()]))

    assert [str(link.label) for link in links(client, path) if link.is_current] == [current]


def test_urgent_work_stands_apart_from_what_is_due(client):
    here = LocationFactory()
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))
    for kind in ("anaphylaxis", "nodule", "nodule"):
        SideEffectFactory(session__course__patient__location=here, kind=SideEffectKindFactory(code=kind))

    [effects] = [link for link in links(client) if str(link.label) == "Side effects"]

    assert (effects.urgent_count, effects.count) == (1, 2)


@pytest.mark.parametrize("role", Role)
def test_five_items_stand_at_the_bottom_of_a_phone(client, role):
    client.force_login(UserFactory(role=role, locations=[LocationFactory()]))

    assert [link.in_tabbar for link in links(client)].count(True) == 5


def test_every_item_has_an_icon_and_a_short_name():
    assert all(item.icon and item.short_label for item in ITEMS)
