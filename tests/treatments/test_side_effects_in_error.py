"""A reaction that never was: it is no work and in no rate, and the record keeps it with the reason."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    InjectionFactory,
    LocationFactory,
    LotFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    UserFactory,
)
from treatments.actions import side_effects as actions
from treatments.clusters import find_clusters
from treatments.models import Lot, Session, SideEffect

PERFORMED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 20, 18, 30, tzinfo=UTC)
REASON = "Meant for the patient before."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    return SessionFactory(signed=True, performed_at=PERFORMED, course__patient__location=LocationFactory())


def signed_in(client, session, role):
    client.force_login(user := UserFactory(role=role, locations=[session.course.location]))
    return user


@pytest.fixture
def nurse(client, session):
    return signed_in(client, session, Role.STAFF)


@pytest.fixture
def swelling(session):
    return SideEffectFactory(session=session, kind=SideEffectKindFactory(code="swelling"), onset_at=PERFORMED)


def error_url(effect):
    return reverse("side-effect-error", args=[effect.public_id])


def take_back(client, effect, **changes):
    data = {"reason": REASON, "version": effect.version, **changes}
    return client.post(error_url(effect), data, follow=True)


def test_nurse_takes_back_what_was_logged_by_a_slip(client, nurse, swelling):
    page = take_back(client, swelling).content.decode()

    swelling.refresh_from_db()
    assert (swelling.is_in_error, swelling.entered_in_error_by) == (True, nurse)
    assert "is marked as entered in error" in page
    assert REASON in page
    assert swelling.history.first().history_change_reason == REASON


def test_it_is_work_no_more(client, nurse, swelling):
    assert SideEffect.objects.standing().to_review(NOW).count() == 1

    take_back(client, swelling)

    assert not SideEffect.objects.standing().to_review(NOW).exists()
    assert not SideEffect.objects.standing().open().exists()
    swelling.refresh_from_db()
    assert swelling.review_reasons(NOW) == []
    assert swelling.get_absolute_url() not in client.get(reverse("side-effect-list")).content.decode()


def test_record_and_session_keep_it_marked(client, nurse, swelling, session):
    take_back(client, swelling)

    for page in (reverse("patient-record", args=[session.course.patient.public_id]), session.get_absolute_url()):
        assert "In error" in client.get(page).content.decode()


def test_no_lot_is_suspected_of_it_and_no_rate_counts_it(client, nurse):
    nodule = SideEffectKindFactory(code="nodule", is_expected=False)
    lot = LotFactory(location=nurse.locations.get())
    injections = [InjectionFactory(lot=lot, session__signed=True, session__performed_at=PERFORMED) for _ in range(3)]
    effects = [SideEffectFactory(session=each.session, kind=nodule, onset_at=PERFORMED) for each in injections]
    assert Lot.objects.with_alert().get().alert_patients == 3

    actions.enter_in_error(effects[0], reason=REASON, by=nurse, now=NOW, version=effects[0].version)

    assert Lot.objects.with_alert().get().alert_patients is None
    assert SideEffect.objects.of_lots([lot]).count() == 2
    assert find_clusters(NOW) == []
    assert Session.objects.filter(pk=injections[0].session_id).with_answer().get().is_answered is False


def test_nothing_more_is_said_of_it(client, session, swelling):
    clinician = signed_in(client, session, Role.CLINICIAN)
    actions.enter_in_error(swelling, reason=REASON, by=clinician, now=NOW, version=swelling.version)
    steps = {
        "side-effect-edit": {},
        "side-effect-resolve": {"step": "gone", "version": swelling.version, "resolved_at": "2026-03-04T10:00"},
        "side-effect-review": {"review-version": swelling.version, "review-note": "Seen"},
        "side-effect-follow": {"follow-version": swelling.version},
        "side-effect-contact": {"contact-version": swelling.version, "contact-form_token": uuid.uuid4()},
        "side-effect-step": {"step": "culture", "done": "yes"},
    }

    for name, data in steps.items():
        page = client.post(reverse(name, args=[swelling.public_id]), data, follow=True).content.decode()
        assert "marked as entered in error" in page, name

    swelling.refresh_from_db()
    assert (swelling.resolved_at, swelling.reviewed_at, swelling.owner) == (None, None, None)


def test_it_can_be_said_to_stand_after_all(client, nurse, swelling):
    take_back(client, swelling)
    swelling.refresh_from_db()

    page = client.post(error_url(swelling), {"step": "stands", "version": swelling.version}, follow=True)

    assert "stands after all" in page.content.decode()
    swelling.refresh_from_db()
    assert (swelling.stands, swelling.entered_in_error_reason) == (True, "")
    assert SideEffect.objects.standing().to_review(NOW).count() == 1


@pytest.mark.parametrize("grave", ["urgent kind", "reviewed"])
def test_what_a_clinician_must_see_or_has_seen_a_clinician_takes_back(client, session, nurse, swelling, grave):
    if grave == "urgent kind":
        swelling.kind = SideEffectKindFactory(code="infection", is_urgent=True)
        swelling.save()
    else:
        doctor = UserFactory(role=Role.CLINICIAN)
        SideEffect.objects.filter(pk=swelling.pk).update(reviewed_at=NOW - timedelta(days=1), reviewed_by=doctor)

    assert client.post(error_url(swelling), {"reason": REASON, "version": swelling.version}).status_code == 403
    assert error_url(swelling) not in client.get(swelling.get_absolute_url()).content.decode()

    signed_in(client, session, Role.CLINICIAN)
    take_back(client, swelling)
    swelling.refresh_from_db()
    assert swelling.is_in_error


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": ""}, "Say why it is in error."),
        ({"reason": "a\0b"}, "Null characters are not allowed."),
        ({"reason": "a" * 301}, "at most 300 characters"),
        ({"version": 7}, "Somebody changed it meanwhile."),
        ({"version": "x"}, "Enter a whole number."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(client, nurse, swelling, changes, words):
    page = take_back(client, swelling, **changes).content.decode()

    assert words in page
    swelling.refresh_from_db()
    assert swelling.stands


def test_second_tap_says_that_it_is_done(client, nurse, swelling):
    take_back(client, swelling)

    assert "entered in error already" in take_back(client, swelling).content.decode()
    swelling.refresh_from_db()
    with pytest.raises(ValidationError):
        actions.enter_in_error(swelling, reason=REASON, by=nurse, now=NOW, version=swelling.version)


def test_error_without_a_reason_is_refused_by_the_database(swelling):
    with pytest.raises(IntegrityError), transaction.atomic():
        SideEffect.objects.filter(pk=swelling.pk).update(entered_in_error_at=NOW)


def test_day_of_the_slip_stays_as_it_was(client, nurse, swelling):
    take_back(client, swelling)

    swelling.refresh_from_db()
    assert swelling.onset_at.date() == date(2026, 3, 2)
