import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    LocationFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.models import SideEffect

PERFORMED = datetime(2026, 3, 2, 15, 0, 42, tzinfo=UTC)  # 07:00:42 in Los Angeles
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 there, after the clocks went forward
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session(db):
    return SessionFactory(
        signed=True, performed_at=PERFORMED, course__patient__location=LocationFactory(name="Harbour")
    )


def signed_in(client, session, role):
    user = UserFactory(role=role, title="Dr", last_name="Adeyemi", locations=[session.course.location])
    client.force_login(user)
    return user


@pytest.fixture
def nurse(client, session):
    return signed_in(client, session, Role.STAFF)


@pytest.fixture
def clinician(client, session):
    return signed_in(client, session, Role.CLINICIAN)


def log_url(session):
    return reverse("side-effect-new", args=[session.public_id])


def a_log(session, **changes):
    data = {
        "form_token": str(uuid.uuid4()),
        "kind": SideEffectKindFactory().pk,
        "severity": "mild",
        "areas": [area.pk for area in session.areas.all()],
        "began": "at-session",
        "state": "still-there",
        "reported_by": "patient",
    }
    return data | changes


def a_review(effect, **changes):
    """Return a review as the page sends it: nothing preset but the outcome."""
    facts = {
        "version": effect.version,
        "form_token": str(uuid.uuid4()),
        "causality": "Possible",
        "note": "As expected.",
        "outcome": "ongoing",
    }
    return {f"review-{name}": value for name, value in (facts | changes).items()}


def step_url(effect, step):
    return reverse(f"side-effect-{step}", args=[effect.public_id])


def refused(response):
    """Return the errors of a form that came back, by field."""
    assert response.status_code == 200
    return {name: [str(error) for error in errors] for name, errors in response.context["form"].errors.items()}


def test_plain_reaction_needs_a_kind_and_a_severity_only(client, nurse, session):
    form = client.get(log_url(session)).context["form"]
    assert [name for name, field in form.fields.items() if field.required and not form[name].value()] == [
        "kind",
        "severity",
    ]
    assert form["areas"].value() == [area.pk for area in session.areas.all()]


def test_logged_reaction_began_at_the_session_unless_said_otherwise(client, nurse, session):
    response = client.post(log_url(session), a_log(session))
    effect = SideEffect.objects.get()
    assert (effect.onset_at, effect.resolved_at, effect.recorded_by) == (PERFORMED, None, nurse)
    assert response.url == effect.get_absolute_url()


def test_what_began_just_now_is_not_late_at_once(client, nurse, session):
    client.post(log_url(session), a_log(session, began="now"))
    assert SideEffect.objects.get().onset_at == NOW


def test_minute_of_the_session_is_not_before_the_session(client, nurse, session):
    client.post(log_url(session), a_log(session, began="other-time", onset_at="2026-03-02T07:00"))
    assert SideEffect.objects.get().onset_at == PERFORMED


@pytest.mark.parametrize(
    ("lasted", "unit", "length"),
    [("18", "minutes", timedelta(minutes=18)), ("1.5", "hours", timedelta(minutes=90)), ("5", "days", 5 * DAY)],
)
def test_reaction_that_lasted_so_long_is_gone_since_then(client, nurse, session, lasted, unit, length):
    client.post(log_url(session), a_log(session, state="gone", lasted=lasted, lasted_unit=unit))
    assert SideEffect.objects.get().resolved_at == PERFORMED + length


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"kind": ""}, {"kind": ["Choose what it is."]}),
        ({"severity": ""}, {"severity": ["Choose how severe it is."]}),
        ({"began": "other-time"}, {"onset_at": ["Say when it began."]}),
        (
            {"began": "other-time", "onset_at": "2026-03-02T06:59"},
            {"onset_at": ["This is before the session. A reaction begins after it."]},
        ),
        (
            {"began": "other-time", "onset_at": "2026-03-10T11:31"},
            {"onset_at": ["10 March 2026, 11:31 is in the future."]},
        ),
        ({"state": "gone"}, {"resolved_at": ["Say since when it is gone, or how long it lasted."]}),
        (
            {"state": "gone", "resolved_at": "2026-03-02T06:00"},
            {"resolved_at": ["It cannot be gone before it began, 2 March 2026, 07:00."]},
        ),
        (
            {"state": "gone", "resolved_at": "2026-03-10T11:31"},
            {"resolved_at": ["10 March 2026, 11:31 is in the future."]},
        ),
        (
            {"state": "gone", "resolved_at": "2026-03-03T06:00", "lasted": "5"},
            {"lasted": ["Say since when it is gone, or how long it lasted, not both."]},
        ),
        ({"state": "gone", "lasted": "-5"}, {"lasted": ["A duration is not negative."]}),
        ({"state": "gone", "lasted": "9"}, {"lasted": ["That is longer than the time since it began."]}),
        ({"state": "gone", "lasted": "9" * 40}, {"lasted": ["That is longer than the time since it began."]}),
        ({"note": "x" * 5000}, {"note": ["This is 1,000 characters too long. There is room for 4,000."]}),
        ({"note": "a\0b"}, {"note": ["Null characters are not allowed."]}),
        (
            {"grade": "5"},
            {"death_confirmed": ["CTCAE grade 5 is a death. Confirm it here, or choose another grade above."]},
        ),
    ],
    ids=str,
)
def test_impossible_reaction_is_refused_at_its_field(client, nurse, session, changes, errors):
    response = client.post(log_url(session), a_log(session, **changes))
    assert refused(response) == errors
    assert not SideEffect.objects.exists()


