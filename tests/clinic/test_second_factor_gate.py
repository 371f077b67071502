"""Who must have a second factor and has none: led to its set-up, and then to where they were going."""

import pytest
from django.test import Client

from clinic.models import User
from clinic.roles import Role
from clinic.second_factor.need import is_missing, is_required_of
from tests.factories import (
    LocationFactory,
    PasskeyFactory,
    PhoneAppFactory,
    RecoveryCodesFactory,
    UserFactory,
    app_code,
)

pytestmark = pytest.mark.django_db

SET_UP = "/account/security/set-up/"


@pytest.fixture(autouse=True)
def required(settings):
    settings.MFA_REQUIRED_ROLES = {"clinician", "admin"}


@pytest.fixture
def doctor():
    return UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()])


def desk_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(("role", "asked"), [(Role.STAFF, False), (Role.CLINICIAN, True), (Role.ADMIN, True)])
def test_the_role_says_who_must_have_one(role, asked):
    assert is_required_of(UserFactory(role=role)) is asked


def test_a_superuser_without_a_role_counts_as_an_admin():
    boss = UserFactory(role=None, is_superuser=True)

    assert is_required_of(boss)
    assert not is_required_of(UserFactory(role=None))


@pytest.mark.parametrize("role", list(Role))
def test_a_superuser_counts_as_an_admin_whatever_the_role(settings, role):
    settings.MFA_REQUIRED_ROLES = {"admin"}

    assert is_required_of(UserFactory(role=role, is_superuser=True))


def test_recovery_codes_alone_are_no_factor(doctor):
    RecoveryCodesFactory(user=doctor)
    assert is_missing(doctor)

    PasskeyFactory(user=doctor)
    assert not is_missing(doctor)


def test_somebody_without_a_factor_reaches_the_set_up_alone_and_sees_no_way_around_it(doctor):
    client = desk_of(doctor)

    response = client.get("/patients/?list=all", follow=True)

    assert response.redirect_chain == [(SET_UP, 302)]
    page = response.content.decode()
    assert 'class="topnav"' not in page
    assert "Your role opens records of health" in page


def test_what_was_sent_meanwhile_is_said_to_be_unsaved(doctor):
    client = desk_of(doctor)

    response = client.post("/patients/new/", {}, headers={"referer": "http://testserver/patients/new/"}, follow=True)

    assert response.redirect_chain == [(SET_UP, 302)]
    assert "The last step was not saved." in response.content.decode()
    assert client.session["wanted"] == "/patients/new/"


def test_sign_in_does_not_keep_the_words_of_a_search_meanwhile(doctor):
    client = desk_of(doctor)

    client.get("/admin/patients/patient/?q=Okonkwo&o=2")

    assert client.session["wanted"] == "/admin/patients/patient/?o=2"


def test_after_the_set_up_one_is_led_where_one_was_going(doctor):
    client = Client()
    client.post("/accounts/login/?next=/patients/", {"login": doctor.email, "password": "wave-harbour-lantern"})
    assert client.get("/patients/").url == SET_UP
    from django.utils import timezone  # noqa: PLC0415 -- the app's clock is the server's here

    secret = client.get("/accounts/2fa/totp/activate/").context["form"].secret
    response = client.post("/accounts/2fa/totp/activate/", {"code": app_code(timezone.now(), secret)})

    assert "I have them, go on" in client.get(response.url).content.decode()
    assert client.get("/account/security/done/").url == "/patients/"
    assert client.get("/patients/").status_code == 200


def test_a_role_that_is_raised_is_asked_at_the_next_page(settings):
    nurse = UserFactory(role=Role.STAFF, locations=[LocationFactory()])
    client = desk_of(nurse)
    assert client.get("/").status_code == 200

    nurse.groups.set(User.objects.none())
    nurse.groups.add(*UserFactory(role=Role.CLINICIAN).groups.all())

    assert client.get("/").url == SET_UP


def test_somebody_with_a_factor_is_not_kept(doctor):
    PhoneAppFactory(user=doctor)

    assert desk_of(doctor).get("/").status_code == 200
    assert desk_of(doctor).get(SET_UP).url == "/account/security/"


def test_pages_of_the_public_stay_public(doctor):
    assert desk_of(doctor).get("/healthz").status_code == 200


def test_signing_out_is_always_possible(doctor):
    client = desk_of(doctor)

    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/").url.startswith("/accounts/login/")
