"""An hour becomes free: who could come is said, asked by one person at a time, and booked with one tap."""

import uuid
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    ClosureFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    RoomFactory,
    SessionFactory,
    UserFactory,
    WaitingFactory,
    WaitingOfferFactory,
    WorkingHoursFactory,
)
from treatments.models import Appointment, Waiting, WaitingOffer
from treatments.openings import opening_of

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
SLOT = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # Monday the 16th, 10:00 there
LATER = datetime(2026, 3, 30, 17, 0, tzinfo=UTC)

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
    """Return the appointment that somebody gives up."""
    course = CourseFactory(patient=PatientFactory(location=here, family_name="Leaving"), clinician=doctor)
    return AppointmentFactory(
        course=course, practitioner=doctor, starts_at=SLOT, minutes=40, room=RoomFactory(location=here)
    )


@pytest.fixture
def wait(here, doctor):
    """Return a function that lets a person of a name wait, booked for the 30th unless told otherwise."""

    def wait(name, *, starts_at=LATER, **fields):
        course = CourseFactory(
            patient=PatientFactory(location=here, given_name=name, family_name="Petrova"), clinician=doctor
        )
        appointment = None
        if starts_at:
            hour = starts_at + timedelta(hours=Waiting.objects.count())
            appointment = AppointmentFactory(course=course, practitioner=doctor, starts_at=hour, minutes=40)
        return WaitingFactory(course=course, appointment=appointment, **fields)

    return wait


def cancel(client, appointment, **changes):
    form = {"status": "cancelled", "version": appointment.version, "reason": "Ill.", "from": "appointment", **changes}
    return client.post(reverse("appointment-status", args=[appointment.public_id]), form, follow=True)


def hour(leaving, **changes):
    return opening_of(leaving).asked | changes


def open_hour(client, leaving, **changes):
    return client.get(f"{reverse('waiting-slot')}?{urlencode(hour(leaving, **changes))}")


def names(response):
    return [each.waiting.patient.given_name for each, _row in response.context["candidates"]]


def take(client, waiting, leaving, **changes):
    form = hour(leaving) | {"form_token": str(uuid.uuid4())}
    if waiting.appointment:
        form["version"] = waiting.appointment.version
    return client.post(reverse("waiting-take", args=[waiting.public_id]), form | changes)


def offer(client, waiting, leaving, outcome, **changes):
    form = hour(leaving) | {"form_token": str(uuid.uuid4()), "outcome": outcome}
    return client.post(reverse("waiting-offer", args=[waiting.public_id]), form | changes)


def move(appointment, *, to):
    appointment.starts_at = to
    appointment.save()


def fell(appointment):
    Appointment.objects.filter(pk=appointment.pk).update(status="cancelled", status_reason="Ill.")
    return appointment


# What the desk is told.


def test_cancelling_says_who_could_come_best_first_and_leads_there(client, nurse, leaving, wait):
    wait("Second")
    wait("First", need=1)

    page = cancel(client, leaving).content.decode()

    assert "2 people could come earlier." in page
    assert "Free: Monday 16 March, 10:00, 40 minutes with Dr Ines Moreau." in page
    assert "First Petrova, Second Petrova" in page
    assert reverse("waiting-slot") in page


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


# Who could come.


def test_page_of_an_hour_shows_who_could_come_in_their_turn(client, nurse, leaving, wait):
    fell(leaving)
    wait("Shorter", joined_at=NOW - timedelta(days=2))
    wait("Longest", joined_at=NOW - timedelta(days=5))
    wait("Needed", need=1, joined_at=NOW)
    wait("Other", weekdays=[2])

    assert names(open_hour(client, leaving)) == ["Needed", "Longest", "Shorter"]


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"starts_at": None, "minutes": 40}, True),
        ({"starts_at": None, "minutes": 45}, False),
        ({"notice_hours": 168}, False),
        ({"from_on": date(2026, 3, 17)}, False),
        ({"parts": ["evening"]}, False),
        ({"starts_at": SLOT - timedelta(days=2)}, False),
    ],
)
def test_hour_is_offered_to_whom_it_fits(client, nurse, leaving, wait, fields, fits):
    fell(leaving)
    wait("Ana", **fields)

    assert names(open_hour(client, leaving)) == (["Ana"] if fits else [])


def test_only_who_wants_this_person_or_anyone(client, nurse, leaving, wait, here, doctor):
    fell(leaving)
    wait("Other", practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]))
    wait("Same", practitioner=doctor)

    assert names(open_hour(client, leaving)) == ["Same"]


