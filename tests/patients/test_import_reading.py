"""Reading a file from another system: its encoding and columns, and what its dates, words and places mean."""

import json
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from patients.imports.columns import understand
from patients.imports.reading import UnusableFileError
from patients.imports.run import PatientImport
from patients.imports.values import DateOrder, date_order, language, sex
from patients.models import Patient
from tests.factories import LocationFactory
from tests.patients.import_files import AMARA, HEAD, reasons, take, writer

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", country_code="US", time_zone="America/Los_Angeles")


@pytest.fixture
def file(tmp_path, here):
    return writer(tmp_path)


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_encoding_and_delimiter_are_found_out(self, file, encoding, delimiter):
        text = "Vorname,Nachname,Geburtsdatum\nZoë,Müller,31.01.1980\n".replace(",", delimiter)
        mark = "\ufeff" if encoding == "utf-16-le" else ""

        take(file(mark + text, encoding=encoding))

        assert Patient.objects.get().full_name == "Zoë Müller"

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "The file is empty."),
            (b"\x81\x8d\x00", "The file is no text in UTF-8, UTF-16 or Windows-1252."),
            (
                b"name,city\n",
                "The file has no column for: last name, birth date. Its columns are: name, city.",
            ),
        ],
    )
    def test_file_that_cannot_be_used_is_one_clear_line(self, tmp_path, here, content, message):
        path = tmp_path / "bad.csv"
        path.write_bytes(content)

        with pytest.raises(UnusableFileError, match=message.replace("(", r"\(")):
            PatientImport(path)

    def test_missing_file_ends_with_a_message(self, here, tmp_path):
        with pytest.raises(CommandError, match="cannot be opened"):
            call_command("import_patients", tmp_path / "nothing.csv")

    def test_columns_of_a_well_known_generator_are_known(self):
        head = "id,mrn,prefix,given,family,gender,birth_date,deceased,phone,line,city,state,postal,country,language"

        columns = understand(head.split(","))

        assert columns.ignored == ["id", "prefix"]
        assert columns.head[columns.by_field["external_id"]] == "mrn"

    @pytest.mark.parametrize(
        "head",
        ["First Name;Last Name;Date of Birth", "prénom;nom;date de naissance", "VORNAME;NACHNAME;GEB.-DATUM",
         "nombre;apellidos;fecha_de_nacimiento"],
    )  # fmt: skip
    def test_names_of_columns_are_known_in_many_spellings(self, head):
        columns = understand(head.split(";"))

        assert columns.by_field == {"given_name": 0, "family_name": 1, "birth_date": 2}

    @pytest.mark.parametrize("kind", ["json", "csv"])
    def test_mapping_goes_before_the_known_names(self, file, kind):
        mapping = {"clan": "family_name", "day": "birth_date", "family": ""}
        text = json.dumps(mapping) if kind == "json" else "column,field\nclan,family_name\nday,birth_date\nfamily,\n"
        path = file(text, name=f"mapping.{kind}")

        call_command("import_patients", file("clan,family,day\nOkonkwo,Not this,1988-02-02\n"), mapping=path)

        assert Patient.objects.get().family_name == "Okonkwo"

    @pytest.mark.parametrize(
        ("mapping", "message"),
        [
            ('{"clan": "family_name"}', "a column “clan”"),
            ('{"family": "surname"}', "a field “surname”"),
            ("[", "cannot be read"),
        ],
    )
    def test_mapping_that_does_not_fit_is_refused(self, file, mapping, message):
        with pytest.raises(CommandError, match=message):
            call_command("import_patients", file(HEAD + AMARA), mapping=file(mapping, name="mapping.json"))


class TestMeanings:
    def test_order_of_dates_is_found_out_from_the_file(self, file):
        take(file("family,birth_date\nOkonkwo,03/04/1980\nHaddad,31/01/1980\n"))

        assert Patient.objects.get(family_name="Okonkwo").birth_date == date(1980, 4, 3)

    def test_american_order_is_found_out_as_well(self, file):
        take(file("family,birth_date\nOkonkwo,03/04/1980\nHaddad,01/31/1980\n"))

        assert Patient.objects.get(family_name="Okonkwo").birth_date == date(1980, 3, 4)

    def test_order_that_nothing_tells_is_asked(self, file):
        path = file("family,birth_date\nOkonkwo,03/04/1980\n")
        with pytest.raises(CommandError, match="may put the day or the month first"):
            call_command("import_patients", path)

        call_command("import_patients", path, date_format="mdy")

        assert Patient.objects.get().birth_date == date(1980, 3, 4)

    def test_file_that_contradicts_itself_is_asked_about(self):
        with pytest.raises(UnusableFileError, match="puts the day first"):
            date_order(["31/01/1980", "01/31/1980"])

    @pytest.mark.parametrize("cells", [["03.04.1980"], ["1980-04-03"], ["04/04/1980"], [""]])
    def test_dates_of_one_meaning_ask_nothing(self, cells):
        assert date_order(cells) is None

    @pytest.mark.parametrize(
        "text",
        ["1980-03-12", "12.03.1980", "12/03/1980", "19800312", "12 March 1980", "Mar 12, 1980", "1980-03-12T00:00:00"],
    )
    def test_ways_to_write_a_day(self, file, text):
        take(file(f'family;birth_date\nHaddad;"{text}"\n'), order=DateOrder.DAY_FIRST)

        assert Patient.objects.get().birth_date == date(1980, 3, 12)

    def test_moment_of_death_is_a_day_at_the_place(self, file):
        take(file("family,birth_date,deceased\nKoepp,1956-08-03,2008-12-14T03:11:33+00:00\n"))

        assert Patient.objects.get().deceased_on == date(2008, 12, 13)

    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("F", "female"),
            ("weiblich", "female"),
            ("Männlich", "male"),
            ("homme", "male"),
            ("divers", "other"),
            ("", "unknown"),
        ],
    )
    def test_words_for_sex(self, word, meant):
        assert sex(word) == meant

    @pytest.mark.parametrize(
        ("word", "code"),
        [
            ("English", "en"),
            ("Spanish", "es"),
            ("Deutsch", "de"),
            ("German (Germany)", "de"),
            ("fr-FR", "fr"),
            ("Chinese", "zh-hans"),
            ("", "en"),
        ],
    )
    def test_names_of_languages(self, word, code):
        assert language(word) == code

    def test_phone_is_of_the_country_of_the_location(self, file, here):
        LocationFactory(name="Mitte", country_code="DE", time_zone="Europe/Berlin")

        call_command("import_patients", file(HEAD + AMARA.replace("415 555 0182", "030 901820")), location="mitte")

        assert Patient.objects.get().phone == "+4930901820"

    def test_one_of_several_locations_has_to_be_named(self, file):
        LocationFactory(name="Mitte")

        with pytest.raises(CommandError, match="The locations are: Harbour Street, Mitte"):
            call_command("import_patients", file(HEAD + AMARA))

    def test_location_that_is_none_ends_with_the_names_there_are(self, file):
        with pytest.raises(CommandError, match="There are: Harbour Street"):
            call_command("import_patients", file(HEAD + AMARA), location="Elsewhere")

    def test_file_may_name_the_location_of_each_row(self, file, here):
        mitte = LocationFactory(name="Mitte", country_code="DE")

        report = take(file("family,birth_date,site\nHaddad,1980-03-12,MITTE\nOkonkwo,1988-02-02,Nowhere\n"))

        assert Patient.objects.get().location == mitte
        assert reasons(report) == [(3, "site", "No location of this name.")]
