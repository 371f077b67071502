"""A backup of a clinic at work, and what comes out of it on another machine."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from clinic.actions import letters
from clinic.backup import making, postgres, sealing
from clinic.backup.checking import check
from clinic.backup.databases import alias
from clinic.backup.errors import BackupError
from clinic.backup.keys import new_key
from clinic.backup.making import alone, make
from clinic.backup.places import FolderPlace
from clinic.backup.progress import Silent
from clinic.backup.restoring import Target, restore
from clinic.bootstrap import BASE_DIR
from clinic.models import Letter, Location, Room, User
from patients.models import Erasure, Patient
from tests.factories import PASSWORD, ErasureFactory, LocationFactory, PhotoFactory, RoomFactory, UserFactory
from treatments.models import Photo
from treatments.photo_files import INCOMING, path_of, vault

# A backup sees what is committed; and migrations' catalogue is data, which a plain transactional test would not leave.
pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def machine(settings, tmp_path):
    """Return a folder of this machine that is its own."""
    settings.BACKUP_KEY = new_key()
    settings.VAR_DIR = tmp_path / "var"
    settings.PHOTO_ROOT = tmp_path / "var" / "photos"
    return tmp_path


@pytest.fixture
def place(machine):
    (machine / "backups").mkdir()
    return FolderPlace(machine / "backups")


def made(place, moment=NOW, **how):
    with alone() as scratch:
        return make(place, scratch, clock=lambda: moment, progress=Silent(), **how)


def url_of(name):
    values = connection.settings_dict
    return f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{name}"


@pytest.fixture
def empty(machine):
    """Return an empty place on another machine, with the name under which Django asks its database."""
    folder = machine / "other"
    if connection.vendor == "sqlite":
        yield Target(folder), {"NAME": str(folder / "mesotrack.sqlite3"), "OPTIONS": {}}
    else:
        with postgres.scratch_database() as database:
            yield Target(folder, database, url_of(database["NAME"])), {"NAME": database["NAME"]}


def restored(place, empty, **how):
    """Restore the newest backup, and return a context in which "restored" is its database."""
    target, database = empty
    restore(place.root / place.names()[-1], target, progress=Silent(), **how)
    return alias("restored", **database)


def test_all_comes_back_elsewhere_with_its_photos_and_passwords_and_nobody_signed_in(place, empty, client, machine):
    photo = PhotoFactory()
    user = UserFactory(email="sam@clinic.example")
    client.force_login(user)

    backup = made(place)

    assert (backup.is_tried, backup.manifest.files, backup.manifest.missing) == (True, 3, [])
    with restored(place, empty) as there:
        assert Photo.objects.using(there).get().stored_name == photo.stored_name
        assert User.objects.using(there).get(email="sam@clinic.example").check_password(PASSWORD)
        with connections[there].cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_session")
            assert cursor.fetchone()[0] == 0
    for size in ("full", "1280", "320"):
        here = path_of(photo, size)
        assert (machine / "other" / here.relative_to(machine / "var")).read_bytes() == here.read_bytes()


def test_backup_under_load_is_of_one_moment_and_keeps_nobody_waiting(place, empty):
    """In one transaction each, a location is opened with its one room: no moment has more of one than of the other."""
    RoomFactory()
    over, opened, failed = threading.Event(), [], []

    def write():
        try:
            while not over.is_set():
                with transaction.atomic():
                    RoomFactory(location=LocationFactory(name=f"Place {threading.get_ident()} {len(opened)}"))
                opened.append(time.monotonic())
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write) for _number in range(3)]
    for writer in writers:
        writer.start()
    try:
        while len(opened) < 5 and not failed:
            time.sleep(0.01)
        before, began = len(opened), time.monotonic()
        made(place)
        ended = time.monotonic()
    finally:
        over.set()
        for writer in writers:
            writer.join()

    assert not failed
    assert sum(began < moment < ended for moment in opened) > 0
    with restored(place, empty, migrate=False) as there:
        rooms, places = Room.objects.using(there).count(), Location.objects.using(there).count()
    assert rooms == places
    assert before <= rooms <= Room.objects.count()


@pytest.mark.parametrize("how", [{}, {"migrate": False}], ids=["brought up to date", "as it was"])
def test_letter_that_waited_when_the_backup_was_made_is_sent_again_by_a_person_alone(place, empty, how):
    for state in ("waiting", "sending"):
        letter = letters.write(EmailMessage("Your password", "…", to=["sam@clinic.example"]), kind="notice", now=NOW)
        Letter.objects.filter(pk=letter.pk).update(state=state, started_at=NOW)
    made(place)

    with restored(place, empty, **how) as there:
        assert set(Letter.objects.using(there).values_list("state", "sealed", "error")) == {
            ("unknown", "", "It waited when the backup was made that was restored since")
        }
        assert not Letter.objects.using(there).filter(ended_at=None).exists()
    assert set(Letter.objects.values_list("state", flat=True)) == {"waiting", "sending"}


def test_older_tables_are_brought_up_to_this_version(place, empty):
    """As in a backup that was made before the last update of the program."""
    UserFactory(email="sam@clinic.example")
    loader = MigrationLoader(connection)
    [last] = loader.graph.leaf_nodes("clinic")
    [before] = [parent for parent in loader.get_migration(*last).dependencies if parent[0] == "clinic"]
    call_command("migrate", *before, verbosity=0)
    try:
        made(place)
    finally:
        call_command("migrate", verbosity=0)

    with restored(place, empty) as there:
        assert last in MigrationRecorder(connections[there]).applied_migrations()
        assert User.objects.using(there).filter(email="sam@clinic.example").exists()


def test_file_that_a_row_names_and_is_not_there_is_named(place):
    photo = PhotoFactory()
    path_of(photo, "1280").unlink()

    backup = made(place)

    name = f"{photo.stored_name[:2]}/{photo.stored_name}-1280.webp"
    assert (backup.manifest.missing, backup.manifest.files) == ([f"photos/{name}"], 2)


def test_photo_that_waits_is_taken_as_it_came_or_as_it_was_drawn_meanwhile(place):
    waits = PhotoFactory(state=Photo.State.RECEIVED, files=None)
    vault().write(waits.stored_name, INCOMING, b"as it came")
    PhotoFactory(state=Photo.State.RECEIVED)  # drawn since the snapshot: what came is gone
    for size in ("full", "1280", "320"):
        path_of(waits, size).unlink(missing_ok=True)

    backup = made(place)

    assert (backup.manifest.missing, backup.manifest.files) == ([], 1 + 3)


def test_file_that_no_row_names_stays_behind(place):
    vault().write("f" * 32, ".jpg", b"nobody's")

    assert made(place).manifest.files == 0


def test_place_that_is_not_empty_is_left_alone(place, empty, machine):
    made(place)
    (machine / "other").mkdir()
    (machine / "other" / "mesotrack.sqlite3").write_text("another clinic")

    with pytest.raises(BackupError, match="is not empty"):
        restored(place, empty)

    assert (machine / "other" / "mesotrack.sqlite3").read_text() == "another clinic"
    assert len(list((machine / "other").iterdir())) == 1


def test_old_backups_go_only_after_a_good_one(place, monkeypatch):
    for day in range(3):
        made(place, NOW + timedelta(days=day), verify=False, keep=1)
    assert len(place.names()) == 3

    monkeypatch.setattr(making, "check", lambda *args, **kwargs: (_ for _ in ()).throw(BackupError("no")))
    with pytest.raises(BackupError):
        made(place, NOW + timedelta(days=3), keep=2)
    assert len(place.names()) == 3

    monkeypatch.undo()
    pruned = made(place, NOW + timedelta(days=4), keep=2).pruned
    assert pruned == ["mesotrack-20260302-020000.backup", "mesotrack-20260303-020000.backup"]
    assert place.names() == ["mesotrack-20260304-020000.backup", "mesotrack-20260306-020000.backup"]


@pytest.mark.parametrize("chunk", [0, 1])
def test_full_disk_leaves_nothing_behind(place, monkeypatch, chunk):
    put = sealing.Sealer.put

    def full(self, data, *, last):
        if self.number == chunk or last:
            raise OSError(28, "No space left on device")
        put(self, data, last=last)

    monkeypatch.setattr(sealing.Sealer, "put", full)

    with pytest.raises(OSError, match="No space left"):
        made(place)

    assert list(place.root.iterdir()) == []
    assert [path.name for path in (making.settings.VAR_DIR / "backup").iterdir()] == ["lock"]


@pytest.mark.parametrize(
    ("to", "code", "said"),
    [
        ("", 2, "Nobody said where to"),
        ("/nowhere/at/all", 2, "There is no folder /nowhere/at/all"),
        ("/proc", 1, "No backup was made"),  # a folder that nobody may write to, root neither
        ("ftp://somewhere", 2, "is no place for backups"),
    ],
)
def test_place_that_cannot_take_a_backup_is_said(to, code, said):
    with pytest.raises(CommandError, match=said) as refusal:
        call_command("backup", to=to)

    assert refusal.value.returncode == code


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "MESOTRACK_BACKUP_KEY is not set"),
        ("secret", "is no key"),
        ("ä" * 44, "is no key"),
        ("A" * 40, "is no key"),
    ],
)
def test_without_a_key_there_is_no_backup(place, settings, key, said):
    settings.BACKUP_KEY = key

    with pytest.raises(CommandError, match=said) as refusal:
        call_command("backup", to=str(place.root))

    assert refusal.value.returncode == 2
    assert key not in str(refusal.value) or not key
    assert list(place.root.iterdir()) == []


def test_two_at_once_do_not_get_in_each_others_way(place):
    with alone(), pytest.raises(BackupError, match="at this moment"):
        made(place)


def test_killed_at_any_moment_no_file_looks_like_a_backup_and_is_none(place, machine, settings):
    values = connection.settings_dict
    url = f"sqlite:///{values['NAME']}" if connection.vendor == "sqlite" else url_of(values["NAME"])
    environment = os.environ | {
        "MESOTRACK_ENV": "development",
        "DATABASE_URL": url,
        "MESOTRACK_VAR": str(settings.VAR_DIR),
        "MESOTRACK_BACKUP_KEY": settings.BACKUP_KEY,
    }
    command = [sys.executable, str(BASE_DIR / "manage.py"), "backup", "--to", str(place.root)]
    for number in range(5):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not any(place.root.glob(".*.part")):
            time.sleep(0.005)
        time.sleep(number * 0.1)
        process.send_signal(signal.SIGKILL)
        process.wait()

        for name in place.names():
            check_whole(place.root / name)
        for left in place.root.glob(".*.part"):
            left.unlink()

    made(place, datetime(2030, 1, 1, tzinfo=UTC))
    assert [path.name for path in (settings.VAR_DIR / "backup").iterdir()] == ["lock"]


def check_whole(path):
    with alone() as scratch:
        check(path, scratch, progress=Silent())


def test_what_a_killed_run_left_behind_goes_after_a_day(place):
    left = place.root / ".mesotrack-20260301-020000.backup.part"
    left.write_bytes(b"half")
    os.utime(left, (NOW.timestamp() - 90_000,) * 2)
    young = place.root / ".mesotrack-20260302-015900.backup.part"
    young.write_bytes(b"another machine's, at this moment")
    os.utime(young, (NOW.timestamp() - 60,) * 2)

    made(place)

    assert (left.exists(), young.exists()) == (False, True)


def test_whoever_was_erased_since_is_erased_again_in_what_is_restored(place, empty, machine, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "clinic.settings")  # the suite's own know no other folder
    photo = PhotoFactory(course__patient__family_name="Quibbledon")
    made(place)
    stone = {"patient": str(photo.course.patient.public_id), "erased_at": "2026-03-02T09:00:00+00:00", "keeps": {}}
    (machine / "tombstones.jsonl").write_text(json.dumps(stone) + "\n", encoding="utf-8")

    with restored(place, empty, tombstones=machine / "tombstones.jsonl") as there:
        assert Patient.objects.using(there).get().family_name.startswith("Erased E-")
        assert not Patient.history.model.objects.using(there).filter(family_name="Quibbledon").exists()
    assert [path.name for path in (machine / "other" / "photos").rglob("*.*")] == []
    assert (machine / "other" / "tombstones.jsonl").exists()
    assert path_of(photo, "full").exists()  # the clinic that was not restored is not touched


def test_erasure_that_waits_in_a_backup_can_be_withdrawn_for_a_day_after_the_restore(
    place, empty, machine, monkeypatch
):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "clinic.settings")  # the suite's own know no other folder
    erasure = ErasureFactory(asked_at=NOW - timedelta(hours=1), grace=timedelta(hours=24), done_at=None)
    made(place)
    told, before = [], datetime.now(UTC)

    with restored(place, empty, tell=told.append) as there:
        waiting = Erasure.objects.using(there).waiting().get()
        assert waiting.due_at >= before + timedelta(hours=24)
        assert not Erasure.objects.using(there).due(before + timedelta(hours=23)).exists()
    assert len(told) == 1
    assert told[0].startswith("1 erasure waits here that may have been withdrawn since. Until ")
    erasure.refresh_from_db()
    assert erasure.grace_began_at is None  # the clinic that was not restored is not touched
