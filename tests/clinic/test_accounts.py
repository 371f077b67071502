"""Signing in, and what a role may do."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.utils.module_loading import import_string

from clinic.models import User
from clinic.roles import ACTS, Role, may_manage
from tests.factories import PASSWORD, LocationFactory, UserFactory
from tests.posting import sent

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def test_person_signs_in_by_e_mail_in_any_case_and_lands_where_they_wanted(client):
    nurse = UserFactory(email="sam@clinic.example", locations=[LocationFactory()])

    response = client.post(f"{LOGIN}?next=/patients/", {"login": "SAM@Clinic.example", "password": PASSWORD})

    assert response.url == "/patients/"
    assert client.session["_auth_user_id"] == str(nurse.pk)


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(client, target):
    UserFactory(email="sam@clinic.example", locations=[LocationFactory()])

    response = client.post(f"{LOGIN}?next={target}", {"login": "sam@clinic.example", "password": PASSWORD})

    assert response.url == "/"


def test_wrong_password_and_unknown_address_say_the_same(client):
    UserFactory(email="sam@clinic.example")

    known, unknown = (
        client.post(LOGIN, {"login": login, "password": "wrong-wrong-wrong"}).context["form"].errors
        for login in ("sam@clinic.example", "nobody@clinic.example")
    )

    assert known == unknown != {}


def test_somebody_deactivated_does_not_get_in(client):
    UserFactory(email="sam@clinic.example", is_active=False)

    client.post(LOGIN, {"login": "sam@clinic.example", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_many_wrong_passwords_lock_the_door_for_a_while(client):
    UserFactory(email="sam@clinic.example")
    for _attempt in range(10):
        client.post(LOGIN, {"login": "sam@clinic.example", "password": "wrong-wrong-wrong"})

    client.post(LOGIN, {"login": "sam@clinic.example", "password": PASSWORD})

    assert "_auth_user_id" not in client.session


def test_signing_out_ends_the_session(client):
    client.force_login(UserFactory(locations=[LocationFactory()]))

    client.post("/accounts/logout/")

    assert client.get("/").status_code == 302


def test_forgotten_password_is_answered_by_e_mail_and_tells_a_stranger_nothing(client):
    UserFactory(email="sam@clinic.example")

    known = client.post("/accounts/password/reset/", {"email": "sam@clinic.example"})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@clinic.example"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [message.to for message in sent() if "/password/reset/key/" in message.body] == [["sam@clinic.example"]]


@pytest.mark.parametrize("role", Role)
def test_rights_are_the_roles(role):
    person = UserFactory(role=role)

    assert person.get_all_permissions() == ACTS[role]
    assert all(person.has_perm(act) for act in ACTS[role])


def test_only_clinicians_sign_and_review():
    signers = [role for role in Role if UserFactory(role=role).has_perm("treatments.sign_session")]
    reviewers = [role for role in Role if UserFactory(role=role).has_perm("treatments.review_side_effect")]

    assert signers == reviewers == [Role.CLINICIAN]


def test_without_a_role_there_is_no_right():
    person = UserFactory(role=None)

    assert (person.get_all_permissions(), person.is_staff, person.role_name) == (frozenset(), False, "No role")


def test_of_two_roles_the_treating_one_counts():
    person = UserFactory(role=Role.ADMIN)
    person.groups.add(Group.objects.get(name=Role.CLINICIAN))

    assert User.objects.get(pk=person.pk).role is Role.CLINICIAN


def test_deactivated_admin_has_no_right():
    person = UserFactory(role=Role.ADMIN, is_active=False)

    assert (person.is_staff, person.has_perm("clinic.add_user"), person.sees_all_locations) == (False, False, False)


@pytest.mark.parametrize(
    ("permission", "may"),
    [("clinic.view_user", True), ("clinic.change_location", True), ("patients.delete_patient", False), ("x", False)],
)
def test_admin_sees_adds_and_changes_but_deletes_nothing(permission, may):
    assert may_manage(permission) is may


def test_same_address_in_other_letters_is_the_same_person():
    UserFactory(email="Sam@Clinic.example")

    assert User.objects.get_by_natural_key("SAM@clinic.EXAMPLE").email == "sam@clinic.example"


def test_account_without_an_address_is_none():
    with pytest.raises(ValueError, match="e-mail"):
        User.objects.create_user("")


def test_names_as_colleagues_say_them():
    doctor = User(title="Dr", first_name="Ines", last_name="Moreau", email="ines@clinic.example")
    nurse = User(first_name="Sam", last_name="Adeyemi", email="sam@clinic.example")

    assert (doctor.get_full_name(), doctor.get_short_name(), doctor.initials) == ("Dr Ines Moreau", "Dr Moreau", "IM")
    assert (nurse.get_full_name(), nurse.get_short_name()) == ("Sam Adeyemi", "Sam")


@pytest.mark.parametrize("name", sorted(settings.ACCOUNT_FORMS))
def test_fields_of_passwords_are_named_once_and_in_our_words(name):
    whose = {} if name == "reset_password" else {"user": User()}
    fields = import_string(settings.ACCOUNT_FORMS[name])(**whose).fields.values()

    assert [str(field.label) for field in fields if field.label != str(field.label).capitalize()] == []
    assert [field.label for field in fields if "placeholder" in field.widget.attrs] == []


def test_password_is_changed_on_its_page(client):
    nurse = UserFactory(locations=[LocationFactory()])
    client.force_login(nurse)
    new = "a longer lantern by the quay"
    page = client.get("/accounts/password/change/").content.decode()
    assert "Current password" in page

    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    nurse.refresh_from_db()
    assert nurse.check_password(new)
