"""Taking patients over from another system: what goes in, what is refused, and that twice is once."""

import csv
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError

from clinic.roles import Role
from patients.imports import run as importing
from patients.imports.run import PatientImport
from patients.models import Patient
from tests.factories import LocationFactory, PatientFactory, UserFactory
from tests.patients.import_files import AMARA, HEAD, LEILA, reasons, take, writer

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", country_code="US", time_zone="America/Los_Angeles")


@pytest.fixture
def file(tmp_path, here):
    return writer(tmp_path)


class TestTaking:
    def test_row_becomes_a_patient(self, file, here):
        take(file(HEAD + AMARA))

        patient = Patient.objects.get()
        assert (patient.full_name, patient.birth_date, patient.sex) == ("Amara Okonkwo", date(1988, 2, 2), "female")
        assert (patient.phone, patient.external_id, patient.location) == ("+14155550182", "A1", here)
        assert patient.record_number == "MT-000001-7"

    def test_imported_patient_is_found_by_search(self, file):
        take(file(HEAD + AMARA))

        assert Patient.objects.search("okonkwo 0182").count() == 1

    def test_history_says_that_it_was_imported(self, file):
        take(file(HEAD + AMARA), user=UserFactory(email="admin@clinic.example"))

        change = Patient.objects.get().history.get()
        assert (change.history_change_reason, change.history_user.email) == (
            "Imported from a file",
            "admin@clinic.example",
        )

    def test_importing_twice_changes_nothing(self, file):
        path = file(HEAD + AMARA + LEILA)
        take(path)

        again = take(path)

        assert (again.read, again.new, again.here) == (2, 0, 2)
        assert Patient.history.count() == 2

    def test_without_a_number_name_birth_and_phone_are_the_person(self, file):
        text = "First name,Last name,DOB,Phone\nAmara,Okonkwo,1988-02-02,415 555 0182\n"
        take(file(text))

        again = take(file(text.replace("Okonkwo", "OKONKWO")))

        assert (again.new, again.here) == (0, 1)

    def test_record_that_says_something_else_is_not_overwritten(self, file):
        take(file(HEAD + AMARA))

        again = take(file(HEAD + AMARA.replace("0182", "0199")))

        assert Patient.objects.get().phone == "+14155550182"
        assert reasons(again) == [(2, "phone", "MT-000001-7 says “+14155550182”: differs, not changed.")]
        assert (again.read, again.differing) == (1, 1)

    def test_empty_cell_contradicts_nothing(self, file):
        take(file(HEAD + AMARA))

        again = take(file(HEAD + AMARA.replace("415 555 0182", "")))

        assert (again.here, again.differing) == (1, 0)

    def test_someone_registered_by_hand_is_not_made_twice(self, file, here):
        known = PatientFactory(
            given_name="Amara", family_name="Okonkwo", birth_date=date(1988, 2, 2), phone="+14155550182", location=here
        )

        report = take(file(HEAD + AMARA))

        assert Patient.objects.get() == known
        assert report.problems[0].reason == (
            "MT-000001-7 has the same name, birth date and phone, without this number: not changed."
        )

    def test_line_that_comes_twice_is_one_patient(self, file):
        report = take(file(HEAD + AMARA + AMARA))

        assert (report.new, report.repeated, report.rejected) == (1, 1, 0)

    def test_line_that_contradicts_an_earlier_one_is_rejected(self, file):
        report = take(file(HEAD + AMARA + AMARA.replace("Amara", "Ada")))

        assert reasons(report) == [(3, "", "Line 2 is the same person and says something else.")]

    def test_good_rows_go_in_beside_bad_ones(self, file):
        report = take(file(HEAD + AMARA + "A3,Bad,Date,1980-02-31,F,415 555 0111\n" + LEILA))

        assert (report.new, report.rejected) == (2, 1)
        assert reasons(report) == [(3, "birth_date", "No date that we can read. Example: 1980-03-12.")]

    def test_dry_run_writes_nothing(self, file):
        report = PatientImport(file(HEAD + AMARA)).run(write=False)

        assert (report.new, Patient.objects.count(), Patient.history.count()) == (1, 0, 0)

    def test_row_that_the_database_refuses_stops_no_other(self, file, monkeypatch):
        save = importing.bulk_create_with_history

        def refuse_leila(patients, *args, **kwargs):
            if any(patient.given_name == "Leila" for patient in patients):
                raise IntegrityError("no Leila")
            return save(patients, *args, **kwargs)

        monkeypatch.setattr(importing, "bulk_create_with_history", refuse_leila)
        report = take(file(HEAD + LEILA + AMARA))

        assert (report.new, report.rejected) == (1, 1)
        assert reasons(report) == [(2, "", "The database refused it: no Leila")]
        assert Patient.objects.get().record_number == "MT-000001-7"

    def test_batches_are_one_import(self, file, monkeypatch):
        monkeypatch.setattr(importing, "BATCH", 2)
        rows = [AMARA.replace("A1", f"B{n}").replace("Amara", f"Amara {n}") for n in range(5)]

        report = take(file(HEAD + "".join(rows) + rows[0]))

        assert (report.new, report.repeated, Patient.objects.count()) == (5, 1, 5)

    @pytest.mark.parametrize("rows", [1, 3])
    def test_import_asks_the_database_by_the_batch(self, file, rows, django_assert_num_queries):
        text = "".join(AMARA.replace("A1", f"B{n}").replace("Amara", f"Amara {n}") for n in range(rows))
        taking = PatientImport(file(HEAD + text))

        with django_assert_num_queries(13):
            taking.run(write=True)


