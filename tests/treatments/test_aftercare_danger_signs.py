"""A danger sign behind the aftercare link: what to do is said at once, and the clinic is told."""

import uuid
from datetime import date

import pytest
import time_machine
from django.core import mail
from django.test import Client

from clinic.roles import Role
from tests.factories import AftercareLinkFactory, LocationFactory, PatientFactory, TreatmentAreaFactory, UserFactory
from tests.treatments.aftercare_answers import BORN, DAY, DAY_6, page_of, report, swelling
from treatments.aftercare import token_of
from treatments.danger_signs import SAID
from treatments.models import AftercareAnswer, Reminder, SideEffect
from treatments.rules.red_flags import RedFlag

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_day_6():
    with time_machine.travel(DAY_6, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(phone="+14155550100", reply_to_email="desk@clinic.example")


@pytest.fixture
def link(here):
    patient = PatientFactory(location=here, birth_date=date(1988, 2, 2))
    return AftercareLinkFactory(session__course__patient=patient)


@pytest.fixture
def phone():
    return Client()


@pytest.fixture
def opened(phone, link):
    """A phone on which the right birth date was given."""
    assert phone.post(page_of(link), BORN).status_code == 302
    return phone


@pytest.mark.parametrize(
    ("flag", "kind", "title"),
    [
        ("breathing", "anaphylaxis", "Get help now"),
        ("face-swelling", "anaphylaxis", "Get help now"),
        ("dark-skin", "necrosis", "Call the clinic now"),
        ("spreading-redness", "infection", "Call the clinic now"),
        ("pus", "abscess", "Call the clinic now"),
        ("fever", "infection", "Call the clinic now"),
    ],
)
def test_a_danger_sign_shows_what_to_do_and_alerts_the_clinic(
    opened, link, here, flag, kind, title, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = report(opened, link, red_flags=flag)
    html = opened.get(response.url).content.decode()

    assert 'role="alert"' in html
    assert title in html
    assert "112 in Europe" in html
    assert "tel:+14155550100" in html
    effect = SideEffect.objects.get()
    assert (effect.kind.code, effect.severity) == (kind, "severe")
    assert effect.note == str(SAID[RedFlag(flag)])
    assert list(SideEffect.objects.urgent()) == [effect]
    doctor = Client()
    doctor.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))
    assert link.session.course.patient.full_name in doctor.get("/").content.decode()

    (letter,) = mail.outbox
    assert (letter.to, Reminder.objects.get().state) == (["desk@clinic.example"], "sent")
    told = letter.subject + letter.body
    patient = link.session.course.patient
    words = [patient.given_name, patient.family_name, patient.record_number, "fever", "infection", token_of(link)]
    assert [word for word in words if word in told] == []


def test_a_late_lump_is_asked_for_from_day_7_on(opened, link):
    assert "late-lump" not in opened.get(page_of(link)).content.decode()
    with time_machine.travel(DAY_6 + DAY, tick=False):
        opened.post(page_of(link), BORN)
        assert "late-lump" in opened.get(page_of(link)).content.decode()
        report(opened, link, red_flags="late-lump")
    assert SideEffect.objects.get().kind.code == "ntm"


def test_several_signs_of_one_kind_are_one_reaction(opened, link):
    report(opened, link, red_flags=["fever", "spreading-redness", "pus"])
    assert sorted(SideEffect.objects.values_list("kind__code", flat=True)) == ["abscess", "infection"]


def test_a_danger_sign_beside_all_well_counts(opened, link):
    report(opened, link, how="well", red_flags="fever")
    assert (AftercareAnswer.objects.get().all_well, SideEffect.objects.urgent().count()) == (False, 1)


# Beside whatever else was sent


def test_a_danger_sign_waits_for_no_other_field(opened, link):
    """Who ticks that breathing is hard is not sent back to say how strong the swelling is."""
    response = report(opened, link, **swelling(since="other-day", severity=""), red_flags="breathing")
    assert response.url == page_of(link) + "answered/"
    assert sorted(SideEffect.objects.values_list("kind__code", "severity")) == [
        ("anaphylaxis", "severe"),
        ("swelling", "moderate"),
    ]


def says_what_to_do(response):
    html = response.content.decode()
    return all(words in html for words in ('role="alert"', "Get help now", "112 in Europe", "tel:+14155550100"))


def test_a_form_that_cannot_be_kept_yet_says_at_once_what_a_danger_sign_asks_for(opened, link):
    response = report(opened, link, red_flags="breathing", note="\0")
    assert (response.status_code, SideEffect.objects.count()) == (200, 0)
    assert says_what_to_do(response)
    assert not says_what_to_do(report(opened, link, red_flags="none"))


def test_a_danger_sign_that_comes_before_the_birth_date_says_what_to_do_and_names_nobody(phone, link):
    response = report(phone, link, red_flags="breathing")
    assert says_what_to_do(response)
    assert link.session.course.patient.family_name not in response.content.decode()
    assert SideEffect.objects.count() == 0


def test_a_danger_sign_is_kept_however_much_was_sent_before(opened, link):
    for _time in range(11):
        busy = report(opened, link, **swelling())
    assert busy.status_code == 429
    alarm = {"form_token": str(uuid.uuid4()), "how": "well", "red_flags": "breathing"}
    assert opened.post(page_of(link), alarm).url == page_of(link) + "answered/"
    assert SideEffect.objects.urgent().count() == 1
    answers = [opened.post(page_of(link), alarm | {"form_token": str(uuid.uuid4())}) for _time in range(10)]
    assert [answer.status_code for answer in answers] == [302] * 9 + [429]
    assert says_what_to_do(answers[-1])


def test_a_danger_sign_reported_again_is_to_be_reviewed_again(opened, link):
    report(opened, link, red_flags="fever", areas=[TreatmentAreaFactory().pk])
    effect = SideEffect.objects.get()
    effect.reviewed_at, effect.reviewed_by, effect.review_note = DAY_6, link.given_by, "Antibiotic begun."
    effect.save()
    assert not SideEffect.objects.urgent().exists()

    report(opened, link, red_flags="fever", form_token="0e0e9a3c-27e1-4b5c-b21b-5b4f9e1b2a11")
    assert list(SideEffect.objects.urgent()) == [effect]
    assert SideEffect.objects.count() == 1
