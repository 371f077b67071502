"""Logging and editing a session: what is kept, what is refused, and that nothing typed is lost."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from clinic.models import Location
from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    SessionFactory,
    SideEffectFactory,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in, told
from treatments.models import Appointment, Course, Session, SideEffect

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory(name="Harbour Street"))


@pytest.fixture
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


# What is kept.


def test_nurse_logs_a_session_which_waits_for_signing(client, nurse, course):
    response = client.post(new_url(course), form_of(course, note="Calm."))

    session = Session.objects.get()
    assert response.url == session.get_absolute_url()
    assert session.performed_at == datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
    assert (session.weight_kg, session.pain, session.note) == (Decimal("69.20"), 3, "Calm.")
    assert (session.reactions_asked, session.is_signed) == (Session.Asked.NONE, False)
    assert list(session.areas.all()) == list(course.areas.all())


def test_clinician_logs_and_signs_in_one_tap(client, clinician, course):
    client.post(new_url(course), form_of(course, action="sign"))

    session = Session.objects.get()
    assert (session.signed_by, session.signed_at) == (clinician, NOW)
    assert course.follow_ups.get().window.opens == date(2026, 9, 10)


def test_draft_may_lack_what_signing_asks_for(client, nurse, course):
    client.post(new_url(course), form_of(course, weight_kg="", pain="", reactions=[]))

    session = Session.objects.get()
    assert (session.weight_kg, session.pain, session.reactions_asked) == (None, None, Session.Asked.NOT_ASKED)


def test_reactions_chosen_become_side_effects_of_the_severity_chosen(client, nurse, course):
    form = form_of(course, reactions=["burning", "swelling"], **{"severity-swelling": "moderate"})

    client.post(new_url(course), form)

    found = SideEffect.objects.order_by("kind__code").values_list("kind__code", "severity", "reported_by", "onset_at")
    start = datetime(2026, 3, 10, 18, 0, tzinfo=UTC)
    assert list(found) == [("burning", "mild", "staff", start), ("swelling", "moderate", "staff", start)]
    assert Session.objects.get().reactions_asked == Session.Asked.SOME


def test_reaction_seen_by_the_clinician_is_reported_by_one(client, clinician, course):
    client.post(new_url(course), form_of(course, reactions=["bruising"]))

    assert SideEffect.objects.get().reported_by == SideEffect.Reporter.CLINICIAN


def test_severity_of_a_reaction_not_chosen_means_nothing(client, nurse, course):
    client.post(new_url(course), form_of(course, **{"severity-burning": "severe"}))

    assert SideEffect.objects.count() == 0


def test_reaction_logged_already_is_not_offered_again(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST, reactions_asked="some")
    SideEffectFactory(session=session)

    offered = [code for code, _label in client.get(edit_url(session)).context["form"].fields["reactions"].choices]

    assert "swelling" not in offered
    assert "none" not in offered
    assert "burning" in offered


@pytest.mark.parametrize(
    "note",
    [
        "👩🏽‍⚕️ good 🙂",
        "שלום, العربية",
        "Zoë – “fine”\nsecond line",
        "<script>alert(1)</script>",
        "'; DROP TABLE--",
        "l" * 4000,
    ],
)
def test_note_comes_back_as_it_was_typed(client, nurse, course, note):
    client.post(new_url(course), form_of(course, note=note))

    session = Session.objects.get()
    assert session.note == note
    assert client.get(edit_url(session)).context["form"]["note"].value() == note


def test_script_in_a_note_is_shown_as_text(client, nurse, course):
    client.post(new_url(course), form_of(course, note="<script>alert(1)</script>"))

    shown = client.get(Session.objects.get().get_absolute_url()).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script>alert" not in shown


@pytest.mark.parametrize("pounds", ["152.6", "150.0", "99.9", "333.3"])
def test_weight_in_pounds_comes_back_to_the_tenth(client, pounds):
    here = LocationFactory(unit_system=Location.UnitSystem.IMPERIAL)
    course = CourseFactory(patient__location=here)
    signed_in(client, course, Role.STAFF)

    client.post(new_url(course), form_of(course, weight_kg=pounds))

    session = Session.objects.get()
    assert client.get(edit_url(session)).context["form"]["weight_kg"].value() == pounds
    assert f"{pounds}\N{NO-BREAK SPACE}lb" in client.get(session.get_absolute_url()).content.decode()


def test_editing_a_draft_that_nobody_changes_changes_no_weight(client, nurse):
    here = LocationFactory(unit_system=Location.UnitSystem.IMPERIAL)
    course = CourseFactory(patient__location=here)
    nurse.locations.add(here)
    client.post(new_url(course), form_of(course, weight_kg="152.6"))
    session = Session.objects.get()

    client.post(edit_url(session), form_of(course, weight_kg="152.6", version=session.version))

    assert Session.objects.get().weight_kg == session.weight_kg


def test_form_sent_twice_makes_one_session_and_one_reaction(client, nurse, course):
    form = form_of(course, reactions=["burning"])

    first, second = client.post(new_url(course), form), client.post(new_url(course), form)

    assert first.url == second.url
    assert (Session.objects.count(), SideEffect.objects.count()) == (1, 1)


# What is refused, in words, at its field.


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"performed_at": "2026-03-01T10:00"},
            {"performed_at": ["The course starts on 2 March 2026. A session is not before that."]},
        ),
        ({"performed_at": "2026-03-10T11:31"}, {"performed_at": ["10 March 2026, 11:31 is in the future."]}),
        ({"performed_at": ""}, {"performed_at": ["This field is required."]}),
        ({"areas": []}, {"areas": ["Choose the areas treated."]}),
        ({"pain": "11"}, {"pain": ["Ensure this value is less than or equal to 10."]}),
        ({"pain": "-1"}, {"pain": ["Ensure this value is greater than or equal to 0."]}),
        ({"reactions": ["none", "burning"]}, {"reactions": ["“None” and a reaction exclude each other."]}),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(client, nurse, course, changes, told):
    response = client.post(new_url(course), form_of(course, **changes))

    assert errors(response) == told
    assert Session.objects.count() == 0


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("weight_kg", "-5"),
        ("weight_kg", "0"),
        ("weight_kg", "2000"),
        ("weight_kg", "69,2"),
        ("weight_kg", "1e9999"),
        ("depth_mm", "-1"),
        ("depth_mm", "26"),
        ("depth_mm", "4.25"),
        ("pain", "3.5"),
        ("performed_by", "999999"),
        ("performed_by", "99999999999999999999999999"),
        ("areas", "999999"),
        ("technique", "acupuncture"),
        ("reactions", "hiccups"),
        ("performed_at", "yesterday"),
        ("performed_at", "2026-03-08T02:30"),  # skipped when the clocks went forward
        ("performed_at", "0001-01-01T00:00"),
        ("performed_at", "9999-12-31T23:59"),
        ("performed_at", "2199-12-31T23:59"),
        ("form_token", "again"),
        ("needle", "30G\x00"),
        ("note", "NUL \x00 inside"),
        ("note", "escape \x1b[31m"),
        ("weight_kg", "6\x009"),
        ("areas", "\x00"),
        ("technique", "\x00"),
        ("reactions", "\x00"),
    ],
)
def test_nonsense_is_refused_at_its_field_and_nothing_typed_is_lost(client, nurse, course, field, typed):
    response = client.post(new_url(course), form_of(course, **{"needle": "30G, 4 mm", field: typed}))

    form = response.context["form"]
    assert list(form.errors) == [field]
    assert form.data[field] == typed
    if field != "needle":
        assert 'value="30G, 4 mm"' in response.content.decode()
    assert Session.objects.count() == 0


def test_note_that_is_too_long_stays_in_the_field_with_what_is_too_much(client, nurse, course):
    note = "long " * 1000

    response = client.post(new_url(course), form_of(course, note=note))

    assert errors(response) == {"note": ["This is 999 characters too long. There is room for 4,000."]}
    assert note.strip() in response.content.decode()
    assert 'maxlength="4000"' not in response.content.decode()


def test_weight_out_of_range_is_told_in_the_units_of_the_place(client):
    here = LocationFactory(unit_system=Location.UnitSystem.IMPERIAL)
    course = CourseFactory(patient__location=here)
    signed_in(client, course, Role.STAFF)

    response = client.post(new_url(course), form_of(course, weight_kg="31"))

    assert errors(response) == {"weight_kg": ["A weight is between 55.2 and 771.6 lb."]}


def test_early_session_asks_for_a_reason_and_takes_it(client, nurse, course):
    SessionFactory(course=course, performed_at=datetime(2026, 3, 6, 18, 0, tzinfo=UTC))

    refused = client.post(new_url(course), form_of(course))
    accepted = client.post(new_url(course), form_of(course, early_reason="Travels next week."))

    words = "The last session was on 6 March; the next is from 13 March on. Say why this one is earlier."
    assert errors(refused) == {"early_reason": [words]}
    assert '<input type="hidden" name="early_reason"' not in refused.content.decode()
    assert accepted.status_code == 302
    assert Session.objects.latest("pk").early_reason == "Travels next week."


def test_field_for_the_reason_is_there_when_today_is_early(client, nurse, course):
    SessionFactory(course=course, performed_at=datetime(2026, 3, 6, 18, 0, tzinfo=UTC))

    assert 'type="hidden" name="early_reason"' not in client.get(new_url(course)).content.decode()


def test_session_of_the_seventh_day_is_not_early(client, nurse, course):
    SessionFactory(course=course, performed_at=datetime(2026, 3, 4, 6, 0, tzinfo=UTC))  # 3 March in Los Angeles

    assert client.post(new_url(course), form_of(course)).status_code == 302


def test_paused_course_takes_no_session(client, nurse, course):
    Course.objects.filter(pk=course.pk).update(status="paused", status_reason="Pregnant.")

    words = "The course is paused. Resume it before the next session."

    opened = client.get(new_url(course), follow=True)
    sent = client.post(new_url(course), form_of(course, note="Typed for minutes."))

    assert told(opened) == errors(sent)["__all__"] == [words]
    assert "Typed for minutes." in sent.content.decode()
    assert Session.objects.count() == 0


# The appointment it was given at.


@pytest.mark.parametrize("status", [Appointment.Status.ARRIVED, Appointment.Status.IN_ROOM])
def test_appointment_is_done_when_its_session_is_logged(client, nurse, course, status):
    appointment = AppointmentFactory(course=course, starts_at=NOW - timedelta(minutes=30), status=status)

    client.post(f"{new_url(course)}?appointment={appointment.public_id}", form_of(course))

    assert Appointment.objects.get().status == Appointment.Status.DONE
    assert Session.objects.get().appointment == appointment


@pytest.mark.parametrize("named", ["nonsense", "", "3f2c9a54-0d1b-4a57-9b6e-6f5f0c1f2b11"])
def test_session_named_with_no_appointment_of_the_patient_has_none(client, nurse, course, named):
    client.post(f"{new_url(course)}?appointment={named}", form_of(course))

    assert Session.objects.get().appointment is None


def test_appointment_of_somebody_else_is_not_taken(client, nurse, course):
    other = AppointmentFactory(status="in-room", course__patient__location=course.location)

    client.post(f"{new_url(course)}?appointment={other.public_id}", form_of(course))

    assert Session.objects.get().appointment is None
    assert Appointment.objects.get().status == "in-room"


# Numbers on the pages.


def test_draft_after_the_end_of_the_course_is_a_follow_up_treatment(client, nurse, course):
    FollowUpFactory(course=course)
    Course.objects.filter(pk=course.pk).update(status="completed", status_on=date(2026, 3, 5))

    client.post(new_url(course), form_of(course))

    draft = Session.objects.latest("pk")
    assert re.search(r"<h1>\s*Follow-up treatment\s*</h1>", client.get(draft.get_absolute_url()).content.decode())
