"""An hour becomes free: the desk is told who could come, and nothing where nobody could."""

from datetime import date, timedelta
from functools import partial

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from patients.models import Patient
from tests.factories import AppointmentFactory, ClosureFactory, LocationFactory, PatientFactory, UserFactory
from tests.treatments.waiting_hours import NOW, SLOT, fell, given_up, hour, let_wait, take

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
    return UserFactory(role=Role.CLINICIAN, title="Dr", last_name="Moreau", locations=[here])


@pytest.fixture
def nurse(client, here):
    user = UserFactory(title="Nurse", first_name="Sam", last_name="Adeyemi", locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def leaving(here, doctor):
    return given_up(here, doctor)


@pytest.fixture
def wait(here, doctor):
    return partial(let_wait, here, doctor)


def cancel(client, appointment, *, follow=True, **changes):
    form = {"status": "cancelled", "version": appointment.version, "reason": "Ill.", "from": "appointment", **changes}
    return client.post(reverse("appointment-status", args=[appointment.public_id]), form, follow=follow)


def test_cancelling_says_who_could_come_best_first_and_leads_there(client, nurse, leaving, wait):
    wait("Second")
    wait("First", need=1)

    page = cancel(client, leaving).content.decode()

    assert "2 people could come earlier." in page
    assert "Free: Monday 16 March, 10:00, 40 minutes with Dr Ines Moreau." in page
    assert "First Petrova, Second Petrova" in page
    assert reverse("waiting-slot") in page


def test_sign_in_keeps_no_name_until_the_page_that_says_it(client, nurse, leaving, wait):
    for name in ("Ana", "Bea", "Cleo", "Dora"):
        wait(name)

    cancel(client, leaving, follow=False)

    assert "Petrova" not in str(dict(client.session.items()))
    page = client.get(reverse("today")).content.decode()
    assert "Ana Petrova, Bea Petrova, Cleo Petrova, …" in page


def test_whoever_was_erased_before_the_page_is_shown_is_not_named(client, nurse, leaving, wait):
    erased = wait("Ana").patient
    wait("Bea")

    cancel(client, leaving, follow=False)
    Patient.objects.filter(pk=erased.pk).update(given_name="", family_name="Erased E-1", erased_at=NOW)
    told = client.get(reverse("today")).content.decode().split('id="next-page"')[1]

    assert "Bea Petrova" in told
    assert "E-1" not in told


def test_note_of_a_free_hour_stands_on_one_page_only(client, nurse, leaving, wait):
    wait("Ana")

    first = cancel(client, leaving).content.decode()
    second = client.get(reverse("today")).content.decode()

    assert "could come earlier" in first
    assert "could come earlier" not in second


def test_nothing_is_said_where_nobody_could_come(client, nurse, leaving, wait):
    wait("Ana", weekdays=[1])

    assert "could come earlier" not in cancel(client, leaving).content.decode()


def test_nobodys_name_is_said_while_the_calendar_hides_them(client, nurse, leaving, wait):
    wait("Ana")
    client.post(reverse("calendar-names"))

    page = cancel(client, leaving, **{"from": "calendar"}).content.decode()

    assert "1 person could come earlier." in page
    assert "Ana Petrova" not in page.split('id="next-page"')[1].split("</div>\n")[0]


def test_moving_in_the_calendar_frees_the_hour_it_left(client, nurse, leaving, wait):
    wait("Ana")
    url = reverse("appointment-move", args=[leaving.public_id])

    near = client.post(url, {"starts": "2026-03-16T10:10", "version": 1}, follow=True)
    far = client.post(url, {"starts": "2026-03-18T15:00", "version": 2}, follow=True)

    assert "could come earlier" not in near.content.decode()  # it stands on most of it still
    assert "1 person could come earlier." in far.content.decode()


def test_moving_on_the_appointments_page_frees_the_hour_and_is_taken_back(client, nurse, leaving, wait, doctor):
    wait("Ana")
    form = {
        "kind": "session",
        "course": leaving.course.pk,
        "starts_at": "2026-03-18T15:00",
        "minutes": "40",
        "practitioner": doctor.pk,
        "room": leaving.room.pk,
        "exception_reason": "",
        "version": 1,
    }

    page = client.post(leaving.get_absolute_url(), form, follow=False)
    undo = client.session["undo"]
    told = client.get(page.url).content.decode()
    client.post(undo["url"], undo["fields"])

    assert "1 person could come earlier." in told
    leaving.refresh_from_db()
    assert (leaving.starts_at, leaving.version) == (SLOT, 3)


def test_list_shows_hours_that_are_free_again_until_somebody_has_them(client, nurse, leaving, wait, here, doctor):
    wait("Ana")
    fell(leaving)

    before = client.get(reverse("waiting-list")).context["free"]
    AppointmentFactory(
        patient=PatientFactory(location=here), course=None, kind="review", practitioner=doctor, starts_at=SLOT
    )
    after = client.get(reverse("waiting-list")).context["free"]

    assert [(each["opening"].starts_at, each["count"], each["names"]) for each in before] == [(SLOT, 1, "Ana Petrova")]
    assert after == []


def move(appointment, *, to):
    appointment.starts_at = to
    appointment.save()


def on_list(client):
    """Return the hours that the page of the waiting list offers, by when they begin and how many could come."""
    free = client.get(reverse("waiting-list")).context["free"]
    return [(each["opening"].starts_at, each["count"]) for each in free]


def test_list_shows_the_hour_that_a_move_left_until_somebody_has_it(client, nurse, leaving, wait):
    ana = wait("Ana")
    move(leaving, to=SLOT + timedelta(days=1))

    assert on_list(client) == [(SLOT, 1)]
    take(client, ana, leaving, starts=hour(leaving)["starts"].replace("17T", "16T"))
    ana.appointment.refresh_from_db()
    assert (ana.appointment.starts_at, on_list(client)) == (SLOT, [])


def test_hour_that_a_move_back_takes_again_is_not_offered(client, nurse, leaving, wait):
    """The one it stood on meanwhile is free in its turn."""
    wait("Ana")
    move(leaving, to=SLOT + timedelta(days=1))
    move(leaving, to=SLOT)

    assert on_list(client) == [(SLOT + timedelta(days=1), 1)]


def test_hour_that_still_overlaps_where_the_appointment_moved_is_not_free(client, nurse, leaving, wait):
    wait("Ana")
    move(leaving, to=SLOT + timedelta(minutes=20))

    assert on_list(client) == []


def test_hour_that_a_move_left_is_found_behind_many_cancelled_ones_that_were_corrected(
    client, nurse, leaving, wait, here, doctor
):
    wait("Ana", from_on=date(2026, 3, 16))
    move(leaving, to=SLOT + timedelta(days=1))
    for hours in range(70):
        gone = AppointmentFactory(
            course=leaving.course, practitioner=doctor, starts_at=NOW + timedelta(hours=1 + hours)
        )
        gone.save()
        gone.save()
        fell(gone)

    assert on_list(client) == [(SLOT, 1)]


def test_hour_that_a_move_left_before_its_appointment_was_cancelled_is_offered_too(client, nurse, leaving, wait):
    wait("Ana")
    move(leaving, to=SLOT + timedelta(days=1))
    fell(leaving)

    assert on_list(client) == [(SLOT, 1), (SLOT + timedelta(days=1), 1)]


def test_hour_that_a_move_left_is_as_long_as_it_was_last(client, nurse, leaving, wait):
    wait("Ana")
    leaving.minutes = 60
    leaving.save()
    move(leaving, to=SLOT + timedelta(days=1))

    [free] = client.get(reverse("waiting-list")).context["free"]
    assert (free["opening"].starts_at, free["opening"].minutes) == (SLOT, 60)


def test_hour_whose_length_was_corrected_before_it_was_cancelled_is_offered_as_it_was_cancelled(
    client, nurse, leaving, wait
):
    wait("Ana")
    leaving.minutes = 60
    leaving.save()
    leaving.minutes = 40
    leaving.save()
    cancel(client, leaving)

    [free] = client.get(reverse("waiting-list")).context["free"]
    assert (free["opening"].starts_at, free["opening"].minutes) == (SLOT, 40)


def test_hour_that_another_practitioner_takes_over_is_free_with_the_one_before(client, nurse, leaving, wait, here):
    wait("Ana")
    leaving.practitioner = UserFactory(role=Role.CLINICIAN, last_name="Okafor", locations=[here])
    leaving.save()

    assert on_list(client) == [(SLOT, 1)]


@pytest.mark.parametrize("leaves", ["account", "place", "role"])
def test_hour_of_somebody_who_treats_here_no_more_is_not_offered(client, nurse, leaving, wait, doctor, leaves):
    wait("Ana")
    if leaves == "account":
        doctor.is_active = False
        doctor.save()
    elif leaves == "place":
        doctor.locations.set([LocationFactory(name="Lindenhof")])
    else:
        doctor.groups.clear()

    told = cancel(client, leaving).content.decode()

    assert "could come earlier" not in told
    assert on_list(client) == []


def lift(client, closure, **changes):
    form = {
        "location": closure.location_id or "",
        "practitioner": closure.practitioner_id or "",
        "first_on": closure.first_on,
        "last_on": closure.last_on,
        "from_time": "",
        "to_time": "",
        "reason": closure.reason,
        **changes,
    }
    return client.post(reverse("admin:clinic_closure_change", args=[closure.pk]), form, follow=True).content.decode()


@pytest.fixture
def manager(client, here):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, True),
        ({"weekdays": [0]}, True),
        ({"weekdays": [1]}, False),
        ({"until_on": date(2026, 3, 15)}, False),
    ],
)
def test_closure_that_is_called_off_says_how_many_could_come(client, manager, here, wait, fields, told):
    wait("Ana", **fields)
    closure = ClosureFactory(location=here, first_on=date(2026, 3, 16), last_on=date(2026, 3, 16))

    page = lift(client, closure)

    assert ("1 person of the waiting list could come then." in page) is told
    assert (f'href="{reverse("waiting-list")}?day=2026-03-16"' in page) is told


def test_absence_that_is_called_off_is_for_those_who_want_this_person_or_anyone(client, manager, wait, here, doctor):
    wait("Anyone")
    wait("Mine", practitioner=doctor)
    wait("Other", practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]))
    absence = ClosureFactory(location=None, practitioner=doctor, first_on=date(2026, 3, 16), last_on=date(2026, 3, 18))

    assert "2 people of the waiting list could come then." in lift(client, absence)


def test_closure_that_is_changed_or_past_says_nothing(client, manager, here, wait):
    wait("Ana", from_on=date(2026, 1, 1))
    closure = ClosureFactory(location=here, first_on=date(2026, 3, 16), last_on=date(2026, 3, 16))
    past = ClosureFactory(location=here, first_on=date(2026, 3, 2), last_on=date(2026, 3, 2))

    assert "waiting list could" not in lift(client, closure, is_in_force="on", reason="Another reason")
    assert "waiting list could" not in lift(client, past)
