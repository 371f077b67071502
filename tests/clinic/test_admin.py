"""The Django admin: every record in it, for admins alone, nothing deleted, nothing overwritten unseen."""

import csv
import io

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from clinic.models import AppendOnlyDoor, Location, Room, User
from clinic.roles import Role
from tests.factories import (
    PASSWORD,
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    ProtocolFactory,
    RoomFactory,
    UserFactory,
)
from treatments.models import Appointment, Course, Protocol

pytestmark = pytest.mark.django_db

OURS = [model for app in ("clinic", "patients", "treatments") for model in apps.get_app_config(app).get_models()]
# The door is a row for the length of a transaction: nobody ever sees one.
OURS = [model for model in OURS if not model.__name__.startswith("Historical") and model is not AppendOnlyDoor]
MANAGED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def address(model, page="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def manager(client, here):
    client.force_login(UserFactory(locations=[here], role=Role.ADMIN))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_every_record_is_managed(model):
    assert model in admin.site._registry


@pytest.mark.parametrize("model", MANAGED, ids=lambda model: model.__name__)
def test_admin_opens_every_list(manager, model):
    assert manager.get(address(model)).status_code == 200


@pytest.mark.parametrize("model", [model for model in MANAGED if admin.site._registry[model].search_fields])
def test_every_list_is_searched(manager, model):
    assert manager.get(address(model), {"q": "Okonkwo 1988"}).status_code == 200


def filtered_by(model):
    """Return the fields that the list of a model offers as filters."""
    managed = admin.site._registry[model]
    offered = [managed.date_hierarchy, *managed.list_filter]
    return {each if isinstance(each, str) else each[0] for each in offered if each and not isinstance(each, type)}


@pytest.mark.parametrize("model", MANAGED, ids=lambda model: model.__name__)
def test_no_list_is_filtered_by_a_field_that_it_does_not_offer(model):
    managed = admin.site._registry[model]
    names = {field.name for field in model._meta.get_fields()} - filtered_by(model) - {"id"}
    ways = ["", "__startswith", "__0__family_name__startswith", "__regex", "__password__startswith", "__isnull"]
    ways = [f"{name}{way}" for name in names for way in ways] + [f"{name}__startswith" for name in filtered_by(model)]

    assert [way for way in ways if managed.lookup_allowed(way, "a")] == []


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("signin", "session_key__startswith"),
        ("pin", "digits__startswith"),
        ("invitation", "invited_by__password__startswith"),
        ("user", "password__startswith"),
    ],
)
def test_what_is_secret_is_not_read_by_a_filter(manager, model, asked):
    assert manager.get(f"/admin/clinic/{model}/", {asked: "a"}).status_code == 400


def test_sealed_name_is_not_read_by_a_filter(manager):
    assert (
        manager.get("/admin/patients/legalhold/", {"identity__0__family_name__startswith": "Qui"}).status_code == 400
    )


@pytest.mark.parametrize("model", [model for model in MANAGED if admin.site._registry[model].list_filter])
def test_every_filter_that_a_list_offers_works(manager, model):
    listed = manager.get(address(model)).context["cl"]
    offered = [
        choice["query_string"]
        for each in listed.filter_specs
        for choice in each.choices(listed)
        if "query_string" in choice
    ]

    assert {query: manager.get(address(model) + query).status_code for query in offered} == dict.fromkeys(offered, 200)


def test_list_is_filtered_by_day_and_by_row(manager, here):
    course = CourseFactory(location=here)
    year, month = course.started_on.year, course.started_on.month

    for query in (
        f"started_on__year={year}&started_on__month={month}",
        f"id__exact={course.pk}",
        f"location__id__exact={here.pk}",
    ):
        assert manager.get(f"{address(Course)}?{query}").context["cl"].result_count == 1


@pytest.mark.parametrize("model", MANAGED, ids=lambda model: model.__name__)
def test_nothing_is_deleted(manager, rf, model):
    request = manager.get(address(model)).wsgi_request

    assert not admin.site._registry[model].has_delete_permission(request)
    assert manager.post(address(model, "delete", "1")).status_code in {302, 403}


@pytest.mark.parametrize("name", ["Session", "SideEffect", "Reminder", "ContactAttempt", "FollowUp", "Allergy"])
def test_what_changes_by_its_own_pages_is_only_read(manager, name):
    model = next(model for model in MANAGED if model.__name__ == name)

    assert manager.get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
@pytest.mark.parametrize("path", ["/admin/", "/admin/patients/patient/", "/admin/patients/patient/import/"])
def test_those_who_treat_do_not_manage(client, here, role, path):
    client.force_login(UserFactory(locations=[here], role=role))

    response = client.get(path)

    assert response.status_code in {302, 403}
    assert "Manage records" not in response.content.decode()


def test_roles_are_no_list_of_their_own(manager):
    assert manager.get("/admin/auth/group/").status_code == 404


