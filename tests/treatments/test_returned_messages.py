"""A message that comes back: who is told, what is not sent any more, and how it ends."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.roles import Role
from patients.actions import confirm_address, note_returned
from patients.models import Patient, RetentionRule, ReturnedAddress
from tests.clinic.letters import complaint, returned
from tests.factories import AftercareLinkFactory, LocationFactory, ReminderFactory, UserFactory
from tests.treatments.test_reminders import MORNING, due
from treatments.actions.aftercare_letters import send_all
from treatments.actions.reminders import sweep
from treatments.actions.returned_mail import read_letter
from treatments.models import AftercareAnswer, DeliveryReport, Reminder
from treatments.privacy.sweep import forget_returned_addresses

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture
def sam(here, client):
    user = UserFactory(role=Role.STAFF, locations=[here], first_name="Sam", last_name="Adeyemi")
    client.force_login(user)
    return user


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def message(here):
    return ReminderFactory(follow_up=due(here), started_at=MORNING - timedelta(hours=1))


def run(at=MORNING):
    sweep(lambda: at, seconds=60)


def bounce(message, **facts):
    assert read_letter(returned(message.reference, **facts), now=MORNING)
    message.refresh_from_db()


def test_message_that_goes_names_itself_for_whatever_comes_back(here):
    due(here)
    run()
    [sent] = mail.outbox

    assert sent.message()["Message-ID"] == f"<{Reminder.objects.get().reference}@localhost>"


def test_envelope_names_the_message_where_the_clinic_has_an_address_for_bounces(here, settings):
    settings.BOUNCE_ADDRESS = "bounces@clinic.example"
    due(here)
    run()
    [sent] = mail.outbox

    assert sent.from_email == f"bounces+{Reminder.objects.get().reference}@clinic.example"
    assert sent.message()["From"] == settings.DEFAULT_FROM_EMAIL


def test_postmark_is_told_the_reference_since_it_names_messages_anew(here, settings):
    settings.MESSAGE_REPORTS = {"postmark": "name:password"}
    due(here)
    run()

    assert mail.outbox[0].message()["X-PM-Metadata-reference"] == Reminder.objects.get().reference


def test_address_that_bounces_marks_the_message_and_gets_no_more(here, message):
    bounce(message)

    assert (message.state, message.settled_at) == ("bounced", None)
    assert message.is_unsettled(MORNING)
    another = due(here)  # of somebody else with the same address
    run()
    assert (mail.outbox, another.reminders.count()) == ([], 0)


def test_mailbox_that_is_full_is_no_bad_address(here, message):
    bounce(message, status="5.2.2")
    due(here)
    run()

    assert (message.state, len(mail.outbox)) == ("bounced", 1)


def test_corrected_address_gets_messages_again(here, message):
    bounce(message)
    other = due(here, email="ana.new@x.example")
    run()

    assert [sent.to for sent in mail.outbox] == [["ana.new@x.example"]]
    assert other.reminders.get().state == "sent"


def test_confirmed_address_gets_messages_again_until_it_bounces_once_more(here, message, sam):
    bounce(message)
    confirm_address(message.patient, channel="email", address="ana@x.example", by=sam, now=MORNING)
    again = due(here)
    run()
    [sent] = again.reminders.all()
    bounce(sent)

    assert message.patient.comes_back_by("email")
    assert ReturnedAddress.objects.count() == 2


def test_capitals_make_no_other_address(here, message):
    bounce(message)
    due(here, email="Ana@X.example")
    run()

    assert mail.outbox == []


@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp", "phone"])
def test_python_and_sql_agree_on_who_is_not_reached(here, channel):
    patient = due(here, phone="+14155550182", preferred_channel=channel).course.patient
    assert Patient.objects.with_messages().filter(pk=patient.pk).exists() is (channel != "phone")
    note_returned(patient, channel=channel, address=patient.address_by(channel), reason="", now=MORNING)

    assert patient.comes_back_by(channel)
    assert not Patient.objects.with_messages().filter(pk=patient.pk).exists()


@pytest.mark.parametrize("address", ["", "–"])
def test_address_that_was_erased_is_noted_nowhere(message, address):
    note_returned(message.patient, channel="email", address=address, reason="5.1.1 ana@x.example", now=MORNING)

    assert not ReturnedAddress.objects.exists()


def test_address_bad_for_mail_is_not_bad_for_sms(here):
    patient = due(here, phone="+14155550182", preferred_channel="sms").course.patient
    note_returned(patient, channel="email", address=patient.email, reason="", now=MORNING)

    assert Patient.objects.with_messages().filter(pk=patient.pk).exists()


def test_record_says_that_the_address_bounces_why_and_whose_it_is(here, message, client, sam):
    bounce(message)
    Reminder.objects.update(owner=sam)
    page = client.get(message.patient.get_absolute_url()).content.decode()

    for words in ["E-mails come back.", "no such user", "Sam Adeyemi looks after it.", "Correct the address"]:
        assert words in page


def test_form_says_it_beside_the_address(message, client, sam):
    url = f"/patients/{message.patient.public_id}/edit/"
    assert "come back" not in client.get(url).content.decode()
    bounce(message)

    assert "Messages to it come back." in client.get(url).context["form"].fields["email"].help_text


def test_record_of_an_address_that_was_corrected_says_nothing(message, client, sam):
    bounce(message)
    Patient.objects.update(email="other@x.example")

    assert "E-mails come back." not in client.get(message.patient.get_absolute_url()).content.decode()


def test_call_list_says_that_the_address_bounces(message, client, sam):
    bounce(message)
    page = client.get("/follow-ups/").content.decode()

    assert "E-mail address bounces: call" in page
    file = client.get("/follow-ups/?format=csv")
    assert b"come back" in b"".join(file.streaming_content)


def test_messages_page_shows_it_to_settle_and_sends_nothing_there_again(message, client, sam):
    bounce(message)
    page = client.get("/messages/").content.decode()
    assert "no such user" in page
    assert "Send again" not in page

    client.post(f"/messages/{message.public_id}/", {"act": "again"})
    message.refresh_from_db()
    assert message.state == "bounced"


def test_message_marked_by_a_person_stops_the_address_too(message, client, sam):
    client.post(f"/messages/{message.public_id}/", {"act": "bounced"})

    assert ReturnedAddress.objects.get().reason == "Marked by Sam Adeyemi"


def test_the_address_is_right_says_a_person_once(message, client, sam):
    bounce(message)
    url = f"/patients/{message.patient.public_id}/address/"
    for _tap in range(2):
        page = client.post(url, {"channel": "email", "address": "ana@x.example"}, follow=True)
    row = ReturnedAddress.objects.get()

    assert "Messages go to ana@x.example again." in page.content.decode()
    assert (row.confirmed_at, row.confirmed_by) == (MORNING, sam)
    assert not message.patient.comes_back_by("email")


@pytest.mark.parametrize("typed", [{}, {"channel": "email", "address": "old@x.example"}, {"channel": "x"}])
def test_page_of_yesterday_confirms_no_other_address(message, client, sam, typed):
    bounce(message)
    page = client.post(f"/patients/{message.patient.public_id}/address/", typed, follow=True)

    assert "The record has another address by now." in page.content.decode()
    assert message.patient.comes_back_by("email")


def test_address_without_a_person_is_confirmed_by_nobody(message):
    with pytest.raises(IntegrityError, match="returned_address_confirmed_by_someone"), transaction.atomic():
        ReturnedAddress.objects.create(
            patient=message.patient, channel="email", address="a@x.example", returned_at=MORNING, confirmed_at=MORNING
        )


def test_old_addresses_are_forgotten_but_for_those_that_still_keep_messages_back(here, message, sam):
    RetentionRule.objects.update(keeps_for=1, unit="years")
    bounce(message)
    other = due(here, email="b@x.example").course.patient
    for address in ("old@x.example", "older@x.example"):
        note_returned(other, channel="email", address=address, reason="5.1.1 old@x.example", now=MORNING)
    forget_returned_addresses(MORNING + timedelta(days=364))
    assert ReturnedAddress.objects.filter(address="–").count() == 0

    forget_returned_addresses(MORNING + timedelta(days=400))
    assert sorted(ReturnedAddress.objects.values_list("address", "reason")) == [
        ("ana@x.example", message.error),
        ("–", ""),
        ("–", ""),
    ]


def test_complaint_stops_all_messages_of_the_patient(message):
    assert read_letter(complaint(message.reference), now=MORNING)
    message.patient.refresh_from_db()

    assert (message.patient.contact_permission, message.patient.message_choices.count()) == (False, 1)


def test_word_of_a_danger_sign_that_bounces_blames_no_patient(message):
    facts = {"answered_at": MORNING, "all_well": False, "is_alarming": True, "form_token": uuid4()}
    answer = AftercareAnswer.objects.create(link=AftercareLinkFactory(), **facts)
    patient = answer.link.session.course.patient
    Reminder.objects.filter(pk=message.pk).update(
        follow_up=None, occasion="", alarming_answer=answer, patient=patient, address="desk@harbour.example"
    )
    message.refresh_from_db()
    bounce(message)
    read_letter(complaint(message.reference), now=MORNING)
    patient.refresh_from_db()

    assert (message.state, ReturnedAddress.objects.count()) == ("bounced", 0)
    assert patient.message_choices.count() == 0


def test_bounce_of_an_earlier_attempt_says_nothing_of_the_later(message):
    earlier = message.reference
    Reminder.objects.update(started_at=MORNING, address="ana.new@x.example")
    assert read_letter(returned(earlier), now=MORNING)
    message.refresh_from_db()

    assert (message.state, ReturnedAddress.objects.count(), DeliveryReport.objects.count()) == ("sent", 0, 1)


def test_bounce_that_is_faster_than_the_sender_is_kept(message):
    Reminder.objects.update(state="sending", sent_at=None)
    bounce(message)

    assert message.state == "bounced"


def test_bounce_of_no_message_of_ours_does_nothing(caplog):
    assert not read_letter(returned("0" * 32 + "-1790000000"), now=MORNING)
    assert "ana@x.example" not in caplog.text


def test_aftercare_is_not_mailed_to_an_address_that_bounces(here):
    link = AftercareLinkFactory(mail_wanted_at=MORNING, session__course__location=here)
    patient = link.patient
    patient.note(email="ana@x.example", contact_permission=True)
    note_returned(patient, channel="email", address="ana@x.example", reason="", now=MORNING)
    send_all(lambda: MORNING)

    assert mail.outbox == []


@pytest.mark.parametrize("address", ["", "other@x.example"])
def test_only_the_address_of_the_record_is_confirmed(message, sam, address):
    with pytest.raises(ValidationError, match="another address"):
        confirm_address(message.patient, channel="email", address=address, by=sam, now=MORNING)
