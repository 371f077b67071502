"""A patient's own copy: everything in one file, for whoever asked, and then gone."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta

import pytest
from PIL import Image

from clinic.roles import Role
from clinic.vault import new_name
from patients.models import Dossier
from tests.factories import (
    AllergyFactory,
    ConsentFactory,
    InjectionFactory,
    LotFactory,
    PatientFactory,
    PhotoFactory,
    ProductFactory,
    SessionFactory,
    UserFactory,
)
from tests.treatments.forgotten import FAMILY, NOW, person
from treatments.actions.privacy import ask_dossier, decide_erasure, withdraw_erasure
from treatments.photo_files import vault as photo_vault
from treatments.privacy import dossier as made
from treatments.privacy.dossier import make_all
from treatments.privacy.facts import INTERNAL, as_table, everything, told_fields
from treatments.privacy.holdings import HOLDINGS
from treatments.privacy.paper import dossier_paper
from treatments.privacy.sweep import sweep_daily
from treatments.privacy.vault import ZIP, vault

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    return tmp_path


def waiting(patient, by=None):
    return Dossier.objects.create(patient=patient, asked_by=by or UserFactory(), asked_at=NOW, stored_name=new_name())


def make(patient):
    """Return the row and the archive of a dossier that was made."""
    dossier = waiting(patient)
    make_all(lambda: NOW)
    dossier.refresh_from_db()
    return dossier, zipfile.ZipFile(io.BytesIO(vault().read(dossier.stored_name, ZIP)))


def test_dossier_holds_everything_and_its_manifest_proves_it():
    patient = person()
    dossier, archive = make(patient)

    manifest = json.loads(archive.read("manifest.json"))
    names = {file["path"] for file in manifest["files"]}
    assert set(archive.namelist()) == names | {"manifest.json"}
    assert {"data.json", "dossier.pdf", "tables/sessions.csv", "consents/01-2026-02-09.pdf"} <= names
    for file in manifest["files"]:
        data = archive.read(file["path"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    assert manifest["counts"]["sessions"] == 1
    assert manifest["counts"]["patient"] == 2  # with the record that was merged
    assert (dossier.state, dossier.files_done) == (Dossier.State.READY, len(names))
    assert dossier.sha256 == hashlib.sha256(vault().read(dossier.stored_name, ZIP)).hexdigest()


def test_data_name_their_keys_their_units_and_the_fhir_resource():
    data = everything([PatientFactory()], NOW)

    assert (data["format"], data["version"]) == ("mesotrack-dossier", 1)
    assert data["keys"]["sessions"]["fhir"] == "Procedure"
    assert data["keys"]["sessions"]["keys"]["weight_kg"]
    assert data["units"]["_kg"] == "kg"
    lists = {holding.key for holding in HOLDINGS if holding.key}
    assert lists <= set(data)
    assert all(set(data["keys"][key]["keys"]) for key in lists)


def test_colleagues_are_named_by_role_and_nothing_internal_leaves():
    patient = person()
    data = json.dumps(everything(patient.whole_family(), NOW), default=str)

    by = patient.courses.get().clinician
    assert by.last_name not in data
    assert by.email not in data
    assert '"role": "Clinician"' in data
    assert not [key for key in INTERNAL if f'"{key}":' in data]
    assert FAMILY in data


def test_nothing_of_another_patient_is_in_it():
    patient, other = PatientFactory(family_name="Ashgrove"), PatientFactory(family_name="Bellweather")
    SessionFactory(course__patient=patient)
    SessionFactory(course__patient=other, note="Bellweather was late")
    ConsentFactory(patient=other)

    _dossier, archive = make(patient)

    assert not [name for name in archive.namelist() if b"Bellweather" in archive.read(name)]
    assert not [name for name in archive.namelist() if name.startswith("consents/")]


def test_photo_in_error_may_be_of_somebody_else_and_stays_out():
    patient = PatientFactory()
    PhotoFactory(course__patient=patient, entered_in_error_at=NOW, error_reason="of somebody else")

    _dossier, archive = make(patient)

    assert not [name for name in archive.namelist() if name.startswith("photos/")]


def test_photo_leaves_without_what_the_camera_wrote():
    patient = PatientFactory()
    PhotoFactory(course__patient=patient, view="lateral-left")

    _dossier, archive = make(patient)

    [path] = [name for name in archive.namelist() if name.startswith("photos/")]
    assert path.endswith("-lateral-left.jpg")
    assert not Image.open(io.BytesIO(archive.read(path))).getexif()


def test_photo_whose_file_is_lost_is_named_as_missing():
    patient = PatientFactory()
    photo = PhotoFactory(course__patient=patient)
    photo_vault().remove(photo.stored_name, ".jpg")

    dossier, archive = make(patient)

    assert len(json.loads(archive.read("manifest.json"))["missing"]) == 1
    assert dossier.state == Dossier.State.READY


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x", "\tx", "|x", "＝x"])
def test_no_spreadsheet_computes_what_a_patient_typed(start):
    patient = PatientFactory()
    SessionFactory(course__patient=patient, note=f"{start} danger")

    _dossier, archive = make(patient)

    assert f"'{start}" in archive.read("tables/sessions.csv").decode("utf-8-sig")


def test_no_cell_begins_at_a_semicolon_that_a_patient_typed():
    patient = PatientFactory()
    SessionFactory(course__patient=patient, note="well;=1+1")

    _dossier, archive = make(patient)

    assert '"well;=1+1"' in archive.read("tables/sessions.csv").decode("utf-8-sig")


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Your record"), ("fr", "Votre dossier"), ("es-mx", "Su historial")]
)
def test_paper_speaks_the_language_of_the_patient(monkeypatch, language, title):
    papers = []
    monkeypatch.setattr("treatments.privacy.paper.render", lambda template, facts: papers.append(facts) or b"%PDF")

    make(PatientFactory(language=language))

    assert papers[0]["title"] == title


def test_dossier_tells_of_erasures_that_were_asked_for_and_withdrawn(monkeypatch):
    papers = []
    monkeypatch.setattr("treatments.privacy.paper.render", lambda template, facts: papers.append(facts) or b"%PDF")
    patient, boss = PatientFactory(language="fr"), UserFactory(role=Role.ADMIN)
    erasure = decide_erasure(patient, ground="withdrawn", by=boss, now=NOW, today=NOW.date())
    withdraw_erasure(erasure, reason="Took the wish back.", by=boss, now=NOW + timedelta(days=1))
    decide_erasure(patient, ground="objected", by=boss, now=NOW + timedelta(days=2), today=NOW.date())

    _dossier, archive = make(patient)

    told = json.loads(archive.read("data.json"))["erasures"]
    assert [(row["ground"], row["asked_by"], row["withdrawn_at"], row["withdrawn_reason"]) for row in told] == [
        ("withdrawn", {"role": "Admin"}, "2026-03-03T14:00:00+00:00", "Took the wish back."),
        ("objected", {"role": "Admin"}, None, ""),
    ]
    assert told[0]["grace"] == 86400
    assert "tables/erasures.csv" in archive.namelist()
    [section] = [each for each in papers[0]["sections"] if each["heading"] == "Effacements demandés"]
    assert section["heads"] == ["Jour", "Retiré", "Motif"]
    assert section["rows"] == [["2 Mar 2026", "3 Mar 2026", "Took the wish back."], ["4 Mar 2026", "", ""]]


def test_dossier_that_was_cut_off_is_made_by_the_next():
    dossier = waiting(PatientFactory())
    assert Dossier.objects.claim(NOW) is not None  # and then the worker died

    assert make_all(lambda: NOW + timedelta(seconds=30)) == 0
    assert make_all(lambda: NOW + timedelta(minutes=3)) == 1

    dossier.refresh_from_db()
    assert dossier.state == Dossier.State.READY


def test_dossier_that_cannot_be_made_is_given_up_after_three_tries(monkeypatch):
    monkeypatch.setattr(made, "make", lambda *args: 1 / 0)
    dossier = waiting(PatientFactory())

    for minutes in (0, 3, 6, 9):
        make_all(lambda minutes=minutes: NOW + timedelta(minutes=minutes))

    dossier.refresh_from_db()
    assert dossier.state == Dossier.State.FAILED


def test_dossier_asked_for_twice_is_made_once():
    patient, boss = PatientFactory(), UserFactory()

    first, second = (ask_dossier(patient, by=boss, now=NOW) for _ in range(2))

    assert first == second


def test_patient_who_was_erased_meanwhile_leaves_no_dossier(folders, monkeypatch):
    dossier = waiting(PatientFactory())
    paper = made.dossier_paper

    def erased_meanwhile(*args):
        Dossier.objects.update(state=Dossier.State.GONE, gone_at=NOW)
        return paper(*args)

    monkeypatch.setattr(made, "dossier_paper", erased_meanwhile)
    make_all(lambda: NOW)

    dossier.refresh_from_db()
    assert dossier.state == Dossier.State.GONE
    assert list(vault().files()) == []


def test_dossier_is_gone_after_a_day():
    dossier, _archive = make(PatientFactory())
    assert dossier.can_be_fetched(NOW + timedelta(hours=23))
    assert not dossier.can_be_fetched(NOW + timedelta(hours=24))

    sweep_daily(lambda: NOW + timedelta(hours=24))

    dossier.refresh_from_db()
    assert dossier.state == Dossier.State.GONE
    assert list(vault().files()) == []


def test_every_list_becomes_a_table_of_the_same_width():
    head, lines = as_table([{"a": 1, "b": {"code": "x", "name": "y"}}, {"a": [2, {"name": "z"}], "c": None}])

    assert head == ["a", "b", "c"]
    assert lines == [[1, "x, y", None], ["2; z", None, None]]


def test_no_field_of_a_holding_is_told_under_two_names():
    for holding in HOLDINGS:
        names = [field.name for field in told_fields(holding.model)]
        assert len(names) == len(set(names))


def test_database_is_not_asked_once_a_row():
    patient = person()
    SessionFactory(course=patient.courses.get(), performed_at=NOW - timedelta(days=9), signed=True)
    for number in range(3):
        lot = LotFactory(number=f"L-{number}", product=ProductFactory(name=f"Mixture {number}"))
        InjectionFactory(session=patient.courses.first().sessions.first(), lot=lot)
        ConsentFactory(patient=patient, signed_at=NOW)
        AllergyFactory(patient=patient)

    with pytest.importorskip("zeal").zeal_context():
        assert everything(patient.whole_family(), NOW)
        assert dossier_paper(patient.whole_family(), NOW).startswith(b"%PDF")
