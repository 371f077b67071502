"""Appointments as iCalendar (RFC 5545): the file in a patient's mail, and a practitioner's feed.

Times are in UTC: each is one moment, so that no program has to know when a zone changes its clocks. The program that
reads them shows the time of its own place.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from treatments.models import Appointment, CalendarFeed

PRODUCT = "-//Mesotrack//Appointments//EN"
TYPE = "text/calendar"


def invitation(appointment: Appointment, *, summary: str, edition: int, is_cancelled: bool) -> bytes:
    """Return the file for a patient. A later edition of the same appointment takes the place of an earlier one.

    PUBLISH and not REQUEST: nobody reads an answer that a program would send.
    """
    calendar = _calendar("CANCEL" if is_cancelled else "PUBLISH")
    event = _event(appointment, summary=summary, sequence=edition)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add(
        "location", ", ".join(filter(None, [appointment.location.name, *appointment.location.address.splitlines()]))
    )
    calendar.add_component(event)
    return calendar.to_ical()


def feed(owner: CalendarFeed, appointments: Iterable[Appointment]) -> bytes:
    """Return a practitioner's appointments. A cancelled one is not among them, and so vanishes from the program."""
    calendar = _calendar("PUBLISH")
    calendar.add("x-wr-calname", f"Mesotrack, {owner.user.get_short_name()}")
    calendar.add("refresh-interval", timedelta(minutes=15), parameters={"value": "DURATION"})
    for appointment in appointments:
        title = f"{appointment.get_kind_display()}, {called(appointment, owner.shows)}"
        event = _event(appointment, summary=title, sequence=appointment.version)
        event.add("status", "CONFIRMED")
        event.add("location", ", ".join(str(each) for each in (appointment.room, appointment.location) if each))
        calendar.add_component(event)
    return calendar.to_ical()


def called(appointment: Appointment, shows: str) -> str:
    patient = appointment.patient
    if shows == CalendarFeed.Shows.NAME:
        return patient.full_name
    if shows == CalendarFeed.Shows.INITIALS:
        return "".join(f"{name[0]}." for name in (patient.given_name, patient.family_name) if name)
    return patient.record_number


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(appointment: Appointment, *, summary: str, sequence: int) -> Event:
    event = Event()
    event.add("uid", f"{appointment.public_id}@mesotrack")
    event.add("sequence", sequence)
    event.add("dtstamp", _moment(appointment.updated_at))
    event.add("dtstart", _moment(appointment.starts_at))
    event.add("dtend", _moment(appointment.starts_at + timedelta(minutes=appointment.minutes)))
    event.add("summary", " ".join(summary.split()))
    return event


def _moment(at: datetime) -> datetime:
    return at.astimezone(UTC)
