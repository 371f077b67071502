import csv
import uuid
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.urls import reverse
from pytest_django.asserts import assertContains

from clinic.roles import Role
from tests.factories import (
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    ReminderFactory,
    ReturnFactory,
    SessionFactory,
    UserFactory,
)
from tests.searching import find, found_at
from treatments.models import ContactAttempt, FollowUp

NOW = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)  # 09:00 in Los Angeles
LAST = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
LIST = "/follow-ups/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here(db):
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def nurse(client, here):
    user = UserFactory(role=Role.STAFF, title="Nurse", last_name="Park", locations=[here])
    client.force_login(user)
    return user


def due(here, opens=date(2026, 9, 2), closes=date(2026, 11, 2), protocol="Cellulite", **patient):
    course = CourseFactory(
        patient=PatientFactory(location=here, **patient), protocol__name=protocol, clinician__locations=[here]
    )
    SessionFactory(course=course, performed_at=LAST, signed=True)
    return FollowUpFactory(course=course, opens_on=opens, closes_on=closes)


def contact_url(follow_up):
    return reverse("follow-up-contact", args=[follow_up.public_id])


def a_call(outcome, **changes):
    return {"form_token": str(uuid.uuid4()), "outcome": outcome} | changes


def listed(client, **query):
    return [call.follow_up for call in client.get(LIST, query).context["calls"]]


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_due_ones_stand_in_the_order_their_windows_close(client, nurse, here):
    later = due(here)
    sooner = due(here, closes=date(2026, 9, 30))
    calls = client.get(LIST).context["calls"]
    assert [(call.follow_up, call.group) for call in calls] == [
        (sooner, "Closes in two weeks"),
        (later, "Open now"),
    ]


def test_row_says_what_a_caller_needs(client, nurse, here):
    follow_up = due(here, phone="+14155550117")
    ContactAttemptFactory(
        follow_up=follow_up, made_at=datetime(2026, 9, 18, 0, 10, tzinfo=UTC), next_try_on=NOW.date()
    )
    ReminderFactory(follow_up=follow_up, address="a@x.example")
    response = client.get(LIST)
    (call,) = response.context["calls"]
    assert (call.treated, call.window_caption, call.ended) == ("Cellulite, 1 session", "to 2 Nov", "2 Mar")
    assert (call.next_try, call.reminder) == ("next try today", "Message sent 2 Sep")
    assertContains(response, "No answer, 17 Sep 17:10")


@pytest.mark.parametrize(
    ("state", "opens", "closes", "caption"),
    [
        ("due", date(2026, 8, 1), date(2026, 10, 4), "closes 4 Oct"),
        ("due", date(2026, 8, 1), date(2026, 10, 5), "to 5 Oct"),
        ("overdue", date(2026, 7, 1), date(2026, 9, 19), "closed 19 Sep"),
        ("upcoming", date(2026, 9, 21), date(2027, 1, 21), "opens 21 Sep"),
    ],
)
def test_window_is_said_from_today(client, nurse, here, state, opens, closes, caption):
    due(here, opens=opens, closes=closes)
    (call,) = client.get(LIST, {"state": state}).context["calls"]
    assert call.window_caption == caption


def test_booked_people_leave_the_calls(client, nurse, here):
    follow_up = due(here)
    ReturnFactory(follow_up=follow_up, starts_at=datetime(2026, 9, 25, 16, 0, tzinfo=UTC))
    assert (listed(client), listed(client, state="booked")) == ([], [follow_up])


@pytest.mark.parametrize("gone", [{"deceased_on": date(2026, 9, 1)}, {"archived_at": NOW}], ids=str)
@pytest.mark.parametrize("closes", [date(2026, 9, 1), date(2026, 11, 2)])
def test_people_who_died_or_left_are_never_to_be_called(client, nurse, here, gone, closes):
    follow_up = due(here, opens=date(2026, 8, 1), closes=closes, **gone)
    assert [listed(client, state=state) for state in ["due", "overdue", "upcoming"]] == [[], [], []]
    (call,) = client.get(LIST, {"state": "not wanted"}).context["calls"]
    assert (call.follow_up, call.can_be_called, call.has_more) == (follow_up, False, False)


