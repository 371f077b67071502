"""What becomes of a draft: a clinician signs it, two people change it at once, and a list holds it until signed."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, SessionFactory, WorkingCopyFactory, make_ready
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in, told
from treatments.models import Session, SideEffect

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


# Signing.


@pytest.mark.parametrize(
    ("lacks", "field", "told"),
    [
        ({"pain": ""}, "pain", "Ask for the pain, 0 to 10, or say why not."),
        ({"weight_kg": ""}, "weight_kg", "Weigh the patient, or say why not."),
        ({"reactions": []}, "reactions", "Ask for reactions, and say “None” if there is none."),
    ],
)
def test_signing_asks_for_what_is_missing(client, clinician, course, lacks, field, told):
    response = client.post(new_url(course), form_of(course, action="sign", **lacks))

    assert errors(response) == {field: [told]}
    assert Session.objects.count() == 0


def test_session_without_weight_and_pain_is_signed_with_the_reason_and_no_invented_number(client, clinician, course):
    form = form_of(course, action="sign", weight_kg="", pain="", unmeasured_reason="Scales broken.")

    client.post(new_url(course), form)

    session = Session.objects.get()
    assert (session.is_signed, session.weight_kg, session.pain) == (True, None, None)
    assert "Scales broken." in client.get(session.get_absolute_url()).content.decode()


def test_nurse_sees_no_way_to_sign(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST)

    pages = [
        client.get(url).content.decode() for url in (new_url(course), edit_url(session), session.get_absolute_url())
    ]

    assert not any('value="sign"' in page or "/sign/" in page for page in pages)


def test_nurse_who_says_sign_saves_a_draft(client, nurse, course):
    client.post(new_url(course), form_of(course, action="sign"))

    assert not Session.objects.get().is_signed


def test_nurse_who_posts_to_sign_is_refused(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST)

    response = client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})

    assert response.status_code == 403
    assert not Session.objects.get().is_signed


@pytest.fixture
def draft(course):
    """Return a session that lacks nothing, of somebody who may be treated."""
    make_ready(course)
    return SessionFactory(course=course, performed_at=FIRST, given=True)


def sign(client, session, version):
    return client.post(reverse("session-sign", args=[session.public_id]), {"version": version}, follow=True)


def test_clinician_signs_a_draft_as_it_stands(client, clinician, draft):
    assert told(sign(client, draft, draft.version)) == ["The session is signed."]
    assert Session.objects.get().signed_by == clinician


def test_signing_what_somebody_changed_meanwhile_is_refused(client, clinician, draft):
    Session.objects.get().save_over(draft.version)

    assert told(sign(client, draft, draft.version)) == [
        "Somebody changed this session meanwhile. Read it again, then sign."
    ]
    assert not Session.objects.get().is_signed


@pytest.mark.parametrize("version", ["", "x", "-1", "٣", "9" * 30, "9" * 5000])
def test_signing_without_a_version_is_refused(client, clinician, draft, version):
    sign(client, draft, version)

    assert not Session.objects.get().is_signed


def test_signing_twice_is_signing_once(client, clinician, course, draft):
    sign(client, draft, 1)

    assert told(sign(client, draft, 2)) == [f"{clinician.get_full_name()} signed this session already."]
    assert course.follow_ups.count() == 1


def test_signing_a_draft_that_lacks_something_says_what(client, clinician, course):
    session = SessionFactory(course=course, performed_at=FIRST, weight_kg=None, pain=None, given=True)

    words = "Weigh the patient, or say why not. Ask for the pain, 0 to 10, or say why not."
    assert told(sign(client, session, 1)) == [words]


def test_signed_session_changes_by_an_amendment_alone(client, clinician, course):
    session = SessionFactory(course=course, performed_at=FIRST, signed=True)

    opened = client.get(edit_url(session), follow=True)
    sent = client.post(edit_url(session), form_of(course, note="Typed for minutes.", version=session.version))

    assert told(opened) == errors(sent)["__all__"] == ["This session is signed. It is changed by an amendment."]
    assert edit_url(session) not in opened.content.decode()
    assert "Typed for minutes." in sent.content.decode()
    assert Session.objects.get().note == ""


# Two people at once (rule 13).


def test_save_over_a_newer_version_shows_both_and_loses_nothing(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST, note="First.")
    theirs = Session.objects.get()
    theirs.note = "Theirs."
    theirs.save_over(1)

    response = client.post(
        edit_url(session), form_of(course, performed_at="2026-03-02T07:00", note="Mine.", version=1)
    )

    conflict = response.context["form"].conflict
    rows = {row.label: (row.theirs, row.mine) for row in conflict.rows if row.differs}
    assert rows["Note"] == ("Theirs.", "Mine.")
    assert "Pain during injection" not in rows
    page = response.content.decode()
    assert "Theirs." in page
    assert "Mine." in page
    assert Session.objects.get().note == "Theirs."


def test_saving_again_with_both_in_view_stores_mine(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST)
    Session.objects.get().save_over(1)
    form = form_of(course, performed_at="2026-03-02T07:00", note="Mine.", version=1)
    refused = client.post(edit_url(session), form)

    client.post(edit_url(session), form | {"version": refused.context["form"]["version"].value()})

    assert (Session.objects.get().note, Session.objects.get().version) == ("Mine.", 3)


def test_conflict_keeps_the_reactions_chosen(client, nurse, course):
    session = SessionFactory(course=course, performed_at=FIRST)
    Session.objects.get().save_over(1)
    form = form_of(course, performed_at="2026-03-02T07:00", reactions=["burning"], version=1)
    form["severity-burning"] = "moderate"
    refused = client.post(edit_url(session), form)

    client.post(edit_url(session), form | {"version": refused.context["form"]["version"].value()})

    assert SideEffect.objects.get().severity == "moderate"


# The list of those that wait.


QUERIES = {"unsigned": 9}


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_unsigned_sessions_asks_as_often_for_three_as_for_one(
    client, nurse, course, count, django_assert_num_queries
):
    for _number in range(count):
        other = SessionFactory(course__patient__location=course.location).course
        WorkingCopyFactory(course=other)
    client.get("/search/")

    with django_assert_num_queries(QUERIES["unsigned"]):
        response = client.get(reverse("session-unsigned"))

    assert len(response.context["page"]) == len(response.context["copies"]) == count


def test_list_of_unsigned_sessions_shows_the_oldest_first_and_no_signed_one(client, nurse, course):
    late = SessionFactory(course=course, performed_at=FIRST + timedelta(days=7))
    early = SessionFactory(course=course, performed_at=FIRST)
    SessionFactory(course=course, performed_at=FIRST + timedelta(days=1), signed=True)

    shown = client.get(reverse("session-unsigned")).context["page"]

    assert [(session.pk, session.number) for session in shown] == [(early.pk, 1), (late.pk, 3)]