def test_long_note_comes_back_whole_when_it_is_refused(client, nurse, session):
    response = client.post(log_url(session), a_log(session, note="é" * 5000))
    assert response.context["form"]["note"].value() == "é" * 5000


def test_line_of_a_note_counts_as_one_character(client, nurse, session):
    client.post(log_url(session), a_log(session, note="\r\n".join(["x" * 1999, "x" * 2000])))
    assert len(SideEffect.objects.get().note) == 4000


def test_confirmed_death_is_logged(client, nurse, session):
    client.post(log_url(session), a_log(session, grade="5", death_confirmed="on", severity="severe"))
    assert SideEffect.objects.get().grade == 5


def test_two_areas_are_two_reactions(client, nurse, session):
    areas = [TreatmentAreaFactory(), TreatmentAreaFactory(code="abdomen")]
    session.areas.set(areas)
    client.post(log_url(session), a_log(session))
    assert {effect.area for effect in SideEffect.objects.all()} == set(areas)


def test_double_tap_logs_once(client, nurse, session):
    session.areas.set([TreatmentAreaFactory(), TreatmentAreaFactory(code="abdomen")])
    data = a_log(session)
    client.post(log_url(session), data)
    response = client.post(log_url(session), data, follow=True)
    assert SideEffect.objects.count() == 2
    assert [str(message).endswith("Nothing was added.") for message in response.context["messages"]] == [False, True]


def test_area_that_was_not_treated_is_refused(client, nurse, session):
    response = client.post(log_url(session), a_log(session, areas=[TreatmentAreaFactory(code="scalp").pk]))
    assert list(refused(response)) == ["areas"]


def test_logging_says_who_reviews_it(client, nurse, session):
    kind = SideEffectKindFactory(code="infection")
    response = client.post(log_url(session), a_log(session, kind=kind.pk), follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "Infection suspected, back thigh, left is logged. It goes to Dr Ines Moreau for review."
    ]


def test_resolving_keeps_the_moment(client, nurse, session):
    effect = SideEffectFactory(session=session)
    client.post(step_url(effect, "resolve"), {"version": 1, "resolved_at": "2026-03-04T12:00"})
    effect.refresh_from_db()
    assert (effect.resolved_at, effect.version) == (datetime(2026, 3, 4, 20, 0, tzinfo=UTC), 2)


def test_resolving_twice_is_resolving_once(client, nurse, session):
    effect = SideEffectFactory(session=session)
    for _tap in range(2):
        response = client.post(step_url(effect, "resolve"), {"version": 1, "lasted": "2", "lasted_unit": "days"})
    assert response.status_code == 302
    assert SideEffect.objects.get().version == 2


@pytest.mark.parametrize(
    "typed", [{"resolved_at": "2026-03-01T12:00"}, {"resolved_at": "2026-03-11T12:00"}, {"lasted": "-1"}, {}], ids=str
)
def test_impossible_end_is_refused(client, nurse, session, typed):
    effect = SideEffectFactory(session=session)
    response = client.post(step_url(effect, "resolve"), {"version": 1, **typed})
    assert len(response.context["resolve_form"].errors) == 1
    assert SideEffect.objects.open().get() == effect


