import smtplib
import socket
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.mail import BadHeaderError
from django.core.management import call_command

from tests.factories import (
    ContactAttemptFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    ReminderFactory,
    ReturnFactory,
)
from treatments.actions import reminders
from treatments.actions.letters import window_letter
from treatments.actions.outbox import claim
from treatments.models import Reminder
from treatments.rules.reminding import Occasion

MORNING = datetime(2026, 9, 20, 16, 0, tzinfo=UTC)  # 09:00 in Los Angeles, 18:00 in Berlin
State = Reminder.State
NOTHING, FAILED = "0 sent, 0 failed, 0 unknown.", "0 sent, 1 failed, 0 unknown."


@pytest.fixture
def here(db):
    return LocationFactory(name="Harbour Street", phone="+14155550100", reply_to_email="desk@harbour.example")


def due(location, opens=date(2026, 9, 2), closes=date(2026, 11, 2), **patient):
    facts = {"email": "ana@x.example", "contact_permission": True, "preferred_channel": "email"}
    person = PatientFactory(location=location, given_name="Ana", family_name="Petrova", **(facts | patient))
    return FollowUpFactory(course=CourseFactory(patient=person), opens_on=opens, closes_on=closes)


def run(*arguments, at=MORNING):
    out = StringIO()
    with time_machine.travel(at, tick=False):
        call_command("send_reminders", *arguments, stdout=out, stderr=out)
    return out.getvalue().splitlines()


def stored(follow_up):
    return Reminder.objects.get(follow_up=follow_up)


def test_reminder_names_the_patient_the_days_and_the_clinic_but_no_treatment(here):
    due(here)
    assert run() == ["1 sent, 0 failed, 0 unknown."]
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("Your appointment at Harbour Street", ["ana@x.example"])
    assert message.reply_to == ["desk@harbour.example"]
    for words in ["Dear Ana Petrova,", "2 September 2026", "2 November 2026", "+1 415-555-0100"]:
        assert words in message.body
    assert "ellulite" not in message.subject + message.body


def test_second_run_sends_nothing(here):
    follow_up = due(here)
    run()
    assert run(at=MORNING + timedelta(hours=1)) == [NOTHING]
    assert len(mail.outbox) == 1
    assert (stored(follow_up).state, stored(follow_up).sent_at) == (State.SENT, MORNING)


@pytest.mark.parametrize(
    "patient",
    [
        {"contact_permission": False},
        {"email": ""},
        {"preferred_channel": "phone"},
        {"deceased_on": date(2026, 9, 1)},
        {"archived_at": MORNING},
    ],
    ids=str,
)
def test_nobody_is_written_to_who_may_not_or_cannot(here, patient):
    due(here, **patient)
    assert run() == [NOTHING]


@pytest.mark.parametrize(
    ("opens", "closes"),
    [(date(2026, 9, 21), date(2026, 11, 2)), (date(2026, 7, 1), date(2026, 9, 19))],
    ids=["upcoming", "overdue"],
)
def test_reminders_go_out_inside_the_window_only(here, opens, closes):
    due(here, opens=opens, closes=closes)
    assert run() == [NOTHING]


def test_booked_or_declined_people_get_no_reminder(here):
    ReturnFactory(follow_up=due(here), starts_at=MORNING + timedelta(days=2))
    ContactAttemptFactory(follow_up=due(here), outcome="declined")
    assert run() == [NOTHING]


def test_permission_withdrawn_while_the_run_goes_on_is_respected(here, monkeypatch):
    first, second = due(here), due(here)
    send = reminders.remind

    def remind_and_withdraw(follow_up, *, now):
        outcome = send(follow_up, now=now)
        second.course.patient.__class__.objects.filter(pk=second.course.patient_id).update(contact_permission=False)
        return outcome

    monkeypatch.setattr("treatments.management.commands.send_reminders.remind", remind_and_withdraw)
    assert run() == ["1 sent, 0 failed, 0 unknown."]
    assert list(Reminder.objects.values_list("follow_up", flat=True)) == [first.pk]


