"""The backup of each day, its row, and what an admin sees of it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, OperationalError, transaction

from clinic.backup import runs, schedule
from clinic.backup.errors import BackupError
from clinic.backup.keys import new_key
from clinic.backup.making import Made
from clinic.backup.manifest import Head, Manifest, Table
from clinic.backup.places import place_of
from clinic.backup.progress import Silent
from clinic.backup.schedule import make_what_is_due, next_due, occasion_due
from clinic.backup.standing import standing
from clinic.models import BackupRun
from clinic.roles import Role
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db

DUE = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def machine(settings, tmp_path):
    settings.BACKUP_KEY = new_key()
    settings.BACKUP_TO = str(tmp_path)
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def making(monkeypatch):
    """Let backups be made without work; the list that is returned takes what each is to fail with, None for not."""
    fates = []
    manifest = Manifest(
        head=Head("0.1.0", "sqlite", DUE.isoformat()),
        finished_at=DUE.isoformat(),
        server="3",
        migrations={},
        tables={"patient": Table(7, "")},
        left_out=[],
        files=2,
        files_bytes=10,
    )

    def make(place, scratch, *, clock, progress, keep, verify):
        error = fates.pop(0) if fates else None
        if error:
            raise error
        return Made("mesotrack-20260302-020000.backup", 1000, manifest, verify, [])

    monkeypatch.setattr(runs, "make", make)
    return fates


MADE = {"clock": None, "progress": None, "keep": None, "verify": True}


def at(moment):
    return lambda: moment


def run_of(started_at=DUE, **facts):
    facts.setdefault("finished_at", started_at + MINUTE)
    facts.setdefault("tried_at", None if facts.get("error") else facts["finished_at"])
    facts.setdefault("size_bytes", 1000)
    return BackupRun.objects.create(started_at=started_at, seen_at=started_at, **facts)


def admin(client):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory(time_zone="UTC")]))
    return client


def test_the_days_backup_is_made_once(making):
    assert make_what_is_due(at(DUE)) is True
    assert make_what_is_due(at(DUE + MINUTE)) is False
    assert make_what_is_due(at(DUE + DAY - MINUTE)) is False
    assert make_what_is_due(at(DUE + DAY)) is True

    first = BackupRun.objects.order_by("started_at").first()
    assert (first.occasion, first.row_count, first.file_count, first.is_good) == ("2026-03-02/1", 7, 2, True)


def test_one_that_failed_is_tried_again_after_an_hour_three_times_in_all(making):
    making.extend([BackupError("no folder"), OSError(28, "No space left on device"), BackupError("no folder")])
    moments = [DUE + minutes * MINUTE for minutes in (0, 1, 59, 61, 100, 122, 190, 600)]

    for moment in moments:
        assert make_what_is_due(at(moment)) is False

    assert list(BackupRun.objects.order_by("started_at").values_list("occasion", "error")) == [
        ("2026-03-02/1", "no folder"),
        ("2026-03-02/2", "No space left on device"),
        ("2026-03-02/3", "no folder"),
    ]
    assert make_what_is_due(at(DUE + DAY)) is True


def test_one_that_was_killed_is_made_good_by_the_next(making):
    run_of(DUE, finished_at=None, tried_at=None, occasion="2026-03-02/1")

    assert occasion_due(DUE + 5 * MINUTE) == ""  # it may still be at work
    assert occasion_due(DUE + 59 * MINUTE) == ""
    assert occasion_due(DUE + 61 * MINUTE) == "2026-03-02/2"


def test_backup_is_made_and_tried_where_there_is_no_table_for_its_row(making, monkeypatch, tmp_path, caplog):
    """A new machine has no tables at all, and after an upgrade is unpacked its migrations come after the backup."""
    monkeypatch.setattr(BackupRun.objects, "create", no_table)
    monkeypatch.setattr(runs, "check", lambda path, scratch, progress: runs.make(None, None, **MADE).manifest)
    (tmp_path / "one.backup").write_bytes(b"")

    made = runs.record_backup(place_of(str(tmp_path)), clock=at(DUE), progress=Silent())
    said = runs.record_trial(tmp_path / "one.backup", clock=at(DUE), progress=Silent())

    assert (made.manifest.rows, said.rows) == (7, 7)
    assert "not recorded" in caplog.text


def no_table(**facts):
    raise OperationalError("no such table: clinic_backuprun")


def test_of_two_workers_one_makes_it(making, monkeypatch):
    monkeypatch.setattr(schedule, "occasion_due", lambda now: "2026-03-02/1")

    assert [make_what_is_due(at(DUE)), make_what_is_due(at(DUE))] == [True, False]
    assert BackupRun.objects.count() == 1


def test_one_made_by_hand_since_is_the_days_too(making):
    run_of(DUE + MINUTE)

    assert make_what_is_due(at(DUE + HOUR)) is False


@pytest.mark.parametrize("missing", ["BACKUP_TO", "BACKUP_KEY"])
def test_without_a_place_or_a_key_none_is_due(settings, missing):
    setattr(settings, missing, "")

    assert occasion_due(DUE) == ""


def test_next_one_is_at_the_hour_that_is_set(settings):
    settings.BACKUP_HOUR = 23

    assert next_due(DUE) == datetime(2026, 3, 2, 23, tzinfo=UTC)
    assert next_due(datetime(2026, 3, 2, 23, tzinfo=UTC)) == datetime(2026, 3, 3, 23, tzinfo=UTC)


@pytest.mark.parametrize(("age", "is_stale"), [(26 * HOUR, False), (26 * HOUR + MINUTE, True)])
def test_last_good_one_is_too_old_after_26_hours(age, is_stale):
    run_of(DUE)

    assert standing(DUE + age).is_stale is is_stale


def test_what_failed_or_was_not_tried_is_not_good():
    run_of(DUE, error="full")
    run_of(DUE + MINUTE, tried_at=None)

    assert (standing(DUE + HOUR).last_good, standing(DUE + HOUR).is_stale) == (None, True)


def test_test_restore_by_hand_counts_as_one_and_is_no_backup():
    good = run_of(DUE)
    trial = run_of(DUE + HOUR, kind=BackupRun.Kind.TRIAL)

    found = standing(DUE + 2 * HOUR)

    assert (found.last_good, found.last_tried) == (good, trial)


@pytest.mark.parametrize(
    "wrong", [{"finished_at": DUE - MINUTE, "tried_at": None}, {"error": "full", "tried_at": DUE + MINUTE}]
)
def test_row_that_cannot_be_is_refused_by_the_database(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        run_of(DUE, **wrong)


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_for_three_runs_as_for_one(client, django_assert_num_queries, count):
    for number in range(count):
        run_of(DUE + number * MINUTE)
    admin(client)

    with time_machine.travel(DUE + HOUR, tick=False), django_assert_num_queries(12):
        response = client.get("/backups/")

    assert len(response.context["page"].rows) == count


def test_page_says_when_the_last_good_one_was_and_when_the_next_is_due(client, settings):
    run_of(DUE, name="mesotrack-20260302-020000.backup", occasion="2026-03-02/1")

    with time_machine.travel(DUE + HOUR, tick=False):
        content = admin(client).get("/backups/").content.decode()

    for said in ("Last good backup", "2 Mar 2026", "1\xa0hour ago", "mesotrack-20260302-020000.backup", "3 Mar 2026"):
        assert said in content
    assert "No backups are made by themselves" not in content


def test_page_has_what_failed_since_on_top_and_not_what_failed_before(client):
    run_of(DUE - HOUR, error="failed long ago")
    run_of(DUE)
    run_of(DUE + HOUR, error="The disk is full")
    run_of(DUE + 2 * HOUR, finished_at=None, tried_at=None)

    with time_machine.travel(DUE + 5 * HOUR, tick=False):
        response = admin(client).get("/backups/")

    assert [run.error for run in response.context["failures"]] == ["", "The disk is full"]
    assert "It was cut off" in response.content.decode()


def test_page_says_what_to_set_where_nothing_is_set(client, settings):
    settings.BACKUP_TO = settings.BACKUP_KEY = ""

    content = admin(client).get("/backups/").content.decode()

    assert "No backups are made by themselves" in content
    assert "No backup has been made" in content


@pytest.mark.parametrize("role", Role)
def test_today_tells_an_admin_alone_when_there_is_no_good_one(client, role):
    client.force_login(UserFactory(role=role, locations=[LocationFactory()]))

    assert ("no good backup of the last day" in client.get("/").content.decode()) is (role == Role.ADMIN)


def test_today_says_nothing_when_there_is_one_or_where_none_are_made(client, settings):
    admin(client)
    with time_machine.travel(DUE + HOUR, tick=False):
        settings.BACKUP_TO = ""
        assert "no good backup" not in client.get("/").content.decode()
        settings.BACKUP_TO = "/backup"
        run_of(DUE)
        assert "no good backup" not in client.get("/").content.decode()


def test_clinic_at_work_is_told_that_none_are_made(client, settings):
    settings.BACKUP_TO = ""
    settings.PRODUCTION = True

    [link] = [link for link in admin(client).get("/").context["nav"] if str(link.label) == "Backups"]

    assert link.urgent_count == 1
