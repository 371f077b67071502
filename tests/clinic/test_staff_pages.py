"""The people who work here: given a role, closed and opened again; and there is always an admin."""

from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.actions.invitations import send_invitation
from clinic.actions.staff import change_role, deactivate
from clinic.models import AuditEvent, Invitation, User
from clinic.roles import Role
from clinic.staff_forms import mark_of
from tests.clinic.staffing import invitation_form, said
from tests.factories import InvitationFactory, LocationFactory, UserFactory

pytestmark = pytest.mark.django_db
ONLY = "This is the only active admin. Make someone else an admin first."


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def ada(here):
    return UserFactory(email="ada@clinic.example", first_name="Ada", role=Role.ADMIN, locations=[here])


@pytest.fixture
def desk(client, ada):
    client.force_login(ada)
    return client


def role_form(person, here, **changes):
    person = User.objects.get(pk=person.pk)
    return {"role": "Staff", "locations": [here.pk], "seen": mark_of(person)} | changes


def test_page_of_a_colleague_is_in_the_trail_with_whose_it_was(desk, ada, here):
    nurse = UserFactory(locations=[here])
    desk.get(f"/staff/{nurse.public_id}/")

    event = AuditEvent.objects.latest("pk")
    assert (event.act, event.by, event.record_key) == ("read", ada, str(nurse.public_id))


def test_role_and_places_are_changed_and_the_history_says_so(desk, here):
    nurse, other = UserFactory(locations=[here]), LocationFactory(name="Canal Street")
    desk.post(f"/staff/{nurse.public_id}/", role_form(nurse, here, role="Clinician", locations=[here.pk, other.pk]))
    nurse = User.objects.get(pk=nurse.pk)

    assert (nurse.role, set(nurse.locations.all())) == (Role.CLINICIAN, {here, other})
    assert "Role: Clinician" in nurse.history.values_list("history_change_reason", flat=True)


def test_second_admin_who_read_an_older_role_is_told_and_changes_nothing(desk, here):
    nurse = UserFactory(locations=[here])
    old = role_form(nurse, here, role="Admin")
    change_role(nurse, role=Role.CLINICIAN, locations=[here], now=timezone.now())

    response = desk.post(f"/staff/{nurse.public_id}/", old)

    assert "Somebody changed this meanwhile to Clinician at Harbour Street." in response.content.decode()
    assert User.objects.get(pk=nurse.pk).role is Role.CLINICIAN


@pytest.mark.parametrize("change", ["deactivated", "role lowered", "password changed"])
def test_next_request_of_a_session_whose_ground_is_gone_leads_to_the_sign_in(here, change):
    doctor, browser = UserFactory(role=Role.CLINICIAN, locations=[here]), Client()
    browser.force_login(doctor)
    assert browser.get("/patients/").status_code == HTTPStatus.OK

    if change == "deactivated":
        deactivate(doctor, now=timezone.now())
    elif change == "role lowered":
        change_role(doctor, role=Role.STAFF, locations=[here], now=timezone.now())
    else:
        doctor.set_password("lantern-wave-harbour")
        doctor.save()

    assert browser.get("/patients/").status_code == HTTPStatus.FOUND


@pytest.mark.parametrize("where", ["on the staff page", "in the Django admin"])
@pytest.mark.parametrize("change", ["closed", "role lowered"])
def test_invitations_of_an_admin_who_is_none_any_more_are_withdrawn(desk, ada, here, change, where):
    bob = UserFactory(role=Role.ADMIN, locations=[here])
    theirs = InvitationFactory(invited_by=bob, role="Admin")
    others = InvitationFactory(invited_by=ada)

    if where == "in the Django admin":
        form = {"email": bob.email, "first_name": "Bob", "last_name": "Stone", "title": "", "theme": "system"}
        form |= {"role": "Admin", "locations": [here.pk], "is_active": "on"}
        form |= {"role": "Staff"} if change == "role lowered" else {"is_active": ""}
        desk.post(f"/admin/clinic/user/{bob.pk}/change/", form)
    elif change == "closed":
        desk.post(f"/staff/{bob.public_id}/active/", {"to": "close"})
    else:
        desk.post(f"/staff/{bob.public_id}/", role_form(bob, here))

    theirs.refresh_from_db()
    assert theirs.withdrawn_at is not None
    assert list(Invitation.objects.open()) == [others]
    assert ("invitation-withdrawn", "clinic.invitation") in [(what, kind) for _by, what, kind, _at in said("change")]
    assert AuditEvent.objects.filter(act="change", by=ada, record_type="clinic.user").exists()


def test_admin_who_only_gets_other_places_keeps_the_invitations(desk, ada, here):
    InvitationFactory(invited_by=ada)
    desk.post(f"/staff/{ada.public_id}/", role_form(ada, LocationFactory(), role="Admin"))

    assert Invitation.objects.open().count() == 1