@pytest.mark.parametrize(
    ("gone", "offered"),
    [
        ({}, True),
        ({"erasure_decided_at": NOW}, False),
        ({"restricted_at": NOW, "restriction_reason": "Asked."}, False),
        ({"archived_at": NOW}, False),
    ],
)
def test_call_is_offered_on_a_record_and_its_course_only_where_somebody_calls(client, nurse, here, gone, offered):
    follow_up = due(here, **gone)
    pages = [client.get(each.get_absolute_url()) for each in (follow_up.course.patient, follow_up.course)]

    assert [contact_url(follow_up) in page.content.decode() for page in pages] == [offered, offered]


def test_no_answer_takes_one_tap_and_comes_back_to_the_list(client, nurse, here):
    follow_up = due(here, given_name="Ana", family_name="Petrova")
    here_is = found_at(client, LIST, "petrova")
    (call,) = client.get(here_is).context["calls"]
    data = {"outcome": "no-answer", "form_token": str(call.token), "next": here_is}
    response = client.post(contact_url(follow_up), data, follow=True)
    assert response.redirect_chain == [(here_is, 302)]
    assert said(response) == ["No answer logged for Ana Petrova. Next try tomorrow."]
    attempt = ContactAttempt.objects.get()
    assert (attempt.made_by, attempt.made_at, attempt.next_try_on) == (nurse, NOW, date(2026, 9, 21))


def test_double_tap_logs_one_attempt(client, nurse, here):
    follow_up = due(here)
    data = a_call("no-answer")
    responses = [client.post(contact_url(follow_up), data) for _tap in range(2)]
    assert [response.status_code for response in responses] == [302, 302]
    assert ContactAttempt.objects.count() == 1


@pytest.mark.parametrize("address", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_way_back_stays_on_our_pages(client, nurse, here, address):
    response = client.post(contact_url(due(here)), a_call("declined", next=address))
    assert response.url == LIST


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("no-answer", "due"),
        ("declined", "declined"),
        ("wrong-number", "unreachable"),
        ("do-not-contact", "not wanted"),
    ],
)
def test_outcome_of_a_call_decides_where_it_stands(client, nurse, here, outcome, state):
    follow_up = due(here)
    client.post(contact_url(follow_up), a_call(outcome))
    assert listed(client, state=state) == [follow_up]


def test_do_not_contact_withdraws_the_permission_and_keeps_its_history(client, nurse, here):
    follow_up = due(here, contact_permission=True)
    client.post(contact_url(follow_up), a_call("do-not-contact"))
    patient = FollowUp.objects.get().course.patient
    assert (patient.contact_permission, patient.version) == (False, 2)
    latest = patient.history.first()
    assert (latest.history_user, latest.history_change_reason) == (nurse, "Do not contact")


@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"outcome": "call-back"}, {"next_try_on": ["Choose the day to call back."]}),
        ({"outcome": "call-back", "next_try_on": "2026-09-19"}, {"next_try_on": ["19 September 2026 is past."]}),
        (
            {"outcome": "call-back", "next_try_on": "2027-09-22"},
            {"next_try_on": ["22 September 2027 is more than a year ahead."]},
        ),
        ({"outcome": ""}, {"outcome": ["Choose what came of it."]}),
        (
            {"note": "\x1b"},
            {"note": ["Character 1 cannot be shown. Delete it and type what you meant."]},
        ),
    ],
    ids=str,
)
def test_impossible_attempt_is_refused_at_its_field(client, nurse, here, typed, errors):
    response = client.post(contact_url(due(here)), a_call("no-answer") | typed)
    assert response.context["form"].errors == errors
    assert not ContactAttempt.objects.exists()


