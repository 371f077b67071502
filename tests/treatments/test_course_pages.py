"""Starting, changing, pausing and ending a course at the desk."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    MilestoneReviewFactory,
    PatientFactory,
    ProtocolFactory,
    ReturnFactory,
    SessionFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.models import Course

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)

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
def patient(here):
    return PatientFactory(location=here)


@pytest.fixture
def course(patient, doctor):
    return CourseFactory(patient=patient, clinician=doctor)


def new_url(patient):
    return reverse("course-new", args=[patient.public_id])


def form_of(doctor, **changes):
    return {
        "form_token": str(uuid.uuid4()),
        "protocol": ProtocolFactory().pk,
        "areas": [TreatmentAreaFactory(code=code).pk for code in ("thigh-back-left", "thigh-back-right")],
        "planned_sessions": "15",
        "price": "620.50",
        "clinician": doctor.pk,
        "started_on": "2026-03-10",
        **changes,
    }


def errors(response):
    return {field: list(texts) for field, texts in response.context["form"].errors.items()}


def told(response):
    return [str(message) for message in response.context["messages"]]


def test_course_is_planned_with_what_was_agreed(client, nurse, patient, doctor):
    response = client.post(new_url(patient), form_of(doctor))

    course = Course.objects.get()
    assert response.url == course.get_absolute_url()
    assert (course.status, course.started_on, course.status_on) == ("planned", date(2026, 3, 10), date(2026, 3, 10))
    assert (course.planned_sessions, course.price, course.currency) == (15, Decimal("620.50"), "USD")
    assert [str(area) for area in course.areas.all()] == ["Back thigh, left", "Back thigh, right"]


def test_form_starts_from_the_protocol(client, nurse, patient, doctor):
    form = client.get(f"{new_url(patient)}?protocol={ProtocolFactory().pk}").context["form"]

    assert (form["planned_sessions"].value(), form["price"].value()) == (15, Decimal("650.00"))
    assert form["started_on"].value() == date(2026, 3, 10)


@pytest.mark.parametrize("key", ["", "0", "x", "-1", "9" * 30, "9" * 5000, "1' OR 1=1"])
def test_protocol_that_is_none_offers_no_plan(client, nurse, patient, key):
    assert client.get(new_url(patient), {"protocol": key}).context["protocol"] is None


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"protocol": ""}, "protocol", "This field is required."),
        ({"areas": []}, "areas", "Choose the areas treated."),
        ({"price": "-1"}, "price", "Ensure this value is greater than or equal to 0."),
        ({"price": "free"}, "price", "Enter a number."),
        ({"price": "1.234"}, "price", "Ensure that there are no more than 2 decimal places."),
        ({"price": "1234567.00"}, "price", "Ensure that there are no more than 8 digits in total."),
        ({"planned_sessions": "0"}, "planned_sessions", "Ensure this value is greater than or equal to 1."),
        ({"planned_sessions": "61"}, "planned_sessions", "Ensure this value is less than or equal to 60."),
        ({"planned_sessions": "15.5"}, "planned_sessions", "Enter a whole number."),
        ({"planned_sessions": ""}, "planned_sessions", "This field is required."),
        ({"clinician": ""}, "clinician", "This field is required."),
        ({"started_on": "2027-03-12"}, "started_on", "12 March 2027 is more than a year ahead."),
        ({"started_on": "9999-12-31"}, "started_on", "31 December 9999 is more than a year ahead."),
        ({"started_on": "1988-02-01"}, "started_on", "The patient was not born then."),
        ({"started_on": "2026-02-30"}, "started_on", "Enter a valid date."),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(client, nurse, patient, doctor, changes, field, words):
    response = client.post(new_url(patient), form_of(doctor, **changes))

    assert errors(response)[field] == [words]
    assert Course.objects.count() == 0


def test_area_of_another_protocol_is_refused(client, nurse, patient, doctor):
    response = client.post(new_url(patient), form_of(doctor, areas=[TreatmentAreaFactory(code="scalp").pk]))

    assert list(errors(response)) == ["areas"]


def test_clinician_is_one_of_the_place(client, nurse, patient, doctor):
    elsewhere = UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()])

    answers = [client.post(new_url(patient), form_of(doctor, clinician=who.pk)) for who in (elsewhere, nurse)]

    assert [list(errors(answer)) for answer in answers] == [["clinician"], ["clinician"]]


def test_second_running_course_of_a_protocol_is_refused_with_words(client, nurse, course, doctor):
    response = client.post(new_url(course.patient), form_of(doctor))

    words = "A course of this protocol is running already. End it before another starts."
    assert errors(response) == {"__all__": [words]}
    assert words in response.content.decode()


def test_course_of_another_protocol_runs_beside(client, nurse, course, doctor):
    acne = ProtocolFactory(name="Acne")
    form = form_of(doctor, protocol=acne.pk, areas=[acne.areas.first().pk])

    client.post(new_url(course.patient), form)

    assert Course.objects.count() == 2


def test_course_after_an_ended_one_is_fine(client, nurse, course, doctor):
    Course.objects.update(status="completed")

    client.post(new_url(course.patient), form_of(doctor))

    assert Course.objects.count() == 2


def test_form_sent_twice_starts_one_course(client, nurse, patient, doctor):
    form = form_of(doctor)

    first, second = client.post(new_url(patient), form), client.post(new_url(patient), form)

    assert (first.url, Course.objects.count()) == (second.url, 1)


# Changing the plan (rule 13).


def plan(course, **changes):
    return {
        "areas": [area.pk for area in course.areas.all()],
        "planned_sessions": "15",
        "price": "500.00",
        "clinician": course.clinician.pk,
        "version": course.version,
        **changes,
    }


def test_save_over_a_newer_version_shows_both_and_saving_again_stores_mine(client, nurse, course):
    url = reverse("course-edit", args=[course.public_id])
    theirs = Course.objects.get()
    theirs.planned_sessions = 18
    theirs.save_over(1)

    refused = client.post(url, plan(course, planned_sessions="20"))
    client.post(url, plan(course, planned_sessions="20", version=refused.context["form"]["version"].value()))

    rows = {row.label: (row.theirs, row.mine) for row in refused.context["form"].conflict.rows if row.differs}
    assert rows == {"Planned sessions": ("18", "20")}
    assert (Course.objects.get().planned_sessions, Course.objects.get().version) == (20, 3)


def test_plan_keeps_a_clinician_who_left(client, nurse, course, doctor):
    doctor.is_active = False
    doctor.save()

    response = client.post(reverse("course-edit", args=[course.public_id]), plan(course, planned_sessions="16"))

    assert (response.status_code, Course.objects.get().planned_sessions) == (302, 16)


# Pausing, resuming, ending.


def turn(client, course, to, *, follow=False, **changes):
    course.refresh_from_db()
    form = {"status": to, "on": "2026-03-10", "reason": "", "version": course.version, **changes}
    return client.post(reverse("course-status", args=[course.public_id]), form, follow=follow)


def test_course_is_paused_resumed_and_completed_with_day_and_reason(client, nurse, course):
    turn(client, course, "paused", on="2026-03-05", reason="Holiday.")
    course.refresh_from_db()
    assert (course.status, course.status_on, course.status_reason) == ("paused", date(2026, 3, 5), "Holiday.")

    turn(client, course, "active")
    course.refresh_from_db()
    assert (course.status, course.status_on, course.status_reason) == ("active", date(2026, 3, 10), "")

    turn(client, course, "completed")
    course.refresh_from_db()
    assert (course.status, course.has_ended) == ("completed", True)


@pytest.mark.parametrize("to", ["paused", "stopped"])
def test_pausing_and_stopping_need_a_reason(client, nurse, course, to):
    assert errors(turn(client, course, to)) == {"reason": ["Say why. It stays with the course."]}


@pytest.mark.parametrize(("to", "wanted"), [("paused", True), ("stopped", True), ("completed", False)])
def test_reason_that_is_needed_is_marked_so(client, nurse, course, to, wanted):
    page = client.get(reverse("course-status", args=[course.public_id]), {"to": to})

    assert page.context["form"].fields["reason"].required == wanted


@pytest.mark.parametrize("to", ["paused", "stopped", "completed"])
def test_sessions_still_booked_are_said_before_and_after_a_course_is_paused_or_ends(client, nurse, course, to):
    SessionFactory(course=course, performed_at=NOW - timedelta(days=1), signed=True)
    booked = AppointmentFactory(course=course, starts_at=NOW + timedelta(days=7))
    AppointmentFactory(course=course, starts_at=NOW + timedelta(days=8), status="cancelled")
    ReturnFactory(follow_up__course=course, starts_at=NOW + timedelta(days=200))
    words = "One appointment is still booked."
    assert words not in client.get(course.get_absolute_url()).content.decode()

    before = client.get(reverse("course-status", args=[course.public_id]), {"to": to}).content.decode()
    after = turn(client, course, to, reason="Moved away.", follow=True).content.decode()
    progress = client.get(reverse("course-progress", args=[course.public_id])).content.decode()

    for page in (before, after, progress):
        assert words in page
        assert page.count(booked.get_absolute_url()) == 1


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("2026-03-11", "11 March 2026 is in the future."),
        ("2026-03-01", "The course starts on 2 March 2026."),
        ("9999-12-31", "31 December 9999 is in the future."),
    ],
)
def test_status_is_since_a_day_of_the_course(client, nurse, course, on, words):
    assert errors(turn(client, course, "completed", on=on)) == {"on": [words]}


def test_control_characters_in_a_reason_are_refused_at_the_field(client, nurse, course):
    response = turn(client, course, "stopped", reason="Moved \x1b away")

    assert list(errors(response)) == ["reason"]


def test_planned_course_is_not_completed(client, nurse, course):
    Course.objects.update(status="planned")

    response = turn(client, course, "completed")

    assert errors(response) == {"__all__": ["A course that is planned cannot become completed."]}


def test_course_changed_meanwhile_is_read_again_first(client, nurse, course):
    response = turn(client, course, "completed", version=99)

    assert errors(response) == {"__all__": ["Somebody changed this course meanwhile. Read it again, then decide."]}


def test_ended_course_is_not_taken_up_while_another_runs(client, nurse, course):
    Course.objects.update(status="completed")
    CourseFactory(patient=course.patient, clinician=course.clinician)

    response = turn(client, course, "active")

    words = "A course of this protocol is running already. End it before another starts."
    assert errors(response) == {"__all__": [words]}


def test_status_page_of_a_turn_that_cannot_be_leads_back(client, nurse, course):
    for to in ("planned", "nonsense", ""):
        response = client.get(reverse("course-status", args=[course.public_id]), {"to": to})

        assert response.url == course.get_absolute_url()


# The course's page.


def test_course_page_lists_what_is_booked_and_still_to_come(client, nurse, course):
    later = AppointmentFactory(course=course, starts_at=NOW + timedelta(days=14))
    sooner = AppointmentFactory(course=course, starts_at=NOW + timedelta(days=7))
    back = ReturnFactory(follow_up__course=course, starts_at=NOW + timedelta(days=200))
    AppointmentFactory(course=course, starts_at=NOW - timedelta(days=7))
    AppointmentFactory(course=course, starts_at=NOW + timedelta(days=8), status="cancelled")
    AppointmentFactory(patient=course.patient, course=None, kind="consultation", starts_at=NOW + timedelta(days=9))

    response = client.get(course.get_absolute_url())

    assert response.context["booked"] == [sooner, later, back]
    page = response.content.decode()
    assert f'<a href="{sooner.get_absolute_url()}">Tue 17 Mar 2026, 11:30</a>' in page


def test_course_with_nothing_booked_says_so(client, nurse, course):
    assert "Nothing is booked." in client.get(course.get_absolute_url()).content.decode()


def test_follow_up_that_is_booked_stays_listed_after_the_course_ends(client, nurse, course):
    SessionFactory(course=course, performed_at=NOW - timedelta(days=1), signed=True)
    AppointmentFactory(course=course, starts_at=NOW + timedelta(days=7))
    back = ReturnFactory(follow_up__course=course, starts_at=NOW + timedelta(days=200))
    turn(client, course, "completed")

    response = client.get(course.get_absolute_url())

    assert response.context["booked"] == [back]


@pytest.mark.parametrize("count", [1, 3])
def test_course_page_asks_as_often_for_three_sessions_as_for_one(
    client, nurse, course, count, django_assert_num_queries
):
    for number in range(count):
        session = SessionFactory(course=course, performed_at=NOW - timedelta(days=1 + number), signed=True)
        SideEffectFactory(session=session, onset_at=NOW - timedelta(hours=1))
        AppointmentFactory(course=course, starts_at=NOW + timedelta(days=7 + number))
    FollowUpFactory(course=course)

    with django_assert_num_queries(QUERIES):
        client.get(course.get_absolute_url())


QUERIES = 22


def test_course_page_says_how_far_when_next_and_what_it_costs(client, nurse, course):
    SessionFactory(course=course, performed_at=datetime(2026, 3, 4, 18, 0, tzinfo=UTC), signed=True)

    page = client.get(course.get_absolute_url()).content.decode()

    assert "1 of 15" in page
    assert "11 Mar to 18 Mar" in page
    assert "$500" in page
    assert "$7,000" in page
    assert "Log session 2" in page


def test_resuming_says_that_a_screening_is_wanted(client, nurse, course):
    words = "After a pause the next session wants a full screening, made since."
    address = reverse("course-status", args=[course.public_id])
    assert words not in client.get(address, {"to": "paused"}).content.decode()

    Course.objects.update(status="paused", status_reason="Holiday.")

    assert words in client.get(address, {"to": "active"}).content.decode()


def test_review_that_is_due_is_said_on_the_page_of_the_course(client, nurse, course):
    for number in range(5):
        SessionFactory(course=course, performed_at=NOW - timedelta(hours=5 - number), signed=True)

    page = client.get(course.get_absolute_url()).content.decode()
    assert "after session 5, due now" in page
    assert "after session 10" not in page

    MilestoneReviewFactory(course=course, after_session=5)
    page = client.get(course.get_absolute_url()).content.decode()
    assert "due now" not in page
    assert "after session 10" in page


def test_paused_course_has_no_next_session(client, nurse, course):
    SessionFactory(course=course, performed_at=NOW - timedelta(days=6), signed=True)
    assert "Next session" in client.get(course.get_absolute_url()).content.decode()

    Course.objects.update(status="paused", status_reason="Holiday.")

    assert "Next session" not in client.get(course.get_absolute_url()).content.decode()


def test_paused_course_offers_no_session(client, nurse, course):
    Course.objects.update(status="paused", status_reason="Holiday.")

    page = client.get(course.get_absolute_url()).content.decode()

    assert reverse("session-new", args=[course.public_id]) not in page
    assert "Holiday." in page
