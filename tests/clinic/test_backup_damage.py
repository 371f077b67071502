"""A backup that is not what was written is refused, whatever became of it, and says why."""

import dataclasses
import io
import secrets
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from clinic.backup import sqlite
from clinic.backup.archive import Writer, sum_line
from clinic.backup.checking import check
from clinic.backup.errors import BackupError, DamagedError
from clinic.backup.keys import keys, new_key
from clinic.backup.manifest import Head, Manifest
from clinic.backup.progress import Silent
from clinic.backup.sealing import CHUNK, HEAD, MAGIC, TAG, Sealer

pytestmark = pytest.mark.django_db

PHOTO = secrets.token_bytes(3 * CHUNK)  # as little to be packed as a photo, so that there are several chunks
SEALED = CHUNK + TAG


@pytest.fixture(autouse=True)
def key(settings):
    settings.BACKUP_KEY = new_key()


@pytest.fixture
def folder(tmp_path):
    return tmp_path


class Twisted(Writer):
    """Writes a backup that its own sums or manifest give the lie, sealed as it should be."""

    def __init__(self, sealer, head, twist):
        self.twist = twist
        super().__init__(sealer, head)

    def add(self, name, file, size):
        data = file.read()
        if self.twist == f"without {name}":
            self.sums.write(sum_line("0" * 64, name))
            return
        if self.twist == f"changed {name}":
            self.sums.write(sum_line("0" * 64, name))
            member = tarfile.TarInfo(name)
            member.size = size
            self.tar.addfile(member, io.BytesIO(data))
            return
        super().add(name, io.BytesIO(data), size)


MADE = """
    CREATE TABLE patient (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO patient (name) VALUES ('Amara'), ('Bo'), ('Chi');
"""


def database(path: Path, script: str = MADE) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    return path.read_bytes()


def build(folder: Path, twist: str = "", **facts) -> Path:
    """Make a small backup of three rows and one photo; `twist` names what is wrong inside."""
    copy = folder / f"{secrets.token_hex(4)}.sqlite3"
    content = database(copy)
    tables = sqlite.tables(copy, Silent())
    if twist == "a row less":
        content = database(copy, "DELETE FROM patient WHERE id = 3")
    elif twist == "a row changed":
        content = database(copy, "UPDATE patient SET name = 'Bob' WHERE id = 2")
    elif twist == "no database":
        content = b"nothing that SQLite knows" * 100
    path = folder / f"{secrets.token_hex(4)}.backup"
    head = Head("0.1.0", "sqlite", "2026-03-02T02:00:00+00:00")
    with path.open("wb") as file, Twisted(Sealer(file, keys()[0]), head, twist) as writer:
        writer.database([content])
        writer.file("photos/ab/abcd.jpg", io.BytesIO(PHOTO), len(PHOTO))
        if twist == "a name that leads out":
            writer.file("photos/../../abcd.jpg", io.BytesIO(b"x"), 1)
        manifest = Manifest(
            head=head,
            finished_at=head.started_at,
            server="3",
            migrations={},
            tables=tables,
            left_out=[],
            files=writer.files,
            files_bytes=writer.files_bytes,
        )
        if twist == "no end":
            writer.tar.close()
            writer.sealer.finish()
        else:
            writer.finish(dataclasses.replace(manifest, **facts))
    return path


def tried(path, folder):
    scratch = folder / secrets.token_hex(4)
    scratch.mkdir()
    return check(path, scratch, progress=Silent())


def test_backup_that_nothing_happened_to_is_good(folder):
    manifest = tried(build(folder), folder)

    assert (manifest.rows, manifest.files, manifest.files_bytes) == (3, 1, len(PHOTO))


def flipped(at):
    def flip(data):
        position = at if at >= 0 else len(data) + at
        return data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :]

    return flip


def chunk(data, number):
    return data[HEAD + number * SEALED : HEAD + (number + 1) * SEALED]