@pytest.mark.parametrize(
    ("hour", "zones"),
    [(5, ["Europe/Berlin"]), (15, ["Europe/Berlin", "America/Los_Angeles"]), (19, ["America/Los_Angeles"])],
)
def test_each_location_sends_by_its_own_daylight(db, hour, zones):
    places = [LocationFactory(time_zone=zone) for zone in ["Europe/Berlin", "America/Los_Angeles"]]
    for place in places:
        due(place)
    at = datetime(2026, 9, 20, hour + 1, 30, tzinfo=UTC)  # noon is far from every edge
    run(at=at)
    assert [place.time_zone for place in places if Reminder.objects.filter(patient__location=place)] == zones


@pytest.mark.parametrize(
    ("local", "count"),
    [("14:59", 0), ("15:00", 1), ("02:59", 1), ("03:00", 0)],
    ids=["7:59", "8:00", "19:59", "20:00"],
)
def test_daytime_is_from_eight_to_twenty(here, local, count):
    due(here)
    hour, minute = map(int, local.split(":"))
    day = 21 if hour < 12 else 20
    run(at=datetime(2026, 9, day, hour, minute, tzinfo=UTC))
    assert len(mail.outbox) == count


def test_any_hour_can_be_asked_for(here):
    due(here)
    assert run("--at-any-hour", at=datetime(2026, 9, 20, 10, 0, tzinfo=UTC)) == ["1 sent, 0 failed, 0 unknown."]


def test_today_is_the_locations_own(db):
    due(LocationFactory(time_zone="Pacific/Auckland"), opens=date(2026, 9, 21))
    due(LocationFactory(time_zone="America/Los_Angeles"), opens=date(2026, 9, 21))
    run("--at-any-hour", at=datetime(2026, 9, 20, 20, 0, tzinfo=UTC))
    assert [reminder.patient.location.time_zone for reminder in Reminder.objects.all()] == ["Pacific/Auckland"]


def test_dry_run_says_who_and_sends_nothing(here):
    follow_up = due(here)
    assert run("--dry-run") == [f"{follow_up.course.patient.record_number}, opens"]
    assert (len(mail.outbox), Reminder.objects.count()) == (0, 0)


def test_limit_stops_after_so_many(here):
    for _row in range(3):
        due(here)
    assert run("--limit", "2") == ["2 sent, 0 failed, 0 unknown."]


def test_failed_reminder_is_tried_again_and_goes_once(here, monkeypatch):
    follow_up = due(here)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", raising(smtplib.SMTPSenderRefused(451, b"later", "a@x")))
        assert run() == ["0 sent, 1 failed, 0 unknown."]
    assert (stored(follow_up).state, stored(follow_up).attempts) == (State.FAILED, 1)
    assert run(at=MORNING + timedelta(hours=1)) == ["1 sent, 0 failed, 0 unknown."]
    assert (stored(follow_up).state, stored(follow_up).error, len(mail.outbox)) == (State.SENT, "", 1)


REFUSED = [
    smtplib.SMTPRecipientsRefused({"ana@x.example": (550, b"nobody here")}),
    smtplib.SMTPSenderRefused(550, b"not you", "desk@x.example"),
    smtplib.SMTPHeloError(501, b"who"),
    smtplib.SMTPNotSupportedError("SMTPUTF8"),
    smtplib.SMTPDataError(554, b"spam"),
    BadHeaderError("line end"),
    UnicodeError("label too long"),
]
LOST = [smtplib.SMTPServerDisconnected("gone"), TimeoutError("no answer"), ConnectionResetError(), ZeroDivisionError()]
NO_CONNECTION = [
    smtplib.SMTPConnectError(421, b"busy"),
    smtplib.SMTPAuthenticationError(535, b"password"),
    ConnectionRefusedError(),
    socket.gaierror("no such host"),
    TimeoutError("no route"),
]


def raising(error):
    def fail(*arguments):
        raise error

    return fail


@pytest.mark.parametrize("error", REFUSED, ids=repr)
def test_refused_message_is_tried_three_times_and_then_reported(here, monkeypatch, error):
    follow_up = due(here)
    monkeypatch.setattr("django.core.mail.EmailMessage.send", raising(error))
    said = [run(at=MORNING + timedelta(hours=hour)) for hour in range(4)]
    number, reminder = follow_up.course.patient.record_number, stored(follow_up)
    given_up = f"{number}: refused 3 times and not tried again. {reminder.error}"
    assert said == [[FAILED], [FAILED], [given_up, FAILED], [NOTHING]]
    assert (reminder.state, reminder.attempts) == (State.FAILED, 3)


