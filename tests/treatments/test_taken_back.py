"""Several appointments cancelled, moved or booked with one act, and taken back with one tap: all of them, or none."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import escape

from clinic.roles import Role
from patients.models import Patient
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    UserFactory,
    WaitingFactory,
)
from treatments.actions.taken_back import put_back
from treatments.forms.taken_back import stamps
from treatments.freed import slot_url
from treatments.models import Appointment
from treatments.openings import opening_of

NOBODY = "6b1f0a52-93d4-4e0e-8a55-0d7c1f0e2b11"  # an id that nothing has
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # Monday the 16th, 10:00 there
WEEK = timedelta(days=7)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def doctor(here):
    return UserFactory(role=Role.CLINICIAN, title="Dr", locations=[here])


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def course(here, doctor):
    return CourseFactory(patient=PatientFactory(location=here), clinician=doctor)


@pytest.fixture
def series(course, doctor):
    together = uuid.uuid4()
    return [
        AppointmentFactory(
            course=course, practitioner=doctor, starts_at=TEN + number * WEEK, minutes=40, series=together
        )
        for number in range(4)
    ]


def stands():
    return list(Appointment.objects.order_by("pk").values_list("starts_at", "status", "room", "practitioner"))


def undo(client):
    offered = client.session["undo"]
    return client.post(offered["url"], offered["fields"], follow=True).content.decode()


def move_later(client, appointment, starts_at, **changes):
    form = {
        "kind": "session",
        "course": appointment.course.pk,
        "starts_at": starts_at,
        "minutes": "40",
        "practitioner": appointment.practitioner.pk,
        "room": "",
        "exception_reason": "",
        "reach": "later",
        "version": appointment.version,
    }
    return client.post(appointment.get_absolute_url(), form | changes)


# This and later.


@pytest.mark.parametrize("starts_at", ["2026-03-30T10:00", "2026-03-16T11:00", "2026-03-17T10:00"])
def test_this_and_later_are_put_back_together(client, nurse, series, starts_at):
    """By a week each takes the next one's place, so that the order in which they go back matters."""
    before = stands()
    move_later(client, series[1], starts_at, exception_reason="Asked for it.")
    moved = stands()

    page = undo(client)

    assert moved != before
    assert stands() == before
    assert "3 appointments are as they were." in page


def test_series_moved_to_earlier_is_put_back_too(client, nurse, series):
    before = stands()
    move_later(client, series[0], "2026-03-11T10:00")

    undo(client)

    assert stands() == before


def test_person_and_room_come_back_as_well(client, nurse, series, here):
    before = stands()
    other = UserFactory(role=Role.CLINICIAN, locations=[here])
    move_later(client, series[0], "2026-03-16T10:00", practitioner=other.pk, room=RoomFactory(location=here).pk)
    moved = stands()

    undo(client)

    assert {row[3] for row in moved} == {other.pk}
    assert stands() == before


def test_nothing_goes_back_when_one_was_changed_since(client, nurse, series):
    move_later(client, series[0], "2026-03-16T11:00")
    touched = Appointment.objects.get(pk=series[2].pk)
    touched.save_over(touched.version)
    before = stands()

    page = undo(client)

    assert "Nothing was changed. The appointment of 30 Mar 2026, 11:00 was changed since." in page
    assert stands() == before


def test_nothing_goes_back_when_an_old_hour_is_taken(client, nurse, series, here, doctor):
    move_later(client, series[0], "2026-03-16T13:00")
    AppointmentFactory(
        patient=PatientFactory(location=here), course=None, kind="review", practitioner=doctor, starts_at=TEN + WEEK
    )
    before = stands()

    page = undo(client)

    assert "is taken from 10:00 to 10:30" in page
    assert stands() == before


def test_tap_sent_twice_puts_back_once(client, nurse, series):
    before = stands()
    move_later(client, series[0], "2026-03-16T11:00")
    offered = client.session["undo"]

    for _tap in range(2):
        client.post(offered["url"], offered["fields"])

    assert stands() == before
    assert set(Appointment.objects.values_list("version", flat=True)) == {3}


@pytest.mark.parametrize(
    "changed",
    ["", "x", "1:1", f"{NOBODY}:0", f"{NOBODY}:99999999999", f"{NOBODY}:-1", "a:1 " * 900, "\x00"],
)
def test_nonsense_puts_nothing_back(client, nurse, series, changed):
    before = stands()

    response = client.post(reverse("appointments-back"), {"changed": changed})

    assert response.status_code in {302, 404}
    assert stands() == before


