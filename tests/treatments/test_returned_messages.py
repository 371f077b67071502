"""A message that comes back: who is told, what is not sent any more, and how it ends."""

import mailbox
import re
import socketserver
import threading
from datetime import timedelta
from io import BytesIO, StringIO
from unittest.mock import Mock
from uuid import uuid4

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, transaction

from clinic.mailboxes import MailboxUnreadableError
from clinic.roles import Role
from patients.actions import confirm_address, note_returned
from patients.models import Patient, RetentionRule, ReturnedAddress
from tests.clinic.letters import complaint, returned
from tests.factories import (
    AftercareLinkFactory,
    LocationFactory,
    ReminderFactory,
    UserFactory,
)
from tests.treatments.test_reminders import MORNING, due
from treatments.actions import returned_mail
from treatments.actions.aftercare_letters import send_all
from treatments.actions.reminders import sweep
from treatments.actions.returned_mail import read_letter, read_mailbox
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


# The ways in


@pytest.fixture
def folder(tmp_path):
    return mailbox.Maildir(tmp_path / "bounces")


def test_maildir_is_read_and_what_was_understood_is_marked_as_read(folder, message):
    folder.add(returned(message.reference))
    folder.add(b"Subject: I cannot come\r\n\r\nAna")
    url = f"maildir://{folder._path}"

    assert [read_mailbox(url, now=MORNING) for _time in range(2)] == [1, 0]
    assert sorted(letter.get_flags() for letter in folder) == ["F", "S"]
    message.refresh_from_db()
    assert message.state == "bounced"


HELLO = b"Subject: I cannot come\r\n\r\nAna"


@pytest.mark.parametrize("place", [0, 1, 3])
def test_bounce_is_read_however_many_letters_of_people_lie_beside_it(folder, message, monkeypatch, place):
    monkeypatch.setattr("clinic.mailboxes.AT_ONCE", 2)
    letters = [HELLO] * 3
    letters.insert(place, returned(message.reference))
    for letter in letters:
        folder.add(letter)

    assert sum(read_mailbox(f"maildir://{folder._path}", now=MORNING) for _time in range(2)) == 1


def test_letter_that_cannot_be_read_keeps_no_other_waiting(folder, message, monkeypatch, caplog):
    folder.add(b"Subject: Ana Castillo\r\n\r\n")
    folder.add(returned(message.reference))
    understood = returned_mail.read

    def read(letter):
        if b"Castillo" in letter:
            raise ValueError(letter)
        return understood(letter)

    monkeypatch.setattr(returned_mail, "read", read)

    assert [read_mailbox(f"maildir://{folder._path}", now=MORNING) for _time in range(2)] == [1, 0]
    assert caplog.text.count("A letter could not be read: ValueError") == 1
    assert "Castillo" not in caplog.text


def test_letter_waits_while_the_database_is_away(folder, message, monkeypatch):
    folder.add(returned(message.reference))
    monkeypatch.setattr(returned_mail, "take", Mock(side_effect=OperationalError))
    with pytest.raises(OperationalError):
        read_mailbox(f"maildir://{folder._path}", now=MORNING)
    monkeypatch.undo()

    assert read_mailbox(f"maildir://{folder._path}", now=MORNING) == 1


def test_letter_that_a_person_flagged_or_read_is_left_alone(folder, message):
    for flag in "FS":
        letter = mailbox.MaildirMessage(returned(message.reference))
        letter.set_subdir("cur")
        letter.set_flags(flag)
        folder.add(letter)

    assert read_mailbox(f"maildir://{folder._path}", now=MORNING) == 0


def test_worker_reads_the_mailbox_by_itself(folder, message, settings):
    from treatments.tasks import sweep_returned_mail  # noqa: PLC0415

    folder.add(returned(message.reference))
    sweep_returned_mail()
    settings.BOUNCE_MAILBOX = f"maildir://{folder._path}"
    sweep_returned_mail()

    assert DeliveryReport.objects.count() == 1


