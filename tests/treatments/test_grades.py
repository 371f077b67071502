"""The CTCAE grade of a reaction: in words, agreeing with the severity or asked, and a death never by a slip."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.roles import Role
from tests.factories import SessionFactory, SideEffectFactory, SideEffectKindFactory, UserFactory
from treatments.models import GradeWording, SideEffect
from treatments.rules.reaction import grade_agrees

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return SessionFactory(signed=True)


@pytest.fixture(autouse=True)
def nurse(client, session):
    user = UserFactory(role=Role.STAFF, locations=[session.course.location])
    client.force_login(user)
    return user


def log(client, session, kind="swelling", **changes):
    data = {
        "form_token": str(uuid.uuid4()),
        "kind": SideEffectKindFactory(code=kind).pk,
        "severity": "mild",
        "began": "at-session",
        "state": "still-there",
        "reported_by": "patient",
    }
    return client.post(reverse("side-effect-new", args=[session.public_id]), data | changes)


DOORS = ["side-effect-new", "patient-side-effect-new"]


@pytest.mark.parametrize("door", DOORS)
def test_death_is_asked_at_every_door(client, session, door):
    subject = session if door == "side-effect-new" else session.course.patient
    data = {
        "form_token": str(uuid.uuid4()),
        "kind": SideEffectKindFactory().pk,
        "severity": "severe",
        "grade": "5",
        "began": "at-session",
        "state": "still-there",
        "reported_by": "staff",
        "note": "Kept",
    }
    form = client.post(reverse(door, args=[subject.public_id]), data).context["form"]
    assert list(form.errors) == ["death_confirmed"]
    assert (form["note"].value(), form["grade"].value()) == ("Kept", "5")
    client.post(reverse(door, args=[subject.public_id]), data | {"death_confirmed": "on"})
    assert SideEffect.objects.get().grade == 5


def test_death_is_asked_when_a_reaction_is_corrected(client, session):
    effect = SideEffectFactory(session=session, severity="severe")
    data = {
        "version": 1,
        "kind": effect.kind_id,
        "severity": "severe",
        "grade": "5",
        "onset_at": "2026-03-02T08:00",
        "reported_by": "patient",
    }
    edit = reverse("side-effect-edit", args=[effect.public_id])
    assert list(client.post(edit, data).context["form"].errors) == ["death_confirmed"]
    assert SideEffect.objects.get().grade is None


@pytest.mark.parametrize(
    ("severity", "grade", "agrees"),
    [("mild", None, True), ("mild", 1, True), ("mild", 2, False), ("moderate", 2, True), ("moderate", 1, False)]
    + [("severe", grade, True) for grade in (3, 4, 5)]
    + [("severe", 2, False), ("mild", 4, False)],
)
def test_grade_agrees_with_its_severity(severity, grade, agrees):
    assert grade_agrees(severity, grade) is agrees


def test_mild_of_grade_four_is_asked_and_kept_once_it_is_meant(client, session):
    form = log(client, session, grade="4", note="Kept").context["form"]
    assert form.asked == ["The severity is mild, and grade 4 is severe by CTCAE. Is that meant?"]
    assert form["note"].value() == "Kept"
    assert not SideEffect.objects.exists()

    log(client, session, grade="4", note="Kept", meant=form.mark)
    assert (SideEffect.objects.get().severity, SideEffect.objects.get().grade) == ("mild", 4)


def test_answer_holds_for_the_question_that_was_asked_alone(client, session):
    mark = log(client, session, grade="2").context["form"].mark
    form = log(client, session, grade="4", meant=mark).context["form"]
    assert form.asked
    assert not SideEffect.objects.exists()


def test_what_was_meant_once_is_not_asked_at_the_next_correction(client, session):
    effect = SideEffectFactory(session=session, severity="mild", grade=4)
    data = {
        "version": 1,
        "kind": effect.kind_id,
        "severity": "mild",
        "grade": "4",
        "onset_at": "2026-03-02T08:00",
        "reported_by": "patient",
        "note": "Seen again",
    }
    assert client.post(reverse("side-effect-edit", args=[effect.public_id]), data).status_code == 302


@pytest.mark.parametrize("grade", ["1", "2"])
def test_anaphylaxis_starts_at_three(client, session, grade):
    form = log(client, session, kind="anaphylaxis", grade=grade).context["form"]
    assert form.errors["grade"] == [
        "CTCAE grades “Anaphylactic reaction” from 3 on. Choose one of those, or “Not graded”."
    ]
    assert form.grades_are_open
    assert log(client, session, kind="anaphylaxis", severity="severe", grade="3").status_code == 302


@pytest.mark.parametrize("grade", ["0", "6", "mild"])
def test_grade_that_there_is_none_of_is_refused(client, session, grade):
    assert "grade" in log(client, session, grade=grade).context["form"].errors


def test_every_grade_stands_in_words_on_the_page_without_a_script(client, session):
    page = client.get(reverse("side-effect-new", args=[session.public_id])).content.decode()
    for wording in GradeWording.objects.all():
        assert wording.words in page
    for term in ["Injection site reaction", "Skin hyperpigmentation", "Anaphylaxis"]:
        assert term in page


def test_words_of_an_admin_stand_on_the_page(client, session):
    GradeWording.objects.filter(kind=None, grade=2).update(words="Ice was given.")
    form = client.get(reverse("side-effect-new", args=[session.public_id])).context["form"]
    assert form.fields["grade"].widget.lines["2"] == "Ice was given."
    assert form.grade_facts()[str(SideEffectKindFactory(code="bruising").pk)] == {
        1: "In one place.",
        2: "In many places.",
    }


def test_grade_is_worded_once_for_a_kind_and_once_for_all():
    for kind in (None, SideEffectKindFactory(code="bruising")):
        with pytest.raises(IntegrityError), transaction.atomic():
            GradeWording.objects.create(kind=kind, grade=1, words="Again")
    assert set(GradeWording.objects.values_list("edition", flat=True)) == {"CTCAE v5.0"}


def test_graded_reaction_is_reviewed_though_it_lasts_in_time(client, session):
    log(client, session, severity="severe", grade="3", began="now")
    effect = SideEffect.objects.get()
    assert effect.review_reasons(effect.onset_at + timedelta(hours=1))
