"""People's names, of all kinds, in every place that shows them: lists, records, search, papers, mails, files."""

import csv
import io
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from clinic.roles import Role
from clinic.spreadsheets import safe_cell
from tests.factories import CourseFactory, FollowUpFactory, LocationFactory, PatientFactory, UserFactory
from tests.patients.test_names import NAMES
from treatments.actions.reminders import sweep

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)  # 09:00 in Los Angeles


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def courses(here):
    """Return a course of somebody of every name, whose follow-up is due and who wants mails."""
    made = []
    for number, (given, family) in enumerate(NAMES):
        patient = PatientFactory(
            location=here,
            given_name=given,
            family_name=family,
            email=f"person{number}@x.example",
            contact_permission=True,
            preferred_channel="email",
        )
        made.append(CourseFactory(patient=patient))
        FollowUpFactory(course=made[-1], opens_on=NOW.date(), closes_on=NOW.date().replace(month=11))
    return made


@pytest.fixture
def desk(client, here):
    client.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))
    with time_machine.travel(NOW, tick=False):
        yield client


def page(client, where, **query):
    return unescape(client.get(where, query).content.decode())


def lacking(text, courses, said=lambda patient: patient.full_name):
    return [said(course.patient) for course in courses if said(course.patient) not in text]


def test_every_name_stands_in_the_lists(desk, courses):
    assert lacking(page(desk, "/patients/"), courses) == []
    assert lacking(page(desk, "/follow-ups/"), courses) == []


def test_every_name_stands_on_its_record_and_is_found(desk, courses):
    for course in courses:
        patient = course.patient
        assert patient.full_name in page(desk, patient.get_absolute_url())
        assert patient.full_name in page(desk, course.get_absolute_url())
        assert patient.get_absolute_url() in page(desk, "/search/", q=patient.family_name)


def test_every_name_stands_in_the_admin_site(client, here, courses):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[here]))

    said = page(client, reverse("admin:patients_patient_changelist"))

    assert lacking(said, courses, lambda patient: patient.family_name) == []
    assert lacking(said, courses, lambda patient: patient.given_name) == []


def test_every_name_stands_in_a_file_in_one_cell_and_is_no_formula(desk, courses):
    written = b"".join(desk.get("/follow-ups/?format=csv").streaming_content).decode("utf-8-sig")

    cells = {cell for row in csv.reader(io.StringIO(written, newline="")) for cell in row}
    assert lacking(cells, courses, lambda patient: safe_cell(patient.full_name)) == []


def test_every_name_stands_in_its_mail_and_adds_nobody_to_it(courses):
    sweep(lambda: NOW, seconds=60)

    written = {tuple(sent.recipients()): sent for sent in mail.outbox}
    assert len(written) == len(courses)
    for course in courses:
        sent = written[(course.patient.email,)]
        assert f"Dear {course.patient.full_name}," in sent.body
        assert sent.message().as_bytes()


def test_every_name_makes_a_paper(desk, courses):
    pypdf = pytest.importorskip("pypdf", reason="reading papers needs requirements-dev.txt")
    for course in courses:
        answer = desk.get(reverse("course-report", args=[course.public_id]))
        assert answer.content.startswith(b"%PDF-")
        if course.patient.full_name.isascii() and len(course.patient.full_name) < 30:
            text = " ".join(pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].extract_text().split())
            assert course.patient.full_name in text
