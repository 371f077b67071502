"""Decisions at milestones: when one is due, in Python and in SQL, and what it does."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    MilestoneReviewFactory,
    ProtocolFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.courses_with_sessions import treated
from tests.treatments.session_forms import errors, signed_in, told
from treatments.actions.milestones import review
from treatments.models import Course, FollowUp, MilestoneReview
from treatments.models.milestone_review import due_for_review, waits_for_review
from treatments.rules.milestone import due, milestones_of, reached

NOW = datetime(2026, 6, 20, 18, 30, tzinfo=UTC)
TODAY = date(2026, 6, 20)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("done", "reviewed", "found"),
    [
        (0, [], None),
        (4, [], None),
        (5, [], 5),
        (7, [], 5),
        (7, [5], None),
        (10, [5], 10),
        (10, [], 10),  # the review after 10 answers for 5
        (12, [10], None),
        (15, [5, 10], 15),
        (17, [5, 10], 15),
        (17, [15], None),
    ],
)
def test_review_is_due_at_the_last_milestone_reached(done, reviewed, found):
    assert due(done, [5, 10], 15, reviewed) == found


def test_planned_end_is_a_milestone_and_nothing_beyond_it():
    assert milestones_of([5, 10], 15) == [5, 10, 15]
    assert milestones_of([5, 10], 10) == [5, 10]
    assert milestones_of([5, 10], 4) == [4]
    assert milestones_of([], 3) == [3]
    assert reached(4, [5, 10], 4) == 4


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(Course.Status))
def test_what_is_due_is_the_same_in_sql(status):
    here = LocationFactory()
    ProtocolFactory(name="Acne", milestones=[])
    courses = []
    for done, planned, reviewed, name in product((0, 1, 2, 3), (1, 3), ([], [2]), ("Cellulite", "Acne")):
        protocol = ProtocolFactory(name=name, milestones=[2, 3] if name == "Cellulite" else [])
        course = CourseFactory(
            patient__location=here,
            protocol=protocol,
            planned_sessions=planned,
            status=status,
            status_reason="A reason.",
            status_on=TODAY - timedelta(days=60 if planned == 3 else 61),
        )
        treated(course, done)
        for number in reviewed:
            MilestoneReviewFactory(course=course, after_session=number)
        courses.append(course)

    found = {course.pk: course.milestone for course in due_for_review(Course.objects.all(), TODAY)}

    expected = {}
    for course in courses:
        numbers = [made.after_session for made in course.milestone_reviews.all()]
        waits = due(course.sessions.counting().count(), course.protocol.milestones, course.planned_sessions, numbers)
        if waits and waits_for_review(course, TODAY):
            expected[course.pk] = waits
    assert found == expected


# The decision.


@pytest.fixture
def course(db):
    return treated(CourseFactory(patient__location=LocationFactory(name="Harbour Street")), 5)


def decide(course, **changes):
    facts = {"after_session": 5, "decision": "continue", "reason": "As expected.", "by": course.clinician, "now": NOW}
    return review(course, **facts | changes)


def test_decision_to_go_on_leaves_the_course_as_it_is(course):
    decide(course)

    made = MilestoneReview.objects.get()
    assert (made.after_session, made.decision, made.decided_by, made.decided_at) == (
        5,
        "continue",
        course.clinician,
        NOW,
    )
    course.refresh_from_db()
    assert course.status == Course.Status.ACTIVE


def test_decision_to_stop_ends_the_course_today_and_leaves_its_follow_up(course):
    window = FollowUp.objects.filter(course=course).values_list("opens_on", flat=True)
    before = list(window)

    decide(course, decision="stop", reason="No response.")

    course.refresh_from_db()
    assert (course.status, course.status_on, course.status_reason) == (Course.Status.STOPPED, TODAY, "No response.")
    assert list(window) == before


def test_stopping_when_all_was_given_completes_the_course(course):
    Course.objects.update(planned_sessions=5)

    decide(course, decision="stop", reason="All given.")

    course.refresh_from_db()
    assert course.status == Course.Status.COMPLETED


def test_second_tap_of_two_decides_once(course):
    assert decide(course) == decide(course)
    assert MilestoneReview.objects.count() == 1


def test_other_decision_about_the_same_milestone_is_refused(course):
    decide(course)

    with pytest.raises(ValidationError, match="decided already: continue"):
        decide(course, decision="stop")
    course.refresh_from_db()
    assert course.status == Course.Status.ACTIVE


@pytest.mark.parametrize("reason", ["", "  \n "])
def test_decision_without_a_reason_is_none(course, reason):
    with pytest.raises(ValidationError, match="Say why"):
        decide(course, reason=reason)


@pytest.mark.parametrize("after_session", [1, 4, 10, 15])
def test_milestone_that_the_course_has_not_just_reached_is_refused(course, after_session):
    with pytest.raises(ValidationError, match="stands elsewhere"):
        decide(course, after_session=after_session)


def test_refused_end_writes_no_decision(course):
    SessionFactory(course=course, performed_at=NOW + timedelta(days=2))  # of a clock that went wrong

    with pytest.raises(ValidationError, match="The last session was on 22 June"):
        decide(course, decision="stop")
    assert MilestoneReview.objects.count() == 0


# Its pages.


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


def url(course):
    return reverse("milestone-review", args=[course.public_id])


def form(**changes):
    return {"after_session": "5", "decision": "continue", "reason": "As expected."} | changes


def test_clinician_signs_a_decision_on_the_progress_page(client, clinician, course):
    page = reverse("course-progress", args=[course.public_id])
    assert "Decision after 5 sessions" in client.get(page).content.decode()

    response = client.post(url(course), form(), follow=True)

    assert told(response) == ["The decision after session 5 is signed: the course goes on."]
    assert response.redirect_chain[-1][0] == page
    text = response.content.decode()
    assert "Sign decision" not in text
    assert "As expected." in text


def test_decision_to_change_leads_on_to_the_plan(client, clinician, course):
    response = client.post(url(course), form(decision="change"))

    assert response.url == reverse("course-edit", args=[course.public_id])


def test_going_on_past_the_planned_end_leads_to_the_plan_as_well(client, clinician, course):
    Course.objects.filter(pk=course.pk).update(planned_sessions=5)

    response = client.post(url(course), form(), follow=True)

    assert response.redirect_chain[-1][0] == reverse("course-edit", args=[course.public_id])
    assert told(response) == ["The decision after session 5 is signed. Now say how many sessions are planned."]


def test_page_of_a_refused_decision_leads_back_to_the_course(client, clinician, course):
    page = reverse("course-progress", args=[course.public_id])
    two = TreatmentAreaFactory(code="thigh-back-right")
    course.areas.add(two)

    refused = client.post(url(course) + "?place=thigh-back-right", form(reason="")).content.decode()

    assert f'href="{page}?place=thigh-back-left' in refused
    assert 'aria-current="true">Back thigh, right' in refused
    assert client.get(url(course) + "?place=thigh-back-right").url == f"{page}?place=thigh-back-right"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"decision": ""}, "decision", "This field is required."),
        ({"decision": "cure"}, "decision", "Select a valid choice."),
        ({"reason": ""}, "reason", "This field is required."),
        ({"reason": "x" * 2001}, "reason", "This is 1 character too long."),
        ({"after_session": "x"}, "after_session", "Enter a whole number."),
        ({"after_session": "10"}, "__all__", "The course stands elsewhere by now."),
    ],
)
def test_what_is_no_decision_stays_typed(client, clinician, course, changes, field, words):
    response = client.post(url(course), form(**changes))

    assert words in errors(response)[field][0]
    assert "Nothing you typed is lost." in response.content.decode()
    assert MilestoneReview.objects.count() == 0


def test_nurse_sees_who_decides_and_no_form(client, course):
    signed_in(client, course, Role.STAFF)

    text = client.get(reverse("course-progress", args=[course.public_id])).content.decode()

    assert "Waits for Dr Ines Moreau or another clinician." in text
    assert "Sign decision" not in text
    assert client.post(url(course), form()).status_code == 403
    assert client.get(reverse("milestone-list")).status_code == 403
    assert "Progress reviews due" not in client.get("/").content.decode()


QUERIES = {"due": 9}


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_reviews_due_asks_as_often_for_three_as_for_one(
    client, clinician, course, count, django_assert_num_queries
):
    for _number in range(count - 1):
        treated(CourseFactory(patient__location=course.location), 5)
    client.get("/search/")

    with django_assert_num_queries(QUERIES["due"]):
        response = client.get(reverse("milestone-list"))

    assert len(response.context["page"]) == count


def test_today_counts_the_reviews_due_and_the_list_is_of_the_own_place(client, clinician, course):
    treated(CourseFactory(), 5)

    today, page = client.get("/"), client.get(reverse("milestone-list"))

    assert today.context["reviews"] == 1
    assert [row.pk for row in page.context["page"]] == [course.pk]
    assert "After session 5" in page.content.decode()


def test_the_longest_waiting_comes_first_and_a_decided_one_not_at_all(client, clinician, course):
    early = treated(CourseFactory(patient__location=course.location, planned_sessions=2), 2)
    decided = treated(CourseFactory(patient__location=course.location), 5)
    MilestoneReviewFactory(course=decided)

    page = client.get(reverse("milestone-list")).context["page"]

    assert [row.pk for row in page] == [early.pk, course.pk]


def test_another_clinician_of_the_place_may_decide(client, course):
    other = UserFactory(role=Role.CLINICIAN, locations=[course.location])
    client.force_login(other)

    client.post(url(course), form())

    assert MilestoneReview.objects.get().decided_by == other