def test_reaction_that_came_back_is_open_and_to_be_reviewed_again(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule", reviewed=True, resolved_at=PERFORMED + 2 * DAY)
    client.post(step_url(effect, "resolve"), {"step": "back", "version": 1, "note": "Hard again since Sunday"})
    effect.refresh_from_db()
    assert (effect.resolved_at, effect.reviewed_at, effect.reviewed_by, effect.review_note) == (None, None, None, "")
    latest = client.get(effect.get_absolute_url()).context["changes"][0]
    assert (latest.who, latest.reason) == ("Dr Ines Adeyemi", "Hard again since Sunday")
    assert latest.lines == [
        "Gone since: nothing, before 4 Mar 2026, 07:00",
        "Review withdrawn. Dr Ines Moreau had written: As expected.",
    ]


def test_review_says_who_and_when_and_leaves_the_work_list(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="infection")
    client.post(step_url(effect, "review"), a_review(effect, note="Swab taken, antibiotic started."))
    effect.refresh_from_db()
    assert (effect.reviewed_by, effect.reviewed_at) == (clinician, NOW)
    assert list(client.get(reverse("side-effect-list")).context["page"]) == []


def test_review_without_an_assessment_is_refused(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="infection")
    response = client.post(step_url(effect, "review"), a_review(effect, note=" "))
    assert response.context["review_form"].errors["note"] == ["Write what you found and what follows from it."]


def test_review_of_a_reaction_that_changed_meanwhile_is_refused_and_kept(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="infection")
    effect.save_over(1)
    response = client.post(step_url(effect, "review"), a_review(effect, version=1, note="Looks well."))
    form = response.context["review_form"]
    assert (form["note"].value(), form["version"].value()) == ("Looks well.", 2)
    assert SideEffect.objects.get().reviewed_at is None


def an_edit(effect, **changes):
    data = {
        "version": effect.version,
        "kind": effect.kind_id,
        "area": effect.area_id or "",
        "severity": effect.severity,
        "grade": effect.grade or "",
        "onset_at": "2026-03-02T08:00",
        "resolved_at": "",
        "reported_by": effect.reported_by,
    }
    return data | changes


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({"note": "Seen again"}, True),
        ({"severity": "mild"}, True),
        ({"grade": "1"}, True),
        ({"severity": "severe"}, False),
        ({"grade": "3"}, False),
        ({"kind": "infection"}, False),
        ({"kind": "haematoma"}, False),
        ({"kind": "swelling"}, True),
    ],
    ids=str,
)
def test_correction_towards_something_graver_takes_the_review_back(client, nurse, session, changes, is_kept):
    effect = SideEffectFactory(session=session, kind__code="nodule", severity="moderate", grade=2, reviewed=True)
    if "kind" in changes:
        changes = {"kind": SideEffectKindFactory(code=changes["kind"]).pk}
    response = client.post(step_url(effect, "edit"), an_edit(effect, **changes))
    if response.status_code == 200:  # severity and grade say two things: asked, and meant
        meant = {"meant": response.context["form"].mark}
        response = client.post(step_url(effect, "edit"), an_edit(effect, **changes, **meant))
    assert response.status_code == 302
    assert (SideEffect.objects.get().reviewed_at is not None) == is_kept


def test_correction_keeps_the_seconds_of_a_moment_nobody_touched(client, nurse, session):
    effect = SideEffectFactory(session=session, onset_at=PERFORMED)
    client.post(step_url(effect, "edit"), an_edit(effect, onset_at="2026-03-02T07:00"))
    assert SideEffect.objects.get().onset_at == PERFORMED


