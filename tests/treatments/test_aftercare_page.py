"""The page behind the aftercare link: what it says, in which language, and what becomes of an answer."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from clinic.roles import Role
from tests.factories import (
    AftercareLinkFactory,
    LocationFactory,
    PatientFactory,
    SideEffectFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.aftercare_answers import BORN, DAY, DAY_6, PERFORMED, TOKEN, page_of, report, swelling
from treatments.models import AftercareAnswer, SideEffect

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


# The page


def test_the_page_says_what_is_usual_and_whom_to_call(opened, link):
    html = opened.get(page_of(link)).content.decode()

    for words in [
        "Burning",
        "up to 20 minutes",
        "Swelling",
        "up to 5 days",
        "112 in Europe",
        "tel:+14155550100",
        "Left thigh, back",
    ]:
        assert words in html
    assert link.session.course.patient.family_name not in html


def test_the_page_asks_the_database_as_often_for_many_areas_and_reactions(opened, link, django_assert_num_queries):
    with django_assert_num_queries(10):
        opened.get(page_of(link))
    areas = [TreatmentAreaFactory(code=code) for code in ("abdomen", "hip-left", "hip-right")]
    link.session.areas.set(areas)
    for area in areas:
        SideEffectFactory(session=link.session, area=area)
    with django_assert_num_queries(10):
        html = opened.get(page_of(link)).content.decode()
    assert html.count("Swelling, ") == 3


def test_the_language_is_the_patients(phone, link):
    link.session.course.patient.note(language="fr-ca")
    html = phone.get(page_of(link)).content.decode()
    assert '<html lang="fr"' in html
    assert "Date de naissance" in html
    assert "février" in html
    assert '<html lang="es"' in phone.get(page_of(link) + "?lang=es").content.decode()
    assert '<html lang="fr"' in phone.get(page_of(link) + "?lang=xx").content.decode()


def test_a_language_we_do_not_speak_is_answered_in_english(phone, link):
    link.session.course.patient.note(language="de")
    assert '<html lang="en"' in phone.get(page_of(link)).content.decode()


def test_a_stranger_is_answered_in_the_browsers_language(phone):
    html = phone.get("/aftercare/hello/", headers={"accept-language": "de, es;q=0.8, fr;q=0.5"}).content.decode()
    assert '<html lang="es"' in html


# What follows


def test_all_well_is_kept_as_a_fact(opened, link):
    response = report(opened, link, how="well")

    assert response.url == page_of(link) + "answered/"
    answer = AftercareAnswer.objects.get()
    assert (answer.all_well, answer.answered_at, SideEffect.objects.count()) == (True, DAY_6, 0)
    assert "Good to hear" in opened.get(response.url).content.decode()


def test_an_answer_becomes_a_reported_reaction(opened, link):
    report(opened, link, **swelling(note="Warm in the evening"))

    effect = SideEffect.objects.get()
    assert (effect.kind.code, effect.area.code, effect.severity, effect.onset_at) == (
        "swelling",
        "thigh-back-left",
        "moderate",
        PERFORMED,
    )
    assert (effect.reported_by, effect.recorded_by, effect.aftercare_answer, effect.note) == (
        "patient",
        None,
        AftercareAnswer.objects.get(),
        "Warm in the evening",
    )
    assert list(SideEffect.objects.prolonged(DAY_6)) == [effect]


def test_it_is_on_the_work_list_at_once(opened, link, here):
    report(opened, link, **swelling())
    desk = Client()
    desk.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))

    html = desk.get("/side-effects/").content.decode()
    assert link.session.course.patient.full_name in html
    page = desk.get(SideEffect.objects.get().get_absolute_url()).content.decode()
    assert "the patient through the aftercare link" in page
    assert "The patient</strong>" in page


@pytest.mark.parametrize(
    ("since", "day", "onset"),
    [
        ("today", "", DAY_6),
        ("session", "", PERFORMED),
        ("other-day", "2026-03-05", datetime(2026, 3, 5, 20, 0, tzinfo=UTC)),
        ("other-day", "2026-03-08", DAY_6),
        ("other-day", "2026-03-02", datetime(2026, 3, 2, 20, 0, tzinfo=UTC)),
    ],
)
def test_since_when_is_never_before_the_session_nor_to_come(opened, link, since, day, onset):
    report(opened, link, **swelling(since=since, since_on=day))
    assert SideEffect.objects.get().onset_at == onset


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"since": ""}, "Choose since when it is there."),
        ({"severity": ""}, "Choose how strong it is."),
        ({"kinds": []}, "Choose what it is, or write it"),
        ({"how": "", "kinds": []}, "Choose one of the two."),
        ({"since": "other-day"}, "Choose the day."),
        ({"since": "other-day", "since_on": "2026-03-09"}, "This day is still to come."),
        ({"since": "other-day", "since_on": "2026-03-01"}, "This day is before the session."),
        ({"since": "other-day", "since_on": "0001-01-01"}, "This day is before the session."),
        ({"kinds": [999999]}, "Something is missing"),
        ({"kinds": ["9" * 400]}, "Something is missing"),
        ({"areas": ["x"]}, "Something is missing"),
        ({"severity": "deadly"}, "Something is missing"),
        ({"red_flags": "none"}, "Something is missing"),
        ({"note": "x" * 1001}, "Something is missing"),
        ({"note": "\0"}, "Something is missing"),
        ({"form_token": ""}, "Something is missing"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_kept_of_it(opened, link, changes, words):
    response = opened.post(page_of(link), {"form_token": TOKEN, **swelling(**changes)})

    assert words in response.content.decode()
    assert (response.status_code, AftercareAnswer.objects.count(), SideEffect.objects.count()) == (200, 0, 0)


def test_words_alone_are_a_report(opened, link):
    report(opened, link, how="something", note="My leg feels odd")
    effect = SideEffect.objects.get()
    assert (effect.kind.code, effect.note) == ("other", "My leg feels odd")


def test_thanks_beside_all_well_is_no_report(opened, link):
    report(opened, link, how="well", note="Thank you")
    assert (AftercareAnswer.objects.get().all_well, SideEffect.objects.count()) == (True, 0)


def test_the_answer_typed_for_too_long_is_kept_after_the_birth_date(opened, link):
    with time_machine.travel(DAY_6 + timedelta(hours=1), tick=False):
        response = report(opened, link, **swelling())
        html = response.content.decode()
        assert "Your answer is still here." in html
        assert f'name="form_token" value="{TOKEN}"' in html
        assert AftercareAnswer.objects.count() == 0
        response = report(opened, link, **swelling(), **BORN)
        assert response.url == page_of(link) + "answered/"
    assert SideEffect.objects.count() == 1


# What was known


def test_what_is_gone_worse_or_the_same_is_kept(opened, link):
    areas = [TreatmentAreaFactory(code=code) for code in ("abdomen", "hip-left", "hip-right")]
    gone, worse, same = (SideEffectFactory(session=link.session, area=area, reviewed=True) for area in areas)
    said = {
        f"still_{effect.public_id.hex}": word for effect, word in ((gone, "gone"), (worse, "worse"), (same, "same"))
    }
    report(opened, link, **said)

    for effect in (gone, worse, same):
        effect.refresh_from_db()
    assert (gone.resolved_at, worse.severity, worse.reviewed_at, same.severity) == (DAY_6, "moderate", None, "mild")
    assert same.reviewed_at is not None
    answer = AftercareAnswer.objects.get()
    assert (answer.all_well, sorted(answer.changes.values_list("said", flat=True))) == (
        False,
        ["gone", "same", "worse"],
    )


def test_the_same_reaction_reported_again_makes_no_second_row(opened, link):
    report(opened, link, **swelling())
    report(opened, link, **swelling(severity="severe"), form_token="0e0e9a3c-27e1-4b5c-b21b-5b4f9e1b2a11")

    assert (SideEffect.objects.count(), AftercareAnswer.objects.count()) == (1, 2)
    assert SideEffect.objects.get().severity == "severe"


def test_what_is_worse_is_to_be_reviewed_again_even_if_it_was_severe(opened, link):
    effect = SideEffectFactory(session=link.session, severity="severe", reviewed=True)
    report(opened, link, **{f"still_{effect.public_id.hex}": "worse"})
    effect.refresh_from_db()
    assert (effect.severity, effect.reviewed_at) == ("severe", None)


def test_what_staff_ended_meanwhile_stays_ended(opened, link):
    effect = SideEffectFactory(session=link.session)
    ended = PERFORMED + 2 * DAY
    name = f"still_{effect.public_id.hex}"
    SideEffect.objects.filter(pk=effect.pk).update(resolved_at=ended)
    report(opened, link, how="well", **{name: "gone"})
    assert SideEffect.objects.get().resolved_at == ended


# Sent many times


def test_posted_a_thousand_times_it_is_one_answer_and_429_loses_nothing(opened, link):
    answers = [report(opened, link, **swelling()).status_code for _time in range(1000)]

    assert (answers.count(302), answers.count(429)) == (10, 990)
    assert (AftercareAnswer.objects.count(), SideEffect.objects.count()) == (1, 1)
    busy = report(opened, link, **swelling())
    assert "What you sent before is kept." in busy.content.decode()
    assert "tel:+14155550100" in busy.content.decode()
    assert "Sent to the clinic" in opened.get(page_of(link) + "answered/").content.decode()
