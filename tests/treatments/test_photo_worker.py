"""What the worker makes of photos, whatever dies in between; the row is the truth."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from clinic.background import HUEY
from clinic.bootstrap import BASE_DIR
from clinic.images import Redrawn
from tests.factories import CourseFactory, PhotoFactory
from tests.pictures import bomb, picture
from treatments import photo_files, tasks
from treatments.actions import photos as actions
from treatments.models import Photo
from treatments.models.photo import LEASE, TRIES
from treatments.photo_files import INCOMING, SIZES, develop, develop_all, path_of, tidy, vault

NOW = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)
AFTER = NOW + LEASE + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def photo_root(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    return settings.PHOTO_ROOT


@pytest.fixture
def received(db):
    """Return a function that takes photos in, without a bell."""

    def received(*files):
        course = CourseFactory()
        sent = [SimpleUploadedFile(f"{number}.jpg", data) for number, data in enumerate(files)]
        return actions.receive(course, sent, facts={}, by=course.clinician, now=NOW).photos

    return received


def at(moment):
    return lambda: moment


def names(root):
    return sorted(path.name[32:] for path in root.rglob("*") if path.is_file())


def test_every_photo_that_waits_is_drawn_and_the_file_that_came_goes(received, photo_root):
    received(picture(), picture("HEIF"))

    assert develop_all(at(NOW)) == 2
    assert develop_all(at(NOW)) == 0
    assert set(Photo.objects.values_list("state", "width_px", "height_px")) == {("ready", 80, 60)}
    assert names(photo_root) == sorted(["-1280.webp", "-320.webp", ".jpg"] * 2)


def test_photo_that_cannot_be_unpacked_says_why_and_its_file_goes(received, photo_root):
    [photo] = received(bomb(300, 300))

    develop_all(at(NOW))

    photo.refresh_from_db()
    assert (photo.state, photo.failure) == ("failed", "The photo is damaged or cut off. Send it again.")
    assert names(photo_root) == []


def test_photo_whose_worker_died_is_taken_up_when_its_lease_is_over(received):
    received(picture())
    assert Photo.objects.claim(NOW) is not None  # and then the worker died

    assert develop_all(at(NOW + timedelta(seconds=30))) == 0
    assert develop_all(at(AFTER)) == 1
    assert Photo.objects.get().state == "ready"


def test_photo_that_takes_its_worker_down_is_given_up_after_some_tries(received):
    [photo] = received(picture())
    for number in range(TRIES):
        assert Photo.objects.claim(NOW + number * 2 * LEASE)

    develop_all(at(NOW + TRIES * 2 * LEASE))

    photo.refresh_from_db()
    assert (photo.state, photo.failure) == ("failed", "The photo could not be unpacked. Send it again as JPEG.")


def test_slow_worker_whose_photo_another_took_up_writes_nothing(received):
    received(picture())
    slow = Photo.objects.claim(NOW)
    quick = Photo.objects.claim(AFTER)

    develop(slow)
    assert Photo.objects.get().state == "received"
    develop(quick)

    assert (Photo.objects.get().state, Photo.objects.get().tries) == ("ready", 2)


def test_of_two_workers_one_takes_a_photo(received):
    received(picture())

    assert Photo.objects.claim(NOW) is not None
    assert Photo.objects.claim(NOW) is None


def test_full_disk_is_no_fault_of_the_photo(received, monkeypatch, caplog):
    received(picture())
    with monkeypatch.context() as full:
        full.setattr(photo_files, "redraw", lambda data, sizes: Redrawn(1, 1, {"full": b"x"}))
        full.setattr("clinic.vault.os.fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left")))
        for number in range(TRIES + 2):
            assert develop_all(at(NOW + number * 2 * LEASE)) == 1

    assert "could not be prepared now" in caplog.text
    develop_all(at(NOW + (TRIES + 3) * 2 * LEASE))
    assert Photo.objects.get().state == "ready"


def test_one_photo_that_fails_unforeseen_keeps_no_other_waiting(received, monkeypatch, caplog):
    received(picture(), picture(colour="red"))
    first = Photo.objects.waiting().first().stored_name
    whole = photo_files.drawn_anew
    monkeypatch.setattr(photo_files, "drawn_anew", lambda photo: 1 / 0 if photo.stored_name == first else whole(photo))

    develop_all(at(NOW))

    assert sorted(Photo.objects.values_list("state", flat=True)) == ["ready", "received"]
    assert "ZeroDivisionError" in caplog.text


def test_file_that_is_gone_is_said(received):
    [photo] = received(picture())
    vault().remove(photo.stored_name, INCOMING)

    develop_all(at(NOW))

    assert "was lost before it was prepared" in Photo.objects.get().failure


def test_row_of_an_older_backup_finds_the_files_of_a_younger_one(received):
    received(picture())
    develop_all(at(NOW))
    Photo.objects.update(state="received", width_px=None, height_px=None)

    develop_all(at(AFTER))

    assert Photo.objects.values_list("state", "width_px").get() == ("ready", 80)


def test_what_people_say_meanwhile_stays_and_so_does_what_the_worker_writes(received):
    [photo] = received(picture())
    develop_all(at(NOW))
    photo.view = "posterior"  # typed on a page that was opened before

    photo.save_over(photo.version)

    photo.refresh_from_db()
    assert (photo.view, photo.state, photo.width_px) == ("posterior", "ready", 80)


def test_files_that_were_left_behind_are_cleared_away_after_a_while(received, photo_root):
    [waiting] = received(picture())
    ready = PhotoFactory()
    vault().write(ready.stored_name, INCOMING, b"left by a worker that died")
    vault().write("f" * 32, INCOMING, b"left by a page that died")
    (photo_root / "ff" / ("f" * 32 + ".jpg.00.part")).write_bytes(b"half")

    assert tidy(datetime.now(UTC)) == 0
    assert tidy(datetime.now(UTC) + timedelta(hours=2)) == 3
    assert vault().path(waiting.stored_name, INCOMING).exists()
    assert all(path_of(ready, size).exists() for size in SIZES)


def test_bell_rings_once_what_was_sent_is_committed(received, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        [photo] = received(picture())
        assert Photo.objects.get().state == "received"

    photo.refresh_from_db()
    assert photo.state == "ready"


def test_queue_that_cannot_be_reached_loses_nothing(received, django_capture_on_commit_callbacks, monkeypatch, caplog):
    monkeypatch.setattr("clinic.background.HUEY.enqueue", lambda task: 1 / 0)
    with django_capture_on_commit_callbacks(execute=True):
        received(picture())

    assert Photo.objects.get().state == "received"
    tasks.sweep_photos()
    assert Photo.objects.get().state == "ready"


def test_queue_keeps_no_record_of_what_was_done(received, django_capture_on_commit_callbacks):
    HUEY.flush()

    with django_capture_on_commit_callbacks(execute=True):
        received(picture())

    assert (HUEY.result_count(), HUEY.pending_count()) == (0, 0)


def database_url():
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(str(at['NAME']))}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


@pytest.fixture
def environment(tmp_path, photo_root):
    """What a worker and its bell need to work on this test's data with a queue in a file."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
        "DATABASE_URL": database_url(),
        "MESOTRACK_VAR": str(tmp_path / "var"),
        "PHOTO_ROOT": str(photo_root),
    }


def manage(*arguments):
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_worker_of_flesh_and_blood_draws_what_the_bell_is_rung_for(received, environment, monkeypatch):
    monkeypatch.setattr(actions, "ring", lambda work: None)
    [photo] = received(picture("HEIF"))
    worker = subprocess.Popen(manage("run_huey"), env=environment, stderr=subprocess.PIPE)
    try:
        ring = "from treatments.tasks import develop_photos; develop_photos.enqueue()"
        subprocess.run(manage("shell", "-c", ring), env=environment, check=True, capture_output=True)
        deadline = time.monotonic() + 60
        while photo.state == "received" and time.monotonic() < deadline:
            time.sleep(0.2)
            photo.refresh_from_db()
    finally:
        worker.send_signal(signal.SIGTERM)
        _output, complaints = worker.communicate(timeout=30)

    assert photo.state == "ready", complaints.decode()
    assert worker.returncode == 0