def test_correction_of_what_somebody_changed_shows_both_versions(client, nurse, session):
    effect = SideEffectFactory(session=session)
    other = SideEffect.objects.get()
    other.severity = "moderate"
    other.save_over(1)
    response = client.post(step_url(effect, "edit"), an_edit(effect, note="Warm"))
    conflict = response.context["form"].conflict
    assert [(row.theirs, row.mine) for row in conflict.rows if row.differs] == [("Moderate", "Mild"), ("–", "Warm")]
    assert SideEffect.objects.get().note == ""


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("tab", ["to-review", "prolonged", "running", "resolved"])
def test_work_list_costs_the_same_however_long_it_is(
    client, clinician, session, django_assert_num_queries, tab, count
):
    ended = PERFORMED + 2 * DAY if tab == "resolved" else None
    code = {"to-review": "nodule", "running": "discolouration"}.get(tab, "swelling")
    for _row in range(count):
        SideEffectFactory(session=SessionFactory(course=session.course), kind__code=code, resolved_at=ended)
    with django_assert_num_queries(16):
        response = client.get(reverse("side-effect-list"), {"tab": tab})
    assert len(response.context["page"]) == count


def test_worst_comes_first(client, clinician, session):
    def logged(code, days):
        return SideEffectFactory(session=session, kind__code=code, onset_at=NOW - days * DAY)

    session.performed_at = NOW - 60 * DAY
    session.save()
    nodule, swelling = logged("nodule", 2), logged("swelling", 6)
    bruising, infection = logged("bruising", 30), logged("infection", 1)
    rows = client.get(reverse("side-effect-list")).context["page"]
    assert list(rows) == [infection, bruising, swelling, nodule]


def test_pages_of_the_work_list_follow_each_other(client, clinician, session):
    effects = [SideEffectFactory(session=session, kind__code="nodule") for _row in range(30)]
    first = client.get(reverse("side-effect-list"))
    second = client.get(reverse("side-effect-list") + first.context["page"].next)
    back = client.get(reverse("side-effect-list") + second.context["page"].previous)
    assert [*first.context["page"], *second.context["page"]] == effects
    assert list(back.context["page"]) == effects[:25]


def test_work_list_narrows_to_a_kind(client, clinician, session):
    nodule = SideEffectFactory(session=session, kind__code="nodule")
    SideEffectFactory(session=session, kind__code="infection")
    response = client.get(reverse("side-effect-list"), {"kind": "nodule"})
    assert list(response.context["page"]) == [nodule]
    assert [count for _tab, count in response.context["tabs"]] == [1, 0, 1, 0, 0]


def test_navigation_counts_the_urgent_apart(client, clinician, session):
    for code in ["infection", "nodule", "induration", "burning"]:
        SideEffectFactory(session=session, kind__code=code, onset_at=NOW - timedelta(minutes=5))
    item = next(item for item in client.get(reverse("side-effect-list")).context["nav"] if "side-effects" in item.url)
    assert (item.urgent_count, item.count) == (1, 2)


def test_staff_see_the_work_but_do_not_review(client, nurse, session):
    effect = SideEffectFactory(session=session, kind__code="infection")
    page = client.get(effect.get_absolute_url()).content.decode()
    assert step_url(effect, "review") not in page
    assert client.post(step_url(effect, "review"), {}).status_code == 403


@pytest.mark.parametrize("name", ["side-effect", "side-effect-edit"])
def test_reaction_at_another_location_is_not_found(client, nurse, name):
    effect = SideEffectFactory()
    assert client.get(reverse(name, args=[effect.public_id])).status_code == 404
    assert client.get(log_url(effect.session)).status_code == 404


def test_script_in_a_note_is_shown_as_text(client, nurse, session):
    effect = SideEffectFactory(session=session, note="<script>alert(1)</script>")
    assert "<script>alert(1)" not in client.get(effect.get_absolute_url()).content.decode()


def test_other_reaction_under_an_old_token_is_kept_in_the_form_and_logged_once_it_is_meant(client, nurse, session):
    first = a_log(session)
    client.post(log_url(session), first)

    response = client.post(log_url(session), first | {"severity": "severe", "note": "Another one."})

    form = response.context["form"]
    assert "This form was sent already" in str(form.non_field_errors())
    assert form["note"].value() == "Another one."
    other = first | {"severity": "severe", "note": "Another one.", "form_token": form["form_token"].value()}
    asked = client.post(log_url(session), other).context["form"]
    assert "Is this another one?" in asked.asked[0]
    client.post(log_url(session), other | {"meant": asked.mark})
    assert sorted(SideEffect.objects.values_list("severity", flat=True)) == ["mild", "severe"]