def test_call_list_narrows_by_indication_and_name(client, nurse, here):
    scars = due(here, protocol="Scars", family_name="Mensah")
    due(here, family_name="Monteiro")
    assert listed(client, indication="scars") == [scars]
    assert [call.follow_up for call in find(client, LIST, "mensah").context["calls"]] == [scars]


def test_call_list_narrows_by_location(client, here):
    there = LocationFactory(name="Old Mill")
    client.force_login(UserFactory(role=Role.STAFF, locations=[here, there]))
    due(here)
    other = due(there)
    assert listed(client, location=str(there.public_id)) == [other]


def test_people_of_other_locations_are_not_listed_and_not_found(client, nurse, here):
    other = due(LocationFactory())
    assert listed(client) == []
    assert client.get(contact_url(other)).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("state", ["due", "overdue", "upcoming", "not wanted"])
def test_call_list_costs_the_same_however_long_it_is(client, nurse, here, django_assert_num_queries, state, count):
    windows = {"overdue": (date(2026, 7, 1), date(2026, 9, 1)), "upcoming": (date(2026, 10, 1), date(2026, 12, 1))}
    for _row in range(count):
        gone = {"archived_at": NOW} if state == "not wanted" else {}
        opens, closes = windows.get(state, (date(2026, 9, 2), date(2026, 11, 2)))
        due(here, opens=opens, closes=closes, **gone)
    with django_assert_num_queries(13):
        response = client.get(LIST, {"state": state})
    assert len(response.context["calls"]) == count


@pytest.mark.parametrize("state", ["due", "upcoming", "attended"])
def test_pages_of_the_call_list_follow_each_other(client, nurse, here, state):
    course = due(here).course
    FollowUp.objects.all().delete()
    opens = date(2026, 9, 21) if state == "upcoming" else date(2026, 9, 2)
    rows = [
        FollowUpFactory(course=course, number=number, opens_on=opens, closes_on=date(2026, 11, 2))
        for number in range(1, 31)
    ]
    if state == "attended":
        for row in rows:
            SessionFactory(course=course, follow_up=row, signed=True, performed_at=NOW)
        rows.reverse()
    first = client.get(LIST, {"state": state})
    second = client.get(LIST + first.context["page"].next)
    assert [*first.context["page"], *second.context["page"]] == rows


def read_csv(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(text.splitlines()))


def test_csv_holds_the_rows_of_the_tab(client, nurse, here):
    due(here, given_name="Ana", family_name="Petrova")
    due(here, opens=date(2026, 10, 1))
    _head, row = read_csv(client.get(LIST, {"format": "csv"}))
    assert row == [
        "Ana Petrova",
        FollowUp.objects.first().course.patient.record_number,
        "",
        "Cellulite",
        "1",
        "2026-03-02",
        "2026-09-02",
        "2026-11-02",
        "",
        "",
        "",
        "Harbour Street",
        "",
    ]


@pytest.mark.parametrize("start", list("=+-@|＝＋－＠"))
def test_csv_computes_nothing(client, nurse, here, start):
    due(here, given_name=f'{start}HYPERLINK("https://evil.example")', family_name="Petrova")
    _head, row = read_csv(client.get(LIST, {"format": "csv"}))
    assert row[0].startswith(f"'{start}HYPERLINK")


def test_csv_writes_days_as_they_were_at_the_location(client, nurse, here):
    follow_up = due(here)
    ContactAttemptFactory(follow_up=follow_up, made_at=datetime(2026, 9, 19, 2, 0, tzinfo=UTC))
    _head, row = read_csv(client.get(LIST, {"format": "csv"}))
    assert row[8:10] == ["2026-09-18", "No answer"]


def test_navigation_counts_due_and_overdue(client, nurse, here):
    due(here)
    due(here, opens=date(2026, 7, 1), closes=date(2026, 9, 1))
    due(here, opens=date(2026, 10, 1))
    nav = client.get(LIST).context["nav"]
    assert next(item.count for item in nav if item.url == LIST) == 2
