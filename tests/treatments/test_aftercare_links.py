"""The staff's side of the aftercare link: made at the signature, sent once, printed, withdrawn."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from clinic.roles import Role
from patients.actions import note_returned
from patients.stopping import address_of as stop_address_of
from tests.factories import (
    AftercareLinkFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
    make_ready,
)
from treatments.actions import aftercare as actions
from treatments.actions import aftercare_letters
from treatments.actions.amendments import enter_in_error
from treatments.actions.sessions import sign
from treatments.aftercare import address_of
from treatments.models import AftercareAnswer, AftercareLink, PatientWords, Reminder, SideEffect

pytestmark = pytest.mark.django_db

PERFORMED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def soon_after():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", reply_to_email="desk@clinic.example")


@pytest.fixture
def nurse(here):
    return UserFactory(role=Role.STAFF, locations=[here])


@pytest.fixture
def desk(nurse):
    client = Client()
    client.force_login(nurse)
    return client


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, email="ana@x.example", contact_permission=True, preferred_channel="email")


@pytest.fixture
def session(patient):
    return SessionFactory(course__patient=patient, signed=True)


def step(client, session, word):
    return client.post(f"/sessions/{session.public_id}/aftercare/", {"step": word}, follow=True)


def signed(patient):
    course = make_ready(CourseFactory(patient=patient))
    session = SessionFactory(course=course, given=True)
    return sign(session, by=course.clinician, now=NOW, version=session.version)


def send(at=NOW):
    aftercare_letters.send_all(lambda: at)


def test_signing_makes_the_link(patient):
    session = signed(patient)
    link = AftercareLink.objects.get()
    assert (link.session, link.given_by, link.given_at, link.mail_wanted_at) == (session, session.signed_by, NOW, None)


@pytest.mark.parametrize(
    ("mails", "permission", "channel", "email", "count"),
    [
        (True, True, "email", "ana@x.example", 1),
        (False, True, "email", "ana@x.example", 0),
        (True, False, "email", "ana@x.example", 0),
        (True, True, "phone", "ana@x.example", 0),
        (True, True, "email", "", 0),
    ],
)
def test_signing_sends_it_where_location_and_patient_want_that(
    patient, mails, permission, channel, email, count, django_capture_on_commit_callbacks
):
    patient.location.mails_aftercare = mails
    patient.location.save()
    patient.note(contact_permission=permission, preferred_channel=channel, email=email)
    with django_capture_on_commit_callbacks(execute=True):
        signed(patient)
    assert len(mail.outbox) == Reminder.objects.count() == count


def test_the_card_shows_the_code_and_how_it_stands(desk, session):
    assert "Make the link" in desk.get(session.get_absolute_url()).content.decode()
    html = step(desk, session, "give").content.decode()

    link = AftercareLink.objects.get()
    for words in ["data:image/svg+xml", address_of(link), "Not opened yet.", "Open until 21 Sep 2026", "Print slip"]:
        assert words in html
    assert AftercareLink.objects.count() == 1
    step(desk, session, "give")
    assert AftercareLink.objects.count() == 1


def test_the_card_asks_as_often_for_three_answers_as_for_one(desk, session, django_assert_num_queries):
    link = AftercareLinkFactory(session=session)
    for number in range(3):
        answer = AftercareAnswer.objects.create(
            link=link, answered_at=NOW, language="en", all_well=False, form_token=f"{number}" * 32
        )
        effect = SideEffectFactory(session=session, recorded_by=None, aftercare_answer=answer)
        answer.changes.create(side_effect=effect, said="same")
        if number != 1:
            with django_assert_num_queries(33):
                desk.get(session.get_absolute_url())


def test_admins_neither_see_nor_give_links(session, here):
    manager = Client()
    manager.force_login(UserFactory(role=Role.ADMIN, locations=[here]))
    AftercareLinkFactory(session=session)
    assert "data:image/svg+xml" not in manager.get(session.get_absolute_url()).content.decode()
    assert step(manager, session, "give").status_code == 403


def test_a_draft_and_a_session_in_error_have_no_link(desk, patient, session):
    draft = SessionFactory(course=session.course, performed_at=PERFORMED + 20 * MINUTE)
    assert "once it is signed" in step(desk, draft, "give").content.decode()
    enter_in_error(session, reason="Another patient", by=session.signed_by, now=NOW, version=session.version)
    assert "once it is signed" in step(desk, session, "give").content.decode()
    assert AftercareLink.objects.count() == 0


def test_the_letter_goes_out_once_in_the_patients_language_and_names_nobody(
    desk, session, patient, django_capture_on_commit_callbacks
):
    patient.note(language="fr")
    with django_capture_on_commit_callbacks(execute=True):
        step(desk, session, "mail")
        html = step(desk, session, "mail").content.decode()
    send()

    (letter,) = mail.outbox
    link = AftercareLink.objects.get()
    assert (letter.to, letter.reply_to) == (["ana@x.example"], ["desk@clinic.example"])
    assert letter.subject == "Après votre visite\N{NO-BREAK SPACE}: Harbour Street"
    assert f"\n{address_of(link)}\n" in letter.body
    assert "ouverte jusqu'au 21 septembre 2026" in letter.body
    assert [word for word in (patient.given_name, patient.family_name, "Cellulite") if word in letter.body] == []
    assert "on its way" in html
    assert "Sent by e-mail 2 Mar" in desk.get(session.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "No more messages of this kind: "),
        ("fr", "Ne plus recevoir ces messages : "),
        ("es", "No recibir más estos mensajes: "),
    ],
)
def test_the_letter_can_be_stopped_by_its_link_and_by_the_mail_program(session, patient, language, words, client):
    patient.note(language=language)
    AftercareLinkFactory(session=session, mail_wanted_at=NOW)
    send()
    (letter,) = mail.outbox
    stop = stop_address_of(patient)
    assert f"\n{words}{stop}\n" in letter.body
    assert letter.extra_headers["List-Unsubscribe"] == f"<{stop}>"
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    client.post(urlsplit(stop).path)  # as a mail program does
    AftercareLinkFactory(session__course=session.course, mail_wanted_at=NOW)
    send()
    assert len(mail.outbox) == 1


def test_signing_mails_no_link_to_an_address_that_bounces(session, patient, here):
    here.mails_aftercare = True
    here.save()
    note_returned(patient, channel="email", address="ana@x.example", reason="", now=NOW)
    link = actions.give(session, by=session.signed_by, now=NOW)
    with pytest.raises(ValidationError, match="come back"):
        actions.want_mail(link, now=NOW)
    assert AftercareLink.objects.get().mail_wanted_at is None


def test_without_permission_or_address_nothing_is_sent(session, patient):
    link = AftercareLinkFactory(session=session)
    patient.note(contact_permission=False)
    session.course.patient.refresh_from_db()
    with pytest.raises(ValidationError):
        actions.want_mail(link, now=NOW)
    patient.note(contact_permission=True, email="")
    session.course.patient.refresh_from_db()
    with pytest.raises(ValidationError):
        actions.want_mail(link, now=NOW)


@pytest.mark.parametrize("why", ["permission", "revoked", "in error"])
def test_what_changed_meanwhile_is_respected(session, patient, why):
    link = AftercareLinkFactory(session=session, mail_wanted_at=NOW)
    if why == "permission":
        patient.note(contact_permission=False)
    elif why == "revoked":
        actions.revoke(link, by=link.given_by, now=NOW)
    else:
        enter_in_error(session, reason="Twice", by=session.signed_by, now=NOW, version=session.version)
    send()
    assert (len(mail.outbox), Reminder.objects.count()) == (0, 0)


def test_a_refused_letter_is_tried_three_times_in_all(session, patient):
    patient.note(email="two@x.example, addresses@x.example")
    AftercareLinkFactory(session=session, mail_wanted_at=NOW)
    for minutes in (0, 5, 11, 22, 33, 44):
        send(NOW + minutes * MINUTE)
    reminder = Reminder.objects.get()
    assert (reminder.state, reminder.attempts, len(mail.outbox)) == ("failed", 3, 0)


def alarming(session):
    link = AftercareLinkFactory(session=session)
    return AftercareAnswer.objects.create(
        link=link,
        answered_at=NOW,
        language="en",
        all_well=False,
        red_flags=["fever"],
        is_alarming=True,
        form_token="1" * 32,
    )


def test_word_of_a_danger_sign_goes_to_the_address_for_it_once(session, here):
    alarming(session)
    here.alert_email = "now@clinic.example"
    here.save()
    send()
    send()
    assert [letter.to for letter in mail.outbox] == [["now@clinic.example"]]


def test_without_any_address_no_row_is_written(session, here):
    alarming(session)
    here.reply_to_email = ""
    here.save()
    send()
    assert (len(mail.outbox), Reminder.objects.count()) == (0, 0)


def test_word_that_was_cut_off_is_unknown_and_shown(desk, session):
    answer = alarming(session)
    Reminder.objects.create(
        alarming_answer=answer, patient=session.course.patient, channel="email", address="a@x.example", started_at=NOW
    )
    send(NOW + 11 * MINUTE)
    assert (Reminder.objects.get().state, len(mail.outbox)) == ("unknown", 0)
    assert "The e-mail to the clinic failed" in desk.get(session.get_absolute_url()).content.decode()


def test_a_link_is_withdrawn_or_replaced_and_answers_stay(desk, session):
    old = AftercareLinkFactory(session=session)
    AftercareAnswer.objects.create(link=old, answered_at=NOW, language="en", all_well=True, form_token="1" * 32)

    html = step(desk, session, "replace").content.decode()
    new = AftercareLink.objects.given().get()
    assert (address_of(new) in html, address_of(old) in html, "All well" in html) == (True, False, True)
    assert "Make the link" in step(desk, session, "revoke").content.decode()
    assert AftercareLink.objects.given().count() == 0


def test_the_slip_is_in_the_patients_language(desk, session, patient):
    assert desk.get(f"/sessions/{session.public_id}/aftercare/slip/").status_code == 404
    AftercareLinkFactory(session=session)
    patient.note(language="es")
    html = desk.get(f"/sessions/{session.public_id}/aftercare/slip/").content.decode()
    for words in [
        '<html lang="es"',
        "Después de su sesión",
        "Hinchazón",
        "hasta 5 días",
        "data:image/svg+xml",
        "2 de marzo de 2026",
    ]:
        assert words in html
    assert patient.family_name not in html


def test_the_slip_says_when_to_call_whom(desk, session):
    """The emergency number stands under the signs that it is for: alone it would be an order to everybody."""
    AftercareLinkFactory(session=session)
    html = desk.get(f"/sessions/{session.public_id}/aftercare/slip/").content.decode()
    order = [
        "Get help now",
        "hard to breathe",
        "lips or tongue",
        "112 in Europe",
        "Call the clinic now",
        "fever of 38",
    ]
    assert sorted(order, key=html.index) == order


def test_the_address_is_of_the_host_in_the_settings(session, settings):
    settings.PUBLIC_URL = "https://clinic.example/"
    link = AftercareLinkFactory(session=session)
    assert address_of(link).startswith("https://clinic.example/aftercare/")


def test_one_session_has_one_open_link(session):
    AftercareLinkFactory(session=session)
    with pytest.raises(IntegrityError), transaction.atomic():
        AftercareLinkFactory(session=session)


def test_a_reaction_is_recorded_by_somebody_or_by_the_patient(session):
    answer = alarming(session)
    for facts in (
        {"recorded_by": None},
        {"aftercare_answer": answer},
        {"recorded_by": None, "aftercare_answer": answer, "reported_by": "staff"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SideEffectFactory(session=session, **facts)
    SideEffectFactory(session=session, recorded_by=None, aftercare_answer=answer)
    assert SideEffect.objects.count() == 1


def test_words_are_of_a_kind_or_of_an_area():
    kind, area = SideEffectKindFactory(), TreatmentAreaFactory()
    for facts in ({"kind": kind, "area": area}, {}, {"kind": kind, "language": "fr"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PatientWords.objects.create(**{"words": "Both", "language": "de"} | facts)
