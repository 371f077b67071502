"""The way around, by role."""

import pytest

from clinic.navigation import ITEMS, Group, Link
from clinic.roles import Role
from tests.factories import LocationFactory, SideEffectFactory, SideEffectKindFactory, UserFactory

pytestmark = pytest.mark.django_db

OF_THE_CLINIC = ["Catalogue", "Staff", "Privacy", "Audit", "Backups", "Manage records"]


def links(client, path="/"):
    return client.get(path).context["nav"]


def bar(client, path="/"):
    return client.get(path).context["bar"]


@pytest.mark.parametrize(
    ("role", "labels"),
    [
        (Role.STAFF, ["Today", "Calendar", "Patients", "Side effects", "Follow-ups", "Lots"]),
        (Role.CLINICIAN, ["Today", "Calendar", "Patients", "Side effects", "Follow-ups", "Lots", "Reports"]),
        (Role.ADMIN, ["Today", "Calendar", "Patients", "Follow-ups", "Lots", "Reports", *OF_THE_CLINIC]),
    ],
)
def test_each_role_has_its_items(client, role, labels):
    client.force_login(UserFactory(role=role, locations=[LocationFactory()]))

    assert [str(link.label) for link in links(client)] == labels


@pytest.mark.parametrize(
    ("role", "entries"),
    [
        (Role.STAFF, ["Today", "Calendar", "Patients", "Side effects", "Follow-ups", "Lots"]),
        (Role.CLINICIAN, ["Today", "Calendar", "Patients", "Side effects", "Follow-ups", "Lots", "Reports"]),
        (Role.ADMIN, ["Today", "Calendar", "Patients", "Follow-ups", "Lots", "Reports", "Clinic"]),
    ],
)
def test_what_belongs_to_managing_the_clinic_is_one_entry_of_the_bar(client, role, entries):
    client.force_login(UserFactory(role=role, locations=[LocationFactory()]))

    assert [str(entry.label) for entry in bar(client)] == entries


def test_the_entry_of_the_clinic_opens_on_all_that_an_admin_manages(client):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))

    assert [str(link.label) for link in bar(client)[-1].links] == OF_THE_CLINIC


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
def test_a_superuser_manages_the_clinic_beside_a_role_of_another_kind(client, role):
    client.force_login(UserFactory(role=role, is_superuser=True, locations=[LocationFactory()]))

    assert [str(link.label) for link in bar(client)[-1].links] == OF_THE_CLINIC


@pytest.mark.parametrize(
    ("path", "inside"),
    [("/staff/", "Staff"), ("/privacy/", "Privacy"), ("/audit/", "Audit"), ("/backups/", "Backups")],
)
def test_the_entry_of_the_clinic_is_marked_on_each_of_its_pages(client, path, inside):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))

    [here] = [entry for entry in bar(client, path) if entry.is_current]

    assert (str(here.label), [str(link.label) for link in here.links if link.is_current]) == ("Clinic", [inside])


def test_the_entry_of_the_clinic_is_not_marked_elsewhere(client):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))

    assert [str(entry.label) for entry in bar(client, "/lots/") if entry.is_current] == ["Lots"]


def test_numbers_inside_the_entry_of_the_clinic_are_seen_beside_it(client, settings):
    settings.BACKUP_TO = ""
    settings.PRODUCTION = True  # where nothing is kept, the item of the backups says so
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))

    page = client.get("/")

    assert (page.context["bar"][-1].urgent_count, page.context["bar"][-1].count) == (1, 0)
    summary = page.content.decode().partition("<summary")[2].partition("</summary>")[0]
    assert "Clinic" in summary
    assert 'class="count is-urgent-solid">1<' in summary


def test_numbers_of_what_the_bar_of_a_phone_has_no_room_for_stand_in_the_menu_of_the_account(client, settings):
    settings.BACKUP_TO = ""
    settings.PRODUCTION = True
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))

    menu = client.get("/").content.decode().partition('<div class="menu-overflow">')[2].partition("</div>")[0]

    assert 'class="count is-urgent-solid">1<' in menu.partition("Backups")[2].partition("</a>")[0]


def test_a_group_adds_up_what_its_links_say():
    def link(due, urgent):
        return Link("", "", "", "", is_current=False, count=due, urgent_count=urgent, in_tabbar=False)

    group = Group("Clinic", [link(2, 0), link(3, 1), link(0, 4)])

    assert (group.count, group.urgent_count, group.is_current) == (5, 5, False)


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
