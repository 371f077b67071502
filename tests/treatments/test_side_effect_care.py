"""What is done about a reaction: reviews over time, who follows it up, contacts, and what came back."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.models import VersionConflictError
from clinic.roles import Role
from tests.factories import (
    LocationFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.actions import side_effects as actions
from treatments.models import Recurrence, SideEffect, SideEffectContact, SideEffectReview
from treatments.rules.reaction import ReviewReason

PERFORMED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # 11:30 in Los Angeles
TODAY = date(2026, 3, 10)
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


def signed_in(client, session, role=Role.CLINICIAN):
    user = UserFactory(role=role, title="Dr", last_name="Adeyemi", locations=[session.course.location])
    client.force_login(user)
    return user


@pytest.fixture
def clinician(client, session):
    return signed_in(client, session)


@pytest.fixture
def nurse(client, session):
    return signed_in(client, session, Role.STAFF)


def send(client, effect, act, **facts):
    """Send a step as the page does, on the version it shows."""
    prefix = {"review": "review-", "follow": "follow-", "contact": "contact-"}.get(act, "")
    data = {"version": effect.version, "form_token": str(uuid.uuid4())} | facts
    url = reverse(f"side-effect-{act}", args=[effect.public_id])
    return client.post(url, {f"{prefix}{name}": value for name, value in data.items()})


def review(client, effect, **facts):
    given = {"causality": "Possible", "note": "Firm, not tender.", "outcome": "ongoing"} | facts
    return send(client, effect, "review", **given)


def anew(effect):
    return SideEffect.objects.for_page().get(pk=effect.pk)


def test_review_keeps_what_was_found_and_what_follows(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    review(client, effect, causality="Probably-Likely", action="Culture tomorrow", outcome="recovering", again="7")
    made, effect = effect.reviews.get(), anew(effect)
    assert (made.causality, made.note, made.action, made.outcome, made.next_review_on) == (
        "Probably-Likely",
        "Firm, not tender.",
        "Culture tomorrow",
        "recovering",
        TODAY + timedelta(days=7),
    )
    assert (made.reviewed_by, made.reviewed_at) == (clinician, NOW)
    assert (effect.reviewed_by, effect.next_review_on) == (clinician, TODAY + timedelta(days=7))


def test_every_review_is_kept(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    review(client, effect, note="First look.")
    review(client, anew(effect), note="Second look.")
    assert [made.note for made in effect.reviews.all()] == ["Second look.", "First look."]


def test_the_same_words_a_week_later_are_a_review_of_their_own(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    review(client, effect, note="Unchanged.")
    review(client, anew(effect), note="Unchanged.")
    assert effect.reviews.count() == 2


def test_two_taps_are_one_review(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    token = str(uuid.uuid4())
    for _tap in range(2):
        assert review(client, effect, form_token=token).status_code == 302
    assert effect.reviews.count() == 1


def test_of_two_clinicians_at_once_the_second_is_shown_the_first(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    review(client, effect, note="Mine.")
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[session.course.location]))
    response = review(client, effect, note="Also mine.")
    assert [made.note for made in response.context["reviews"]] == ["Mine."]
    assert response.context["review_form"]["note"].value() == "Also mine."
    assert "changed this reaction meanwhile" in str(response.context["review_form"].non_field_errors())


def test_the_next_review_is_work_from_the_morning_of_its_day_at_the_place(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    review(client, effect, again="other-day", next_review_on="2026-03-14")
    effect = anew(effect)
    midnight = datetime(2026, 3, 14, 7, 0, tzinfo=UTC)  # in Los Angeles
    assert effect.review_reasons(midnight - timedelta(seconds=1)) == []
    assert effect.review_reasons(midnight) == [ReviewReason.DUE]
    assert list(SideEffect.objects.to_review(midnight)) == [effect]


def test_a_review_without_a_next_day_ends_the_one_before(client, clinician, session):
    effect = SideEffectFactory(session=session, kind__code="nodule", next_review_on=TODAY, reviewed=True)
    assert effect.review_reasons(NOW) == [ReviewReason.DUE]
    review(client, effect)
    assert anew(effect).review_reasons(NOW) == []


@pytest.mark.parametrize(
    ("facts", "gone", "errors"),
    [
        ({"causality": ""}, False, {"causality": ["Choose how far the treatment caused it."]}),
        ({"outcome": ""}, False, {"outcome": ["Choose what became of it."]}),
        ({"outcome": "resolved"}, False, {"outcome": ["It is still there. Say first since when it is gone."]}),
        ({"outcome": "fatal"}, False, {"outcome": ["A death is CTCAE grade 5. Correct the grade first."]}),
        ({}, True, {"outcome": ["It is said to be gone. If it is not, correct that first."]}),
        ({"outcome": "unknown"}, True, {"outcome": ["It is said to be gone, so its outcome is known."]}),
        ({"again": "other-day"}, False, {"next_review_on": ["Choose the day of the next review."]}),
        ({"again": "other-day", "next_review_on": "2026-03-09"}, False, {"next_review_on": ["9 March 2026 is past."]}),
        (
            {"again": "other-day", "next_review_on": "2028-01-01"},
            False,
            {"next_review_on": ["1 January 2028 is more than a year ahead."]},
        ),
        ({"action": "x" * 501}, False, {"action": ["Ensure this value has at most 500 characters (it has 501)."]}),
    ],
    ids=str,
)
def test_review_that_does_not_hold_is_refused_at_its_field(client, clinician, session, facts, gone, errors):
    effect = SideEffectFactory(session=session, kind__code="nodule", resolved_at=NOW - DAY if gone else None)
    response = review(client, effect, **facts)
    assert response.context["review_form"].errors == errors
    assert not effect.reviews.exists()


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [({}, "ongoing"), ({"resolved_at": NOW - DAY}, "resolved"), ({"grade": 5, "severity": "severe"}, "fatal")],
    ids=str,
)
def test_the_outcome_that_the_record_speaks_for_is_proposed(client, clinician, session, facts, outcome):
    effect = SideEffectFactory(session=session, kind__code="nodule", **facts)
    form = client.get(effect.get_absolute_url()).context["review_form"]
    assert (form["outcome"].value(), form["causality"].value()) == (outcome, None)


def test_staff_see_how_it_stands_and_no_form_of_review(client, nurse, session):
    effect = SideEffectFactory(session=session, kind__code="nodule")
    page = client.get(effect.get_absolute_url()).content.decode()
    assert "Waits for Dr Ines Moreau or another clinician." in page
    assert "Save the review" not in page


def test_what_came_back_is_work_again_and_its_spells_are_kept(client, clinician, session):
    effect = SideEffectFactory(session=session, reviewed=True, resolved_at=PERFORMED + 2 * DAY)
    assert effect.review_reasons(NOW) == []
    send(client, effect, "resolve", step="back", note="Warm again", back_at="2026-03-06T08:00")
    effect, spell = anew(effect), Recurrence.objects.get()
    back = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    assert (spell.gone_at, spell.back_at, spell.note, spell.recorded_by) == (
        PERFORMED + 2 * DAY,
        back,
        "Warm again",
        clinician,
    )
    assert ReviewReason.CAME_BACK in effect.review_reasons(NOW)
    assert list(SideEffect.objects.to_review(PERFORMED + 3 * DAY)) == [effect]
    assert "Came back on 6 March 2026, 08:00" in client.get(effect.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("back_at", "error"),
    [
        ("2026-03-03T08:00", "It was gone since 4 March 2026, 07:00. It came back after that."),
        ("2026-03-10T11:31", "10 March 2026, 11:31 is in the future."),
    ],
)
def test_it_comes_back_after_it_was_gone_and_not_ahead_of_now(client, nurse, session, back_at, error):
    effect = SideEffectFactory(session=session, resolved_at=PERFORMED + 2 * DAY)
    response = send(client, effect, "resolve", step="back", note="Again", back_at=back_at)
    assert response.context["reopen_form"].errors == {"back_at": [error]}
    assert not Recurrence.objects.exists()


def test_a_reaction_is_taken_in_one_tap(client, nurse, session):
    effect = SideEffectFactory(session=session)
    send(client, effect, "follow", owner=nurse.pk, next_contact_on="")
    assert anew(effect).owner == nurse


def test_a_reaction_is_given_to_a_colleague_of_the_place_alone(client, nurse, session):
    here = UserFactory(role=Role.STAFF, locations=[session.course.location])
    elsewhere = UserFactory(role=Role.STAFF, locations=[LocationFactory()])
    effect = SideEffectFactory(session=session)
    refused = send(client, effect, "follow", owner=elsewhere.pk)
    send(client, effect, "follow", owner=here.pk, next_contact_on="2026-03-12")
    assert "owner" in refused.context["follow_form"].errors
    assert (anew(effect).owner, anew(effect).next_contact_on) == (here, date(2026, 3, 12))


def test_a_contact_is_planned_for_somebody(client, nurse, session):
    effect = SideEffectFactory(session=session)
    response = send(client, effect, "follow", owner="", next_contact_on="2026-03-12")
    assert response.context["follow_form"].errors == {"owner": ["Choose who makes the next contact."]}


def test_a_logged_contact_says_what_came_of_it_and_plans_the_next(client, nurse, session):
    effect = SideEffectFactory(session=session)
    send(client, effect, "contact", outcome="message", note="On the mailbox", next_contact_on="2026-03-11")
    made, effect = effect.contacts.get(), anew(effect)
    assert (made.outcome, made.note, made.made_by, made.made_at) == ("message", "On the mailbox", nurse, NOW)
    assert (effect.owner, effect.next_contact_on) == (nurse, date(2026, 3, 11))


def test_a_contact_without_a_next_day_ends_the_plan(client, nurse, session):
    effect = SideEffectFactory(session=session, owner=nurse, next_contact_on=TODAY)
    assert list(SideEffect.objects.contact_due(NOW)) == [effect]
    send(client, effect, "contact", outcome="called")
    assert not SideEffect.objects.contact_due(NOW + 365 * DAY).exists()


def test_two_taps_are_one_contact(client, nurse, session):
    effect = SideEffectFactory(session=session)
    token = str(uuid.uuid4())
    for _tap in range(2):
        assert send(client, effect, "contact", outcome="called", form_token=token).status_code == 302
    assert SideEffectContact.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"outcome": ""}, "outcome"), ({"outcome": "called", "next_contact_on": "2026-03-09"}, "next_contact_on")],
    ids=str,
)
def test_impossible_contact_is_refused(client, nurse, session, facts, field):
    effect = SideEffectFactory(session=session)
    assert list(send(client, effect, "contact", **facts).context["contact_form"].errors) == [field]


def test_due_contacts_are_work_for_their_owner_on_today(client, nurse, session):
    colleague = UserFactory(role=Role.STAFF, locations=[session.course.location])
    for owner, day in ((nurse, TODAY), (nurse, TODAY + DAY), (colleague, TODAY)):
        SideEffectFactory(session=session, owner=owner, next_contact_on=day, kind__code="discolouration")
    nodule = SideEffectFactory(session=session, owner=nurse, next_contact_on=TODAY, kind__code="nodule")
    context = client.get("/").context
    beside = next(link.count for link in context["nav"] if str(link.label) == "Side effects")
    assert (context["contacts"], context["reactions"].all, beside) == (2, 1, 2)
    mine = client.get(reverse("side-effect-list"), {"tab": "contact", "whose": "mine"}).context["page"]
    assert nodule in list(mine)
    assert len(mine) == 2


def test_work_list_narrows_to_mine_nobodys_and_an_area(client, nurse, session):
    left, belly = TreatmentAreaFactory(), TreatmentAreaFactory(code="abdomen")
    left_us = UserFactory(role=Role.STAFF, locations=[session.course.location], is_active=False)
    code = "discolouration"
    mine = SideEffectFactory(session=session, owner=nurse, area=belly, kind__code=code)
    nobodys = SideEffectFactory(session=session, area=left, kind__code=code)
    of_one_gone = SideEffectFactory(session=session, owner=left_us, kind__code=code)

    def found(**query):
        return set(client.get(reverse("side-effect-list"), {"tab": "running"} | query).context["page"])

    assert found(whose="mine") == {mine}
    assert found(whose="unowned") == {nobodys, of_one_gone}
    assert found(area="abdomen") == {mine}
    assert found(location=str(session.course.location.public_id)) == {mine, nobodys, of_one_gone}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("tab", ["contact", "watch", "urgent"])
def test_new_tabs_cost_the_same_however_long_they_are(
    client, clinician, session, django_assert_num_queries, tab, count
):
    code = {"watch": "nodule", "urgent": "infection"}.get(tab, "discolouration")
    for _row in range(count):
        SideEffectFactory(
            session=SessionFactory(course=session.course),
            kind__code=code,
            onset_at=NOW - timedelta(hours=1),
            owner=clinician,
            next_contact_on=TODAY,
        )
    with django_assert_num_queries(16):
        response = client.get(reverse("side-effect-list"), {"tab": tab})
    assert len(response.context["page"]) == count


def test_work_list_leaves_as_a_file(client, nurse, session):
    SideEffectFactory(session=session, owner=nurse, next_contact_on=TODAY, kind__code="discolouration")
    response = client.get(reverse("side-effect-list"), {"tab": "running", "format": "csv"})
    head, row = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert head.startswith('"Patient","Record number","Phone","Reaction"')
    assert "Discolouration" in row
    assert "day 9 of about 30" in row


@pytest.mark.parametrize("count", [1, 3])
def test_page_costs_the_same_however_much_was_done(client, clinician, session, django_assert_num_queries, count):
    effect = SideEffectFactory(session=session)
    for number in range(count):
        SideEffectReview.objects.create(
            side_effect=effect, reviewed_at=NOW + number * DAY, reviewed_by=clinician, note="Seen."
        )
        SideEffectContact.objects.create(
            side_effect=effect, made_at=NOW, made_by=clinician, outcome="called", form_token=uuid.uuid4()
        )
        Recurrence.objects.create(
            side_effect=effect, gone_at=NOW, back_at=NOW + number * DAY, note="Again", recorded_by=clinician
        )
    with django_assert_num_queries(25):
        client.get(effect.get_absolute_url())


def test_of_a_session_in_error_nothing_is_work(client, nurse, session):
    SideEffectFactory(
        session=session, owner=nurse, next_contact_on=TODAY, next_review_on=TODAY, reviewed=True, kind__code="nodule"
    )
    session.entered_in_error_at, session.entered_in_error_by = NOW, nurse
    session.entered_in_error_reason = "Another patient"
    session.save()
    context = client.get("/").context
    assert (context["contacts"], context["reactions"].all) == (0, 0)


def test_verbs_refuse_what_no_page_sends(session, clinician):
    effect = SideEffectFactory(session=session)
    made = SideEffectReview(causality="Possible", note="Seen.", outcome="resolved", form_token=uuid.uuid4())
    with pytest.raises(ValidationError, match="does not agree"):
        actions.review(effect, made=made, by=clinician, now=NOW, version=1)
    with pytest.raises(ValidationError, match="still open"):
        actions.come_back(effect, note="Again", at=NOW, by=clinician, version=1)
    with pytest.raises(VersionConflictError):
        actions.follow(effect, owner=clinician, next_contact_on=None, version=7)


def test_only_the_kind_of_the_catalogue_is_asked_of_the_watch(session):
    kind = SideEffectKindFactory(code="swelling", is_late_infection_sign=True)
    effect = SideEffectFactory(session=session, kind=kind, onset_at=PERFORMED + 34 * DAY)
    assert effect.is_suspected_infection


# Gone, said against a review


def reviewed_ongoing(effect, doctor):
    made = SideEffectReview(causality="Possible", note="Still soft.", outcome="ongoing")
    return actions.review(effect, made=made, by=doctor, now=NOW - DAY, version=effect.version)


@pytest.mark.parametrize("door", ["resolve", "edit"])
def test_gone_before_a_review_that_found_it_there_is_asked(client, clinician, session, door):
    effect = SideEffectFactory(session=session, onset_at=PERFORMED)
    reviewed_ongoing(effect, clinician)
    url = reverse(f"side-effect-{door}", args=[effect.public_id])
    form = client.get(effect.get_absolute_url() if door == "resolve" else url).context
    data = {"step": "gone", "version": effect.version, "resolved_at": "2026-03-05T12:00"}
    if door == "edit":
        shown = form["form"].initial
        data |= {"kind": effect.kind_id, "severity": "mild", "reported_by": shown["reported_by"], "grade": ""}
        data |= {"area": "", "onset_at": "2026-03-02T07:00"}

    context = client.post(url, data).context

    asked = context["resolve_form" if door == "resolve" else "form"]
    assert asked.asked == ["Dr Ines Adeyemi found it ongoing on 9 March 2026, 11:30, after that. Is the moment meant?"]
    effect.refresh_from_db()
    assert effect.resolved_at is None

    client.post(url, data | {"meant": asked.mark})
    effect.refresh_from_db()
    assert effect.resolved_at is not None


def test_gone_after_the_review_asks_nothing(client, clinician, session):
    effect = SideEffectFactory(session=session, onset_at=PERFORMED)
    reviewed_ongoing(effect, clinician)

    url = reverse("side-effect-resolve", args=[effect.public_id])
    response = client.post(url, {"step": "gone", "version": effect.version, "resolved_at": "2026-03-10T08:00"})

    assert response.status_code == 302
    effect.refresh_from_db()
    assert effect.resolved_at is not None
