"""The trail under its seals: what was changed, removed or put in shows, and what came late is no false alarm."""

import threading
from datetime import UTC, datetime
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from clinic import seals
from clinic.append_only import opened
from clinic.models import AuditCheck, AuditEvent, AuditSeal
from clinic.seals import check_and_note, seal_what_is_closed, verify
from clinic.tasks import seal_audit
from tests.factories import AuditEventFactory, UserFactory

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def sealed():
    """Six events under three seals."""
    for _range in range(3):
        AuditEventFactory(by=UserFactory(), detail={"filter": {"state": "due", "page": "2"}}, address="2001:db8::1")
        AuditEventFactory(patient_public_id="0b0e3f8e-6f1a-4c1e-9a53-0a4a5d1e7f00")
        seal_what_is_closed(NOON)
    return list(AuditEvent.objects.order_by("pk"))


def through_the_door(change):
    """Do as somebody would who got past the triggers, and leave no event of it."""
    with transaction.atomic(), opened(reason="test", at=NOON):
        change()


def found():
    return [(finding.what, finding.seal) for finding in verify()[1]]


def seal_ids():
    return list(AuditSeal.objects.order_by("pk").values_list("pk", flat=True))


def test_what_was_left_alone_is_found_good(sealed):
    assert AuditSeal.objects.count() == 3
    assert found() == []


def test_ranges_follow_each_other_without_a_gap(sealed):
    ranges = list(AuditSeal.objects.order_by("pk").values_list("first_id", "last_id"))

    assert ranges[0][0] == 1
    assert all(after[0] == before[1] + 1 for before, after in pairwise(ranges))


@pytest.mark.parametrize(
    ("column", "value"),
    [("act", "export"), ("by_id", None), ("detail", {}), ("happened_at", NOON), ("patient_public_id", None)],
)
def test_a_changed_event_shows_with_its_range(sealed, column, value):
    through_the_door(lambda: AuditEvent.objects.filter(pk__in=[e.pk for e in sealed[2:4]]).update(**{column: value}))

    assert found() == [("changed", seal_ids()[1])]


def test_a_removed_event_shows_with_its_range(sealed):
    through_the_door(lambda: AuditEvent.objects.filter(pk=sealed[0].pk).delete())

    assert found() == [("removed", seal_ids()[0])]


def test_an_event_put_in_afterwards_shows_with_its_range():
    AuditEventFactory(pk=101)
    AuditEventFactory(pk=105)
    seal_what_is_closed(NOON)
    AuditEventFactory(pk=103)

    assert found() == [("inserted", seal_ids()[0])]


def test_events_changed_and_sealed_anew_without_the_key_show(sealed):
    last = AuditSeal.objects.order_by("pk").last()

    def change():
        AuditEvent.objects.filter(pk=sealed[5].pk).update(act="export")
        AuditSeal.objects.filter(pk=last.pk).update(digest=seals.digest(last.first_id, last.last_id)[1])

    through_the_door(change)

    assert found() == [("seal", last.pk)]


def test_a_seal_that_is_gone_shows_in_the_next(sealed):
    _first, second, third = seal_ids()
    through_the_door(lambda: AuditSeal.objects.filter(pk=second).delete())

    assert found() == [("seal", third)]


def test_the_last_seals_cut_off_show_after_a_check(sealed):
    check_and_note(NOON)
    last = seal_ids()[-1]
    through_the_door(lambda: AuditSeal.objects.filter(pk=last).delete())

    assert [what for what, _seal in found()] == ["gone"]


def test_another_secret_key_is_named_as_such_and_the_old_one_may_stand_beside_it(sealed, settings):
    old, settings.SECRET_KEY = settings.SECRET_KEY, "quite-another"
    assert {what for what, _seal in found()} == {"key"}

    settings.SECRET_KEY_FALLBACKS = [old]
    assert found() == []


def test_a_key_of_its_own_outlives_the_secret_key(settings):
    settings.AUDIT_KEY = "kept-apart"
    AuditEventFactory()
    seal_what_is_closed(NOON)
    settings.SECRET_KEY = "quite-another"

    assert found() == []


def test_many_events_are_sealed_in_several_ranges(monkeypatch):
    monkeypatch.setattr(seals, "MOST", 4)
    for _event in range(9):
        AuditEventFactory()

    assert [seal.event_count for seal in seal_what_is_closed(NOON)] == [4, 4, 1]
    assert seal_what_is_closed(NOON) == []
    assert found() == []


def test_the_worker_seals_and_once_a_day_compares():
    AuditEventFactory()
    seal_audit()
    seal_audit()

    assert (AuditSeal.objects.count(), AuditCheck.objects.count()) == (1, 1)


def test_the_command_says_that_all_is_well_and_names_the_last_seal(sealed):
    out = StringIO()
    call_command("verify_audit", stdout=out)

    assert "6 events under 3 seals are as they were written." in out.getvalue()
    assert AuditSeal.objects.order_by("pk").last().mac in out.getvalue()


def test_the_command_fails_and_names_the_range(sealed):
    through_the_door(lambda: AuditEvent.objects.filter(pk=sealed[2].pk).update(act="export"))
    err = StringIO()

    with pytest.raises(CommandError, match="1 range is not as it was sealed"):
        call_command("verify_audit", stderr=err)

    seal = AuditSeal.objects.order_by("pk")[1]
    assert f"Events {seal.first_id} to {seal.last_id}: An event was changed." in err.getvalue()
    assert not AuditCheck.objects.latest().is_good


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_event_that_is_committed_after_a_later_one_is_no_false_alarm():
    """A long transaction has written the first event, and another the second, when the worker comes to seal."""
    written, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            AuditEventFactory()
            written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    written.wait(10)
    AuditEventFactory()
    too_early = seal_what_is_closed(NOON)
    may_commit.set()
    writer.join()
    [seal] = seal_what_is_closed(NOON)

    assert too_early == []
    assert seal.event_count == 2
    assert found() == []