def test_nobody_is_offered_an_hour_too_near_to_another_session(client, nurse, leaving, wait, doctor):
    fell(leaving)
    given, booked = wait("Given"), wait("Booked")
    SessionFactory(course=given.course, performed_at=SLOT - timedelta(days=6))
    AppointmentFactory(course=booked.course, practitioner=doctor, starts_at=SLOT + timedelta(days=6, hours=3))
    wait("Free")

    assert names(open_hour(client, leaving)) == ["Free"]


def test_nobody_is_offered_an_hour_at_which_they_are_here_for_something_else(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    AppointmentFactory(
        patient=waiting.patient,
        course=None,
        kind="review",
        starts_at=SLOT + timedelta(minutes=20),
        practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]),
    )

    assert names(open_hour(client, leaving)) == []


def test_nothing_is_offered_on_a_closed_day_or_outside_the_hours(client, nurse, leaving, wait, here):
    fell(leaving)
    wait("Ana")
    hours = WorkingHoursFactory(location=here, weekday=0, from_time="11:00", to_time="18:00")
    outside = names(open_hour(client, leaving))
    hours.from_time = "09:00"
    hours.save()
    inside = names(open_hour(client, leaving))
    ClosureFactory(location=here, first_on=date(2026, 3, 16), last_on=date(2026, 3, 16))

    assert (outside, inside, names(open_hour(client, leaving))) == ([], ["Ana"], [])


def test_nothing_is_offered_for_a_paused_course(client, nurse, leaving, wait):
    fell(leaving)
    course = wait("Ana").course
    course.status, course.status_on, course.status_reason = "paused", date(2026, 3, 9), "Pregnant."
    course.save_over(course.version)

    assert names(open_hour(client, leaving)) == []


def test_nobody_of_another_place_is_offered_an_hour_here(client, nurse, leaving):
    fell(leaving)
    WaitingFactory()

    assert names(open_hour(client, leaving)) == []


def test_hour_that_is_taken_or_past_says_so(client, nurse, leaving, wait):
    wait("Ana")

    assert "This hour is taken by now." in open_hour(client, leaving).content.decode()
    assert "This time is past." in open_hour(client, leaving, starts="2026-03-09T10:00").content.decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"starts": "tomorrow"},
        {"starts": "0001-01-01T00:00"},
        {"starts": "2026-03-16T10:00:00+09:00"},
        {"minutes": "0"},
        {"minutes": "9" * 30},
        {"with": "x"},
        {"with": str(uuid.uuid4())},
        {"at": str(uuid.uuid4())},
        {"at": ""},
    ],
)
def test_hour_that_cannot_be_is_not_there(client, nurse, leaving, changes):
    assert open_hour(client, leaving, **changes).status_code == 404


@pytest.mark.parametrize("room", ["9" * 40, "-1", "²", "none"])
def test_room_that_is_not_known_is_left_out(client, nurse, leaving, room):
    assert open_hour(client, leaving, room=room).context["opening"].room is None


def test_hour_of_a_place_that_is_not_ones_own_is_not_there(client, nurse):
    elsewhere = AppointmentFactory(starts_at=SLOT)

    assert open_hour(client, elsewhere).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_page_of_an_hour_asks_as_often_for_three_as_for_one(
    client, nurse, leaving, wait, rows, django_assert_num_queries
):
    fell(leaving)
    for number in range(rows):
        WaitingOfferFactory(waiting=wait(f"Ana{number}"), starts_at=SLOT, outcome="no-answer")
    open_hour(client, leaving)

    with django_assert_num_queries(16):
        response = open_hour(client, leaving)

    assert len(names(response)) == rows


# Asking.


