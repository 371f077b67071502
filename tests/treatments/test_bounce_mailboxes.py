"""The ways in of what came back: a folder, an IMAP server, a pipe; each letter is read once."""

import mailbox
import re
import socketserver
import threading
from datetime import timedelta
from io import BytesIO, StringIO
from unittest.mock import Mock

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError

from clinic.mailboxes import MailboxUnreadableError
from tests.clinic.letters import returned
from tests.factories import LocationFactory, ReminderFactory
from tests.treatments.test_reminders import MORNING, due
from treatments.actions import returned_mail
from treatments.actions.returned_mail import read_mailbox
from treatments.models import DeliveryReport

pytestmark = pytest.mark.django_db

HELLO = b"Subject: I cannot come\r\n\r\nAna"


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street")


@pytest.fixture(autouse=True)
def morning():
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def message(here):
    return ReminderFactory(follow_up=due(here), started_at=MORNING - timedelta(hours=1))


@pytest.fixture
def folder(tmp_path):
    return mailbox.Maildir(tmp_path / "bounces")


def test_maildir_is_read_and_what_was_understood_is_marked_as_read(folder, message):
    folder.add(returned(message.reference))
    folder.add(HELLO)
    url = f"maildir://{folder._path}"

    assert [read_mailbox(url, now=MORNING) for _time in range(2)] == [1, 0]
    assert sorted(letter.get_flags() for letter in folder) == ["F", "S"]
    message.refresh_from_db()
    assert message.state == "bounced"


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