def test_nobody_puts_back_what_was_never_changed_or_is_of_another_place_or_of_two_patients(
    client, nurse, series, here, doctor
):
    other = AppointmentFactory(
        course=CourseFactory(patient=PatientFactory(location=here), clinician=doctor),
        practitioner=doctor,
        starts_at=TEN + timedelta(hours=5),
    )
    elsewhere = AppointmentFactory(starts_at=TEN)
    url = reverse("appointments-back")

    untouched = client.post(url, {"changed": stamps(series)}, follow=True).content.decode()

    assert "was changed since" in untouched
    assert client.post(url, {"changed": stamps([elsewhere])}).status_code == 404
    assert client.post(url, {"changed": stamps([series[0], other])}).status_code == 404
    assert client.get(url).status_code == 405


def test_whoever_is_here_is_not_put_back(series):
    one = series[0]
    one.status, one.arrived_at = "arrived", NOW
    one.save_over(1)

    with pytest.raises(ValidationError, match="was changed since"):
        put_back([one], versions={one.public_id: 2})


# A whole course just booked.


def book_course(client, course, doctor, series=None):
    days = [f"2026-03-{16 + 7 * number}" for number in range(2)]
    form = {
        "series": str(series or uuid.uuid4()),
        "first_on": days[0],
        "hour": "10:00",
        "interval": "7",
        "count": "2",
        "minutes": "40",
        "practitioner": doctor.pk,
        "days-TOTAL_FORMS": 2,
        "days-INITIAL_FORMS": 2,
        "step": "book",
    }
    for number, day in enumerate(days):
        form |= {f"days-{number}-day": day, f"days-{number}-hour": "10:00"}
    return client.post(reverse("course-book", args=[course.public_id]), form)


def test_course_booked_by_a_slip_is_cancelled_with_one_tap(client, nurse, course, doctor):
    book_course(client, course, doctor)

    page = undo(client)

    assert "2 appointments are taken back." in page
    rows = Appointment.objects.values_list("status", "status_reason")
    assert set(rows) == {("cancelled", "Taken back right after it was booked.")}


def test_form_sent_again_after_it_was_taken_back_says_so_and_then_books_anew(client, nurse, course, doctor):
    token = uuid.uuid4()
    book_course(client, course, doctor, token)
    undo(client)

    again = book_course(client, course, doctor, token)
    booked_by_then = Appointment.objects.standing().count()
    new = again.context["form"]["series"].value()
    book_course(client, course, doctor, new)

    assert "What was booked here was taken back." in again.content.decode()
    assert len(again.context["rows"]) == 2
    assert booked_by_then == 0
    assert new != str(token)
    assert Appointment.objects.standing().count() == 2


def test_form_sent_again_after_one_was_cancelled_counts_those_that_stand(client, nurse, course, doctor):
    token = uuid.uuid4()
    book_course(client, course, doctor, token)
    one = Appointment.objects.first()
    one.status, one.status_reason = "cancelled", "Ill."
    one.save_over(one.version)

    again = client.get(book_course(client, course, doctor, token).url).content.decode()

    assert "1 appointment is booked for" in again
    assert Appointment.objects.count() == 2


def test_booked_course_stays_when_one_was_changed_since(client, nurse, course, doctor):
    book_course(client, course, doctor)
    offered = client.session["undo"]
    first = Appointment.objects.order_by("starts_at").first()
    first.save_over(first.version)

    page = client.post(offered["url"], offered["fields"], follow=True).content.decode()

    assert "The appointment of 16 Mar 2026, 10:00 was changed since." in page
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


@pytest.mark.parametrize("series", ["", "x", NOBODY])
def test_series_that_is_none_takes_nothing_back(client, nurse, course, series):
    url = reverse("course-unbook", args=[course.public_id])

    page = client.post(url, {"series": series}, follow=True).content.decode()

    assert "Nothing was changed." in page


def test_series_of_another_course_is_not_taken_back_by_this_one(client, nurse, series, here, doctor):
    other = CourseFactory(patient=PatientFactory(location=here), clinician=doctor)

    client.post(reverse("course-unbook", args=[other.public_id]), {"series": str(series[0].series)})

    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


# What a stop or an end of a course leaves booked.