def test_whoever_is_being_asked_is_left_to_the_one_who_asks(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    offer(client, waiting, leaving, "asked")
    mine = open_hour(client, leaving).content.decode()
    client.force_login(UserFactory(last_name="Other", locations=[here]))

    theirs = open_hour(client, leaving).content.decode()
    refused = offer(client, waiting, leaving, "asked")
    taken = take(client, waiting, leaving)

    assert "You are asking since 11:30" in mine
    assert "is asking since 11:30" in theirs
    assert "I am asking" not in theirs
    assert "Nurse Sam Adeyemi is asking Ana Petrova since 11:30." in client.get(refused.url).content.decode()
    assert WaitingOffer.objects.count() == 1
    assert taken.url.startswith(reverse("waiting-slot"))
    assert Appointment.objects.get(pk=waiting.appointment.pk).starts_at != SLOT


def test_after_a_quarter_of_an_hour_others_may_ask(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    offer(client, waiting, leaving, "asked")
    other = UserFactory(locations=[here])

    with time_machine.travel(NOW + timedelta(minutes=15), tick=False):
        client.force_login(other)
        offer(client, waiting, leaving, "no-answer")

    assert list(WaitingOffer.objects.values_list("outcome", "made_by")) == [
        ("no-answer", other.pk),
        ("asked", nurse.pk),
    ]


def test_whoever_said_no_is_not_offered_this_hour_again_but_another(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")

    offer(client, waiting, leaving, "declined")

    page = open_hour(client, leaving)
    assert names(page) == []
    assert "Said no to this hour:" in page.content.decode()
    assert names(open_hour(client, leaving, starts="2026-03-17T10:00")) == ["Ana"]


def test_whoever_did_not_answer_comes_after_those_not_asked_yet(client, nurse, leaving, wait):
    fell(leaving)
    longest = wait("Longest", joined_at=NOW - timedelta(days=5))
    wait("Shorter", joined_at=NOW - timedelta(days=2))

    offer(client, longest, leaving, "no-answer")

    assert names(open_hour(client, leaving)) == ["Shorter", "Longest"]


def test_answer_sent_twice_is_kept_once(client, nurse, leaving, wait):
    fell(leaving)
    waiting, token = wait("Ana"), str(uuid.uuid4())

    for _tap in range(2):
        offer(client, waiting, leaving, "no-answer", form_token=token)

    assert WaitingOffer.objects.count() == 1


def test_page_that_somebody_went_back_to_takes_another_answer_and_the_hour(client, nurse, leaving, wait):
    """Its token was sent already, with "asked"."""
    fell(leaving)
    waiting, token = wait("Ana"), str(uuid.uuid4())

    for outcome in ("asked", "no-answer", "no-answer"):
        offer(client, waiting, leaving, outcome, form_token=token)
    take(client, waiting, leaving, form_token=token)

    assert list(WaitingOffer.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "asked",
        "no-answer",
        "booked",
    ]


def test_token_of_one_patient_makes_no_row_of_another_disappear(client, nurse, leaving, wait):
    fell(leaving)
    token = str(uuid.uuid4())

    for name in ("Ana", "Eva"):
        offer(client, wait(name), leaving, "no-answer", form_token=token)

    assert WaitingOffer.objects.count() == 2


@pytest.mark.parametrize("changes", [{"outcome": "booked"}, {"outcome": "x"}, {"form_token": "x"}, {"starts": "x"}])
def test_answer_that_no_page_sends_is_not_kept(client, nurse, leaving, wait, changes):
    offer(client, wait("Ana"), leaving, **{"outcome": "declined"} | changes)

    assert not WaitingOffer.objects.exists()


# Booking.


def test_one_tap_moves_what_they_have_to_the_hour(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")

    response = take(client, waiting, leaving)

    appointment = Appointment.objects.get(pk=waiting.appointment.pk)
    assert response.url == f"{reverse('calendar')}?day=2026-03-16"
    assert (appointment.starts_at, appointment.room, appointment.version) == (SLOT, leaving.room, 2)
    made = WaitingOffer.objects.get()
    assert (made.outcome, made.appointment, made.made_by) == ("booked", appointment, nurse)
    assert Waiting.objects.with_facts().for_list().get().state(NOW) == "fulfilled"


def test_one_tap_takes_it_back_and_they_wait_on(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")
    take(client, waiting, leaving)
    undo = client.session["undo"]

    client.post(undo["url"], undo["fields"])

    assert Appointment.objects.get(pk=waiting.appointment.pk).starts_at == LATER
    assert names(open_hour(client, leaving)) == ["Ana"]


@pytest.mark.parametrize("has_one", [True, False])
def test_hour_that_was_taken_back_is_not_said_to_be_booked(client, nurse, leaving, wait, has_one):
    fell(leaving)
    waiting = wait("Ana", **({} if has_one else {"starts_at": None, "minutes": 40}))
    take(client, waiting, leaving)
    undo = client.session["undo"]
    while_booked = client.get(waiting.get_absolute_url()).content.decode()

    client.post(undo["url"], undo["fields"])

    page = client.get(waiting.get_absolute_url()).content.decode()
    row = client.get(reverse("waiting-list")).context["rows"][0]
    assert "<strong>Booked</strong>" in while_booked
    assert "<strong>Was booked</strong>" in page
    assert row.last_offer == "Was booked, 10 Mar 11:30"


def test_hour_they_leave_is_offered_in_its_turn(client, nurse, leaving, wait):
    fell(leaving)
    ana = wait("Ana")
    wait("Next", starts_at=LATER + timedelta(days=7), from_on=date(2026, 3, 20))

    take(client, ana, leaving)

    page = client.get(reverse("calendar")).content.decode()
    assert "1 person could come earlier." in page
    assert "Next Petrova" in page


def test_whoever_had_nothing_is_booked_anew_and_taken_back(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana", starts_at=None, minutes=40)

    take(client, waiting, leaving)
    booked = Appointment.objects.get(patient=waiting.patient)
    undo = client.session["undo"]
    client.post(undo["url"], undo["fields"])

    assert (booked.starts_at, booked.kind, booked.course, booked.minutes) == (SLOT, "session", waiting.course, 40)
    booked.refresh_from_db()
    assert booked.status == "cancelled"
    assert names(open_hour(client, leaving)) == ["Ana"]


@pytest.mark.parametrize("has_one", [True, False])
def test_hour_that_is_given_names_nobody_in_a_calendar_that_hides_names(client, nurse, leaving, wait, has_one):
    fell(leaving)
    ana = wait("Ana", **({} if has_one else {"starts_at": None, "minutes": 40}))
    wait("Next", starts_at=LATER + timedelta(days=7), from_on=date(2026, 3, 20))
    client.post(reverse("calendar-names"))

    page = client.get(take(client, ana, leaving).url).content.decode()

    assert "Session: Monday 16 March, 10:00, 40 minutes." in page
    assert ("1 person could come earlier." in page) is has_one
    assert "Petrova" not in page


def test_return_is_booked_by_the_form_that_asks_for_late_signs(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana", starts_at=None, kind="follow-up", minutes=30)
    FollowUpFactory(course=waiting.course)

    page = open_hour(client, leaving).content.decode()

    assert f"{reverse('appointment-new')}?course={waiting.course.public_id}" in page
    assert reverse("waiting-take", args=[waiting.public_id]) not in page


def test_tap_sent_twice_books_once(client, nurse, leaving, wait):
    fell(leaving)
    waiting, token = wait("Ana", starts_at=None, minutes=40), str(uuid.uuid4())

    answers = [take(client, waiting, leaving, form_token=token) for _tap in range(2)]

    assert Appointment.objects.filter(patient=waiting.patient).count() == 1
    assert len({answer.url for answer in answers}) == 1


def test_room_that_somebody_has_meanwhile_is_left_out(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    AppointmentFactory(
        patient=PatientFactory(location=here),
        course=None,
        kind="review",
        practitioner=UserFactory(role=Role.CLINICIAN, locations=[here]),
        starts_at=SLOT,
        room=leaving.room,
    )

    take(client, waiting, leaving)

    appointment = Appointment.objects.get(pk=waiting.appointment.pk)
    assert (appointment.starts_at, appointment.room) == (SLOT, None)


def refused(client, response, words):
    page = client.get(response.url).content.decode()
    assert words in page


def test_hour_that_somebody_has_by_now_is_refused_with_who(client, nurse, leaving, wait):
    waiting = wait("Ana")

    response = take(client, waiting, leaving)

    refused(client, response, "Ana Petrova is not booked. Dr Ines Moreau is taken from 10:00 to 10:40.")
    assert not WaitingOffer.objects.exists()


def test_appointment_that_somebody_changed_meanwhile_stays(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")

    refused(client, take(client, waiting, leaving, version=7), "somebody else was faster")
    refused(client, take(client, waiting, leaving, version=""), "somebody else was faster")
    assert Appointment.objects.get(pk=waiting.appointment.pk).version == 1


def test_hour_against_which_something_stands_is_refused(client, nurse, leaving, wait, here):
    fell(leaving)
    waiting = wait("Ana")
    ClosureFactory(location=here, first_on=date(2026, 3, 16), last_on=date(2026, 3, 16), reason="Inventory")

    refused(client, take(client, waiting, leaving), "Inventory")


def test_hour_that_is_past_is_refused(client, nurse, leaving, wait):
    refused(client, take(client, wait("Ana"), leaving, starts="2026-03-09T10:00"), "This time is past.")


def test_whoever_waits_no_more_is_not_booked(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana")
    Waiting.objects.update(removed_at=NOW, removed_by=nurse, removed_reason="Ill.")

    refused(client, take(client, waiting, leaving), "Ana Petrova waits no more.")


def test_whoever_died_is_not_booked(client, nurse, leaving, wait):
    fell(leaving)
    waiting = wait("Ana", starts_at=None, minutes=40)
    waiting.patient.note(deceased_on=date(2026, 3, 9))

    refused(client, take(client, waiting, leaving), "Ana Petrova waits no more.")


def test_nobody_of_another_place_is_booked_or_asked(client, nurse, leaving):
    elsewhere = WaitingFactory()

    assert take(client, elsewhere, leaving).status_code == 404
    assert offer(client, elsewhere, leaving, "asked").status_code == 404


@pytest.mark.parametrize("name", ["waiting-take", "waiting-offer", "waiting-remove", "waiting-back"])
def test_looking_changes_nothing(client, nurse, wait, name):
    assert client.get(reverse(name, args=[wait("Ana").public_id])).status_code == 405
