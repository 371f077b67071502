"""Twenty people signing at the same moment, on the real database: no lot gives more than it held."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import VersionConflictError
from clinic.roles import Role
from tests.factories import (
    ConsentFactory,
    CourseFactory,
    InjectionFactory,
    LocationFactory,
    LotFactory,
    PreparationFactory,
    ScreeningFactory,
    SessionFactory,
    UserFactory,
)
from tests.treatments.session_forms import form_of, new_url
from treatments.actions import sessions as actions
from treatments.models import Amendment, Injection, Lot, Override, Preparation, Session

# Migrations' catalogue is data: a plain transactional test would leave an empty one behind.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PEOPLE = 20


@pytest.fixture
def here():
    return LocationFactory(time_zone="UTC")


@pytest.fixture
def clinician(here):
    return UserFactory(role=Role.CLINICIAN, locations=[here])


def all_at_once(act, things):
    """Run `act` on each thing in a thread of its own, all let go together; return what each answered."""
    gate = threading.Barrier(len(things))

    def run(thing):
        try:
            gate.wait(timeout=60)
            return act(thing)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(things)) as pool:
        return list(pool.map(run, things))


def posting(user):
    """Return what sends one (address, form) as this person and says where it led."""

    def post(sending):
        client = Client()
        client.force_login(user)
        response = client.post(*sending)
        return response.status_code

    return post


def ready_course(here, clinician):
    """Return a course whose patient may be treated now: screened and consented an hour ago."""
    course = CourseFactory(patient__location=here, clinician=clinician, started_on=timezone.now().date())
    ScreeningFactory(patient=course.patient, answered_at=timezone.now() - timedelta(hours=1), recorded_by=clinician)
    ConsentFactory(
        patient=course.patient,
        signed_at=timezone.now() - timedelta(hours=1),
        recorded_by=clinician,
        expires_on=None,
    )
    return course


def form_now(course, **changes):
    moment = timezone.now().strftime("%Y-%m-%dT%H:%M")
    return form_of(course, performed_at=moment, form_token=str(uuid.uuid4()), **changes)


def left_of(source):
    return type(source).objects.with_stock().get(pk=source.pk).remaining_ml


def test_of_twenty_who_sign_sessions_on_one_lot_as_many_do_as_it_has_enough_for(here, clinician):
    lot = LotFactory(location=here, received_ml=Decimal("25.000"))
    courses = [ready_course(here, clinician) for _number in range(PEOPLE)]
    sendings = [(new_url(each), form_now(each, action="sign", **{"drawn-0": "2.5"})) for each in courses]

    answers = all_at_once(posting(clinician), sendings)

    assert (answers.count(302), answers.count(200)) == (10, 10)
    assert Session.objects.signed().count() == Session.objects.count() == 10
    assert sum(Injection.objects.values_list("volume_ml", flat=True)) == Decimal("25.000")
    assert left_of(lot) == 0


def test_what_does_not_divide_is_left_to_the_microlitre(here, clinician):
    lot = LotFactory(location=here, received_ml=Decimal("10.000"))
    courses = [ready_course(here, clinician) for _number in range(PEOPLE)]
    sendings = [(new_url(each), form_now(each, action="sign", **{"drawn-0": "0.801"})) for each in courses]

    answers = all_at_once(posting(clinician), sendings)

    assert answers.count(302) == Session.objects.signed().count() == 12
    assert left_of(lot) == Decimal("0.388")


def test_twenty_who_sign_drafts_of_one_lot_draw_no_more_than_the_drafts_hold(here, clinician):
    lot = LotFactory(location=here, received_ml=Decimal("20.000"))
    drafts = []
    for _number in range(PEOPLE):
        session = SessionFactory(course=ready_course(here, clinician), performed_at=timezone.now(), given=True)
        session.injections.all().delete()
        InjectionFactory(session=session, lot=lot, volume_ml=Decimal("1.000"))
        drafts.append(session)

    sendings = [(reverse("session-sign", args=[each.public_id]), {"version": each.version}) for each in drafts]
    all_at_once(posting(clinician), sendings)

    assert Session.objects.signed().count() == PEOPLE
    assert left_of(lot) == 0


def test_half_draw_on_a_mixture_and_half_on_its_lot_and_nobody_waits_for_ever(here, clinician):
    lot = LotFactory(location=here, received_ml=Decimal("20.000"))
    mixture = PreparationFactory(
        location=here,
        ingredients=[(lot, Decimal("10.000"))],
        mixed_at=timezone.now() - timedelta(hours=1),
        use_by_at=timezone.now() + timedelta(hours=6),
    )
    keys = [f"lot:{lot.public_id}", f"mix:{mixture.public_id}"]
    courses = [ready_course(here, clinician) for _number in range(PEOPLE)]
    sendings = [
        (
            new_url(course),
            form_now(
                course,
                action="sign",
                **{
                    "source-0": keys[number % 2],
                    "drawn-0": "1",
                    "source-1": keys[1 - number % 2],
                    "drawn-1": "0.5",
                },
            ),
        )
        for number, course in enumerate(courses)
    ]

    answers = all_at_once(posting(clinician), sendings)

    lots = {code: left_of(each) for code, each in (("lot", lot), ("mix", mixture))}
    assert all(each >= 0 for each in lots.values())
    drawn = sum(Injection.objects.values_list("volume_ml", flat=True))
    assert drawn == answers.count(302) * Decimal("1.5")
    assert Lot.objects.with_stock().get().remaining_ml + Preparation.objects.with_stock().get().remaining_ml == (
        Decimal(20) - drawn
    )


def test_session_that_two_sign_at_once_is_signed_once(here, clinician):
    session = SessionFactory(course=ready_course(here, clinician), performed_at=timezone.now(), given=True)

    def sign(version):
        try:
            actions.sign(
                Session.objects.get(pk=session.pk), by=clinician, now=timezone.now(), version=version, overrides={}
            )
        except (ValidationError, VersionConflictError) as refusal:
            return type(refusal).__name__
        return "signed"

    answers = all_at_once(sign, [session.version] * 2)

    assert answers.count("signed") == 1
    assert Session.objects.get().version == session.version + 1
    assert session.course.follow_ups.count() == 1


def test_ten_taps_on_sign_make_one_signed_session_and_draw_once(here, clinician):
    lot = LotFactory(location=here, received_ml=Decimal("10.000"))
    course = ready_course(here, clinician)
    sending = (new_url(course), form_now(course, action="sign", **{"drawn-0": "3"}))

    answers = all_at_once(posting(clinician), [sending] * 10)

    assert set(answers) == {302}
    assert (Session.objects.count(), left_of(lot)) == (1, Decimal("7.000"))


def test_reason_for_passing_over_is_kept_once_for_ten_taps(here, clinician):
    LotFactory(location=here)
    course = CourseFactory(patient__location=here, clinician=clinician, started_on=timezone.now().date())
    ConsentFactory(patient=course.patient, signed_at=timezone.now(), recorded_by=clinician, expires_on=None)
    form = form_now(course, action="sign", **{"override-screening-missing": "Screened on paper."})

    all_at_once(posting(clinician), [(new_url(course), form)] * 10)

    assert (Session.objects.signed().count(), Override.objects.count()) == (1, 1)


def test_of_two_who_amend_at_once_one_wins_and_stock_follows_that_one(here, clinician):
    lot = LotFactory(location=here, received_ml=Decimal("10.000"))
    course = ready_course(here, clinician)
    posting(clinician)((new_url(course), form_now(course, action="sign", **{"drawn-0": "3"})))
    session = Session.objects.get()
    forms = [
        form_now(course, version=session.version, reason="Misread.", page=volume, **{"drawn-0": volume})
        for volume in ("4", "5")
    ]

    answers = all_at_once(posting(clinician), [(reverse("session-amend", args=[session.public_id]), f) for f in forms])

    assert sorted(answers) == [200, 302]
    assert Amendment.objects.count() == 1
    assert left_of(lot) == 10 - sum(Injection.objects.values_list("volume_ml", flat=True)) != 7


def test_twenty_pages_that_keep_what_is_typed_leave_one_working_copy(here, clinician):
    course = ready_course(here, clinician)
    url = reverse("session-keep-new", args=[course.public_id])
    forms = [(url, form_now(course, page=f"page-{number}", note=f"From {number}.")) for number in range(PEOPLE)]

    answers = all_at_once(posting(clinician), forms)

    assert set(answers) == {200}
    assert course.working_copies.open().count() == 1