@pytest.mark.parametrize("error", LOST, ids=repr)
def test_message_of_which_nobody_knows_is_reported_and_never_sent_again(here, monkeypatch, error):
    follow_up = due(here)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", raising(error))
        assert run() == [
            f"{follow_up.course.patient.record_number}: nobody knows whether the message went out. Ask the patient.",
            "0 sent, 0 failed, 1 unknown.",
        ]
    assert run(at=MORNING + timedelta(hours=1)) == [NOTHING]
    assert (stored(follow_up).state, len(mail.outbox)) == (State.UNKNOWN, 0)


@pytest.mark.parametrize("error", NO_CONNECTION, ids=repr)
def test_without_a_connection_nothing_can_have_gone_out(here, monkeypatch, error):
    follow_up = due(here)
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.backends.locmem.EmailBackend.open", raising(error))
        assert run() == [FAILED]
    assert run(at=MORNING + timedelta(hours=1)) == ["1 sent, 0 failed, 0 unknown."]
    assert (stored(follow_up).state, stored(follow_up).attempts) == (State.SENT, 2)


def test_goodbye_that_goes_wrong_leaves_the_message_sent(here, monkeypatch):
    follow_up = due(here)
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.close", raising(TimeoutError()))
    assert run() == ["1 sent, 0 failed, 0 unknown."]
    assert stored(follow_up).state == State.SENT


def test_one_failure_does_not_stop_the_others(here):
    broken = due(here, email="a@x.example\nBcc: b@x.example")
    pair = due(here, email="a@x.example, b@x.example")
    due(here)
    assert run() == ["1 sent, 2 failed, 0 unknown."]
    assert {stored(broken).state, stored(pair).state} == {State.FAILED}
    assert [message.to for message in mail.outbox] == [["ana@x.example"]]


def test_line_end_in_a_name_stays_out_of_the_headers(here):
    type(here).objects.update(name="Harbour\r\nBcc: evil@x.example")
    due(here)
    run()
    assert mail.outbox[0].subject == "Your appointment at Harbour Bcc: evil@x.example"


def test_sender_killed_while_sending_leaves_a_question_and_no_second_message(here, monkeypatch):
    follow_up = due(here)

    def killed(message):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr("django.core.mail.EmailMessage.send", killed)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert run(at=MORNING + timedelta(minutes=5)) == [NOTHING]
    assert stored(follow_up).state == State.SENDING
    assert run(at=MORNING + timedelta(minutes=11)) == [
        f"{follow_up.course.patient.record_number}: nobody knows whether the message went out. Ask the patient.",
        NOTHING,
    ]
    assert (stored(follow_up).state, len(mail.outbox)) == (State.UNKNOWN, 0)


def test_of_two_senders_one_gets_the_row(here):
    follow_up = due(here)
    claims = [claim(window_letter(follow_up, Occasion.OPENS), now=MORNING) for _sender in range(2)]
    assert [found is not None for found in claims] == [True, False]


def test_of_two_senders_one_gets_the_failed_row(here):
    follow_up = due(here)
    ReminderFactory(follow_up=follow_up, state=State.FAILED, address="old@x.example")
    claims = [claim(window_letter(follow_up, Occasion.OPENS), now=MORNING) for _sender in range(2)]
    assert [found and found.address for found in claims] == ["ana@x.example", None]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_row_is_committed_before_the_message_goes(monkeypatch):
    from django.db import connection  # noqa: PLC0415 -- what this one test is about

    follow_up = due(LocationFactory())
    seen = []
    monkeypatch.setattr(
        "django.core.mail.EmailMessage.send",
        lambda message: seen.append((connection.in_atomic_block, stored(follow_up).state)),
    )
    run()
    assert seen == [(False, State.SENDING)]


def test_patient_of_a_language_we_do_not_speak_gets_ours(here):
    due(here, language="cy")
    assert run() == ["1 sent, 0 failed, 0 unknown."]
    assert mail.outbox[0].body.startswith("Dear Ana Petrova,")
