"""Two imports of the same people at the same moment, on the real database."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from patients.imports import run
from patients.imports.desk import receive
from patients.imports.reading import UnusableFileError
from patients.imports.run import PatientImport
from patients.models import Patient
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

PEOPLE = "first name,last name,birth date,sex,phone\n" + "".join(
    f"Ana,Petrova {'abcdefghij'[n % 10]}{'abcdefghij'[n // 10]},1980-03-12,female,4155550100\n" for n in range(40)
)


def both(act):
    """Run it in two threads let go together; return what each returned, or the refusal."""
    gate = threading.Barrier(2)

    def go(number):
        try:
            return act(gate)
        except UnusableFileError as error:
            return str(error)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(go, range(2)))


def test_people_without_a_number_imported_twice_at_once_are_here_once(tmp_path, monkeypatch):
    LocationFactory(country_code="US")
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    monkeypatch.setattr(run, "BATCH", 10)

    def take(gate):
        taking = PatientImport(path)
        gate.wait(timeout=30)
        return taking.run(write=True)

    reports = both(take)

    assert Patient.objects.count() == 40
    assert sorted(report.new + report.here for report in reports) == [40, 40]


def test_import_confirmed_twice_at_once_runs_once(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    here = LocationFactory(country_code="US")
    user = UserFactory(locations=[here])
    upload = SimpleUploadedFile("people.csv", PEOPLE.encode())
    waiting = receive(upload, None, {"location": here.pk, "order": ""})

    def confirm(gate):
        gate.wait(timeout=30)
        return waiting.run(write=True, user=user).new

    assert sorted(both(confirm), key=str) == [
        40,
        "The file is no longer here. It was imported already, or waited too long. Choose it again.",
    ]
    assert list((tmp_path / "imports").glob("*.csv")) == [waiting.rejects_path]
