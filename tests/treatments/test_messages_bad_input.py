"""What is tried against messages: line ends in headers, code in texts, clocks that jump, servers that misbehave."""

import socketserver
import threading
import time
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from clinic import sms
from clinic.models import Location
from patients.models import Patient
from tests.factories import AppointmentFactory, CourseFactory, LocationFactory, PatientFactory
from tests.treatments.test_reminders import MORNING, due, run, stored
from tests.treatments.test_reminders_by_smtp import Talk
from treatments.actions.reminders import sweep
from treatments.models import Appointment, MessageText, Reminder
from treatments.rules.follow_up import window
from treatments.rules.reminding import Occasion, Telling, Told, appointment_occasion, may_send

ZONES = [
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "Australia/Lord_Howe",
    "America/St_Johns",
]


@pytest.fixture
def here(db):
    return LocationFactory(name="Harbour Street", phone="+14155550100", reply_to_email="desk@harbour.example")


def look(*moments):
    for moment in moments:
        sweep(lambda at=moment: at, seconds=60)


# Headers and recipients


@pytest.mark.parametrize(
    "address",
    [
        "a@x.example\nBcc: evil@x.example",
        "a@x.example\r\nBcc: evil@x.example",
        "a@x.example, b@x.example",
        "a@x.example;b@x.example",
        "A <a@x.example>",
    ],
)
def test_address_that_is_two_or_has_a_line_end_fails_its_message_and_the_queue_goes_on(here, address):
    bad = due(here)
    Patient.objects.filter(pk=bad.course.patient_id).update(email=address)
    due(here, email="good@x.example")
    look(MORNING)

    assert [sent.recipients() for sent in mail.outbox] == [["good@x.example"]]
    assert stored(bad).state == Reminder.State.FAILED


@pytest.mark.parametrize("field", ["subject", "name", "reply-to"])
def test_line_end_in_subject_name_or_answer_address_adds_no_header_and_no_recipient(here, field):
    evil = "x\r\nBcc: evil@x.example"
    follow_up = due(here)
    if field == "subject":
        MessageText.objects.filter(occasion="opens", channel="email").update(subject=evil)
    elif field == "name":
        Patient.objects.filter(pk=follow_up.course.patient_id).update(given_name=evil)
        MessageText.objects.filter(occasion="opens", channel="email").update(subject="{first_name}")
    else:
        Location.objects.update(reply_to_email=evil)
    look(MORNING)

    for sent in mail.outbox:
        assert sent.recipients() == ["ana@x.example"]
        assert "Bcc" not in sent.message()
    assert len(mail.outbox) == (0 if field == "reply-to" else 1)


# Texts

CODE = "{{ settings.SECRET_KEY }} {% load x %} {stop.__class__} {0} %(stop)s ${stop}"


def test_template_code_in_a_name_is_literal_text(here):
    follow_up = due(here)
    Patient.objects.filter(pk=follow_up.course.patient_id).update(given_name=CODE, family_name="{stop}")
    look(MORNING)

    assert f"Dear {CODE} {{stop}}," in mail.outbox[0].body


def test_template_code_in_a_stored_text_is_literal_text(here, settings):
    MessageText.objects.filter(occasion="opens", channel="email").update(subject=CODE, body=CODE)
    due(here)
    look(MORNING)
    [sent] = mail.outbox

    assert settings.SECRET_KEY not in sent.subject + sent.body
    assert sent.body.startswith("{{ settings.SECRET_KEY }} {% load x %} {stop.__class__} {0} %(stop)s $http")


def test_unknown_place_that_came_into_the_database_by_another_way_stays_as_typed(here):
    MessageText.objects.filter(occasion="opens", channel="email").update(body="Hello {nmae}")
    due(here)
    look(MORNING)

    assert mail.outbox[0].body == "Hello {nmae}\n"


def test_text_of_whatsapp_is_words_with_places_between_and_a_name_of_small_letters():
    text = MessageText(occasion="soon", channel="whatsapp", language="en", subject="Bad Name", body="{day} {stop}")
    with pytest.raises(Exception, match="small letters") as caught:
        text.clean()
    assert caught.value.message_dict["body"] == [
        "WhatsApp wants words at the beginning and at the end, not a place to fill in."
    ]


def test_whatsapp_is_told_a_text_with_numbers_for_its_places():
    text = MessageText(
        channel="whatsapp", language="pt-br", subject="soon", body="At {place}: {day}.\n{day}, {phone}: {stop} Thanks."
    )

    assert text.registered == "At {{1}}: {{2}}.\n{{2}}, {{3}}: {{4}} Thanks."
    assert text.template({"place": "P", "day": "D", "phone": "", "stop": "S"}) == sms.Template(
        "soon", "pt_BR", ("P", "D", "–", "S")
    )


# Clocks


