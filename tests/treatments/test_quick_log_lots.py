"""The lots that a reaction puts in question, until somebody rules one out."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    PreparationFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.reaction_logs import DAY, NOW, PERFORMED, a_log, for_patient, form_of, lots_of
from treatments.models import ClearedLot, Lot, SideEffect
from treatments.suspects import given_in, inferred, suspects_of


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


def ticked(*lots, shown):
    return {"lots_shown": [lot.pk for lot in shown], "lots": [lot.pk for lot in lots]}


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