@pytest.fixture
def stopped(course, series):
    course.status, course.status_on, course.status_reason = "stopped", date(2026, 3, 10), "Moved to another city."
    course.save_over(course.version)
    return course


def cancel_all(client, course, seen, **changes):
    url = reverse("course-cancel-booked", args=[course.public_id])
    return client.post(url, {"seen": stamps(seen), "reason": "Course stopped.", **changes}, follow=True)


def test_stopped_course_offers_to_cancel_all_it_names_with_its_reason(client, nurse, stopped, series):
    page = client.get(stopped.get_absolute_url()).content.decode()

    assert "Cancel all 4" in page
    assert 'value="Moved to another city."' in page


def test_running_course_offers_no_such_thing(client, nurse, course, series):
    assert "Cancel all" not in client.get(course.get_absolute_url()).content.decode()


def test_all_are_cancelled_with_one_reason_and_come_back_with_one_tap(client, nurse, stopped, series):
    page = cancel_all(client, stopped, series).content.decode()
    cancelled = set(Appointment.objects.values_list("status", "status_reason"))
    url = reverse("appointments-back")
    client.post(url, {"changed": stamps(Appointment.objects.all())})

    assert "4 appointments are cancelled." in page
    assert cancelled == {("cancelled", "Course stopped.")}
    assert set(Appointment.objects.values_list("status", "status_reason")) == {("booked", "")}


def test_what_was_cancelled_stays_so_when_the_patient_has_died(client, nurse, stopped, series):
    cancel_all(client, stopped, series)
    Patient.objects.update(deceased_on=date(2026, 3, 10))

    url = reverse("appointments-back")
    page = client.post(url, {"changed": stamps(Appointment.objects.all())}, follow=True).content.decode()

    assert "Nothing was changed. The patient died on 10 March 2026." in page
    assert set(Appointment.objects.values_list("status", flat=True)) == {"cancelled"}


def test_hours_that_become_free_are_offered_to_those_who_wait(client, nurse, stopped, series, here, doctor):
    waiting = CourseFactory(patient=PatientFactory(location=here, given_name="Ana"), clinician=doctor)
    WaitingFactory(course=waiting, minutes=40)

    page = cancel_all(client, stopped, series).content.decode()

    assert "1 person could come earlier." in page
    assert "4 hours are free." in page
    told = page.split('id="next-page"')[1]
    for each in series:
        assert f'href="{escape(slot_url(opening_of(each)))}"' in told
    assert reverse("waiting-list") + '"' not in told


def test_hour_that_is_free_again_in_some_months_is_offered_by_its_own_page(
    client, nurse, stopped, series, here, doctor
):
    """The list shows those of the next two weeks."""
    waiting = CourseFactory(patient=PatientFactory(location=here, given_name="Ana"), clinician=doctor)
    WaitingFactory(course=waiting, minutes=40)

    cancel_all(client, stopped, series)
    last = client.get(slot_url(opening_of(series[-1])))

    assert last.status_code == 200
    assert [each.waiting.patient.given_name for each, _row in last.context["candidates"]] == ["Ana"]


@pytest.mark.parametrize("reason", ["", " ", "a\x00b", "a" * 301])
def test_nothing_is_cancelled_without_a_reason_that_can_be_kept(client, nurse, stopped, series, reason):
    assert "Nothing was changed." in cancel_all(client, stopped, series, reason=reason).content.decode()
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def test_nothing_is_cancelled_when_one_is_not_as_the_page_said(client, nurse, stopped, series):
    series[2].save_over(1)
    series[2].version = 1

    page = cancel_all(client, stopped, series).content.decode()

    assert "The appointment of 30 Mar 2026, 10:00 was changed since." in page
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def test_nothing_is_cancelled_when_one_is_not_booked_any_more_or_of_another_course(
    client, nurse, stopped, series, doctor, here
):
    other = AppointmentFactory(
        course=CourseFactory(patient=PatientFactory(location=here), clinician=doctor),
        practitioner=doctor,
        starts_at=TEN + timedelta(hours=5),
    )

    page = cancel_all(client, stopped, [*series, other]).content.decode()

    assert "Not all of these are booked any more." in page
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def test_nothing_is_cancelled_of_a_course_that_goes_on_by_now(client, nurse, course, series):
    assert "The course goes on by now." in cancel_all(client, course, series).content.decode()
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}