def account(here, **fields):
    return {
        "email": "ada@clinic.example",
        "first_name": "Ada",
        "last_name": "Byron",
        "title": "Dr",
        "role": Role.CLINICIAN,
        "locations": [here.pk],
        **fields,
    }


@pytest.mark.parametrize("method", ["get", "post"])
def test_somebody_new_is_invited_and_gets_no_password_by_hand(manager, here, method):
    before = User.objects.count()
    form = account(here, is_superuser="on", is_staff="on", password1=PASSWORD, password2=PASSWORD)

    answer = getattr(manager, method)(address(User, "add"), form)

    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("staff-invite"))
    assert User.objects.count() == before


def test_address_that_somebody_else_signs_in_with_is_refused(manager, here):
    UserFactory(email="ada@clinic.example")
    other = UserFactory(locations=[here])

    response = manager.post(
        address(User, "change", other.pk), account(here, email="ADA@clinic.example", theme="system", is_active="on")
    )

    assert response.context["adminform"].form.errors["email"] == ["Someone already signs in with this e-mail."]


def test_role_changes_and_its_history_says_so(manager, here):
    ada = UserFactory(locations=[here], role=Role.STAFF)

    manager.post(address(User, "change", ada.pk), account(here, email=ada.email, theme="system", is_active="on"))

    ada = User.objects.get(pk=ada.pk)
    assert [group.name for group in ada.groups.all()] == [Role.CLINICIAN]
    assert "Role: Clinician" in ada.history.values_list("history_change_reason", flat=True)


@pytest.mark.parametrize(
    ("change", "field"), [({"role": Role.STAFF, "is_active": "on"}, "role"), ({"role": Role.ADMIN}, "is_active")]
)
def test_only_admin_stays_one(manager, here, change, field):
    only = User.objects.get()

    response = manager.post(
        address(User, "change", only.pk), account(here, **{"email": only.email, "theme": "system", **change})
    )

    form = response.context["adminform"].form
    assert form.errors == {field: ["This is the only active admin. Make someone else an admin first."]}


def test_one_of_two_admins_may_leave(manager, here):
    second = UserFactory(locations=[here], role=Role.ADMIN)

    manager.post(
        address(User, "change", second.pk),
        account(here, email=second.email, theme="system", role=Role.ADMIN),
    )

    assert not User.objects.get(pk=second.pk).is_active


def test_admin_cannot_make_a_superuser(manager, here):
    ada = UserFactory(email="ada@clinic.example", locations=[here])

    manager.post(
        address(User, "change", ada.pk),
        account(here, theme="system", role=Role.ADMIN, is_active="on", is_superuser="on"),
    )

    ada = User.objects.get(pk=ada.pk)
    assert (ada.role, ada.is_superuser) == (Role.ADMIN, False)


@pytest.mark.parametrize(("role", "stays"), [(Role.STAFF, False), (Role.CLINICIAN, False), (Role.ADMIN, True)])
def test_first_account_keeps_what_it_may_as_long_as_it_is_an_admin(manager, here, role, stays):
    first = UserFactory(locations=[here], role=Role.ADMIN, is_superuser=True)

    manager.post(
        address(User, "change", first.pk),
        account(here, email=first.email, theme="system", role=role, is_active="on"),
    )

    first = User.objects.get(pk=first.pk)
    assert (first.role, first.is_superuser, first.is_staff) == (role, stays, stays)


def test_admin_sets_a_password(manager, here, settings):
    settings.ZEAL_ALLOWLIST = [{"model": "clinic.User", "field": "get()"}]  # the admin's own account, and this one
    ada = UserFactory(locations=[here])
    words = "another-lantern-wave"

    manager.post(reverse("admin:auth_user_password_change", args=[ada.pk]), {"password1": words, "password2": words})

    assert User.objects.get(pk=ada.pk).check_password(words)


@pytest.mark.parametrize("staff", [1, 3])
def test_list_of_staff_asks_the_database_as_often_for_one_as_for_three(
    manager, here, staff, django_assert_num_queries
):
    for _ in range(staff):
        UserFactory(locations=[here])

    with django_assert_num_queries(10):
        manager.get(address(User))


@pytest.mark.parametrize("rooms", [1, 3])
def test_list_of_rooms_asks_the_database_as_often_for_one_as_for_three(
    manager, here, rooms, django_assert_num_queries
):
    RoomFactory.create_batch(rooms, location=here)

    with django_assert_num_queries(8):
        manager.get(address(Room))

    assert Room.objects.count() == rooms


def test_history_shows_who_changed_what(manager, here):
    here.name = "Harbour Lane"
    here.save()

    page = manager.get(address(Location, "history", here.pk)).content.decode()

    assert "Harbour Lane" in page
    assert "style=" not in page


