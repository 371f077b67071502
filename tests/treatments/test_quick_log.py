"""Logging a reaction from wherever a patient tells of one: the session, its areas and its lots are inferred."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AppointmentFactory,
    CourseFactory,
    FollowUpFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    PreparationFactory,
    ProtocolFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.forms.quick_log import SideEffectLogForm
from treatments.models import ClearedLot, Lot, Session, SideEffect
from treatments.rules.reaction import may_be_there
from treatments.suspects import given_in, inferred, suspects_of

PERFORMED = datetime(2026, 3, 2, 15, 0, 42, tzinfo=UTC)  # 07:00:42 in Los Angeles
NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here(db):
    return LocationFactory(name="Harbour")


@pytest.fixture
def patient(here):
    return PatientFactory(location=here)


@pytest.fixture
def left():
    return TreatmentAreaFactory(code="thigh-back-left")


@pytest.fixture
def right():
    return TreatmentAreaFactory(code="thigh-back-right")


@pytest.fixture
def session(patient, left, right):
    course = CourseFactory(patient=patient, areas=[left, right])
    return SessionFactory(course=course, signed=True, performed_at=PERFORMED)


@pytest.fixture
def nurse(client, here):
    user = UserFactory(role=Role.STAFF, locations=[here])
    client.force_login(user)
    return user


def for_patient(patient):
    return reverse("patient-side-effect-new", args=[patient.public_id])


def after(session):
    return reverse("side-effect-new", args=[session.public_id])


def a_log(**changes):
    data = {
        "form_token": str(uuid.uuid4()),
        "kind": SideEffectKindFactory().pk,
        "severity": "mild",
        "began": "at-session",
        "state": "still-there",
        "reported_by": "patient",
    }
    return data | changes


def lots_of(session, *lots, area=None):
    """Inject of each lot a little into an area of the session, or into each of them."""
    for lot in lots:
        for place in [area] if area else session.areas.all():
            InjectionFactory(session=session, area=place, lot=lot)
    return list(lots)


def ticked(*lots, shown):
    return {"lots_shown": [lot.pk for lot in shown], "lots": [lot.pk for lot in lots]}


def form_of(response):
    assert response.status_code == 200, response
    form = response.context["form"]
    assert isinstance(form, SideEffectLogForm)
    return form


# Which session


def test_record_takes_the_latest_session_of_all_courses_and_says_which(client, nurse, patient, session):
    acne = CourseFactory(patient=patient, protocol=ProtocolFactory(name="Acne"))
    later = SessionFactory(course=acne, signed=True, performed_at=PERFORMED + 3 * DAY)
    form = form_of(client.get(for_patient(patient)))
    assert form.session == later
    assert form["after"].value() == str(later.public_id)
    assert [words for _key, words in form.fields["after"].choices] == ["Session 1, 5 Mar", "Session 1, 2 Mar"]

    client.post(for_patient(patient), a_log())
    assert SideEffect.objects.get().session == later


def test_another_session_is_one_tap_away(client, nurse, patient, session, left):
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY, areas=[left])
    page = client.get(for_patient(patient), {"after": str(session.public_id), "areas": [left.pk]})
    form = form_of(page)
    assert (form.session, form["areas"].value()) == (session, [left.pk])

    client.post(for_patient(patient), a_log(after=str(session.public_id)))
    assert SideEffect.objects.get().session == session
    assert later.side_effects.count() == 0


def test_session_of_the_address_is_taken_though_it_is_not_the_latest(client, nurse, session):
    SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    assert form_of(client.get(after(session))).session == session


def test_oldest_sessions_are_folded_away_and_one_of_them_may_be_taken(client, nurse, patient, session):
    for week in range(1, 6):
        SessionFactory(course=session.course, signed=True, performed_at=PERFORMED - week * 7 * DAY)
    form = form_of(client.get(for_patient(patient)))
    assert (len(form.few_sessions), len(form.older_sessions)) == (4, 2)
    oldest = Session.objects.order_by("performed_at").first()
    form = form_of(client.get(for_patient(patient), {"after": str(oldest.public_id)}))
    assert (len(form.few_sessions), len(form.older_sessions)) == (5, 1)


def test_draft_counts_for_the_needle_was_real(client, nurse, patient, session):
    draft = SessionFactory(course=session.course, performed_at=PERFORMED + 7 * DAY)
    form = form_of(client.get(for_patient(patient)))
    assert form.session == draft
    assert form.fields["after"].widget.lines[str(draft.public_id)] == "Cellulite, yesterday, draft"


def in_error(session):
    session.entered_in_error_at, session.entered_in_error_by = session.performed_at, session.performed_by
    session.entered_in_error_reason = "Another patient."
    session.save()


def test_session_entered_in_error_is_not_offered(client, nurse, patient, session):
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    in_error(later)
    assert form_of(client.get(for_patient(patient))).session == session
    response = client.get(after(later))
    assert form_of(response).session == session
    assert [str(message) for message in response.context["messages"]] == [
        "That session was entered in error. Say after which one it began."
    ]


def test_patient_without_a_session_is_told_what_to_do(client, nurse, patient):
    course = CourseFactory(patient=patient)
    page = client.get(for_patient(patient))
    assert page.status_code == 200
    text = page.content.decode()
    assert "No session is recorded yet" in text
    assert reverse("session-new", args=[course.public_id]) in text
    assert client.post(for_patient(patient), a_log()).status_code == 200
    assert not SideEffect.objects.exists()


def test_session_of_somebody_else_is_no_choice(client, nurse, patient, session):
    other = SessionFactory(signed=True, course__patient__location=patient.location)
    form = form_of(client.post(for_patient(patient), a_log(after=str(other.public_id), note="Warm")))
    assert form.errors["after"] == ["That is no session of this patient. Choose another."]
    assert form["note"].value() == "Warm"


def test_onset_before_the_session_that_is_chosen_is_refused(client, nurse, patient, session):
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    data = a_log(began="other-time", onset_at="2026-03-04T10:00")
    form = form_of(client.post(for_patient(patient), data))
    assert form.errors["onset_at"] == ["This is before the session. A reaction begins after it."]

    client.post(for_patient(patient), data | {"after": str(session.public_id)})
    assert (SideEffect.objects.get().session, later.side_effects.count()) == (session, 0)


def test_dead_patient_may_still_have_died_of_it(client, nurse, patient, session):
    patient.deceased_on = NOW.date()
    patient.save()
    client.post(for_patient(patient), a_log(severity="severe", grade="5", death_confirmed="on", began="now"))
    assert SideEffect.objects.get().grade == 5


# A record that was merged


@pytest.fixture
def merged(patient, here):
    return PatientFactory(location=here, merged_into=PatientFactory(location=here, merged_into=patient))


def test_merged_record_leads_to_the_one_that_goes_on(client, nurse, merged, patient, session):
    response = client.get(for_patient(merged), follow=True)
    assert response.redirect_chain == [(for_patient(patient), 302)]
    assert [str(message) for message in response.context["messages"]] == [
        f"Record {merged.record_number} was merged into this one, {patient.full_name}, {patient.record_number}."
    ]


def test_reaction_for_a_merged_record_is_shown_and_logged_in_the_one_that_goes_on(
    client, nurse, merged, patient, session
):
    data = a_log(note="Warm")
    response = client.post(for_patient(merged), data)
    form = form_of(response)
    assert "was merged into this one" in str(form.non_field_errors())
    assert (form["note"].value(), form.session, response.context["address"]) == ("Warm", session, for_patient(patient))
    assert not SideEffect.objects.exists()

    client.post(for_patient(patient), data)
    assert SideEffect.objects.get().session == session


def test_session_that_stayed_with_a_merged_record_leads_to_the_one_that_goes_on(
    client, nurse, merged, patient, session
):
    left_behind = SessionFactory(course=CourseFactory(patient=merged), signed=True)
    assert client.get(after(left_behind)).url == for_patient(patient)


def test_record_is_not_merged_into_itself(patient):
    patient.merged_into = patient
    with pytest.raises(IntegrityError), transaction.atomic():
        patient.save()


# The doors


def test_card_of_today_logs_after_its_own_session(client, nurse, session):
    AppointmentFactory(course=session.course, starts_at=NOW, status="done", practitioner__locations=[])
    SessionFactory(
        course=session.course, performed_at=NOW - timedelta(hours=1), appointment=session.course.appointments.get()
    )
    card = client.get("/").context["board"].columns[-1].cards[0]
    assert card.log_url == after(card.session)
    assert f"{card.log_url}?next=%2F" in client.get("/").content.decode()


@pytest.mark.parametrize(("status", "has_door"), [("booked", False), ("arrived", True), ("in-room", True)])
def test_card_of_somebody_who_was_treated_before_has_the_door(client, nurse, session, patient, status, has_door):
    AppointmentFactory(course=session.course, starts_at=NOW, status=status)
    assert (f"{for_patient(patient)}?next=%2F" in client.get("/").content.decode()) == has_door


def test_card_of_somebody_who_was_never_treated_has_none(client, nurse, patient):
    AppointmentFactory(course=CourseFactory(patient=patient), starts_at=NOW, status="arrived")
    assert "/side-effects/new/" not in client.get("/").content.decode()


def test_record_call_list_and_session_have_the_door(client, nurse, session, patient):
    FollowUpFactory(course=session.course, opens_on=NOW.date(), closes_on=NOW.date() + 60 * DAY)
    assert for_patient(patient) in client.get(patient.get_absolute_url()).content.decode()
    assert for_patient(patient) in client.get(reverse("follow-up-list")).content.decode()
    assert after(session) in client.get(session.get_absolute_url()).content.decode()


def test_saving_leads_back_to_the_door(client, nurse, patient, session, left):
    assert client.post(for_patient(patient), a_log(next="/follow-ups/?q=x")).url == "/follow-ups/?q=x"
    outside = client.post(for_patient(patient), a_log(next="https://example.org/", areas=[left.pk]))
    assert outside.url == SideEffect.objects.order_by("pk").last().get_absolute_url()


def test_several_areas_are_named_by_their_number(client, nurse, patient, session, left, right):
    response = client.post(for_patient(patient), a_log(areas=[left.pk, right.pk], began="now"), follow=True)
    assert [str(message) for message in response.context["messages"]] == ["Swelling is logged in 2 areas."]


def test_admin_has_no_door(client, here, session, patient):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    assert for_patient(patient) not in client.get(patient.get_absolute_url()).content.decode()
    assert client.get(for_patient(patient)).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_form_asks_as_often_for_three_sessions_as_for_one(
    client, nurse, patient, left, django_assert_num_queries, count
):
    course = CourseFactory(patient=patient)
    for week in range(count):
        session = SessionFactory(course=course, signed=True, performed_at=PERFORMED - week * 7 * DAY)
        lots_of(session, *LotFactory.create_batch(count, location=course.location))
    with django_assert_num_queries(FORM):
        client.get(for_patient(patient))


FORM = 22


# The kinds


@pytest.mark.parametrize(
    ("elapsed", "there"),
    [(-DAY, False), (2 * DAY, False), (3 * DAY, True), (31 * DAY, True), (31 * DAY + timedelta(seconds=1), False)],
)
def test_kind_may_be_there_from_its_first_onset_to_its_last_end(elapsed, there):
    assert may_be_there(elapsed, 3 * DAY, 3 * DAY, 28 * DAY) is there


def test_kind_without_a_usual_onset_is_never_put_first():
    assert not may_be_there(DAY, None, None, 7 * DAY)


def codes(options):
    return [option.data["value"].instance.code for option in options]


def test_kinds_of_the_treatment_room_come_first_right_after_it(client, nurse, patient, session):
    with time_machine.travel(PERFORMED + timedelta(hours=1), tick=False):
        form = form_of(client.get(for_patient(patient)))
    assert codes(form.usual_kinds())[:3] == ["burning", "discomfort", "heaviness"]
    assert {"nodule", "infection"} <= set(codes(form.more_kinds()))


def test_kinds_that_come_late_come_first_after_a_week(client, nurse, patient, session):
    form = form_of(client.get(for_patient(patient)))
    assert codes(form.usual_kinds())[:4] == ["bruising", "discolouration", "induration", "nodule"]
    assert "burning" in codes(form.usual_kinds())


@pytest.mark.parametrize(("days", "offered"), [(6, False), (7, True), (35, True), (203, True), (204, False)])
def test_signs_of_a_late_infection_are_offered_as_long_as_they_are_watched(
    client, nurse, patient, session, days, offered
):
    with time_machine.travel(PERFORMED + days * DAY, tick=False):
        client.force_login(nurse)
        form = form_of(client.get(for_patient(patient)))
    assert ({"nodule", "induration", "abscess", "drainage"} <= set(codes(form.usual_kinds()))) is offered
    assert set(codes(form.usual_kinds())).isdisjoint(codes(form.more_kinds()))


def test_sign_of_a_late_infection_begun_at_a_session_weeks_ago_is_asked_about(client, nurse, session, left):
    """Four taps take it to have begun at the session, where nothing would watch it."""
    nodule = a_log(kind=SideEffectKindFactory(code="nodule").pk)
    with time_machine.travel(PERFORMED + 30 * DAY, tick=False):
        client.force_login(nurse)
        response = client.post(after(session), nodule)
        form = form_of(response)
        assert form.asked == [
            "Nodule, there since the session 30 days ago? One that came later may be an infection, and is watched by"
            " the day it began. Is that day meant?"
        ]
        assert SideEffect.objects.count() == 0
        assert form.mark in response.content.decode()
        client.post(after(session), nodule | {"meant": form.mark})
        client.post(after(session), a_log(kind=nodule["kind"], began="now", areas=[left.pk]))
        client.post(after(session), a_log(kind=nodule["kind"], state="gone", lasted="3", lasted_unit="days"))
    assert SideEffect.objects.count() == 3


def test_what_is_there_already_is_asked_about(client, nurse, session, left, right):
    """The patient told two people of one swelling: it is one reaction unless somebody says otherwise."""
    sent = a_log(areas=[left.pk])
    client.post(after(session), sent)
    client.post(after(session), sent)  # a double tap
    again = a_log(areas=[left.pk, right.pk])
    form = form_of(client.post(after(session), again))
    assert form.asked == [
        "Swelling, back thigh, left was logged already on 10 Mar and is not gone. Is this another one?"
    ]
    assert SideEffect.objects.count() == 1

    client.post(after(session), again | {"meant": form.mark})
    assert SideEffect.objects.count() == 3


def test_what_is_gone_or_elsewhere_or_another_kind_is_not_asked_about(client, nurse, session, left, right):
    client.post(after(session), a_log(areas=[left.pk], state="gone", lasted="3", lasted_unit="days"))
    client.post(after(session), a_log(areas=[right.pk]))
    client.post(after(session), a_log())
    client.post(after(session), a_log(areas=[left.pk], kind=SideEffectKindFactory(code="bruising").pk))
    client.post(after(session), a_log(areas=[left.pk]))
    assert SideEffect.objects.count() == 5


def test_what_a_kind_says_of_its_clock(client, nurse, patient, session):
    facts = form_of(client.get(for_patient(patient))).kind_facts()
    said = {code: facts[str(SideEffectKindFactory(code=code).pk)]["clock"] for code in ("swelling", "nodule", "ntm")}
    doctor = session.course.clinician.get_full_name()
    assert said["swelling"] == "Swelling is usually gone within 5 days."
    assert said["nodule"] == f"Nodule is usually gone within 14 days. It always goes to {doctor} for review."
    assert said["ntm"].endswith(f"has no expected end. It always goes to {doctor} for review.")


# The lots


def test_all_lots_of_the_session_are_in_question_and_nothing_is_kept_of_that(client, nurse, patient, session):
    lots = lots_of(session, LotFactory(location=patient.location), LotFactory(location=patient.location))
    form = form_of(client.get(for_patient(patient)))
    assert form["lots"].value() == [str(lot.pk) for lot in lots]

    client.post(for_patient(patient), a_log(**ticked(*lots, shown=lots)))
    assert suspects_of(SideEffect.objects.get()).suspected == lots
    assert not ClearedLot.objects.exists()


def test_unticked_lot_is_ruled_out_by_whom_it_was(client, nurse, patient, session):
    one, other = lots_of(session, LotFactory(location=patient.location), LotFactory(location=patient.location))
    client.post(for_patient(patient), a_log(**ticked(one, shown=[one, other])))
    effect = SideEffect.objects.get()
    suspects = suspects_of(effect)
    assert (suspects.suspected, [(row.lot, row.cleared_by) for row in suspects.cleared]) == ([one], [(other, nurse)])
    page = client.get(effect.get_absolute_url())
    assert [line for change in page.context["changes"] for line in change.lines] == [
        f"Not suspected: {other}",
        "Logged",
    ]


def test_silence_about_lots_clears_none(client, nurse, patient, session):
    lots_of(session, LotFactory(location=patient.location))
    client.post(for_patient(patient), a_log())
    assert not ClearedLot.objects.exists()


def test_lots_of_another_area_are_not_in_question(client, nurse, patient, session, left, right):
    (one,) = lots_of(session, LotFactory(location=patient.location), area=left)
    (other,) = lots_of(session, LotFactory(location=patient.location), area=right)
    client.post(for_patient(patient), a_log(areas=[left.pk, right.pk], **ticked(other, shown=[one, other])))
    found = {effect.area: suspects_of(effect) for effect in SideEffect.objects.all()}
    assert (found[left].suspected, [row.lot for row in found[left].cleared]) == ([], [one])
    assert (found[right].suspected, found[right].cleared) == ([other], [])
    assert ClearedLot.objects.count() == 1


def test_refused_form_keeps_what_was_unticked(client, nurse, patient, session):
    one, other = lots_of(session, LotFactory(location=patient.location), LotFactory(location=patient.location))
    form = form_of(client.post(for_patient(patient), a_log(kind="", **ticked(one, shown=[one, other]))))
    assert form["lots"].value() == [str(one.pk)]


def test_session_changed_without_a_script_clears_no_lot_that_was_not_shown(client, nurse, patient, session):
    (old,) = lots_of(session, LotFactory(location=patient.location))
    later = SessionFactory(course=session.course, signed=True, performed_at=PERFORMED + 7 * DAY)
    (new,) = lots_of(later, LotFactory(location=patient.location))
    client.post(for_patient(patient), a_log(after=str(session.public_id), **ticked(new, shown=[new])))
    assert suspects_of(SideEffect.objects.get()).suspected == [old]


def test_double_tap_rules_out_once(client, nurse, patient, session):
    one, other = lots_of(session, LotFactory(location=patient.location), LotFactory(location=patient.location))
    data = a_log(**ticked(one, shown=[one, other]))
    for _tap in range(2):
        client.post(for_patient(patient), data)
    assert (SideEffect.objects.count(), ClearedLot.objects.count()) == (1, 1)


def an_edit(effect, **changes):
    data = {
        "version": effect.version,
        "kind": effect.kind_id,
        "area": effect.area_id or "",
        "severity": effect.severity,
        "onset_at": "2026-03-02T08:00",
        "reported_by": effect.reported_by,
    }
    return data | changes


def test_correction_rules_out_a_lot_and_suspects_it_again(client, nurse, session, here):
    effect = SideEffectFactory(session=session, onset_at=PERFORMED + timedelta(hours=1))
    one, other = lots_of(session, LotFactory(location=here), LotFactory(location=here))
    edit = reverse("side-effect-edit", args=[effect.public_id])
    assert client.get(edit).context["form"]["lots"].value() == [str(one.pk), str(other.pk)]

    client.post(edit, an_edit(effect, **ticked(one, shown=[one, other])))
    assert suspects_of(effect).suspected == [one]
    assert client.get(edit).context["form"]["lots"].value() == [str(one.pk)]

    effect.refresh_from_db()
    client.post(edit, an_edit(effect, **ticked(one, other, shown=[one, other])))
    assert suspects_of(effect).suspected == [one, other]
    lines = [line for change in client.get(effect.get_absolute_url()).context["changes"] for line in change.lines]
    assert lines[:2] == [f"Suspected again: {other}", f"Not suspected: {other}"]


def test_correction_over_a_newer_version_rules_nothing_out(client, nurse, session, here):
    effect = SideEffectFactory(session=session, onset_at=PERFORMED + timedelta(hours=1))
    one, other = lots_of(session, LotFactory(location=here), LotFactory(location=here))
    data = an_edit(effect, **ticked(one, shown=[one, other]))
    effect.save_over(1)
    response = client.post(reverse("side-effect-edit", args=[effect.public_id]), data)
    rows = {row.label: (row.theirs, row.mine) for row in response.context["form"].conflict.differing}
    assert rows["Lots in question"] == (f"{one}, {other}", str(one))
    assert not ClearedLot.objects.exists()


def test_amended_session_brings_its_new_lots_under_suspicion(session, here, left):
    effect = SideEffectFactory(session=session, area=left)
    (old,) = lots_of(session, LotFactory(location=here), area=left)
    ClearedLot.objects.create(side_effect=effect, lot=old, cleared_by=effect.recorded_by)
    assert list(SideEffect.objects.of_lots([old])) == []

    session.injections.all().delete()
    (new,) = lots_of(session, LotFactory(location=here), area=left)
    assert suspects_of(effect).suspected == [new]
    assert list(SideEffect.objects.of_lots([new])) == [effect]
    assert list(SideEffect.objects.of_lots([old])) == []


def test_area_that_an_amendment_took_away_points_to_all_of_the_session(session, here, left, right):
    (lot,) = lots_of(session, LotFactory(location=here), area=right)
    effect = SideEffectFactory(session=session, area=left)
    assert suspects_of(effect).suspected == [lot]
    assert list(SideEffect.objects.of_lots([lot])) == [effect]


def test_database_and_the_page_agree_on_every_lot(here, left, right):
    """Straight and mixed, one area and the other, cleared and not, with and without an area."""
    lots = LotFactory.create_batch(3, location=here)
    doctor = UserFactory(role=Role.CLINICIAN)
    for number in range(12):
        course = CourseFactory(patient__location=here, areas=[left, right])
        session = SessionFactory(course=course, signed=True, performed_at=PERFORMED)
        for index, lot in enumerate(lots):
            area = [left, right][(number >> index) & 1]
            if (number + index) % 3 == 0:
                mixture = PreparationFactory(location=here, ingredients=[(lot, 5), (lots[index - 1], 5)])
                InjectionFactory(session=session, area=area, lot=None, preparation=mixture)
            elif (number + index) % 3 == 1:
                InjectionFactory(session=session, area=area, lot=lot)
        effect = SideEffectFactory(session=session, area=[left, right, None][number % 3])
        if number % 2:
            ClearedLot.objects.create(side_effect=effect, lot=lots[number % 3], cleared_by=doctor)
    for lot in lots:
        by_page = {effect.pk for effect in SideEffect.objects.all() if lot in suspects_of(effect).suspected}
        assert set(SideEffect.objects.of_lots([lot]).values_list("pk", flat=True)) == by_page
        assert set(SideEffect.objects.of_lots(Lot.objects.of_batch(lot)).values_list("pk", flat=True)) == by_page
    assert SideEffect.objects.of_lots(lots).count() == len(
        [effect for effect in SideEffect.objects.all() if suspects_of(effect).suspected]
    )


def test_without_an_injection_nothing_is_in_question(session):
    assert inferred(given_in(session), None) == []


def test_page_of_the_lot_lists_what_it_is_suspected_of_and_no_more(client, nurse, session, here):
    one, other = lots_of(session, LotFactory(location=here), LotFactory(location=here))
    effect = SideEffectFactory(session=session, kind=SideEffectKindFactory(code="nodule"))
    ClearedLot.objects.create(side_effect=effect, lot=other, cleared_by=nurse)
    assert effect.get_absolute_url() in client.get(one.get_absolute_url()).content.decode()
    assert effect.get_absolute_url() not in client.get(other.get_absolute_url()).content.decode()
    page = client.get(effect.get_absolute_url()).content.decode()
    assert one.get_absolute_url() in page
    assert other.get_absolute_url() in page


def test_ruled_out_lot_raises_no_alert(here, nurse):
    lot = LotFactory(location=here)
    effects = []
    for _patient in range(3):
        session = SessionFactory(course__patient__location=here, signed=True)
        InjectionFactory(session=session, lot=lot)
        effects.append(SideEffectFactory(session=session, kind=SideEffectKindFactory(code="nodule")))
    assert Lot.objects.with_alert().get(pk=lot.pk).alert_patients == 3
    ClearedLot.objects.create(side_effect=effects[0], lot=lot, cleared_by=nurse)
    assert Lot.objects.with_alert().get(pk=lot.pk).alert_patients is None
