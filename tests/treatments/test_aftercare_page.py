"""What a patient meets through the aftercare link: the right door, the birth date, the page, and what follows."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.core.signing import Signer
from django.test import Client

from clinic.roles import Role
from tests.factories import (
    AftercareLinkFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from treatments.actions import aftercare as actions
from treatments.aftercare import token_of
from treatments.danger_signs import SAID
from treatments.models import AftercareAnswer, AftercareLink, Protocol, Reminder, SideEffect
from treatments.rules.red_flags import RedFlag

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PERFORMED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 7 o'clock in San Francisco
DAY_6 = datetime(2026, 3, 8, 19, 0, tzinfo=UTC)
BORN = {"day": "2", "month": "2", "year": "1988"}
TOKEN = "6c1f3f0e-8a51-4f5e-9a55-2d3b7f3f1a10"


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


def page_of(link):
    return f"/aftercare/{token_of(link)}/"


@pytest.fixture
def opened(phone, link):
    """A phone on which the right birth date was given."""
    assert phone.post(page_of(link), BORN).status_code == 302
    return phone


def report(client, link, **answers):
    """Send the form with these answers; return the response to it."""
    return client.post(page_of(link), {"form_token": TOKEN, **answers})


def swelling(**changes):
    kind, area = SideEffectKindFactory(), TreatmentAreaFactory()
    facts = {"how": "something", "kinds": [kind.pk], "areas": [area.pk], "since": "session", "severity": "moderate"}
    return facts | changes


# The door


def wrong_tokens(link):
    token = token_of(link)
    other = Signer(sep=".", salt="treatments.another-page").sign(token.partition(".")[0])
    return {
        "altered": token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
        "another id": "A" * 22 + token[22:],
        "signed for something else": other,
        "no token": "hello",
        "no base64": Signer(sep=".", salt="treatments.aftercare").sign("é~"),
        "very long": "x" * 3000,
        "of nobody": Signer(sep=".", salt="treatments.aftercare").sign("AAAAAAAAAAAAAAAAAAAAAA"),
    }


@pytest.mark.parametrize(
    "name", ["altered", "another id", "signed for something else", "no token", "no base64", "very long", "of nobody"]
)
def test_a_wrong_token_leads_to_the_calm_page(phone, link, name):
    response = phone.get(f"/aftercare/{wrong_tokens(link)[name]}/")

    assert (response.status_code, "This link is not open" in response.content.decode()) == (404, True)


def closed_pages(phone, link, django_assert_num_queries):
    answers = []
    for token in [token_of(link), "hello"]:
        with django_assert_num_queries(1):
            answers.append(phone.get(f"/aftercare/{token}/"))
    return answers


@pytest.mark.parametrize("why", ["expired", "revoked", "in error", "died"])
def test_a_link_that_is_over_looks_and_costs_like_one_that_never_was(phone, link, django_assert_num_queries, why):
    session = link.session
    if why == "expired":
        Protocol.objects.filter(pk=session.course.protocol_id).update(aftercare_days=5)
    elif why == "revoked":
        actions.revoke(link, by=link.given_by, now=DAY_6)
    elif why == "in error":
        session.entered_in_error_at, session.entered_in_error_by = DAY_6, link.given_by
        session.entered_in_error_reason = "Another patient"
        session.save()
    else:
        session.course.patient.note(deceased_on=date(2026, 3, 7))

    over, never = closed_pages(phone, link, django_assert_num_queries)

    assert (over.status_code, over.content) == (never.status_code, never.content) == (404, never.content)


def test_the_link_is_open_to_its_last_day(phone, link):
    last = PERFORMED + 203 * DAY
    for at, status in [(last - timedelta(seconds=1), 200), (last, 404)]:
        with time_machine.travel(at, tick=False):
            assert phone.get(page_of(link)).status_code == status


def test_another_session_has_a_link_of_its_own(opened, link):
    """The birth date given for one link opens no other, not even of the same patient."""
    later = SessionFactory(course=link.session.course, performed_at=PERFORMED + 2 * DAY, signed=True)
    other = AftercareLinkFactory(session=later)

    assert "Birth date" in opened.get(page_of(other)).content.decode()
    opened.cookies["aftercare"]["path"] = page_of(other)
    assert "Birth date" in opened.get(page_of(other)).content.decode()


def test_a_merged_record_asks_for_the_birth_date_of_the_one_that_goes_on(phone, link, django_assert_num_queries):
    other = PatientFactory(location=link.session.course.location, birth_date=date(1988, 2, 20), language="fr")
    link.session.course.patient.note(merged_into=other)
    with django_assert_num_queries(1):
        assert '<html lang="fr"' in phone.get(page_of(link)).content.decode()

    assert phone.post(page_of(link), BORN).status_code == 200
    assert phone.post(page_of(link), BORN | {"day": "20"}).status_code == 302
    report(phone, link, **swelling())
    assert SideEffect.objects.get().session == link.session


# Before the birth date


def test_before_the_birth_date_nothing_personal_is_said(phone, link):
    patient = link.session.course.patient
    response = phone.get(page_of(link))
    html = response.content.decode()

    told = [patient.given_name, patient.family_name, patient.record_number, "Cellulite", "thigh", "1988", "2 March"]
    assert [word for word in told if word.lower() in html.lower()] == []
    assert (response["Referrer-Policy"], response["X-Robots-Tag"]) == ("no-referrer", "noindex, nofollow")
    assert "no-store" in response["Cache-Control"]
    assert "sessionid" not in response.cookies


def test_reading_writes_nothing(phone, link):
    before = AftercareLink.objects.values().get()
    phone.get(page_of(link))
    phone.get(page_of(link) + "answered/")
    assert AftercareLink.objects.values().get() == before


@pytest.mark.parametrize(
    "typed",
    [
        {"day": "3", "month": "2", "year": "1988"},
        {"day": "31", "month": "2", "year": "1988"},
        {"day": "", "month": "", "year": ""},
        {"day": "2"},
        {"day": "2\0", "month": "2", "year": "1988"},
        {"day": "2", "month": "13", "year": "1988"},
        {"day": "2", "month": "2", "year": "88"},
        {"day": "2", "month": "2", "year": "99999999999999999999"},
        {"day": "-2", "month": "2", "year": "1988"},
        {"day": "zwei", "month": "x" * 5000, "year": "é"},
    ],
)
def test_a_wrong_birth_date_is_said_and_counted(phone, link, typed):
    response = phone.post(page_of(link), typed)

    assert "This is not the birth date that the clinic has" in response.content.decode()
    assert AftercareLink.objects.get().wrong_tries == 1
    assert "aftercare" not in response.cookies


def test_after_five_wrong_tries_the_right_one_waits(phone, link):
    for _try in range(5):
        response = phone.post(page_of(link), BORN | {"year": "1990"})
    assert "The page is locked" in response.content.decode()
    assert "tel:+14155550100" in response.content.decode()

    assert "The page is locked" in phone.post(page_of(link), BORN).content.decode()
    assert "The page is locked" in Client(REMOTE_ADDR="10.9.8.7").post(page_of(link), BORN).content.decode()
    with time_machine.travel(DAY_6 + timedelta(minutes=15), tick=False):
        assert phone.post(page_of(link), BORN).status_code == 302
    assert AftercareLink.objects.get().wrong_tries == 0


def test_after_fifteen_only_another_link_helps(link):
    for number in range(15):
        with time_machine.travel(DAY_6 + number * timedelta(minutes=20), tick=False):
            Client().post(page_of(link), BORN | {"year": "1990"})
    with time_machine.travel(DAY_6 + DAY, tick=False):
        assert "gives you another link" in Client().post(page_of(link), BORN).content.decode()
        new = actions.replace(link.session, by=link.given_by, now=DAY_6 + DAY)
        assert Client().post(page_of(new), BORN).status_code == 302
        assert Client().get(page_of(link)).status_code == 404


def test_one_address_tries_twenty_birth_dates_an_hour_and_no_more(here):
    links = [AftercareLinkFactory(session__course__patient__location=here) for _number in range(6)]
    statuses = [
        Client(REMOTE_ADDR="10.1.1.1").post(page_of(each), BORN | {"year": "1990"}).status_code
        for each in links
        for _try in range(4)
    ]
    assert (statuses.count(200), statuses.count(429)) == (20, 4)
    assert Client(REMOTE_ADDR="10.1.1.2").post(page_of(links[5]), BORN | {"year": "1990"}).status_code == 200


def test_a_right_birth_date_is_kept_for_this_link_for_half_an_hour(phone, link):
    response = phone.post(page_of(link), BORN)
    cookie = response.cookies["aftercare"]

    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        page_of(link),
        True,
        "Lax",
        1800,
    )
    assert AftercareLink.objects.get().opened_at == DAY_6
    assert "How is it today?" in phone.get(page_of(link)).content.decode()
    with time_machine.travel(DAY_6 + timedelta(minutes=31), tick=False):
        assert "Birth date" in phone.get(page_of(link)).content.decode()


def test_an_altered_cookie_opens_nothing(phone, link):
    phone.cookies["aftercare"] = f"{link.public_id}:1wAAAA:forged"
    assert "Birth date" in phone.get(page_of(link)).content.decode()


def test_closing_the_page_asks_again(opened, link):
    assert opened.post(page_of(link) + "close/").status_code == 302
    assert "Birth date" in opened.get(page_of(link)).content.decode()


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


# Danger signs


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


# What was known


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


def test_a_danger_sign_reported_again_is_to_be_reviewed_again(opened, link):
    report(opened, link, red_flags="fever", areas=[TreatmentAreaFactory().pk])
    effect = SideEffect.objects.get()
    effect.reviewed_at, effect.reviewed_by, effect.review_note = DAY_6, link.given_by, "Antibiotic begun."
    effect.save()
    assert not SideEffect.objects.urgent().exists()

    report(opened, link, red_flags="fever", form_token="0e0e9a3c-27e1-4b5c-b21b-5b4f9e1b2a11")
    assert list(SideEffect.objects.urgent()) == [effect]
    assert SideEffect.objects.count() == 1


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


# The log


def test_no_log_line_holds_the_address_or_the_birth_date(link, caplog, capfd):
    client = Client(raise_request_exception=False)
    secret = token_of(link)
    with caplog.at_level("DEBUG"):
        client.get(f"/aftercare/{secret[:-2]}AA/")
        client.put(page_of(link))
        client.post(page_of(link), BORN | {"year": "1990"})
        for _time in range(12):
            client.post(page_of(link), {**BORN, "form_token": TOKEN, "how": "well"})
    said = caplog.text + "".join(capfd.readouterr())
    assert "/aftercare/…" in said
    assert [word for word in (secret, secret[:22], "1988", "1990") if word in said] == []
