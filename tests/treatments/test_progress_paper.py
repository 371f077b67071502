"""The progress review on paper has the numbers of the page, and for the patient less."""

import io
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    MilestoneReviewFactory,
    SessionFactory,
    TreatmentAreaFactory,
)
from tests.treatments.courses_with_sessions import WEEK, scored, treated
from tests.treatments.progress_facts import NB, NOW, found, text, with_ten_sessions
from tests.treatments.session_forms import FIRST, signed_in
from treatments import verdict as words
from treatments.report import contents, report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def areas():
    return [TreatmentAreaFactory(code=code) for code in ("thigh-back-left", "thigh-back-right")]


@pytest.fixture
def course(areas):
    return CourseFactory(patient__location=LocationFactory(name="Harbour Street"), areas=areas)


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def ten(course):
    return with_ten_sessions(course)


def test_paper_has_the_numbers_of_the_page(client, clinician, ten):
    MilestoneReviewFactory(course=ten, reason="Watch the weight.")
    page = text(client, ten).replace("&#x27;", "'")
    of_paper = contents(found(ten), for_patient=False)

    for row in of_paper["table"]["rows"]:
        for cell in row:
            assert cell in page
    for label, value, detail in of_paper["facts"]:
        assert all(part in page for part in (label, value, detail))
    assert of_paper["verdict"]["headline"] in page
    assert all(reason in page for reason in words.verdict(found(ten)).reasons)


def test_paper_is_a_tagged_pdf_that_says_the_same(ten):
    pypdf = pytest.importorskip("pypdf", reason="reading papers needs requirements-dev.txt")
    MilestoneReviewFactory(course=ten, reason="Watch the weight.")

    paper = pypdf.PdfReader(io.BytesIO(report(found(ten), for_patient=False)))

    printed = " ".join(" ".join(page.extract_text() for page in paper.pages).replace(NB, " ").split())
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert paper.metadata.title == "Progress report"
    assert "11 to 6" in printed
    assert "Down 45 % from the baseline of 11, 2 March 2026." in printed
    assert "Watch the weight." in printed
    for row in words.table(found(ten)).rows:
        assert row.label in printed
        assert all(cell.replace(NB, " ") in printed for cell in row.cells)


@pytest.mark.parametrize("for_patient", [True, False])
def test_paper_warns_of_the_weight_explains_its_picture_and_has_its_tables(course, for_patient):
    treated(course, 1, weight_kg=Decimal(70))
    SessionFactory(course=course, performed_at=FIRST + WEEK, weight_kg=Decimal(74), signed=True)
    scored(course, 1, 11, 10)
    scored(course, 2, 10, 10)

    paper = contents(found(course), for_patient=for_patient)

    assert paper["warning"].startswith(f"Weight +4.0{NB}kg since the first session.")
    assert paper["chart"]["legend"] == "Strong: measured. Pale: other areas. Shaded: expected, the clinic's claim."
    assert [row[0] for row in paper["days"]["rows"]] == ["2 Mar 2026", "9 Mar 2026"]
    assert [row[0] for row in paper["claims"]["rows"]] == ["Baseline", "Session 5", "Session 10", "Session 15"]
    assert report(found(course), for_patient=for_patient).startswith(b"%PDF")


def test_patients_paper_leaves_out_money_and_what_clinicians_wrote(ten):
    MilestoneReviewFactory(course=ten, reason="Watch the weight.")

    facts = contents(found(ten), for_patient=True)

    assert facts["decisions"]["rows"] == []
    assert "Delivered" not in [label for label, _value, _detail in facts["facts"]]
    assert "Delivered" in [label for label, _value, _detail in contents(found(ten), for_patient=False)["facts"]]


def test_report_is_served_as_a_file_of_the_patient(client, clinician, ten):
    response = client.get(reverse("course-report", args=[ten.public_id]) + "?for=patient")

    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="progress-{ten.patient.record_number}.pdf"'
    assert response.content.startswith(b"%PDF")