@pytest.mark.parametrize("change", ["is_active", "role"])
def test_the_django_admin_ends_sessions_as_well(desk, here, change):
    doctor, browser = UserFactory(role=Role.CLINICIAN, locations=[here]), Client()
    browser.force_login(doctor)
    form = {"email": doctor.email, "first_name": "Ines", "last_name": "Moreau", "title": "", "theme": "system"}
    form |= {"role": "Clinician", "locations": [here.pk], "is_active": "on"}
    form |= {"role": "Staff"} if change == "role" else {"is_active": ""}
    desk.post(f"/admin/clinic/user/{doctor.pk}/change/", form)

    assert browser.get("/patients/").status_code == HTTPStatus.FOUND


def test_closing_an_account_asks_first_and_opening_it_brings_the_role_back(desk, here):
    nurse = UserFactory(locations=[here])
    where = f"/staff/{nurse.public_id}/active/"

    assert "Every sign-in ends at once" in desk.get(where).content.decode()
    assert User.objects.get(pk=nurse.pk).is_active
    desk.post(where, {"to": "close"})
    assert not User.objects.get(pk=nurse.pk).is_active
    assert nurse.email in desk.get("/staff/?tab=left").content.decode()
    desk.post(where, {"to": "open"})
    assert User.objects.get(pk=nurse.pk).role is Role.STAFF


def test_last_admin_neither_demotes_nor_closes_nor_deletes_himself(desk, ada, here):
    demoted = desk.post(f"/staff/{ada.public_id}/", role_form(ada, here))
    closed = desk.post(f"/staff/{ada.public_id}/active/", {"to": "close"})
    deleted = desk.post(f"/admin/clinic/user/{ada.pk}/delete/", {"post": "yes"})
    ada = User.objects.get(pk=ada.pk)

    assert ONLY in demoted.content.decode()
    assert ONLY in closed.content.decode()
    assert deleted.status_code == HTTPStatus.FORBIDDEN
    assert (ada.role, ada.is_active) == (Role.ADMIN, True)


def test_somebody_who_also_treats_is_no_second_admin(ada):
    both = UserFactory(role=Role.ADMIN)
    both.groups.add(*UserFactory(role=Role.CLINICIAN).groups.all())

    with pytest.raises(ValidationError, match="only active admin"):
        deactivate(ada, now=timezone.now())


def test_one_of_two_admins_may_be_demoted(ada, here):
    second = UserFactory(role=Role.ADMIN)

    assert change_role(second, role=Role.STAFF, locations=[here], now=timezone.now()).pk == second.pk


@pytest.mark.parametrize(("role", "stays"), [(Role.STAFF, False), (Role.CLINICIAN, False), (Role.ADMIN, True)])
def test_superuser_keeps_what_that_is_as_long_as_the_role_is_an_admins(here, ada, role, stays):
    first = UserFactory(role=Role.ADMIN, is_superuser=True, locations=[here])

    change_role(first, role=role, locations=[here], now=timezone.now())

    first = User.objects.get(pk=first.pk)
    assert (first.role, first.is_superuser, first.is_staff) == (role, stays, stays)


def test_superuser_who_was_staff_before_is_no_superuser_after_the_next_save(here, ada):
    first = UserFactory(role=Role.STAFF, is_superuser=True, locations=[here])

    change_role(first, role=Role.STAFF, locations=[here], now=timezone.now())

    assert not User.objects.get(pk=first.pk).is_superuser


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("how", ["demote", "close"])
def test_two_admins_who_take_the_role_from_each_other_at_once_leave_one(how):
    place = LocationFactory()
    admins = [UserFactory(role=Role.ADMIN, locations=[place]) for _number in range(2)]
    start = Barrier(2)

    def take_from(other):
        start.wait()
        try:
            if how == "demote":
                change_role(other, role=Role.STAFF, locations=[place], now=timezone.now())
            else:
                deactivate(other, now=timezone.now())
        except ValidationError:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(take_from, reversed(admins)))

    assert answers == ["done", "refused"]
    assert User.objects.admins().count() == 1


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
def test_only_admins_invite_or_change_anybody(client, here, role):
    person = UserFactory(role=role, locations=[here])
    client.force_login(person)

    answers = [
        client.post("/staff/invite/", invitation_form(here)),
        client.post(f"/staff/{person.public_id}/", role_form(person, here, role="Admin")),
        client.post(f"/staff/{person.public_id}/active/", {"to": "close"}),
    ]

    assert {answer.status_code for answer in answers} == {HTTPStatus.FORBIDDEN}
    assert (User.objects.get(pk=person.pk).role, Invitation.objects.count()) == (role, 0)


@pytest.mark.parametrize("count", [1, 3])
def test_staff_page_asks_as_often_for_three_as_for_one(desk, here, count, django_assert_num_queries):
    for _number in range(count):
        UserFactory(locations=[here])
        send_invitation(InvitationFactory(), now=timezone.now())
    desk.get("/staff/")

    with django_assert_num_queries(14):
        page = desk.get("/staff/").content.decode()

    assert page.count("Send again") == count