def command(*arguments):
    out = StringIO()
    call_command("read_bounces", *arguments, stdout=out)
    return out.getvalue().strip()


def test_letter_can_be_piped_in(message, monkeypatch):
    for letter, said in [(returned(message.reference), "1 read."), (b"Hello", "It reports nothing of ours.")]:
        monkeypatch.setattr("sys.stdin", type("Pipe", (), {"buffer": BytesIO(letter)}))
        assert command("-") == said
    message.refresh_from_db()
    assert message.state == "bounced"


def test_command_without_a_mailbox_says_what_to_set():
    with pytest.raises(CommandError, match="BOUNCE_MAILBOX is not set"):
        command()


@pytest.mark.parametrize("url", ["maildir:///nowhere", "pop3://x", "nonsense", "imap://secret-name:pass@127.0.0.1:1/"])
def test_mailbox_that_cannot_be_read_says_so_without_its_password(url):
    with pytest.raises(MailboxUnreadableError) as caught:
        read_mailbox(url, now=MORNING)
    assert not re.search("secret-name|pass@", str(caught.value))


class Imap(socketserver.StreamRequestHandler):
    """As much of an IMAP server as is asked for: one folder, in which the letters given lie unread."""

    def handle(self):
        self.say("* OK IMAP4rev1 ready")
        while line := self.rfile.readline().decode():
            tag, verb, *rest = line.split()
            self.server.asked.append(line)
            match verb.upper():
                case "CAPABILITY":
                    self.say("* CAPABILITY IMAP4rev1")
                case "SELECT":
                    self.say("* 2 EXISTS")
                case "SEARCH":
                    assert "UNSEEN UNFLAGGED" in line
                    self.say("* SEARCH " + " ".join(str(n) for n in self.server.unmarked()))
                case "FETCH":
                    letter = self.server.letters[int(rest[0]) - 1]
                    self.say(f"* {rest[0]} FETCH (FLAGS ())")  # as servers do unasked, when flags changed
                    self.wfile.write(f"* {rest[0]} FETCH (BODY[] {{{len(letter)}}}\r\n".encode() + letter + b")\r\n")
                case "STORE":
                    self.server.marks[int(rest[0])] = rest[2]
                case "LOGOUT":
                    self.say("* BYE")
            self.say(f"{tag} OK done")

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")


class ImapServer(socketserver.ThreadingTCPServer):
    def __init__(self, letters):
        super().__init__(("127.0.0.1", 0), Imap)
        self.letters, self.marks, self.asked = letters, {}, []

    def unmarked(self):
        return [number for number in range(1, len(self.letters) + 1) if number not in self.marks]

    def read(self, times=1):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"imap://desk:pass%40word@127.0.0.1:{self.server_address[1]}/Bounces"
        try:
            return [read_mailbox(url, now=MORNING) for _time in range(times)]
        finally:
            self.shutdown()


@pytest.mark.parametrize(("place", "counts"), [(0, [0, 1, 0]), (3, [1, 0, 0])])
def test_folder_of_an_imap_server_is_read_the_newest_letters_first(message, monkeypatch, place, counts):
    monkeypatch.setattr("clinic.mailboxes.AT_ONCE", 2)
    letters = [HELLO] * 3
    letters.insert(place, returned(message.reference))
    with ImapServer(letters) as server:
        assert server.read(times=3) == counts


def test_folder_of_an_imap_server_is_read(message):
    with ImapServer([HELLO, returned(message.reference)]) as server:
        assert server.read() == [1]

    assert server.marks == {1: r"(\Flagged)", 2: r"(\Seen)"}
    assert any('SELECT "Bounces"' in line for line in server.asked)
    message.refresh_from_db()
    assert message.state == "bounced"


@pytest.mark.parametrize("address", ["", "other@x.example"])
def test_only_the_address_of_the_record_is_confirmed(message, sam, address):
    with pytest.raises(ValidationError, match="another address"):
        confirm_address(message.patient, channel="email", address=address, by=sam, now=MORNING)