def booked(place, starts_at):
    patient = PatientFactory(location=place, email="ana@x.example", contact_permission=True, preferred_channel="email")
    return AppointmentFactory(course=CourseFactory(patient=patient), starts_at=starts_at)


def every_half_hour(first, last):
    while first <= last:
        yield first
        first += timedelta(minutes=30)


@pytest.mark.parametrize(
    ("starts", "soon"),
    [
        (datetime(2027, 3, 14, 15, 0), date(2027, 3, 13)),  # noqa: DTZ001 -- on the wall; at 02:30 there is no hour
        (datetime(2027, 3, 15, 9, 0), date(2027, 3, 14)),  # noqa: DTZ001
        (datetime(2026, 11, 1, 15, 0), date(2026, 10, 31)),  # noqa: DTZ001 -- 01:30 is there twice
        (datetime(2026, 11, 2, 9, 0), date(2026, 11, 1)),  # noqa: DTZ001
        (datetime(2028, 3, 1, 9, 0), date(2028, 2, 29)),  # noqa: DTZ001
        (datetime(2027, 3, 14, 2, 30), date(2027, 3, 13)),  # noqa: DTZ001 -- skipped: it is 03:30
        (datetime(2026, 11, 1, 1, 30), date(2026, 10, 31)),  # noqa: DTZ001
        (datetime(2026, 11, 1, 1, 30, fold=1), date(2026, 10, 31)),  # noqa: DTZ001
    ],
    ids=[
        *("on the day of the gap", "after the gap", "on the day of the overlap", "after the overlap", "29 February"),
        *("in the gap", "the first half past one", "the second half past one"),
    ],
)
def test_over_a_change_of_the_clocks_one_reminder_goes_on_the_day_before_by_day(db, starts, soon):
    zone = ZoneInfo("America/New_York")
    place = LocationFactory(time_zone="America/New_York")
    at = starts.replace(tzinfo=zone).astimezone(UTC)
    booked(place, at)
    look(*every_half_hour(at - timedelta(days=2), at))

    sent = Reminder.objects.get().started_at.astimezone(zone)
    assert (sent.date(), sent.hour) == (soon, 8)
    assert len(mail.outbox) == 1


def test_clock_set_back_an_hour_sends_nothing_twice(here):
    booked(here, MORNING + timedelta(days=1))
    look(MORNING, MORNING - timedelta(hours=1), MORNING + timedelta(minutes=5))

    assert len(mail.outbox) == 1


def test_half_past_eleven_at_night_is_still_today_at_the_clinic(db):
    """At 23:30 in New York it is the next day in UTC; the window that opens then is not open yet."""
    place = LocationFactory(time_zone="America/New_York", messages_from="00:00", messages_until="23:59")
    due(place, opens=date(2026, 9, 21))
    look(datetime(2026, 9, 21, 3, 30, tzinfo=UTC))
    assert mail.outbox == []

    look(datetime(2026, 9, 21, 4, 30, tzinfo=UTC))
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("name", ZONES)
def test_over_four_years_each_appointment_is_reminded_of_once_by_day_on_the_day_before(name):
    """A sweep each half hour, an appointment each five days at changing hours, from 2026 to 2029."""
    zone = ZoneInfo(name)
    for number in range(292):
        wall = datetime(2026, 1, 3, 7 + number % 13, 30 * (number % 2)) + timedelta(days=5 * number)  # noqa: DTZ001
        starts = wall.replace(tzinfo=zone)
        told = []
        for moment in every_half_hour(starts.astimezone(UTC) - timedelta(days=3), starts.astimezone(UTC)):
            local = moment.astimezone(zone)
            if may_send(local.time()):
                occasion = appointment_occasion(starts, told, Telling(), is_cancelled=False, now=local)
                if occasion:
                    told.append(Told(occasion, starts, local))
        [only] = told
        assert only.occasion is Occasion.SOON
        assert only.told_at.date() == starts.date() - timedelta(days=1)
        assert 8 <= only.told_at.hour < 20


@pytest.mark.parametrize(
    ("last", "months", "opens"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
    ],
)
def test_month_ends_are_counted_from_the_original_day(last, months, opens):
    """In steps of a month the last would be 28 March."""
    assert window(last, months_min=months, months_max=months + 2).opens == opens


@pytest.mark.parametrize("last", [date(2026, 1, 31), date(2026, 8, 31), date(2028, 1, 30), date(2028, 2, 29)])
def test_window_of_many_months_opens_on_the_day_of_the_original_month_or_on_its_last(last):
    """Counted on from each month's end, a day once lost at the end of February would stay lost."""
    for months in range(1, 37):
        opens = window(last, months_min=months, months_max=months).opens
        month_later = (opens.replace(day=1) + timedelta(days=32)).replace(day=1)
        last_of_month = (month_later - timedelta(days=1)).day
        assert (opens.year * 12 + opens.month) == last.year * 12 + last.month + months
        assert opens.day == min(last.day, last_of_month)