def test_export_computes_nothing_in_a_spreadsheet(manager, here):
    Location.objects.filter(pk=here.pk).update(name="=1+1", address="+49 Street")
    manager.get(address(Location, "export"))

    response = manager.post(address(Location, "export"), {"format": "0", "resource": "0"})

    row = next(csv.DictReader(io.StringIO(response.content.decode())))
    assert (row["name"], row["address"]) == ("'=1+1", "'+49 Street")


@pytest.mark.parametrize("page", ["changelist", "add", "export", "import"])
def test_pages_of_the_admin_carry_no_style_or_script_of_their_own(manager, page):
    text = manager.get(address(Location, page)).content.decode()

    assert "style=" not in text
    assert "<script>" not in text
    assert "onclick=" not in text


def test_catalogue_comes_back_as_it_went_out(manager, here):
    Location.objects.filter(pk=here.pk).update(address="+49 Street")
    sheet = manager.post(address(Location, "export"), {"format": "0", "resource": "0"}).content
    upload = io.BytesIO(sheet)
    upload.name = "locations.csv"

    page = manager.post(address(Location, "import"), {"format": "0", "resource": "0", "import_file": upload})
    manager.post(address(Location, "process_import"), page.context["confirm_form"].initial)

    assert Location.objects.get(pk=here.pk).address == "+49 Street"


def test_saving_over_a_newer_version_shows_both(manager, here):
    patient = PatientFactory(location=here, city="Oakland")
    page = manager.get(address(type(patient), "change", patient.pk))
    typed = {name: value for name, value in page.context["adminform"].form.initial.items() if value is not None}
    patient.city = "Berkeley"
    patient.save_over(patient.version)

    response = manager.post(address(type(patient), "change", patient.pk), {**typed, "version": 1, "city": "Alameda"})

    patient.refresh_from_db()
    assert patient.city == "Berkeley"
    assert "Somebody changed this record" in response.content.decode()


def test_saving_raises_the_version(manager, here):
    patient = PatientFactory(location=here)
    page = manager.get(address(type(patient), "change", patient.pk))
    typed = {name: value for name, value in page.context["adminform"].form.initial.items() if value is not None}

    manager.post(address(type(patient), "change", patient.pk), {**typed, "version": 1, "city": "Alameda"})

    patient.refresh_from_db()
    assert (patient.city, patient.version) == ("Alameda", 2)


def test_list_of_patients_pages_without_counting_all(manager, here):
    PatientFactory.create_batch(3, location=here)

    assert manager.get(address(PatientFactory._meta.model)).context["cl"].result_count == 3


def imported(manager, model, head, *rows):
    upload = io.BytesIO("\n".join([head, *rows]).encode())
    upload.name = "rows.csv"
    return manager.post(address(model, "import"), {"format": "0", "resource": "0", "import_file": upload})


def test_import_holds_a_location_to_its_rules(manager):
    page = imported(
        manager,
        Location,
        "name,time_zone,country_code,currency,unit_system",
        "Olympus,Mars/Base,US,$,metric",
    )

    (row,) = page.context["result"].invalid_rows
    assert row.field_specific_errors == {
        "time_zone": ["“Mars/Base” is not a time zone. Examples: Europe/Berlin, America/New_York."],
        "currency": ["Three capital letters (ISO 4217), for example USD."],
    }
    assert "confirm_form" not in page.context
    assert not Location.objects.filter(name="Olympus").exists()


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ('"[""five""]",15', {"milestones": ["Milestones are session numbers in a list, for example [5, 10]."]}),
        ('"[5, 10]",5000', {"sessions_max": ["Ensure this value is less than or equal to 60."]}),
    ],
)
def test_import_holds_a_protocol_to_its_rules(manager, cells, said):
    page = imported(manager, Protocol, "id,milestones,sessions_max", f"{ProtocolFactory().pk},{cells}")

    assert [row.field_specific_errors for row in page.context["result"].invalid_rows] == [said]


def test_import_does_not_name_a_place_twice(manager, here):
    page = imported(manager, Location, "name,time_zone,country_code,currency", f"{here.name},Europe/Berlin,DE,EUR")

    (row,) = page.context["result"].invalid_rows
    assert row.field_specific_errors == {"name": ["Location with this Name already exists."]}


def test_appointment_is_only_read_since_booking_has_rules(manager):
    appointment = AppointmentFactory()

    page = manager.get(address(Appointment, "change", appointment.pk))

    assert page.context["has_change_permission"] is False
    assert manager.post(address(Appointment, "change", appointment.pk), {"status": "done"}).status_code == 403


def test_course_keeps_what_its_sessions_and_payments_stand_on(manager):
    page = manager.get(address(Course, "change", CourseFactory().pk))

    form = page.context["adminform"].form
    assert sorted(form.fields) == ["areas", "clinician", "planned_sessions", "price", "version"]
