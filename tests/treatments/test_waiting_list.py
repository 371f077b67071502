"""The waiting list: who joins and leaves it, who stands on it, and why somebody is no longer there."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    WaitingFactory,
    WaitingOfferFactory,
)
from tests.searching import find
from treatments.actions import waiting as actions
from treatments.models import Appointment, Waiting
from treatments.models.waiting import validate_parts, validate_weekdays
from treatments.rules.waiting import State
from treatments.waiting_rows import weekdays_in_words

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
TEN = datetime(2026, 3, 23, 17, 0, tzinfo=UTC)  # Monday the 23rd, 10:00 there
TODAY = date(2026, 3, 10)

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
    return CourseFactory(
        patient=PatientFactory(location=here, given_name="Amara", family_name="Okonkwo"), clinician=doctor
    )


@pytest.fixture
def booked(course, doctor):
    return AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN, minutes=40)


def said(**changes):
    return {
        "form_token": str(uuid.uuid4()),
        "need": "2",
        "from_on": "2026-03-10",
        "until_on": "",
        "weekdays": ["0", "4"],
        "parts": ["morning"],
        "notice_hours": "24",
        "practitioner": "",
        "minutes": "40",
        "note": "Works shifts.",
        **changes,
    }


def join(client, query, **changes):
    return client.post(f"{reverse('waiting-new')}?{query}", said(**changes))


def waits(here, now=NOW):
    return list(Waiting.objects.at(here).with_facts().waiting(now, here.today(now)))


# Joining.


def test_from_an_appointment_the_patient_waits_to_come_earlier_than_it(client, nurse, here, booked):
    response = join(client, f"appointment={booked.public_id}")

    waiting = Waiting.objects.get()
    assert response.url == reverse("waiting-list")
    assert (waiting.appointment, waiting.instead_of_at, waiting.course, waiting.kind) == (
        booked,
        TEN,
        booked.course,
        "session",
    )
    assert (waiting.weekdays, waiting.parts, waiting.notice_hours) == ([0, 4], ["morning"], 24)
    assert (waiting.joined_at, waiting.joined_by) == (NOW, nurse)


def test_whoever_names_a_later_one_of_several_gives_up_that_one(client, nurse, booked, doctor):
    named = AppointmentFactory(course=booked.course, practitioner=doctor, starts_at=TEN + timedelta(days=14))

    join(client, f"appointment={named.public_id}")

    assert Waiting.objects.get().appointment == named


@pytest.mark.parametrize("fields", [{"status": "cancelled", "status_reason": "Ill."}, {"starts_at": NOW}])
def test_nobody_waits_to_come_earlier_than_what_is_off_or_past(client, nurse, booked, fields):
    Appointment.objects.update(**fields)

    page = join(client, f"appointment={booked.public_id}").content.decode()

    assert "This appointment is not ahead any more." in page
    assert not Waiting.objects.exists()


def test_from_the_record_the_next_appointment_is_found(client, nurse, booked):
    join(client, f"patient={booked.patient.public_id}", kind="session", course=booked.course.pk)

    assert Waiting.objects.get().appointment == booked


@pytest.mark.parametrize("status", ["arrived", "in-room", "done"])
def test_whoever_is_here_for_one_session_waits_for_the_next(client, nurse, here, course, doctor, status):
    """They came early, or are treated before the hour: it was booked before they began to wait."""
    with time_machine.travel(NOW - timedelta(days=7), tick=False):
        soon = AppointmentFactory(course=course, practitioner=doctor, starts_at=NOW + timedelta(minutes=12))
    soon.status, soon.arrived_at = status, NOW
    soon.save_over(soon.version)

    join(client, f"course={course.public_id}", kind="session", course=course.pk)

    waiting = Waiting.objects.get()
    assert waiting.appointment is None
    assert waits(here) == [waiting]
    assert Waiting.objects.with_facts().for_list().get().state(NOW) is State.WAITING


def test_nobody_joins_whose_waiting_would_be_over_at_once(nurse, course):
    """The form asks; this is for whoever comes another way, or as the course ends."""
    wish = WaitingFactory.build(
        course=course, patient=course.patient, joined_by=nurse, until_on=TODAY - timedelta(days=1)
    )

    with pytest.raises(ValidationError) as last_day:
        actions.join(wish, by=nurse, now=NOW)
    course.status, course.status_on, course.status_reason = "stopped", TODAY, "Moved away."
    course.save_over(course.version)
    wish.pk, wish.until_on = None, None
    with pytest.raises(ValidationError) as ended:
        actions.join(wish, by=nurse, now=NOW)

    assert last_day.value.messages == ["The last day is past."]
    assert ended.value.messages == ["This course has ended."]
    assert not Waiting.objects.exists()


def test_page_says_that_the_course_of_an_appointment_has_ended(client, nurse, course, booked):
    course.status, course.status_on, course.status_reason = "stopped", TODAY, "Moved away."
    course.save_over(course.version)

    response = join(client, f"appointment={booked.public_id}")

    assert "This course has ended." in response.content.decode()
    assert not Waiting.objects.exists()


def test_wish_for_a_consultation_needs_no_course(client, nurse, here):
    patient = PatientFactory(location=here)

    join(client, f"patient={patient.public_id}", kind="consultation", minutes="30")

    waiting = Waiting.objects.get()
    assert (waiting.kind, waiting.course, waiting.appointment, waiting.length) == ("consultation", None, None, 30)


def test_from_the_call_list_the_patient_waits_for_the_return(client, nurse, course):
    follow_up = FollowUpFactory(course=course)

    join(client, f"follow_up={follow_up.public_id}")

    assert (Waiting.objects.get().kind, Waiting.objects.get().course) == ("follow-up", course)


def test_form_sent_twice_joins_once(client, nurse, booked):
    form = said()

    for _tap in range(2):
        client.post(f"{reverse('waiting-new')}?appointment={booked.public_id}", form)

    assert Waiting.objects.count() == 1


def test_nobody_waits_twice_for_the_same(client, nurse, booked):
    join(client, f"appointment={booked.public_id}")

    response = join(client, f"appointment={booked.public_id}", note="Again.")

    assert "Amara Okonkwo waits for this since 10 March 2026." in response.content.decode()
    assert Waiting.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from_on": ""}, "from_on"),
        ({"from_on": "0206-03-10"}, "from_on"),
        ({"until_on": "2026-03-09"}, "until_on"),
        ({"from_on": "2026-03-20", "until_on": "2026-03-19"}, None),
        ({"weekdays": ["7"]}, "weekdays"),
        ({"parts": ["night"]}, "parts"),
        ({"notice_hours": "3"}, "notice_hours"),
        ({"need": "0"}, "need"),
        ({"practitioner": "99999999999999999999"}, "practitioner"),
        ({"note": "a\x07b"}, "note"),
        ({"note": "a" * 301}, "note"),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_said_and_nothing_typed_is_lost(client, nurse, booked, changes, field):
    response = join(client, f"appointment={booked.public_id}", **changes)

    assert response.status_code == 200
    assert (field or "__all__") in response.context["form"].errors
    assert not Waiting.objects.exists()


@pytest.mark.parametrize("changes", [{"kind": "session", "course": ""}, {"kind": "holiday"}, {"kind": ""}])
def test_session_is_of_a_course(client, nurse, course, changes):
    response = join(client, f"patient={course.patient.public_id}", **changes)

    assert response.context["form"].errors
    assert not Waiting.objects.exists()


@pytest.mark.parametrize("query", ["appointment=", "appointment=x", "patient=", "appointment=%00"])
def test_address_that_names_nobody_is_not_there(client, nurse, query):
    assert client.get(f"{reverse('waiting-new')}?{query}").status_code in {400, 404}


def test_nobody_of_another_place_is_put_on_the_list(client, nurse):
    elsewhere = AppointmentFactory(starts_at=TEN)

    assert join(client, f"appointment={elsewhere.public_id}").status_code == 404
    assert join(client, f"patient={elsewhere.patient.public_id}").status_code == 404


def test_whoever_is_not_treated_any_more_does_not_wait(client, nurse, course):
    course.patient.archive(NOW)

    response = client.get(f"{reverse('waiting-new')}?patient={course.patient.public_id}")
    sent = join(client, f"patient={course.patient.public_id}", kind="session", course=course.pk)

    assert response.url == course.patient.get_absolute_url()
    assert "archived" in sent.content.decode()
    assert not Waiting.objects.exists()


# Changing and leaving.


def test_wish_is_changed_and_a_newer_version_is_not_overwritten(client, nurse, booked):
    waiting = WaitingFactory(course=booked.course, appointment=booked)
    url = reverse("waiting", args=[waiting.public_id])

    client.post(url, said(version=1, weekdays=["2"]))
    stale = client.post(url, said(version=1, weekdays=["3"], note="Mine."))

    waiting.refresh_from_db()
    assert (waiting.weekdays, waiting.version) == ([2], 2)
    assert "Wednesday" in stale.content.decode()
    assert stale.context["form"].conflict


def test_wish_is_not_changed_to_a_last_day_that_is_past_where_they_are_treated(client, nurse, booked):
    """Today it is the 10th there and the 11th elsewhere."""
    waiting = WaitingFactory(course=booked.course, appointment=booked)
    url = reverse("waiting", args=[waiting.public_id])

    with time_machine.travel(datetime(2026, 3, 11, 3, 0, tzinfo=UTC), tick=False):
        client.force_login(nurse)
        past = client.post(url, said(version=1, from_on="2026-03-03", until_on="2026-03-09"))
        today = client.post(url, said(version=1, from_on="2026-03-03", until_on="2026-03-10"))

    assert past.context["form"].errors == {"until_on": ["This day is past."]}
    assert today.status_code == 302
    waiting.refresh_from_db()
    assert waiting.until_on == TODAY


def test_person_is_taken_off_with_a_reason_and_put_back_in_the_old_place(client, nurse, here, course):
    waiting = WaitingFactory(course=course)

    client.post(reverse("waiting-remove", args=[waiting.public_id]), {"version": 1, "reason": "Found another clinic."})
    after = waits(here)
    offer = client.session["undo"]
    client.post(offer["url"], offer["fields"])

    assert after == []
    assert waits(here) == [waiting]
    waiting.refresh_from_db()
    assert (waiting.removed_reason, waiting.version, waiting.joined_at.day) == ("", 3, 3)
    assert waiting.history.filter(removed_reason="Found another clinic.", removed_by=nurse).exists()


@pytest.mark.parametrize("form", [{}, {"version": 1, "reason": " "}, {"version": 0, "reason": "x"}, {"reason": "x"}])
def test_leaving_needs_a_reason_and_the_version_that_was_read(client, nurse, here, course, form):
    waiting = WaitingFactory(course=course)

    client.post(reverse("waiting-remove", args=[waiting.public_id]), form)

    assert waits(here) == [waiting]


def test_nobody_is_taken_off_over_a_newer_version(client, nurse, here, course):
    waiting = WaitingFactory(course=course)
    waiting.save_over(1)

    client.post(reverse("waiting-remove", args=[waiting.public_id]), {"version": 1, "reason": "x"})

    assert waits(here) == [waiting]


def test_nobody_is_put_back_who_joined_anew_meanwhile(client, nurse, here, course):
    old = WaitingFactory(course=course, removed_at=NOW, removed_by=nurse, removed_reason="Ill.")
    new = WaitingFactory(course=course)

    client.post(reverse("waiting-back", args=[old.public_id]), {"version": 1})

    assert waits(here) == [new]


# It closes by itself.


def closings(course, doctor, booked):
    """Return by name how a waiting ends: its fields, and what happens."""
    patient = course.patient

    def cancel():
        booked.status, booked.status_reason = "cancelled", "Ill."
        booked.save_over(booked.version)

    def move(by):
        booked.starts_at += by
        booked.save_over(booked.version)

    def end():
        course.status, course.status_on, course.status_reason = "stopped", TODAY, "Moved away."
        course.save_over(course.version)

    def pause():
        course.status, course.status_on, course.status_reason = "paused", TODAY, "Pregnant."
        course.save_over(course.version)

    def die():
        patient.note(deceased_on=TODAY)

    def book(**fields):
        AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN + timedelta(days=30), **fields)

    with_hour = {"appointment": booked}
    return {
        "nothing": (with_hour, lambda: None, State.WAITING),
        "moved earlier": (with_hour, lambda: move(-timedelta(days=3)), State.FULFILLED),
        "moved later": (with_hour, lambda: move(timedelta(days=3)), State.WAITING),
        "cancelled": (with_hour, cancel, State.OFF),
        "course stopped": (with_hour, end, State.ENDED),
        "course paused": (with_hour, pause, State.WAITING),
        "return after the course stopped": ({"kind": "follow-up"}, end, State.WAITING),
        "died": (with_hour, die, State.GONE),
        "archived": (with_hour, lambda: patient.archive(NOW), State.GONE),
        "last day past": (with_hour | {"until_on": date(2026, 3, 9)}, lambda: None, State.EXPIRED),
        "last day today": (with_hour | {"until_on": TODAY}, lambda: None, State.WAITING),
        "booked for something else": ({"kind": "review"}, book, State.WAITING),
        "removed": (
            with_hour | {"removed_at": NOW, "removed_by": doctor, "removed_reason": "Ill."},
            lambda: None,
            State.REMOVED,
        ),
    }


NAMES = [
    "nothing",
    "moved earlier",
    "moved later",
    "cancelled",
    "course stopped",
    "course paused",
    "return after the course stopped",
    "died",
    "archived",
    "last day past",
    "last day today",
    "booked for something else",
    "removed",
]


@pytest.mark.parametrize("name", NAMES)
def test_waiting_closes_by_itself_and_list_and_row_say_the_same(here, course, doctor, booked, name):
    fields, happens, expected = closings(course, doctor, booked)[name]
    waiting = WaitingFactory(course=course, **fields)

    happens()

    row = Waiting.objects.with_facts().for_list().get(pk=waiting.pk)
    assert row.state(NOW) is expected
    assert bool(waits(here)) is (expected is State.WAITING)


@pytest.mark.parametrize(
    ("status", "expected"), [("booked", State.FULFILLED), ("done", State.FULFILLED), ("cancelled", State.WAITING)]
)
def test_whoever_had_nothing_waits_until_something_is_booked_that_stands(here, course, doctor, status, expected):
    waiting = WaitingFactory(course=course)

    AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN, status=status, status_reason="Ill.")

    assert Waiting.objects.with_facts().for_list().get(pk=waiting.pk).state(NOW) is expected
    assert bool(waits(here)) is (expected is State.WAITING)


def test_hour_that_was_cancelled_as_they_joined_and_is_booked_again_is_an_hour(here, course, doctor):
    with time_machine.travel(NOW - timedelta(days=9), tick=False):
        off = AppointmentFactory(
            course=course, practitioner=doctor, starts_at=TEN, status="cancelled", status_reason="Ill."
        )
    waiting = WaitingFactory(course=course)
    before = waits(here)

    off.status, off.status_reason = "booked", ""
    off.save_over(off.version)
    booked_again = waits(here)
    off.status = "done"
    off.save_over(off.version)

    assert (before, booked_again, waits(here)) == ([waiting], [], [])


def test_waiting_is_over_when_the_hour_of_the_appointment_has_come(here, booked):
    waiting = WaitingFactory(course=booked.course, appointment=booked)

    assert waits(here, TEN - timedelta(minutes=1)) == [waiting]
    assert waits(here, TEN) == []


def test_waiting_follows_the_patient_to_another_place(here, course):
    waiting = WaitingFactory(course=course)
    course.patient.note(location=LocationFactory(name="Lindenhof"))

    assert waits(here) == []
    assert waits(Waiting.objects.get(pk=waiting.pk).location) == [waiting]


# The pages.


def test_list_shows_who_waits_since_when_and_what_was_said(client, nurse, booked, doctor):
    waiting = WaitingFactory(
        course=booked.course,
        appointment=booked,
        need=1,
        weekdays=[0, 4],
        parts=["morning"],
        until_on=date(2026, 3, 20),
        practitioner=doctor,
        note="Works shifts.",
    )
    WaitingOfferFactory(waiting=waiting, outcome="no-answer", made_at=NOW - timedelta(hours=1))

    page = client.get(reverse("waiting-list")).content.decode()

    for words in [
        "Amara Okonkwo",
        "booked 23 Mar, 10:00",
        "Monday, Friday; morning; until 20 Mar",
        "only with",
        "notice: an hour",
        "7 days",
        "Clinical need",
        "No answer, 10 Mar 10:30",
        "Works shifts.",
    ]:
        assert words in page, words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ([], ""),
        ([4, 0], "Monday, Friday"),
        ([0, 1], "Monday, Tuesday"),
        ([2, 0, 1, 3, 4], "Monday to Friday"),
        ([0, 1, 3], "Monday, Tuesday, Thursday"),
    ],
)
def test_weekdays_are_said_as_people_do(days, words):
    assert weekdays_in_words(days) == words


def test_clinical_need_stands_first_then_the_longest_wait(client, nurse, here):
    late, early, need = (
        WaitingFactory(course__patient__location=here, joined_at=NOW - timedelta(days=days), need=need)
        for days, need in [(1, 2), (5, 2), (0, 1)]
    )

    rows = client.get(reverse("waiting-list")).context["rows"]

    assert [row.waiting for row in rows] == [need, early, late]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=session", 1),
        ("kind=consultation", 0),
        ("day=2026-03-16", 1),  # a Monday
        ("day=2026-03-17", 0),
        ("day=2026-04-06", 0),  # after the last day
        ("tab=over", 0),
    ],
)
def test_list_is_narrowed(client, nurse, course, query, count):
    WaitingFactory(course=course, weekdays=[0], until_on=date(2026, 3, 31))

    assert len(client.get(f"{reverse('waiting-list')}?{query}").context["rows"]) == count


@pytest.mark.parametrize(("text", "count"), [("okonkwo", 1), ("nobody", 0)])
def test_list_is_searched_by_name(client, nurse, course, text, count):
    WaitingFactory(course=course)

    assert len(find(client, reverse("waiting-list"), text).context["rows"]) == count


@pytest.mark.parametrize(
    "query", ["day=yesterday", "day=9999-12-31", "kind=x", "who=x", "tab=x", "after=x", "q=%00", "words=x"]
)
def test_nonsense_in_the_address_is_no_error_of_ours(client, nurse, course, query):
    WaitingFactory(course=course)

    assert client.get(f"{reverse('waiting-list')}?{query}").status_code in {200, 400}


def test_person_who_matters_is_found_with_those_who_take_anyone(client, nurse, here, doctor):
    other = UserFactory(role=Role.CLINICIAN, locations=[here])
    mine, anyone = (WaitingFactory(course__patient__location=here, practitioner=who) for who in (doctor, None))
    WaitingFactory(course__patient__location=here, practitioner=other)

    rows = client.get(f"{reverse('waiting-list')}?who={doctor.public_id}").context["rows"]

    assert {row.waiting for row in rows} == {mine, anyone}


def test_whoever_waits_no_more_is_kept_with_how_it_ended(client, nurse, course):
    WaitingFactory(course=course, removed_at=NOW, removed_by=nurse, removed_reason="Found another clinic.")

    page = client.get(f"{reverse('waiting-list')}?tab=over").content.decode()

    assert "Taken off: Found another clinic." in page


@pytest.mark.parametrize("rows", [1, 3])
def test_list_asks_as_often_for_three_as_for_one(client, nurse, here, doctor, rows, django_assert_num_queries):
    for number in range(rows):
        course = CourseFactory(patient=PatientFactory(location=here), clinician=doctor)
        appointment = AppointmentFactory(course=course, practitioner=doctor, starts_at=TEN + timedelta(days=number))
        WaitingOfferFactory(waiting=WaitingFactory(course=course, appointment=appointment), outcome="no-answer")
        AppointmentFactory(
            patient=PatientFactory(location=here),
            course=None,
            kind="consultation",
            practitioner=doctor,
            starts_at=NOW + timedelta(days=6, hours=number),
            minutes=40,
            status="cancelled",
            status_reason="Ill.",
        )
    client.get(reverse("waiting-list"))  # numbers beside the navigation are kept for a while

    with django_assert_num_queries(20):
        response = client.get(reverse("waiting-list"))

    assert len(response.context["rows"]) == rows
    assert len(response.context["free"]) == rows


def test_record_says_that_the_patient_waits_else_leads_to_the_list(client, nurse, booked):
    before = client.get(booked.patient.get_absolute_url()).content.decode()
    WaitingFactory(course=booked.course, appointment=booked)
    after = client.get(booked.patient.get_absolute_url()).content.decode()

    assert f"{reverse('waiting-new')}?appointment={booked.public_id}" in before
    assert "On the waiting list" in after


def test_appointment_leads_to_the_list_while_it_is_ahead(client, nurse, booked):
    link = f"{reverse('waiting-new')}?appointment={booked.public_id}"

    assert link in client.get(booked.get_absolute_url()).content.decode()
    Appointment.objects.update(status="cancelled", status_reason="Ill.")
    assert link not in client.get(booked.get_absolute_url()).content.decode()


# What the database holds itself.


@pytest.mark.parametrize(
    "fields",
    [
        {"minutes": 0},
        {"until_on": date(2026, 3, 1)},
        {"instead_of_at": NOW},
        {"removed_at": NOW},
        {"removed_reason": "Ill."},
        {"course": None},
    ],
)
def test_database_refuses_what_no_form_sends(course, fields):
    waiting = WaitingFactory(course=course)

    with pytest.raises(IntegrityError), transaction.atomic():
        Waiting.objects.filter(pk=waiting.pk).update(**fields)


@pytest.mark.parametrize("value", ["0", [7], [0, 0], ["0"], [True], None, {}, [[0]]])
def test_weekdays_are_a_list_of_different_ones(value):
    with pytest.raises(ValidationError):
        validate_weekdays(value)


@pytest.mark.parametrize("value", [["night"], ["morning", "morning"], "morning"])
def test_parts_are_a_list_of_different_ones(value):
    with pytest.raises(ValidationError):
        validate_parts(value)
