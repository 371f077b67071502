"""Before two records are merged: what is proposed, what stands against it, and what may be sent."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from patients.models import MergeOfRecords, Patient
from tests.factories import (
    AppointmentFactory,
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
)
from tests.treatments.merging_records import NOW, filled, form_of, full, merge, merge_url, one_record, other_record
from tests.treatments.session_forms import told
from treatments.models import Appointment, Course, Photo, Reminder, Session, SideEffect

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone="UTC")


@pytest.fixture
def admin(client, here):
    user = UserFactory(role=Role.ADMIN, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def ida(here):
    return one_record(here)


@pytest.fixture
def twin(here):
    return other_record(here)


def numbers(page):
    return {row.label: (row.here, row.there) for row in page.context["pair"].moving}


# Whose values stay


def test_values_chosen_of_the_other_record_stay_and_the_rest_is_as_it_was(client, admin, ida, twin):
    merge(client, ida, twin, family_name="there")

    ida.refresh_from_db()
    assert (ida.family_name, ida.given_name, ida.email) == ("Twofold-Sample", "Ida", "ida@patient.example")
    assert Patient.history.filter(id=ida.pk).first().family_name == "Twofold-Sample"


def test_preview_proposes_what_is_there_over_nothing(client, admin, ida, twin):
    page = client.get(merge_url(ida, twin))

    proposed = {value.name: value.proposed for value in page.context["pair"].differing}
    assert proposed == {"family_name": "here", "email": "there"}


def test_no_to_messages_is_proposed_where_the_two_differ(client, admin, ida, twin):
    Patient.objects.filter(pk=ida.pk).update(contact_permission=True)
    merge(client, ida, twin)

    ida.refresh_from_db()
    assert not ida.contact_permission


def test_death_in_one_record_alone_has_to_be_chosen(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(deceased_on=date(2026, 2, 1))

    response = client.post(merge_url(ida), form_of(ida, twin))

    assert response.context["form"].errors["deceased_on"] == ["Choose which is true."]
    assert "One record says that the patient died" in response.content.decode()
    merge(client, ida, twin, deceased_on="here")
    ida.refresh_from_db()
    assert ida.deceased_on is None


def test_day_of_death_before_the_birth_date_chosen_is_refused(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(deceased_on=date(1985, 2, 1), birth_date=date(1950, 1, 1))

    response = client.post(merge_url(ida), form_of(ida, twin, deceased_on="there"))

    assert response.context["form"].errors["__all__"] == ["The day of death is before the birth date."]
    assert not MergeOfRecords.objects.exists()
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_channel_chosen_has_an_address(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(preferred_channel="email")

    response = client.post(merge_url(ida), form_of(ida, twin, preferred_channel="there", email="here"))

    assert response.context["form"].errors["preferred_channel"] == ["There is no e-mail address to write to."]


@pytest.mark.parametrize("value", ["", "elsewhere", "here there", "a\x00"])
def test_value_that_is_neither_is_refused(client, admin, ida, twin, value):
    response = client.post(merge_url(ida), form_of(ida, twin, family_name=value))

    assert "family_name" in response.context["form"].errors
    assert not MergeOfRecords.objects.exists()


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 301])
def test_merge_needs_a_reason_that_can_be_read(client, admin, ida, twin, reason):
    response = client.post(merge_url(ida), form_of(ida, twin, reason=reason))

    assert "reason" in response.context["form"].errors
    assert not MergeOfRecords.objects.exists()


# What stands against it


def refused(client, ida, twin, words):
    page = client.get(merge_url(ida, twin))
    assert words in page.content.decode()
    response = client.post(merge_url(ida), form_of(ida, twin))
    assert words in str(response.context["form"].errors)
    assert not MergeOfRecords.objects.exists()
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_records_of_two_places_are_brought_to_one_first(client, admin, ida):
    far = PatientFactory(location=LocationFactory(name="Lindenhof"))

    refused(client, ida, far, "One record is of Harbour Street, the other of Lindenhof.")


def test_two_running_courses_of_one_protocol_stop_it(client, admin, ida, twin):
    CourseFactory(patient=ida)
    CourseFactory(patient=twin)

    refused(client, ida, twin, "Both records have a course of Cellulite that goes on.")


def test_course_that_ended_stops_nothing(client, admin, ida, twin):
    CourseFactory(patient=ida)
    CourseFactory(patient=twin, status=Course.Status.COMPLETED)

    merge(client, ida, twin)

    assert Course.objects.filter(patient=ida).count() == 2


def test_two_appointments_at_once_stop_it(client, admin, ida, twin, here):
    for patient, minutes in ((ida, 0), (twin, 15)):
        AppointmentFactory(
            patient=patient, course=None, location=here, starts_at=NOW + timedelta(days=2, minutes=minutes)
        )

    refused(client, ida, twin, "Both records have an appointment at 12 March 2026, 18:45.")


def test_courses_of_two_protocols_on_one_area_are_named(client, admin, ida, twin):
    area = CourseFactory(patient=ida).areas.get()
    CourseFactory(patient=twin, protocol__name="Stretch marks", areas=[area])

    page = client.get(merge_url(ida, twin))

    assert f"A course in each record treats the same area: {area}." in page.content.decode()


def test_birth_dates_that_differ_are_named(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(birth_date=date(1991, 5, 4))

    assert "The birth dates differ." in client.get(merge_url(ida, twin)).content.decode()


def test_erased_record_is_merged_with_nothing(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(erased_at=NOW)

    refused(client, ida, twin, f"Record {twin.record_number} was erased.")


def test_restriction_of_one_record_is_not_lost_in_the_other(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(restricted_at=NOW, restriction_reason="Asked by the patient.")

    refused(client, ida, twin, f"Record {twin.record_number} is restricted, the other is not.")


# Read, then written: never over what nobody saw


@pytest.mark.parametrize("what", ["patient", "row", "new row"])
def test_stale_preview_is_refused_and_shown_anew(client, admin, ida, twin, what):
    course = CourseFactory(patient=twin)
    form = form_of(ida, twin, reason="Asked.")
    if what == "patient":
        twin.note(phone="+14155550178")
    elif what == "row":
        course.save_over(course.version)
    else:
        ConsentFactory(patient=twin)

    response = client.post(merge_url(ida), form)

    page = response.context["form"]
    assert "Something changed since you opened this page." in str(page.errors)
    assert page["reason"].value() == "Asked."
    assert not MergeOfRecords.objects.exists()
    again = {**form, "mark": page["mark"].value(), **{v.name: v.proposed for v in response.context["pair"].differing}}
    assert client.post(merge_url(ida), again).status_code == 302


def test_double_tap_merges_once(client, admin, ida, twin):
    form = form_of(ida, twin)
    client.post(merge_url(ida), form)

    response = client.post(merge_url(ida), form, follow=True)

    assert MergeOfRecords.objects.count() == 1
    assert f"Record {twin.record_number} was merged already." in told(response)
    assert response.context["patient"] == ida


def test_reading_the_preview_writes_nothing(client, admin, ida, twin):
    before = list(Patient.objects.order_by("pk").values())

    client.get(merge_url(ida, twin))

    assert list(Patient.objects.order_by("pk").values()) == before


def test_fields_that_the_form_does_not_ask_for_change_nothing(client, admin, ida, twin):
    """T6: no field of the form but the choices and the reason reaches a record."""
    other = PatientFactory()
    extra = {
        "merged_into": other.pk,
        "survivor": other.pk,
        "made_by": 1,
        "version": 99,
        "record_number": "MT-1",
        "id": 1,
    }

    made = merge(client, ida, twin, **extra)

    twin.refresh_from_db()
    assert (twin.merged_into, made.survivor, made.made_by) == (ida, ida, admin)
    assert Patient.objects.get(pk=ida.pk).record_number == ida.record_number


@pytest.mark.parametrize("text", ["nobody", "1", "%00", "9" * 40])
def test_other_record_that_is_none_is_not_there(client, admin, ida, text):
    assert client.get(f"{merge_url(ida)}?with={text}").status_code in {400, 404}


def test_record_is_not_merged_with_itself(client, admin, ida):
    assert client.get(merge_url(ida, ida)).status_code == 404
    assert client.post(merge_url(ida), {"with": str(ida.public_id)}).status_code == 404


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
def test_admins_alone_merge_and_undo(client, here, ida, twin, role, admin):
    made = merge(client, ida, twin)
    client.force_login(UserFactory(role=role, locations=[here]))

    for url in (merge_url(ida), reverse("patient-duplicates"), made.get_absolute_url()):
        assert client.get(url).status_code == 403
    assert client.post(made.get_absolute_url(), {"reason": "x"}).status_code == 403
    assert "This person has another record" not in client.get(ida.get_absolute_url()).content.decode()


# As often for one as for three


@pytest.mark.parametrize("count", [1, 3])
def test_preview_asks_as_often_for_three_of_everything_as_for_one(
    client, admin, ida, twin, count, django_assert_num_queries
):
    for number in range(count):
        filled(twin, number)
    client.get(merge_url(ida, twin))

    with django_assert_num_queries(31):
        client.get(merge_url(ida, twin))


def test_preview_counts_what_both_hold(client, admin, ida, twin):
    full(twin)
    ConsentFactory(patient=ida)

    counted = numbers(client.get(merge_url(ida, twin)))

    assert counted["Consents"] == (1, 1)
    assert counted["Sessions"] == (0, Session.objects.count())
    assert counted["Photos"] == (0, Photo.objects.count())
    assert counted["Side effects"] == (0, SideEffect.objects.count())
    assert counted["Reminders"] == (0, Reminder.objects.count())
    assert counted["Appointments"] == (0, Appointment.objects.count())
