"""A backup in a bucket of S3: sent by the real client to a server of the tests' own that speaks like it."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from clinic.backup.errors import BackupError, NotSetUpError
from clinic.backup.keys import new_key
from clinic.backup.places import at_hand, name_at, place_of, prune
from clinic.backup.progress import Silent
from clinic.backup.schedule import make_what_is_due
from clinic.models import BackupRun
from tests.clinic import bucket as stand_in

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WHERE = "s3://clinic/backups"
MANY_PARTS = 20_000_000  # bytes; a part has 8 MiB


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    with stand_in.serving(tmp_path, monkeypatch, NOW) as bucket:
        yield bucket


@pytest.fixture(autouse=True)
def machine(settings, tmp_path):
    settings.BACKUP_KEY = new_key()
    settings.BACKUP_TO = WHERE
    settings.VAR_DIR = tmp_path / "var"
    settings.PHOTO_ROOT = tmp_path / "var" / "photos"


class Counted(Silent):
    steps = 0

    def step(self, count):
        self.steps += count


def send(place, scratch, content=b"sealed", moment=NOW, progress=None):
    name = name_at(moment)
    unfinished = place.begin(name, scratch)
    unfinished.write_bytes(content)
    place.finish(unfinished, name, progress or Silent())
    return name


def test_bucket_takes_backups_and_gives_their_names_and_the_oldest_go(bucket, tmp_path):
    place = place_of(WHERE)
    names = [send(place, tmp_path, moment=NOW + number * DAY) for number in range(3)]
    bucket.files |= {"backups/something-else.txt": b"x", "elsewhere/" + names[0]: b"x"}

    assert place.names() == names
    assert prune(place, 2) == names[:1]
    assert place.names() == names[1:]
    assert set(bucket.files) == {
        *(f"backups/{name}" for name in names[1:]),
        "backups/something-else.txt",
        "elsewhere/" + names[0],
    }
    with pytest.raises(BackupError, match="already"):
        place.begin(names[2], tmp_path)


@pytest.mark.parametrize("size", [6, MANY_PARTS])
def test_what_is_fetched_is_what_was_sent(bucket, tmp_path, size):
    content = bytes(range(250)) * (size // 250) + b"end"
    name = send(place_of(WHERE), tmp_path, content)

    with at_hand(f"{WHERE}/{name}", NOW) as file:
        assert file.stat().st_size == len(content)
        assert file.read_bytes() == content
    assert not file.exists()
    assert bucket.uploads == {}


def test_backup_on_its_way_shows_signs_of_life(bucket, tmp_path):
    progress = Counted()
    send(place_of(WHERE), tmp_path, bytes(MANY_PARTS), progress=progress)

    assert progress.steps == MANY_PARTS


def test_key_that_may_put_and_list_but_not_read_makes_backups_and_is_told_what_it_may_not(bucket, tmp_path):
    bucket.may_read = False
    name = send(place_of(WHERE), tmp_path)

    assert place_of(WHERE).names() == [name]
    with pytest.raises(BackupError, match="the key may not do"), at_hand(f"{WHERE}/{name}", NOW):
        raise AssertionError


def test_key_that_may_not_remove_leaves_the_oldest_and_is_told(bucket, tmp_path):
    """Whoever was erased would stay in it: that is no backup that went well."""
    place = place_of(WHERE)
    names = [send(place, tmp_path, moment=NOW + number * DAY) for number in range(2)]
    bucket.may_remove = False

    with pytest.raises(BackupError, match="the key may not do DeleteObject"):
        prune(place, 1)
    assert place.names() == names


def test_server_that_goes_away_in_the_middle_has_no_backup_by_its_name(bucket, tmp_path):
    bucket.hangs_up_at_part = 2

    with pytest.raises(BackupError, match="s3://clinic/backups: "):
        send(place_of(WHERE), tmp_path, bytes(MANY_PARTS))

    assert bucket.files == {}
    assert place_of(WHERE).names() == []


def test_parts_of_an_upload_that_was_cut_off_go_a_day_later(bucket, tmp_path):
    bucket.hangs_up_at_part = 2
    place = place_of(WHERE)
    with pytest.raises(BackupError):
        send(place, tmp_path, bytes(MANY_PARTS))
    bucket.is_gone = False
    bucket.uploads["of-others"] = {"key": "backups/film.mp4", "parts": {}, "at": NOW}

    place.tidy(NOW + DAY)
    assert set(bucket.uploads) == {"u0", "of-others"}
    place.tidy(NOW + DAY + timedelta(minutes=1))
    assert set(bucket.uploads) == {"of-others"}


def test_parts_that_may_not_be_removed_keep_no_backup_from_being_made(bucket, caplog):
    bucket.uploads["u0"] = {"key": f"backups/{name_at(NOW)}", "parts": {}, "at": NOW}
    bucket.is_gone = True

    place_of(WHERE).tidy(NOW + 2 * DAY)

    assert "Parts of backups that were cut off" in caplog.text


def test_backup_that_arrives_cut_off_goes(bucket, tmp_path):
    bucket.keeps_bytes = 3

    with pytest.raises(BackupError, match="did not arrive whole"):
        send(place_of(WHERE), tmp_path)

    assert bucket.files == {}


@pytest.mark.parametrize(
    ("variable", "value", "where", "kind", "words"),
    [
        ("AWS_ACCESS_KEY_ID", "another", WHERE, NotSetUpError, "the key is not taken there"),
        ("AWS_ACCESS_KEY_ID", None, WHERE, NotSetUpError, "no key is set"),
        ("AWS_DEFAULT_REGION", "us-east-1", "s3://nobodys/backups", NotSetUpError, "there is no such bucket"),
        ("AWS_ENDPOINT_URL", "https://127.0.0.1:9", WHERE, BackupError, "nobody answers at https://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL", "clinic", WHERE, BackupError, "clinic"),
        ("AWS_CA_BUNDLE", None, WHERE, BackupError, "SSL validation failed"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(bucket, tmp_path, monkeypatch, variable, value, where, kind, words):
    if value is None:
        monkeypatch.delenv(variable)
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY") if "KEY" in variable else None
    else:
        monkeypatch.setenv(variable, value)

    with pytest.raises(BackupError, match=words) as raised:
        place_of(where).begin(name_at(NOW), tmp_path)

    assert type(raised.value) is kind
    assert str(raised.value).startswith(f"{where}: ")


@pytest.mark.parametrize("written", ["s3://", "s3:///backups"])
def test_address_without_a_bucket_is_no_place(written):
    with pytest.raises(NotSetUpError, match="no place for backups"):
        place_of(written)


@pytest.mark.parametrize(
    ("written", "words"),
    [(f"{WHERE}/notes.txt", "no name of a backup"), (f"{WHERE}/{name_at(NOW)}", "There is no backup")],
)
def test_what_is_not_there_is_not_fetched(bucket, written, words):
    with pytest.raises(BackupError, match=words), at_hand(written, NOW):
        raise AssertionError


def test_what_a_killed_restore_fetched_goes_a_day_later(bucket, settings, tmp_path):
    name = send(place_of(WHERE), tmp_path)
    left = settings.VAR_DIR / "backup" / "fetched-before"
    left.mkdir(parents=True)
    os.utime(left, (NOW.timestamp(), NOW.timestamp()))

    with at_hand(f"{WHERE}/{name}", NOW + DAY):
        assert left.exists()
    with at_hand(f"{WHERE}/{name}", NOW + DAY + timedelta(minutes=1)):
        assert not left.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_day_s_backup_goes_to_the_bucket_and_is_tried_from_there(bucket, settings, tmp_path, capsys):
    """The key that makes it may not read; the one that tries it may."""
    settings.BACKUP_KEEP = 1
    send(place_of(WHERE), tmp_path, moment=NOW - DAY)
    bucket.may_read = False
    assert make_what_is_due(lambda: NOW)

    [name] = place_of(WHERE).names()
    run = BackupRun.objects.get()
    assert (run.place, run.name, run.error, run.tried_at) == (WHERE, name, "", NOW)
    call_command("backup", "--list")
    assert capsys.readouterr().out == f"{name}\n"
    bucket.may_read = True
    call_command("restore", f"{WHERE}/{name}", "--verify")
    trial = BackupRun.objects.get(kind="trial")
    assert (trial.place, trial.name, trial.error, trial.row_count) == (WHERE, name, "", run.row_count)
    assert list((settings.VAR_DIR / "backup").glob("fetched-*")) == []


@pytest.mark.django_db
def test_command_says_what_is_to_be_set_and_exits_with_two(bucket, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")

    with pytest.raises(CommandError, match="the key is not taken there") as raised:
        call_command("backup")

    assert raised.value.returncode == 2
    assert BackupRun.objects.get().error
    assert BackupRun.objects.get().place == WHERE
