"""What patients are told of their appointments, and the calendar file in it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from icalendar import Calendar

from clinic import sms
from tests.factories import AppointmentFactory, CourseFactory, LocationFactory, PatientFactory
from treatments.actions.reminders import sweep
from treatments.models import Appointment, Reminder

pytestmark = pytest.mark.django_db

STARTS = datetime(2026, 9, 9, 22, 30, tzinfo=UTC)  # 15:30 in Los Angeles
DAYS_BEFORE = datetime(2026, 9, 1, 17, 0, tzinfo=UTC)
DAY_BEFORE = datetime(2026, 9, 8, 17, 0, tzinfo=UTC)


@pytest.fixture
def here():
    return LocationFactory(
        name="Harbour Street",
        time_zone="America/Los_Angeles",
        phone="+14155550100",
        address="12 Harbour Street\nLong Beach",
        confirms_appointments=True,
    )


def booked(here, starts_at=STARTS, **patient):
    facts = {"email": "ana@x.example", "contact_permission": True, "preferred_channel": "email", "phone": ""}
    person = PatientFactory(location=here, given_name="Ana", family_name="Petrova", **(facts | patient))
    return AppointmentFactory(course=CourseFactory(patient=person), starts_at=starts_at)


def run(at):
    sweep(lambda: at, seconds=60)


def subjects():
    return [message.subject for message in mail.outbox]


def event(message):
    [part] = message.attachments
    [found] = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return part, found


def test_appointment_is_confirmed_and_reminded_of_once_each(here):
    booked(here)
    for at in (DAYS_BEFORE, DAYS_BEFORE + timedelta(hours=1), DAY_BEFORE, DAY_BEFORE + timedelta(hours=1)):
        run(at)

    assert subjects() == [
        "Your appointment at Harbour Street, Wednesday 9 September 2026",
        "Reminder: your appointment at Harbour Street, Wednesday 9 September 2026",
    ]
    assert "on Wednesday 9 September 2026 at 15:30." in mail.outbox[0].body
    assert "+1 415-555-0100" in mail.outbox[0].body
    assert "/stop/" in mail.outbox[0].body
    assert mail.outbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_message_names_no_treatment(here):
    appointment = booked(here)
    run(DAYS_BEFORE)

    assert appointment.course.protocol.indication.name.lower() not in mail.outbox[0].message().as_string().lower()


@pytest.mark.parametrize(
    ("language", "said"),
    [("fr", "le mercredi 9 septembre 2026 à 15:30"), ("es", "el miércoles 9 de septiembre de 2026 a las 15:30")],
)
def test_message_is_in_the_patients_language(here, language, said):
    booked(here, language=language)
    run(DAYS_BEFORE)

    assert said in mail.outbox[0].body


def test_moved_appointment_is_told_with_the_same_entry_changed(here):
    appointment = booked(here)
    run(DAYS_BEFORE)
    Appointment.objects.filter(pk=appointment.pk).update(starts_at=STARTS + timedelta(days=1))
    run(DAYS_BEFORE + timedelta(hours=1))
    first, second = (event(message)[1] for message in mail.outbox)

    assert subjects()[1] == "Your appointment at Harbour Street is moved to Thursday 10 September 2026"
    assert first["uid"] == second["uid"] == f"{appointment.public_id}@mesotrack"
    assert (first["sequence"], second["sequence"]) == (0, 1)
    assert second.decoded("dtstart") == STARTS + timedelta(days=1)


def test_moved_there_and_back_is_told_both_times(here):
    appointment = booked(here)
    for hour, starts_at in enumerate([STARTS, STARTS + timedelta(days=1), STARTS]):
        Appointment.objects.filter(pk=appointment.pk).update(starts_at=starts_at)
        run(DAYS_BEFORE + timedelta(hours=hour))

    assert [event(message)[1].decoded("dtstart").day for message in mail.outbox] == [9, 10, 9]


def test_cancelled_and_booked_again_is_told(here):
    appointment = booked(here)
    for hour, status in enumerate(["booked", "cancelled", "booked"]):
        Appointment.objects.filter(pk=appointment.pk).update(status=status)
        run(DAYS_BEFORE + timedelta(hours=hour))

    assert [reminder.occasion for reminder in Reminder.objects.order_by("started_at")] == [
        "booked",
        "cancelled",
        "booked",
    ]
    assert [event(message)[1]["sequence"] for message in mail.outbox] == [0, 1, 2]


def test_cancelled_appointment_is_taken_out_of_the_calendar(here):
    appointment = booked(here)
    run(DAYS_BEFORE)
    Appointment.objects.filter(pk=appointment.pk).update(status="cancelled")
    for hour in (1, 2):
        run(DAYS_BEFORE + timedelta(hours=hour))
    part, told = event(mail.outbox[-1])

    assert len(mail.outbox) == 2
    assert (part.get_param("method"), told["status"], told["sequence"]) == ("CANCEL", "CANCELLED", 1)


def test_appointment_cancelled_before_anybody_was_told_is_not_spoken_of(here):
    appointment = booked(here)
    Appointment.objects.filter(pk=appointment.pk).update(status="cancelled")
    run(DAYS_BEFORE)

    assert mail.outbox == []


def test_course_booked_at_once_is_confirmed_by_its_next_appointment(here):
    first = booked(here)
    for week in (1, 2):
        AppointmentFactory(course=first.course, starts_at=STARTS + timedelta(weeks=week))
    run(DAYS_BEFORE)

    assert list(Reminder.objects.values_list("appointment", flat=True)) == [first.pk]


def test_location_that_does_not_confirm_reminds_alone(here):
    here.confirms_appointments = False
    here.save()
    booked(here)
    run(DAYS_BEFORE)
    assert mail.outbox == []
    run(DAY_BEFORE)
    assert len(mail.outbox) == 1


def test_file_is_one_moment_whatever_the_clocks_do(here):
    booked(here, starts_at=datetime(2026, 11, 1, 9, 30, tzinfo=UTC))  # 01:30, the second one of that night
    run(datetime(2026, 10, 20, 17, 0, tzinfo=UTC))
    part, told = event(mail.outbox[0])

    assert (part.get_content_type(), part.get_param("method")) == ("text/calendar", "PUBLISH")
    assert told.to_ical().count(b"20261101T093000Z") == 1
    assert told.decoded("dtend") - told.decoded("dtstart") == timedelta(minutes=30)
    assert "Petrova" not in part.get_payload(decode=True).decode()


def test_location_moved_to_another_zone_says_its_new_time_and_keeps_the_moment(here):
    booked(here)
    here.time_zone = "Europe/Berlin"
    here.save()
    run(datetime(2026, 9, 1, 10, 0, tzinfo=UTC))

    assert "Thursday 10 September 2026 at 00:30" in mail.outbox[0].body
    assert event(mail.outbox[0])[1].decoded("dtstart") == STARTS


def test_night_is_quiet_by_the_locations_hours(here):
    here.messages_from, here.messages_until = "09:00", "17:00"
    here.save()
    booked(here)
    run(DAY_BEFORE - timedelta(hours=2))  # 08:00
    assert mail.outbox == []
    run(DAY_BEFORE - timedelta(hours=1))
    assert len(mail.outbox) == 1


@pytest.fixture
def by_sms(settings):
    settings.SMS_URL = "memory://"
    sms.outbox.clear()
    return sms.outbox


def test_sms_says_when_and_where_and_no_treatment(here, by_sms):
    appointment = booked(here, preferred_channel="sms", phone="+14155550182", email="")
    run(DAY_BEFORE)

    [(number, text)] = by_sms
    assert number == "+14155550182"
    assert text.startswith(
        "Harbour Street: we expect you on Wednesday 9 September 2026 at 15:30. If you cannot come: +1 415-555-0100."
    )
    assert "/stop/" in text
    for private in ("Petrova", "Ana", appointment.course.protocol.indication.name, appointment.patient.record_number):
        assert private not in text


def test_without_a_provider_nobody_is_written_to_by_sms(here, settings):
    settings.SMS_URL = ""
    booked(here, preferred_channel="sms", phone="+14155550182")
    run(DAY_BEFORE)

    assert Reminder.objects.count() == 0


def test_sms_that_nobody_knows_of_is_not_sent_again(here, by_sms, monkeypatch):
    def lost(number, text):
        raise sms.SmsUnknownError("connection lost")

    booked(here, preferred_channel="sms", phone="+14155550182")
    with monkeypatch.context() as broken:
        broken.setattr(sms, "send", lost)
        run(DAY_BEFORE)
    run(DAY_BEFORE + timedelta(hours=1))

    assert (Reminder.objects.get().state, by_sms) == ("unknown", [])


def test_sms_refused_is_tried_again(here, by_sms, monkeypatch):
    def refused(number, text):
        raise sms.SmsRefusedError("error=429")

    booked(here, preferred_channel="sms", phone="+14155550182")
    with monkeypatch.context() as broken:
        broken.setattr(sms, "send", refused)
        run(DAY_BEFORE)
        run(DAY_BEFORE + timedelta(minutes=5))
    assert Reminder.objects.get().attempts == 1  # it rests half an hour
    run(DAY_BEFORE + timedelta(hours=1))

    assert (Reminder.objects.get().state, len(by_sms)) == ("sent", 1)
