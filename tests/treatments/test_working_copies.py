"""What is typed of a session and not saved yet: kept for whoever goes on with it, and written over by nobody."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    SessionFactory,
    UserFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, form_of, new_url, signed_in, told
from treatments.models import Session, WorkingCopy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def course():
    return make_ready(CourseFactory(patient__location=LocationFactory(name="Harbour Street")))


@pytest.fixture(autouse=True)
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


def keep_url(course):
    return reverse("session-keep-new", args=[course.public_id])


def keep_draft_url(session):
    return reverse("session-keep", args=[session.public_id])


def typed(page="one", **fields):
    """Return what a page sends while it is typed into: far from a whole session."""
    return {"page": page, "copy_version": "0", **fields}


def kept(course):
    return WorkingCopy.objects.open().get(course=course)


def note_in(response):
    return response.context["form"]["note"].value()


# Kept and shown again.


def test_what_is_typed_is_kept_and_the_page_says_when(client, nurse, course):
    response = client.post(keep_url(course), typed(note="Half a no", **{"drawn-0": "2."}))

    copy = kept(course)
    assert copy.typed == {"page": ["one"], "note": ["Half a no"], "drawn-0": ["2."]}
    assert (copy.typed_by, copy.session) == (nurse, None)
    assert "Draft kept 11:30." in response.content.decode()
    assert not Session.objects.exists()


def test_answer_says_what_is_left_and_what_stands_against_signing(client, course):
    whole_form = form_of(course, page="one")
    asked = [name for name in whole_form if name.startswith(("screening-", "source-", "drawn-"))]
    blank = dict.fromkeys([*asked, "weight_kg", "pain"], "") | {"areas": [], "reactions": []}
    bare = client.post(keep_url(course), whole_form | blank)
    whole = client.post(keep_url(course), whole_form)

    assert bare.context["page"].count_left == 6
    assert "6 things left before signing." in bare.content.decode()
    assert whole.context["page"].count_left == 0


def test_page_opened_again_goes_on_with_what_was_typed(client, course, clock):
    client.post(keep_url(course), typed(note="Half a no", weight_kg="69.", reactions=["burning", "swelling"]))
    clock.shift(timedelta(hours=3))
    signed_in(client, course, Role.STAFF)  # whoever it is

    response = client.get(new_url(course))

    form = response.context["form"]
    assert [form[name].value() for name in ("note", "weight_kg", "reactions")] == [
        "Half a no",
        "69.",
        ["burning", "swelling"],
    ]
    assert "Goes on from what Ines Moreau typed, 10 Mar, 11:30." in response.content.decode()


def test_page_is_kept_over_its_own_earlier_copy_as_often_as_it_likes(client, course):
    for note in ("C", "Ca", "Calm", "Calm."):
        client.post(keep_url(course), typed(note=note))

    assert WorkingCopy.objects.count() == 1
    assert kept(course).typed["note"] == ["Calm."]


def test_another_person_goes_on_with_it_from_the_version_they_read(client, course):
    client.post(keep_url(course), typed(note="Half a no"))
    colleague = signed_in(client, course, Role.STAFF)
    opened = client.get(new_url(course))
    assert note_in(opened) == "Half a no"

    client.post(keep_url(course), typed("two", copy_version=opened.context["copy_version"], note="Half a note."))

    assert (kept(course).typed["note"], kept(course).typed_by) == (["Half a note."], colleague)


def test_sessions_to_sign_lists_what_is_being_typed(client, course):
    client.post(keep_url(course), typed(note="Half a no"))

    page = client.get(reverse("session-unsigned"))

    assert list(page.context["copies"]) == [kept(course)]


# Two pages.


def test_another_page_sees_both_versions_and_writes_over_nothing(client, course):
    client.post(keep_url(course), typed("one", note="From one.", pain="3"))

    response = client.post(keep_url(course), typed("two", note="From two.", pain="3"))

    rows = [(row.label, row.theirs, row.mine) for row in response.context["other"]["rows"]]
    assert rows == [("Note", "From one.", "From two.")]
    assert "Ines Moreau types this session on another page, last at 11:30." in response.content.decode()
    assert kept(course).typed["note"] == ["From one."]


def test_another_page_keeps_its_own_when_that_is_meant(client, course):
    client.post(keep_url(course), typed("one", note="From one."))

    client.post(f"{keep_url(course)}?force", typed("two", note="From two."))
    late = client.post(keep_url(course), typed("one", note="From one again."))

    assert kept(course).typed["note"] == ["From two."]
    assert late.context["other"]["rows"]


def test_page_is_not_saved_over_what_another_types_either(client, course):
    client.post(keep_url(course), typed("one", note="From one."))
    form = form_of(course, page="two", copy_version="0", note="From two.")

    refused = client.post(new_url(course), form)
    assert (refused.status_code, note_in(refused), Session.objects.count()) == (200, "From two.", 0)
    assert "Save what stands here" in refused.content.decode()

    client.post(f"{new_url(course)}?force", form)
    assert Session.objects.get().note == "From two."
    assert not WorkingCopy.objects.open().exists()


def test_same_as_last_is_not_filled_in_over_what_another_page_types(client, course):
    SessionFactory(course=course, performed_at=FIRST, signed=True)
    client.post(keep_url(course), typed("one", note="From one."))

    response = client.post(new_url(course), typed("two", action="same", note="From two."))

    assert response.context["other"]["rows"]
    assert kept(course).typed["note"] == ["From one."]


# Saved.


def test_saving_closes_it(client, course):
    form = form_of(course, page="one", note="Calm.")
    client.post(keep_url(course), form)

    client.post(new_url(course), form)

    assert Session.objects.get().note == "Calm."
    assert WorkingCopy.objects.get().closed_at == NOW
    assert client.get(new_url(course)).context["copy"] is None


def test_page_that_was_saved_elsewhere_is_told_so_and_where(client, course):
    form = form_of(course, page="one")
    client.post(new_url(course), form)

    response = client.post(keep_url(course), form | {"note": "One thing more."})

    page = response.content.decode()
    assert "This session is saved already, from another page." in page
    assert Session.objects.get().get_absolute_url() in page
    assert not WorkingCopy.objects.open().exists()


def test_refused_save_keeps_the_working_copy(client, course):
    form = form_of(course, page="one", note="Calm.", **{"drawn-0": "-1"})
    client.post(keep_url(course), form)

    client.post(new_url(course), form)

    assert kept(course).typed["note"] == ["Calm."]


# Given up.


def test_discarded_copy_can_be_taken_up_again(client, course):
    client.post(keep_url(course), typed(note="Half a no"))
    copy = kept(course)

    response = client.post(reverse("working-copy-discard", args=[copy.public_id]))
    assert response.url == course.get_absolute_url()
    assert told(client.get(response.url)) == ["What was typed is discarded."]
    assert client.get(new_url(course)).context["copy"] is None

    response = client.post(reverse("working-copy-reopen", args=[copy.public_id]))
    assert response.url == new_url(course)
    assert note_in(client.get(response.url)) == "Half a no"


def test_discarding_twice_is_discarding_once(client, course):
    client.post(keep_url(course), typed(note="Half a no"))
    url = reverse("working-copy-discard", args=[kept(course).public_id])

    assert [client.post(url).status_code for _tap in range(2)] == [302, 302]
    assert WorkingCopy.objects.get().closed_at == NOW


def test_discarded_copy_is_not_taken_up_over_another_that_was_begun(client, course):
    client.post(keep_url(course), typed(note="The first."))
    first = kept(course)
    client.post(reverse("working-copy-discard", args=[first.public_id]))
    client.post(keep_url(course), typed("two", note="The second."))

    response = client.post(reverse("working-copy-reopen", args=[first.public_id]))

    assert "Another session is being typed meanwhile." in told(client.get(response.url))
    assert kept(course).typed["note"] == ["The second."]


def test_copy_whose_session_is_saved_is_not_taken_up_again(client, course):
    form = form_of(course, page="one")
    client.post(keep_url(course), form)
    client.post(new_url(course), form)

    response = client.post(reverse("working-copy-reopen", args=[WorkingCopy.objects.get().public_id]))

    assert "The session is saved already." in told(client.get(response.url))
    assert not WorkingCopy.objects.open().exists()


# Of a draft, and of an amendment.


def test_edit_of_a_draft_is_kept_beside_the_draft(client, course):
    session = SessionFactory(course=course, performed_at=FIRST, given=True, note="As saved.")

    client.post(keep_draft_url(session), typed(note="As typed", version=session.version))

    session.refresh_from_db()
    assert session.note == "As saved."
    assert note_in(client.get(edit_url(session))) == "As typed"
    assert client.get(new_url(course)).context["copy"] is None


def test_copy_of_a_signed_session_is_refused_and_the_page_says_where_it_is(client, course):
    session = SessionFactory(course=course, performed_at=FIRST, given=True, signed=True)

    response = client.post(keep_draft_url(session), typed(note="Too late"))

    assert "This session was saved, signed or taken back meanwhile." in response.content.decode()
    assert not WorkingCopy.objects.exists()


def test_amendment_is_kept_while_a_clinician_types_it_and_not_for_a_nurse(client, course):
    session = SessionFactory(course=course, performed_at=FIRST, given=True, signed=True)
    url = reverse("session-keep-amendment", args=[session.public_id])
    assert client.post(url, typed(note="No")).status_code == 403

    signed_in(client, course, Role.CLINICIAN)
    client.post(url, typed(note="Amended", reason="Misread", version=session.version))

    form = client.get(reverse("session-amend", args=[session.public_id])).context["form"]
    assert (form["note"].value(), form["reason"].value()) == ("Amended", "Misread")


def test_copy_of_a_session_that_was_taken_back_is_refused(client, course):
    session = SessionFactory(
        course=course,
        performed_at=FIRST,
        entered_in_error_at=NOW,
        entered_in_error_by=course.clinician,
        entered_in_error_reason="Another patient.",
    )

    client.post(keep_draft_url(session), typed(note="Too late"))

    assert not WorkingCopy.objects.exists()


# What nobody types.


@pytest.mark.parametrize(
    "garbage",
    [
        {"drawn-0": "NaN", "source-0": "zebra", "weight_kg": "-1e999", "performed_at": "then"},
        {"performed_at": "9999-12-31T23:59", "next_at": "0001-01-01T00:00"},
        {"areas": ["x", "1e9", "-1"], "performed_by": "nobody", "reactions": ["none", "fireworks"]},
        {"map-thigh-back-left": "[" * 3000, "points-thigh-back-left": "9" * 400},
        {"form_token": "no token", "copy_version": "abc", "version": "x", "page": "x" * 5000},
        {"no such field": "kept all the same", "<script>": "alert(1)"},
        {"asked_back": "perhaps", "screening-pregnancy": "perhaps", "pain": "11"},
        {"override-consent": "x" * 5000, "override-": "y"},
        {"note": "שלום 李 👩‍⚕️ \u202e", "drawn-0": "١٫٥"},
    ],
)
def test_garbage_is_kept_as_it_was_typed_and_shown_again(client, course, garbage):
    form = form_of(course, page="one") | garbage

    assert client.post(keep_url(course), form).status_code == 200
    assert client.get(new_url(course)).status_code == 200
    assert kept(course).typed["note"] == [form["note"]]


@pytest.mark.parametrize("field", ["note", "override-consent", "needle"])
def test_character_that_no_database_keeps_is_no_fault_of_the_page(client, course, field):
    response = client.post(keep_url(course), typed(**{field: "a\x00b"}))

    assert response.status_code in {200, 400}
    assert client.get(new_url(course)).status_code == 200


def test_field_whose_name_no_database_keeps_is_passed_over(client, course):
    response = client.post(keep_url(course), typed(note="Calm.", **{"a\x00b": "c"}))

    assert response.status_code == 200
    assert kept(course).typed == {"page": ["one"], "note": ["Calm."]}


def test_two_megabytes_of_text_are_refused_or_kept_and_never_a_fault(client, course):
    client.post(keep_url(course), typed(note="Half a no"))

    response = client.post(keep_url(course), typed(note="x" * 2_000_000))

    assert response.status_code in {200, 400, 413}
    assert client.get(new_url(course)).status_code == 200
    assert len(kept(course).typed["note"][0]) in {len("Half a no"), 2_000_000}


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_a_sending_is_kept(client, course, method):
    assert getattr(client, method)(keep_url(course)).status_code == 405


# Whose it is.


def test_person_of_another_place_finds_nothing_to_keep_discard_or_take_up(client, course):
    client.post(keep_url(course), typed(note="Half a no"))
    copy, draft = kept(course), SessionFactory(course=course, performed_at=FIRST)
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[LocationFactory()]))

    addresses = [
        keep_url(course),
        keep_draft_url(draft),
        reverse("session-keep-amendment", args=[draft.public_id]),
        *(reverse(f"working-copy-{act}", args=[copy.public_id]) for act in ("discard", "reopen")),
        reverse("working-copy-discard", args=[uuid.uuid4()]),
    ]
    assert [client.post(url, typed(note="Mine")).status_code for url in addresses] == [404] * 6
    assert kept(course).typed["note"] == ["Half a no"]


def test_signed_out_page_is_sent_to_the_sign_in_and_keeps_nothing(client, course):
    client.logout()

    response = client.post(keep_url(course), typed(note="Half a no"))

    assert response.status_code == 302
    assert not WorkingCopy.objects.exists()
