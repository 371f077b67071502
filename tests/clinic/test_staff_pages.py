"""The people who work here: invited, given a role, closed and opened again; and there is always an admin."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from clinic.actions.invitations import accept_invitation, send_invitation
from clinic.actions.staff import change_role, deactivate
from clinic.models import AuditEvent, Invitation, User
from clinic.roles import Role
from clinic.staff_forms import mark_of
from tests.factories import PASSWORD, InvitationFactory, LocationFactory, UserFactory
from tests.posting import sent

pytestmark = pytest.mark.django_db

ONLY = "This is the only active admin. Make someone else an admin first."
TOKEN = "8f0f2a54-64a2-4c2b-9c43-0d4cf6a4f0a1"


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


def invitation_form(here, **changes):
    form = {"title": "", "first_name": "Noor", "last_name": "Haddad", "email": "noor@clinic.example"}
    return form | {"role": "Clinician", "locations": [here.pk], "form_token": TOKEN} | changes


def role_form(person, here, **changes):
    person = User.objects.get(pk=person.pk)
    return {"role": "Staff", "locations": [here.pk], "seen": mark_of(person)} | changes


def link():
    return re.search(r"(/join/\S+/)", sent()[-1].body)[1]


# Invitations.


def test_invited_person_chooses_a_password_and_signs_in(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    stranger = Client()
    page = stranger.get(link()).content.decode()
    response = stranger.post(link(), {"password": "lantern-wave-harbour", "again": "lantern-wave-harbour"})
    noor = User.objects.get(email="noor@clinic.example")

    assert "Noor Haddad" in page
    assert response.url == "/accounts/login/"
    assert (noor.role, list(noor.locations.all()), noor.check_password("lantern-wave-harbour")) == (
        Role.CLINICIAN,
        [here],
        True,
    )
    signed_in = stranger.post("/accounts/login/", {"login": noor.email, "password": "lantern-wave-harbour"})
    assert signed_in.url == "/"


def test_letter_goes_to_the_one_address_and_says_how_long_the_link_works(desk, here):
    desk.post("/staff/invite/", invitation_form(here))

    [letter] = sent()
    assert letter.to == ["noor@clinic.example"]
    assert "for 72 hours" in letter.body
    assert "as Clinician" in letter.body


def test_link_is_not_kept(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    secret = link().split("/")[2].partition(":")[0]

    assert secret not in str(Invitation.objects.values_list().get())


def test_link_works_once(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    form = {"password": "lantern-wave-harbour", "again": "lantern-wave-harbour"}
    Client().post(link(), form)
    again = Client().post(link(), {"password": "another-wave-lantern", "again": "another-wave-lantern"})

    assert again.status_code == HTTPStatus.NOT_FOUND
    assert User.objects.get(email="noor@clinic.example").check_password("lantern-wave-harbour")


def test_link_works_for_seventy_two_hours_and_then_says_what_to_do(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    Invitation.objects.update(sent_at=timezone.now() - timedelta(hours=71, minutes=59))
    assert Client().get(link()).status_code == HTTPStatus.OK

    Invitation.objects.update(sent_at=timezone.now() - timedelta(hours=72))
    late = Client().get(link())

    assert late.status_code == HTTPStatus.GONE
    assert "Ask your practice manager to send the invitation again" in late.content.decode()
    Client().post(link(), {"password": "lantern-wave-harbour", "again": "lantern-wave-harbour"})
    assert not User.objects.filter(email="noor@clinic.example").exists()


def test_sending_again_makes_a_new_link_and_the_old_one_opens_nothing(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    old = link()
    desk.post(f"/invitations/{Invitation.objects.get().public_id}/send/")

    assert Client().get(old).status_code == HTTPStatus.NOT_FOUND
    assert Client().get(link()).status_code == HTTPStatus.OK


def test_withdrawn_invitation_opens_nothing_and_is_not_sent_again(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    public_id, link_before = Invitation.objects.get().public_id, link()
    desk.post(f"/invitations/{public_id}/withdraw/")
    desk.post(f"/invitations/{public_id}/send/")

    assert Client().get(link_before).status_code == HTTPStatus.NOT_FOUND
    assert len(sent()) == 1


def test_forged_used_and_withdrawn_links_say_the_same(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    withdrawn = link()
    desk.post(f"/invitations/{Invitation.objects.get().public_id}/withdraw/")

    pages = [
        Client().get(address).content for address in (withdrawn, "/join/made-up/", "/join/made:up/", "/join/x%00/")
    ]

    assert pages[0] == pages[1] == pages[2]


@pytest.mark.parametrize(
    ("typed", "field", "words"),
    [
        ({"password": "short", "again": "short"}, "password", "too short"),
        ({"password": "noor@clinic.example", "again": "noor@clinic.example"}, "password", "too similar"),
        ({"password": "lantern-wave-harbour", "again": "other"}, "again", "The two are not the same."),
        ({"password": "", "again": ""}, "password", "required"),
        ({"password": "x" * 201, "again": "x" * 201}, "password", "at most 200"),
    ],
)
def test_password_that_is_none_makes_no_account(desk, here, typed, field, words):
    desk.post("/staff/invite/", invitation_form(here))

    form = Client().post(link(), typed).context["form"]

    assert words in form.errors[field][0]
    assert not User.objects.filter(email="noor@clinic.example").exists()


def test_double_tap_invites_once_and_sends_one_mail(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    desk.post("/staff/invite/", invitation_form(here))

    assert (Invitation.objects.count(), len(sent())) == (1, 1)


def test_address_is_invited_once_at_a_time(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    other = "2b1cf7f2-3de0-4e58-8f0f-6f5c37a1e001"

    response = desk.post("/staff/invite/", invitation_form(here, form_token=other, email="NOOR@clinic.example"))

    assert "This address is invited already." in response.content.decode()
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("is_active", "words"), [(True, "Someone already signs in"), (False, "which is closed. Open it again instead.")]
)
def test_somebody_who_has_an_account_is_not_invited(desk, here, is_active, words):
    UserFactory(email="noor@clinic.example", is_active=is_active)

    form = desk.post("/staff/invite/", invitation_form(here)).context["form"]

    assert words in form.errors["email"][0]


@pytest.mark.parametrize(
    "changes",
    [
        {"email": "a@x.example, b@y.example"},
        {"email": "noor@clinic.example\r\nBcc: all@clinic.example"},
        {"role": "Owner"},
        {"locations": ["9" * 30]},
        {"locations": []},
        {"first_name": ""},
        {"last_name": "x" * 101},
    ],
)
def test_nonsense_invites_nobody(desk, here, changes):
    response = desk.post("/staff/invite/", invitation_form(here, **changes))

    assert response.status_code == HTTPStatus.OK
    assert response.context["form"].errors
    assert (Invitation.objects.count(), sent()) == (0, [])


def test_invited_person_who_got_an_account_meanwhile_is_told(here):
    invitation = InvitationFactory(email="noor@clinic.example")
    UserFactory(email="noor@clinic.example")

    with pytest.raises(ValidationError, match="Someone already signs in"):
        accept_invitation(invitation, password=PASSWORD, now=timezone.now())


def test_nothing_sent_along_makes_more_of_an_invitation_than_it_is(desk, here):
    desk.post("/staff/invite/", invitation_form(here, role="Staff"))
    form = {"password": "lantern-wave-harbour", "again": "lantern-wave-harbour"}
    Client().post(link(), form | {"role": "Admin", "is_superuser": "1", "email": "evil@clinic.example"})
    noor = User.objects.get(email="noor@clinic.example")

    assert (noor.role, noor.is_superuser) == (Role.STAFF, False)


def said(act):
    """Return of each event of this act who did what, about which kind of record, and from where."""
    events = AuditEvent.objects.filter(act=act, detail__has_key="what").order_by("pk")
    return [(event.by, event.detail["what"], event.record_type, event.address) for event in events]


def test_each_step_of_an_invitation_is_in_the_trail(desk, ada, here):
    desk.post("/staff/invite/", invitation_form(here))
    invitation = Invitation.objects.get()
    desk.post(f"/invitations/{invitation.public_id}/send/")
    desk.post(f"/invitations/{invitation.public_id}/withdraw/")
    desk.post(f"/invitations/{invitation.public_id}/withdraw/")

    assert said("change") == [
        (ada, "invitation-sent", "clinic.invitation", "127.0.0.1"),
        (ada, "invitation-sent", "clinic.invitation", "127.0.0.1"),
        (ada, "invitation-withdrawn", "clinic.invitation", "127.0.0.1"),
    ]
    event = AuditEvent.objects.filter(act="change").earliest("pk")
    assert (event.record_key, event.detail["role"]) == (str(invitation.public_id), "Clinician")
    assert "noor" not in str(AuditEvent.objects.values_list("detail", flat=True)).lower()


def test_account_made_by_an_invitation_is_in_the_trail(desk, here):
    desk.post("/staff/invite/", invitation_form(here))
    Client().post(link(), {"password": "lantern-wave-harbour", "again": "lantern-wave-harbour"})

    noor = User.objects.get(email="noor@clinic.example")
    assert said("credentials") == [(noor, "account-made", "clinic.user", "127.0.0.1")]
    event = AuditEvent.objects.get(act="credentials")
    assert event.detail == {
        "what": "account-made",
        "role": "Clinician",
        "invitation": str(Invitation.objects.get().public_id),
    }


def test_page_of_a_colleague_is_in_the_trail_with_whose_it_was(desk, ada, here):
    nurse = UserFactory(locations=[here])
    desk.get(f"/staff/{nurse.public_id}/")

    event = AuditEvent.objects.latest("pk")
    assert (event.act, event.by, event.record_key) == ("read", ada, str(nurse.public_id))


# Roles, closing and opening.


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


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.CLINICIAN}])
def test_link_of_somebody_who_may_invite_nobody_any_more_makes_no_account(change):
    invitation = InvitationFactory(invited_by=UserFactory(**{"role": Role.ADMIN} | change))

    with pytest.raises(ValidationError, match="Ask your practice manager for another"):
        accept_invitation(invitation, password=PASSWORD, now=timezone.now())
    assert not User.objects.filter(email=invitation.email).exists()


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
