"""Amending a signed session: with a reason, both versions readable, and stock, window and numbers following."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    LotFactory,
    PreparationFactory,
    ProductFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    make_ready,
)
from tests.treatments.session_forms import FIRST, NOW, edit_url, errors, form_of, new_url, signed_in, spaced, told
from treatments.actions.relocation import relocate
from treatments.models import Amendment, Lot, Override, Session

pytestmark = pytest.mark.django_db

REASON = "Volume misread from the syringe."


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def course():
    return make_ready(CourseFactory(patient__location=LocationFactory()))


@pytest.fixture(autouse=True)
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def lot(course):
    return LotFactory(location=course.location, number="LOT-1", received_ml=Decimal("10.000"))


@pytest.fixture
def session(client, course, lot):
    """A signed session that gave 2 ml of the lot."""
    client.post(new_url(course), form_of(course, action="sign", note="Calm."))
    return Session.objects.get()


def amend_url(session):
    return reverse("session-amend", args=[session.public_id])


def amend(client, session, **changes):
    facts = {"note": "Calm.", "version": session.version, "reason": REASON, "action": "amend", **changes}
    return client.post(amend_url(session), form_of(session.course, **facts))


def left_of(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml


def test_amended_session_says_the_new_and_keeps_the_old_with_the_reason(client, clinician, session):
    response = amend(client, session, **{"drawn-0": "3"})

    amendment = Amendment.objects.get()
    assert response.url == session.get_absolute_url()
    assert (amendment.number, amendment.reason, amendment.made_by, amendment.made_at) == (1, REASON, clinician, NOW)
    before, after = (dict(map(tuple, version)) for version in (amendment.before, amendment.after))
    assert spaced(before["Drawn up"]) == "2 ml Vitamin mixture 10 mg/ml, lot LOT-1"
    assert spaced(after["Drawn up"]) == "3 ml Vitamin mixture 10 mg/ml, lot LOT-1"


def test_both_versions_are_readable_on_the_page(client, session):
    response = amend(client, session, pain="7", **{"drawn-0": "3"})

    page = spaced(client.get(response.url).content.decode())

    assert "Amendment 1" in page
    assert REASON in page
    assert "2 ml Vitamin mixture 10 mg/ml, lot LOT-1</td><td>3 ml Vitamin mixture 10 mg/ml, lot LOT-1" in page
    assert '<td class="cell-main">Pain, 0 to 10</td><td>3</td><td>7</td>' in page
    assert "The whole version before" in page
    assert "Calm." in page


def test_signature_stays_and_the_version_moves_on(client, session):
    amend(client, session, pain="7")

    amended = Session.objects.get()
    assert (amended.signed_at, amended.signed_by) == (session.signed_at, session.signed_by)
    assert amended.version == session.version + 1
    assert amended.pain == 7


def test_stock_follows_up_and_down(client, session, lot):
    assert left_of(lot) == Decimal("8.000")

    amend(client, session, **{"drawn-0": "5.5"})
    assert left_of(lot) == Decimal("4.500")

    amend(client, Session.objects.get(), **{"drawn-0": "1"})
    assert left_of(lot) == Decimal("9.000")
    assert list(Amendment.objects.values_list("number", flat=True)) == [2, 1]


def test_more_than_the_lot_has_is_refused_and_the_session_stays_as_it_was(client, session, lot):
    response = amend(client, session, pain="7", **{"drawn-0": "10.5"})

    words = "Vitamin mixture 10 mg/ml, lot LOT-1: only 10 ml is left, 0.5 ml too little."
    assert errors(response) == {"source-0": [words]}
    assert response.context["form"]["reason"].value() == REASON
    assert (Session.objects.get().pain, left_of(lot)) == (3, Decimal("8.000"))
    assert not Amendment.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "a\x00b", "x" * 501])
def test_amendment_needs_a_reason_that_can_be_read(client, session, reason):
    response = amend(client, session, pain="7", reason=reason)

    assert "reason" in errors(response)
    assert Session.objects.get().pain == 3


def test_nothing_changed_is_no_amendment(client, session):
    response = amend(client, session)

    assert errors(response) == {"__all__": ["Nothing was changed."]}
    assert not Amendment.objects.exists()
    assert Session.objects.get().version == session.version


def test_amended_session_still_has_all_that_a_signed_one_has(client, session):
    response = amend(client, session, pain="", reactions=[])

    assert set(errors(response)) == {"pain", "reactions"}


def test_nurse_amends_nothing(client, course, session):
    signed_in(client, course, Role.STAFF)

    assert client.get(amend_url(session)).status_code == 403
    assert amend(client, session, pain="7").status_code == 403
    assert f'href="{amend_url(session)}"' not in client.get(session.get_absolute_url()).content.decode()


def test_draft_is_edited_and_not_amended(client, course, lot):
    draft = SessionFactory(course=course, performed_at=FIRST, given=True)

    response = client.get(amend_url(draft))

    assert response.url == draft.get_absolute_url()
    assert told(client.get(response.url)) == ["Only a signed session is amended."]


def test_signed_session_is_amended_and_not_edited(client, session):
    response = client.post(reverse("session-edit", args=[session.public_id]), form_of(session.course, version=1))

    assert errors(response) == {"__all__": ["This session is signed. It is changed by an amendment."]}


def test_of_two_tabs_the_later_sees_both_versions_and_loses_nothing(client, session):
    amend(client, session, pain="7")

    response = amend(client, session, pain="5")

    conflict = response.context["form"].conflict
    assert ("7", "5") in [(row.theirs, row.mine) for row in conflict.differing]
    assert response.context["form"]["reason"].value() == REASON
    assert (Session.objects.get().pain, Amendment.objects.count()) == (7, 1)


# Lots and doses are judged anew, what was used before is not.


def test_lot_of_the_session_that_was_held_since_is_no_obstacle(client, session, lot):
    lot.held_at, lot.held_by, lot.hold_reason = NOW, lot.received_by, "Three nodules."
    lot.save()

    amend(client, session, pain="7")

    assert Session.objects.get().pain == 7


def test_product_of_the_session_that_was_blocked_since_is_no_obstacle(client, session):
    ProductFactory(blocked_reason="Recalled by its maker.")

    amend(client, session, pain="7")

    assert Session.objects.get().pain == 7


def test_lot_that_expired_since_is_no_obstacle(client, clock, course, session, lot):
    lot.expires_on = date(2026, 3, 12)
    lot.save()
    clock.move_to(NOW + timedelta(days=10))
    signed_in(client, course, Role.CLINICIAN)

    amend(client, session, **{"drawn-0": "3"})

    assert left_of(lot) == Decimal("7.000")


def test_lot_that_may_not_be_used_cannot_be_amended_into_a_session(client, session, lot):
    held = LotFactory(location=lot.location, number="LOT-H", held=True, product=ProductFactory(code="h", name="Held"))

    response = amend(client, session, **{"source-0": f"lot:{held.public_id}"})

    assert response.status_code == 200
    assert "Lot LOT-H of Held 10 mg/ml is on hold: Three nodules." in str(errors(response))
    assert left_of(held) == 100
    assert not Amendment.objects.exists()


def test_dose_beyond_its_limit_cannot_be_amended_into_a_session(client, session, lot):
    ProductFactory(limit_acts="stop", max_ml_per_session=Decimal(4))

    response = amend(client, session, **{"drawn-0": "5"})

    assert "5 ml, the limit is 4 ml a session." in str(errors(response))
    assert left_of(lot) == Decimal("8.000")


def test_consent_withdrawn_since_does_not_keep_a_mistake_in_the_record(client, clinician, course, session):
    consent = course.patient.consents.get()
    consent.withdraw(reason="Course is over.", by=clinician, now=NOW, version=consent.version)

    amend(client, session, pain="7")

    assert Session.objects.get().pain == 7


def test_dose_that_was_given_all_the_same_is_amended_with_the_reason(client, session, lot):
    ProductFactory(limit_acts="stop", max_ml_per_session=Decimal(4))

    response = amend(client, session, **{"drawn-0": "5", "override-dose:test-vitamins:ml": "It is what was given."})

    assert left_of(lot) == Decimal("5.000")
    assert Override.objects.get().reason == "It is what was given."
    assert "It is what was given." in client.get(response.url).content.decode()


def test_lot_held_after_the_session_is_amended_into_it_with_the_reason(client, session, lot):
    held = LotFactory(location=lot.location, number="LOT-H", held=True)
    held.held_at = session.performed_at + timedelta(minutes=10)
    held.save()
    source = {"source-0": f"lot:{held.public_id}"}

    amend(client, session, **source)
    assert left_of(held) == 100

    amend(client, session, **source, **{f"override-lot-held:{held.public_id}": "The label says so."})
    assert (left_of(held), left_of(lot)) == (Decimal("98.000"), Decimal("10.000"))


# What follows.


def test_window_follows_the_session_that_moved(client, course, session):
    assert course.follow_ups.get().opens_on == date(2026, 9, 10)

    amend(client, session, performed_at="2026-03-05T11:00")

    follow_up = course.follow_ups.get()
    assert (follow_up.opens_on, follow_up.closes_on) == (date(2026, 9, 5), date(2026, 11, 5))


def test_reaction_that_began_with_the_session_moves_with_it(client, course, session):
    begun = SideEffectFactory(session=session, onset_at=session.performed_at)

    amend(client, session, performed_at="2026-03-10T10:00", reactions=[])

    begun.refresh_from_db()
    assert begun.onset_at == Session.objects.get().performed_at == session.performed_at - timedelta(hours=1)


def test_corrected_answer_of_the_screening_stands_in_the_amendment(client, session):
    amend(client, session, **{"screening-fever_infection": "yes", "detail-fever_infection": "A cold"})

    (row,) = [row for row in Amendment.objects.get().after if row[0] == "Fever or infection"]
    assert row[1] == "Yes: A cold"
    assert session.screening.answers.get(question__code="fever_infection").detail == "A cold"


@pytest.mark.parametrize("count", [1, 3])
def test_page_with_one_amendment_and_with_three_asks_the_database_alike(
    client, session, django_assert_num_queries, count
):
    for pain in range(4, 4 + count):
        amend(client, Session.objects.get(), pain=str(pain))

    with django_assert_num_queries(29):
        page = client.get(session.get_absolute_url()).content.decode()
    assert [f"Amendment {n}" in page for n in range(1, 5)] == [n <= count for n in range(1, 5)]


# After the patient moved to another place of the clinic.


@pytest.fixture
def there(course):
    return LocationFactory(name="Lindenhof", time_zone=course.location.time_zone)


def moved(client, course, there):
    """Let the patient move, and let a clinician of the new place alone go on."""
    relocate(course.patient, there, now=NOW, version=course.patient.version)
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[there]))
    course.refresh_from_db()


def test_session_is_amended_after_the_patient_moved_from_the_lot_it_was_given_from(client, session, lot, there):
    moved(client, session.course, there)
    source = f"lot:{lot.public_id}"
    assert client.get(amend_url(session)).context["form"]["source-0"].value() == source

    response = amend(client, session, **{"source-0": source, "drawn-0": "3"})

    assert response.url == session.get_absolute_url()
    assert left_of(lot) == Decimal("7.000")


def test_draft_is_signed_after_the_patient_moved(client, course, lot, there):
    client.post(new_url(course), form_of(course))
    draft = Session.objects.get()
    moved(client, course, there)

    facts = {"source-0": f"lot:{lot.public_id}", "version": draft.version, "action": "sign"}
    response = client.post(edit_url(draft), form_of(course, **facts))

    assert response.url == draft.get_absolute_url()
    assert Session.objects.get().is_signed


def test_draft_from_a_mixture_is_saved_after_the_patient_moved(client, course, lot, there):
    mixture = PreparationFactory(
        location=course.location, mixed_at=NOW, use_by_at=NOW + timedelta(hours=6), ingredients=[(lot, 4)]
    )
    client.post(new_url(course), form_of(course, **{"source-0": f"mix:{mixture.public_id}"}))
    draft = Session.objects.get()
    moved(client, course, there)

    facts = {"source-0": f"mix:{mixture.public_id}", "version": draft.version, "note": "Calm."}
    client.post(edit_url(draft), form_of(course, **facts))

    assert Session.objects.get().note == "Calm."


def test_other_lots_of_the_place_before_are_not_offered_after_the_move(client, session, lot, there):
    other = LotFactory(location=lot.location, product=lot.product, number="LOT-2")
    new = LotFactory(location=there, product=lot.product, number="LOT-3")
    moved(client, session.course, there)

    response = amend(client, session, **{"source-0": f"lot:{other.public_id}"})

    assert list(errors(response)) == ["source-0"]
    assert {lot.number for lot in response.context["form"].sources.lots} == {"LOT-1", "LOT-3"}
    assert amend(client, session, **{"source-0": f"lot:{new.public_id}"}).status_code == 302


def test_reaction_seen_at_it_is_not_written_again_when_the_time_stays(client, session):
    effect = SideEffectFactory(session=session, onset_at=session.performed_at)

    amend(client, session, pain="7", reactions=[])

    effect.refresh_from_db()
    assert Amendment.objects.exists()
    assert (effect.version, effect.history.count()) == (1, 1)


def test_reaction_seen_at_a_draft_is_not_written_again_when_the_time_stays(client, course, lot):
    client.post(new_url(course), form_of(course, action="draft"))
    draft = Session.objects.get()
    effect = SideEffectFactory(session=draft, onset_at=draft.performed_at)

    client.post(edit_url(draft), form_of(course, version=draft.version, action="draft", pain="7", reactions=[]))

    effect.refresh_from_db()
    assert Session.objects.get().pain == 7
    assert (effect.version, effect.history.count()) == (1, 1)