CUT = "is damaged or cut off"
HAPPENED = {
    "truncated by one byte": (lambda data: data[:-1], CUT),
    "truncated by a half": (lambda data: data[: len(data) // 2], CUT),
    "truncated at the end of a chunk": (lambda data: data[: HEAD + 2 * SEALED], CUT),
    "truncated to its head": (lambda data: data[:HEAD], CUT),
    "truncated inside its head": (lambda data: data[: HEAD - 1], "is no backup of Mesotrack"),
    "empty": (lambda data: b"", "is no backup of Mesotrack"),
    "one byte more": (lambda data: data + b"\0", CUT),
    "a bit of the first line": (flipped(0), "is no backup of Mesotrack"),
    "a bit of the key's name": (flipped(len(MAGIC)), "sealed with another key"),
    "a bit of the salt": (flipped(HEAD - 1), CUT),
    "a bit of the first chunk": (flipped(HEAD), CUT),
    "a bit in the middle": (flipped(HEAD + SEALED + 1000), CUT),
    "the last bit": (flipped(-1), CUT),
    "two chunks swapped": (
        lambda data: data[:HEAD] + chunk(data, 1) + chunk(data, 0) + data[HEAD + 2 * SEALED :],
        CUT,
    ),
    "a chunk twice": (lambda data: data[: HEAD + SEALED] + data[HEAD:], CUT),
    "a chunk less": (lambda data: data[: HEAD + SEALED] + data[HEAD + 2 * SEALED :], CUT),
    "zeros for a block of the disk": (
        lambda data: data[: HEAD + 4096] + bytes(4096) + data[HEAD + 8192 :],
        CUT,
    ),
}


@pytest.mark.parametrize("what", HAPPENED)
def test_backup_that_something_happened_to_is_refused(folder, what):
    happen, said = HAPPENED[what]
    path = build(folder)
    path.write_bytes(happen(path.read_bytes()))

    with pytest.raises(DamagedError, match=said):
        tried(path, folder)


@pytest.mark.parametrize(
    ("twist", "said"),
    [
        ("without files/photos/ab/abcd.jpg", r"missing or changed: files/photos/ab/abcd\.jpg"),
        ("changed files/photos/ab/abcd.jpg", r"missing or changed: files/photos/ab/abcd\.jpg"),
        ("without database/000000.gz", r"missing or changed: database/000000\.gz"),
        ("a row less", "patient has 2 rows, not 3"),
        ("a row changed", "rows of the table patient are not those"),
        ("no database", "The database in the backup"),
        ("no end", "has no end"),
        ("a name that leads out", "does not belong there"),
    ],
)
def test_backup_that_is_not_what_it_says_is_refused(folder, twist, said):
    with pytest.raises(DamagedError, match=said):
        tried(build(folder, twist), folder)


def test_part_of_another_backup_is_refused(folder):
    one, other = build(folder).read_bytes(), build(folder).read_bytes()
    path = folder / "spliced.backup"
    path.write_bytes(one[: HEAD + SEALED] + other[HEAD + SEALED :])

    with pytest.raises(DamagedError, match=CUT):
        tried(path, folder)


def test_other_number_of_files_than_promised_is_refused(folder):
    with pytest.raises(DamagedError, match="has 1 files, not 2"):
        tried(build(folder, files=2), folder)


def test_other_migrations_than_promised_are_refused(folder):
    with pytest.raises(DamagedError, match="applied migrations"):
        tried(build(folder, migrations={"clinic": ["0001_initial"]}), folder)


def test_backup_of_a_newer_version_is_refused_with_the_version_it_wants(folder):
    head = Head("9.0", "sqlite", "2026-03-02T02:00:00+00:00")

    with pytest.raises(
        BackupError, match=r"version 9\.0, newer than this one: it has the migration clinic\.9999_later"
    ):
        tried(build(folder, head=head, migrations={"clinic": ["9999_later"]}), folder)


def test_another_key_opens_nothing(folder, settings):
    path = build(folder)
    settings.BACKUP_KEY = new_key()

    with pytest.raises(DamagedError, match="sealed with another key"):
        tried(path, folder)


def test_older_key_still_opens_what_it_sealed(folder, settings):
    path = build(folder)
    settings.BACKUP_KEY = f"{new_key()},{settings.BACKUP_KEY}"

    assert tried(path, folder).rows == 3


def test_nothing_of_a_patient_can_be_read_in_the_file(folder):
    content = build(folder).read_bytes()

    assert not any(word in content for word in (b"Amara", b"patient", b"photos", PHOTO[:16]))