class TestBadRows:
    @pytest.mark.parametrize(
        ("row", "column", "reason"),
        [
            ("A1,Amara,,1988-02-02,F,", "family", "This field cannot be blank."),
            ("A1,Amara,Okonkwo,,F,", "birth_date", "This field cannot be null."),
            ("A1,Amara,Okonkwo,2080-03-12,F,", "birth_date", "12 March 2080 is in the future. Did you mean 1980?"),
            ("A1,Amara,Okonkwo,02.02.88,F,", "birth_date", "The year has two digits only. Write all four."),
            (
                "A1,Amara,Okonkwo,1988-02-02,yes,",
                "gender",
                "No word for a sex that we know: female, male, other, unknown.",
            ),
            ("A1,Amara,Okonkwo,1988-02-02,F,415 555 01", "phone", "2 digits short for a US number."),
            (
                "A1,Ama\x07ra,Okonkwo,1988-02-02,F,",
                "given",
                "Character 4 cannot be shown. Delete it and type what you meant.",
            ),
            (
                "A\x001,Amara,Okonkwo,1988-02-02,F,",
                "mrn",
                "Character 2 cannot be shown. Delete it and type what you meant.",
            ),
            ("A1,Amara,Okonkwo,1988-02-02,F", "", "This line has 5 cells, the head has 6."),
        ],
    )
    def test_reason_names_line_and_column(self, file, row, column, reason):
        report = take(file(f"{HEAD}{row}\n"))

        assert reasons(report) == [(2, column, reason)]
        assert Patient.objects.count() == 0

    def test_line_is_the_one_in_the_file(self, file):
        report = take(file(HEAD + 'A1,"Amara\nNgozi",Okonkwo,1988-02-02,F,\n\nA2,Leila,Haddad,never,F,\n'))

        assert [problem.line for problem in report.problems] == [5]
        assert Patient.objects.get().given_name == "Amara Ngozi"

    def test_quotation_that_does_not_close_is_one_bad_row(self, file):
        report = take(file(HEAD + 'A1,"Ama"ra,Okonkwo,1988-02-02,F,\n' + LEILA))

        assert (report.new, report.rejected, report.problems[0].line) == (1, 1, 2)

    def test_all_that_is_wrong_is_said_at_once(self, file):
        report = take(file(f"{HEAD}A1,Amara,Okonkwo,never,maybe,12\n"))

        assert [problem.column for problem in report.problems] == ["birth_date", "gender", "phone"]

    def test_death_before_birth_is_refused(self, file):
        report = take(file("family,birth_date,deceased\nOkonkwo,1988-02-02,1970-01-01\n"))

        assert reasons(report) == [(2, "deceased", "The day of death is before the birth date.")]

    def test_rejects_come_back_safe_and_go_in_when_mended(self, file, here, tmp_path):
        sheet = tmp_path / "rejects.csv"
        call_command("import_patients", file(HEAD + "A1,=Amara,Okonkwo,never,F,+1 415 555 0182\n"), rejects=sheet)

        with sheet.open(encoding="utf-8-sig", newline="") as open_sheet:
            row = next(csv.DictReader(open_sheet))
        assert (row["given"], row["phone"]) == ("'=Amara", "'+1 415 555 0182")
        assert row["errors"] == "birth_date: No date that we can read. Example: 1980-03-12."

        report = take(file(sheet.read_text("utf-8-sig").replace("never", "1988-02-02"), name="mended.csv"))
        assert (report.new, report.columns.ignored) == (1, [])
        assert Patient.objects.get().given_name == "=Amara"

    def test_no_cell_of_the_rejects_begins_at_a_semicolon(self, file, here, tmp_path):
        sheet = tmp_path / "rejects.csv"
        call_command("import_patients", file(HEAD + "A1,Amara;=1+1,Okonkwo,never,F,\n"), rejects=sheet)

        assert '"Amara;=1+1"' in sheet.read_text("utf-8-sig")


