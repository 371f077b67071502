"""People are invited to work here by a link in a letter, which makes one account and no more than was meant."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from clinic.actions.invitations import accept_invitation
from clinic.models import AuditEvent, Invitation, User
from clinic.roles import Role
from tests.clinic.staffing import invitation_form, said
from tests.factories import PASSWORD, InvitationFactory, LocationFactory, UserFactory
from tests.posting import sent

pytestmark = pytest.mark.django_db


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


def link():
    return re.search(r"(/join/\S+/)", sent()[-1].body)[1]


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
    desk.post("/staff/invite/", invitation_form(here, form_token="2b1cf7f2-3de0-4e58-8f0f-6f5c37a1e001"))
    used = link()
    Client().post(used, {"password": "lantern-wave-harbour", "again": "lantern-wave-harbour"})
    assert User.objects.filter(email="noor@clinic.example").exists()

    pages = [Client().get(address) for address in (withdrawn, used, "/join/made-up/", "/join/made:up/")]

    assert {page.status_code for page in pages} == {HTTPStatus.NOT_FOUND}
    assert len({page.content for page in pages}) == 1
    assert Client().get("/join/x%00/").status_code == HTTPStatus.BAD_REQUEST


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


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": Role.CLINICIAN}])
def test_link_of_somebody_who_may_invite_nobody_any_more_makes_no_account(change):
    invitation = InvitationFactory(invited_by=UserFactory(**{"role": Role.ADMIN} | change))

    with pytest.raises(ValidationError, match="Ask your practice manager for another"):
        accept_invitation(invitation, password=PASSWORD, now=timezone.now())
    assert not User.objects.filter(email=invitation.email).exists()