def test_location_moved_to_another_zone_sends_by_its_new_day(here):
    booked(here, datetime(2026, 9, 22, 20, 0, tzinfo=UTC))
    Location.objects.update(time_zone="Pacific/Auckland")  # there it is 23 September, 08:00
    look(datetime(2026, 9, 21, 16, 0, tzinfo=UTC))  # 22 September, 04:00
    assert mail.outbox == []

    look(datetime(2026, 9, 21, 20, 30, tzinfo=UTC))  # 22 September, 08:30
    assert "Wednesday 23 September 2026 at 08:00" in mail.outbox[0].body


# Servers


class Slow(Talk):
    """A mail server that takes its time before it says that it has the message."""

    def say(self, line):
        if line == self.server.answer:
            time.sleep(self.server.seconds)
        super().say(line)


def smtp(settings, seconds):
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    server.messages, server.answer, server.answer_to_recipient = [], "250 taken", "250 fine"
    server.seconds = seconds
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
    settings.EMAIL_TIMEOUT = 0.4
    return server


@pytest.mark.parametrize(("seconds", "state"), [(0.1, "sent"), (1.5, "unknown")], ids=["slow", "timeout"])
def test_mail_server_that_is_slow_gets_a_message_once_and_past_the_timeout_nobody_knows(
    here, settings, seconds, state
):
    follow_up = due(here)
    with smtp(settings, seconds) as server:
        for hour in range(3):
            run(at=MORNING + timedelta(hours=hour))
        server.shutdown()

    assert (stored(follow_up).state, len(server.messages)) == (state, 1)


class Provider(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        time.sleep(self.server.seconds)
        if self.server.status:
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *arguments):
        """Keep quiet."""


@pytest.mark.parametrize(
    ("status", "seconds", "state", "times"),
    [
        (500, 0, "unknown", 1),
        (503, 0, "unknown", 1),
        (200, 0.1, "sent", 1),
        (200, 1.5, "unknown", 1),
        (None, 0, "unknown", 1),
        (400, 0, "failed", 3),
    ],
    ids=["500", "503", "slow", "timeout", "accepts and drops", "refuses"],
)
def test_sms_provider_that_misbehaves_gets_no_second_message_and_none_is_lost(
    here, settings, monkeypatch, status, seconds, state, times
):
    monkeypatch.setattr(sms, "ANSWER_SECONDS", 0.5)
    follow_up = due(here, preferred_channel="sms", phone="+14155550182")
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        server.daemon_threads = True
        server.got, server.status, server.seconds = [], status, seconds
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        settings.SMS_URL = f"json://127.0.0.1:{server.server_address[1]}/?:to={{to}}"
        look(*(MORNING + timedelta(hours=hour) for hour in range(5)))
        server.shutdown()

    assert (stored(follow_up).state, len(server.got)) == (state, times)
    assert (state == "sent") or stored(follow_up).is_unsettled(MORNING + timedelta(hours=5))


# On a telephone, where others see it


def test_text_message_says_neither_who_nor_what_for(here, settings):
    settings.SMS_URL = "memory://"
    sms.outbox.clear()
    follow_up = due(here, preferred_channel="sms", phone="+14155550182")
    look(MORNING)

    [(_number, said)] = sms.outbox
    private = [
        follow_up.course.protocol.name,
        follow_up.course.protocol.indication.name,
        "Petrova",
        "Ana ",
        "inject",
        "treat",
    ]
    assert [word for word in private if word.lower() in said.lower()] == []


# By WhatsApp


@pytest.mark.parametrize(
    ("facts", "count"),
    [({}, 1), ({"contact_permission": False}, 0), ({"phone": ""}, 0), ({"archived_at": MORNING}, 0)],
    ids=["agreed", "not agreed", "no number", "archived"],
)
def test_whatsapp_goes_to_who_chose_it_and_agreed(here, settings, facts, count):
    settings.WHATSAPP_URL = "memory://"
    sms.outbox.clear()
    due(here, **({"preferred_channel": "whatsapp", "phone": "+14155550182"} | facts))
    look(MORNING, MORNING + timedelta(hours=1))

    assert len(sms.outbox) == count
    for number, said in sms.outbox:
        assert number == "+14155550182"
        assert said.startswith("mesotrack_opens: Harbour Street, 2 November 2026, +1 415-555-0100, http")
        assert "/stop/" in said


def test_without_a_way_to_whatsapp_nobody_is_written_to_by_it(here, settings):
    due(here, preferred_channel="whatsapp", phone="+14155550182")
    appointment = booked(here, MORNING + timedelta(days=1))
    Patient.objects.filter(pk=appointment.patient_id).update(preferred_channel="whatsapp", phone="+14155550183")
    look(MORNING)

    assert (Reminder.objects.count(), mail.outbox) == (0, [])
    assert Appointment.objects.count() == 1