def test_command_sums_up(file, capsys):
    call_command("import_patients", file(HEAD + AMARA + "A2,,,,,\n"), dry_run=True)

    out = capsys.readouterr().out
    assert "       2  read\n       1  would be new\n" in out
    assert "Line 3, family: This field cannot be blank." in out
    assert "Nothing was written." in out


class TestInTheAdmin:
    URL = "/admin/patients/patient/import/"

    @pytest.fixture
    def manager(self, client, here, settings, tmp_path):
        settings.VAR_DIR = tmp_path
        client.force_login(UserFactory(locations=[here], role=Role.ADMIN))
        return client

    def bring(self, manager, text, **fields):
        upload = SimpleUploadedFile("patients.csv", text.encode())
        return manager.post(self.URL, {"file": upload, **fields}, follow=True)

    def test_preview_writes_nothing(self, manager):
        page = self.bring(manager, HEAD + AMARA)

        assert page.context["report"].new == 1
        assert Patient.objects.count() == 0

    def test_confirmed_file_is_imported_once(self, manager, tmp_path):
        self.bring(manager, HEAD + AMARA)

        manager.post(f"{self.URL}preview/")
        again = manager.post(f"{self.URL}preview/", follow=True)

        assert Patient.objects.count() == 1
        assert "The file is no longer here. It was imported already, or waited too long." in again.content.decode()
        assert list((tmp_path / "imports").glob("*[!s].csv")) == []

    def test_rows_not_taken_are_taken_back(self, manager):
        self.bring(manager, HEAD + "A1,<b>,Okonkwo,never,F,\n")
        page = manager.post(f"{self.URL}preview/")

        sheet = b"".join(manager.get(f"{self.URL}rejects/").streaming_content).decode()

        assert page.context["report"].rejected == 1
        assert '"A1","<b>","Okonkwo","never","F","","birth_date: No date that we can read.' in sheet

    def test_file_that_cannot_be_used_says_why(self, manager):
        page = self.bring(manager, "name,city\n")

        assert "The file has no column for: last name, birth date." in page.content.decode()

    def test_mapping_that_cannot_be_read_says_why(self, manager):
        page = self.bring(manager, HEAD, mapping=SimpleUploadedFile("m.json", b"["))

        assert "The mapping cannot be read" in page.content.decode()

    def test_rejects_of_others_are_not_given_away(self, manager, client, here):
        self.bring(manager, HEAD + "A1,,,,,\n")
        manager.post(f"{self.URL}preview/")
        client.force_login(UserFactory(locations=[here], role=Role.ADMIN))

        assert client.get(f"{self.URL}rejects/").status_code == 404
