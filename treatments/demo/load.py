"""Building the demo clinic with the same verbs that people use, so that it obeys every rule they do."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Count
from simple_history.utils import bulk_create_with_history

from clinic.models import Closure, Location, Room, User, Weekday, WorkingHours
from clinic.roles import Role
from patients.models import Allergy, Consent, ConsentForm, Patient, Screening, ScreeningQuestion
from treatments.actions import photos
from treatments.actions.appointments import refuse_taken
from treatments.actions.courses import turn
from treatments.actions.injections import keep_injections
from treatments.actions.sessions import keep_screening, sign
from treatments.demo.before import screen_and_sign
from treatments.demo.care import care
from treatments.demo.messages import unsettled_messages
from treatments.demo.people import HARBOUR_STREET, LINDENHOF
from treatments.demo.person import Person, Reaction, Treatment
from treatments.demo.pictures import picture
from treatments.demo.scoring import score
from treatments.demo.shelf import drawn_for, lots_for
from treatments.demo.stock import stock
from treatments.demo.twins import twins
from treatments.demo.waiting import waiting_list
from treatments.models import (
    Appointment,
    ContactAttempt,
    Course,
    FollowUp,
    Injection,
    Protocol,
    Session,
    SideEffect,
    SideEffectKind,
    TreatmentArea,
)
from treatments.photo_files import develop_all

# Known to everyone who reads this, which is why the demo listens on this machine only and has a database of its own.
PASSWORD = "mesotrack-demo"  # noqa: S105 -- opens the invented clinic only

# What a clinician of the demo signs all the same, with the reason.
PASSED_OVER = {
    "screening-expired": "Asked at every session, nothing new.",
    "screening:anticoagulant": "Apixaban paused by the cardiologist since the day before.",
}

# The latest sessions of a course are drawn and signed by the verbs of the pages. Older ones are written as those leave
# them: two hundred more signatures would take longer than anybody waits for a demo.
LATEST = 2
MOST_STEPS = 2 * 24 * 12  # of five minutes: a day back and forth

ACCOUNTS = [
    ("sam.adeyemi@demo.example", "Nurse", "Sam", "Adeyemi", Role.STAFF),
    ("ines.moreau@demo.example", "Dr", "Ines", "Moreau", Role.CLINICIAN),
    ("robin.park@demo.example", "", "Robin", "Park", Role.ADMIN),
]


def load(now: datetime) -> Iterator[str]:
    """Make the demo clinic around this moment, whole or not at all, yielding each person's name as they are done."""
    with transaction.atomic():
        yield from _load(now)


def _load(now: datetime) -> Iterator[str]:
    harbour, lindenhof = locations()
    staff, doctor, _manager = accounts([harbour, lindenhof])
    for location, people in ((harbour, HARBOUR_STREET), (lindenhof, LINDENHOF)):
        stock(location, by=doctor, now=now)
        for number, person in enumerate(people, 1):
            patient = register(person, location, number, now)
            screen_and_sign(patient, number=number, nurse=staff, treated_since=treated_since(person, now), now=now)
            for treatment in person.treatments:
                course = treat(patient, person, treatment, doctor=doctor, nurse=staff, now=now)
                score(course, number, has_baseline=treatment.has_baseline, doctor=doctor, nurse=staff, now=now)
            visit(patient, person, doctor=doctor, nurse=staff, number=number, now=now)
            call(patient, person, nurse=staff, now=now)
            yield patient.full_name
    care(doctor=doctor, nurse=staff, now=now)
    close((harbour, lindenhof), doctor, now)
    photograph(harbour, staff, now)
    to_free_hour(twins(harbour, doctor=doctor, now=now)).save()
    waiting_list(harbour, doctor=doctor, nurse=staff, now=now)
    unsettled_messages(now)


def locations() -> tuple[Location, Location]:
    harbour = Location.objects.create(
        name="Harbour Street",
        time_zone="America/Los_Angeles",
        country_code="US",
        currency="USD",
        phone="+14155550100",
        address="1 Harbour Street, San Francisco",
        reply_to_email="harbour@demo.example",
        confirms_appointments=True,
    )
    lindenhof = Location.objects.create(
        name="Lindenhof",
        time_zone="Europe/Berlin",
        country_code="DE",
        currency="EUR",
        phone="+493023125000",
        address="Lindenhof 2, Berlin",
        reply_to_email="lindenhof@demo.example",
        confirms_appointments=True,
    )
    for location in (harbour, lindenhof):
        for number in (1, 2, 3):
            Room.objects.create(location=location, name=f"room {number}")
        for weekday in Weekday:
            first, last = (time(10), time(16)) if weekday == Weekday.SUNDAY else (time(8), time(19))
            WorkingHours.objects.create(location=location, weekday=weekday, from_time=first, to_time=last)
    return harbour, lindenhof


def close(places: tuple[Location, Location], doctor: User, now: datetime) -> None:
    """Close the places on the next two holidays, and let the doctor be away for two days in three weeks."""
    today = places[0].today(now)
    for place in places:
        for month, day, reason in ((12, 25, "Christmas Day"), (1, 1, "New Year")):
            on = date(today.year, month, day)
            on = on if on > today else on.replace(year=today.year + 1)
            Closure.objects.create(location=place, first_on=on, last_on=on, reason=reason)
    first = today + timedelta(days=21)
    Closure.objects.create(practitioner=doctor, first_on=first, last_on=first + timedelta(days=1), reason="Congress")


def accounts(places: list[Location]) -> list[User]:
    users = []
    for email, title, first, last, role in ACCOUNTS:
        user = User.objects.create_user(email, PASSWORD, title=title, first_name=first, last_name=last, role=role)
        user.locations.set(places)
        users.append(user)
    return users


def register(person: Person, location: Location, number: int, now: datetime) -> Patient:
    prefix = "+1415555" if location.country_code == "US" else "+4930231250"
    patient = Patient.objects.create(
        given_name=person.given,
        family_name=person.family,
        birth_date=person.born,
        sex=person.sex,
        location=location,
        phone=f"{prefix}{number + 100:04d}" if location.country_code == "US" else f"{prefix}{number:02d}",
        email=f"{person.given}.{person.family}@patient.example".lower(),
        preferred_channel=person.channel,
        language=person.language,
        contact_permission=person.permission,
        allergies_asked_on=location.today(now) - timedelta(days=20) if person.asked else None,
    )
    for substance, reaction, severity in person.allergies:
        Allergy.objects.create(patient=patient, substance=substance, reaction=reaction, severity=severity)
    return patient


def treat(patient: Patient, person: Person, plan: Treatment, *, doctor: User, nurse: User, now: datetime) -> Course:
    location = patient.location
    protocol = Protocol.objects.select_related("indication", "instrument").get(indication__code=plan.protocol)
    last_on = location.today(now) - timedelta(days=plan.since)
    first_on = last_on - timedelta(days=plan.every * max(plan.done - 1, 0))
    course = Course.objects.create(
        patient=patient,
        protocol=protocol,
        planned_sessions=plan.planned or protocol.sessions_min,
        price=(protocol.price_min + protocol.price_max) / 2 - 30,
        currency=location.currency,
        location=location,
        clinician=doctor,
        started_on=first_on,
        status_on=first_on,
    )
    course.areas.set(TreatmentArea.objects.filter(code__in=plan.areas))
    areas, lots = list(course.areas.all()), lots_for(course)
    questions = list(ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT))
    sessions = []
    for number in range(plan.done):
        session = planned(course, person, plan, number, first_on + timedelta(days=plan.every * number), nurse, now)
        keep_screening(session, [(question, "no", "") for question in questions], by=nurse)
        is_old = number < plan.done - LATEST
        if is_old:
            session.signed_at, session.signed_by = session.performed_at + timedelta(minutes=25), doctor
        session.save()
        session.areas.set(areas)
        drawn = drawn_for(session, areas, lots)
        if is_old:
            bulk_create_with_history(drawn.injections(session), Injection)
        else:
            keep_injections(session, drawn)
        sessions.append(session)
    to_sign = sessions[: len(sessions) - 1 if plan.draft else len(sessions)]
    for session in [each for each in to_sign if not each.is_signed]:
        sign(
            session,
            by=doctor,
            now=session.performed_at + timedelta(minutes=25),
            version=session.version,
            overrides=PASSED_OVER,
        )
    for reaction in plan.reactions:
        react(sessions[-reaction.after], reaction, nurse, now)
    if plan.ended:
        course.refresh_from_db()
        turn(course, Course.Status(plan.ended), on=last_on, reason=plan.reason, version=course.version)
    return course


def treated_since(person: Person, now: datetime) -> datetime:
    """Return when the first session of all the person's courses was, now for none."""
    days = [plan.since + plan.every * max(plan.done - 1, 0) for plan in person.treatments]
    return now - timedelta(days=max(days, default=0))


def planned(
    course: Course, person: Person, plan: Treatment, number: int, day: date, nurse: User, now: datetime
) -> Session:
    """Return a session of a course, unsaved."""
    tz = course.location.tz
    performed_at = datetime(day.year, day.month, day.day, 10, 15, tzinfo=tz)
    # One performed today was some time ago, whatever the hour at which the demo is loaded.
    performed_at = min(performed_at, now + timedelta(minutes=person.at) if plan.since == 0 else now)
    share = number / max(plan.done - 1, 1)
    return Session(
        course=course,
        performed_at=performed_at,
        performed_by=nurse,
        technique=Session.Technique.NAPPAGE,
        needle="30G, 4 mm",
        depth_mm=Decimal(4),
        weight_kg=Decimal(str(round(person.weight + plan.gain * share, 1))),
        pain=(number * 3 + 2) % 6,
        reactions_asked=Session.Asked.SOME
        if any(plan.done - reaction.after == number for reaction in plan.reactions)
        else Session.Asked.NONE,
        asked_back=Session.Asked.NONE if number else Session.Asked.NOT_ASKED,
        antiseptic="Chlorhexidine 2 %",
    )


def photograph(location: Location, nurse: User, now: datetime) -> None:
    """Give the longest cellulite course that goes on its photos: of its first session, a middle one and the last.

    It is one whose patient agreed to them.
    """
    agreed = Consent.objects.for_purpose(ConsentForm.Purpose.PHOTO_RECORD).in_force(now).values("patient")
    courses = Course.objects.running().filter(location=location, protocol__indication__code="cellulite")
    courses = courses.filter(patient__in=agreed)
    course = courses.annotate(count=Count("sessions")).order_by("-count", "pk").first()
    if course is None:
        return
    sessions = list(course.sessions.order_by("performed_at"))
    for number in sorted({0, len(sessions) // 2, len(sessions) - 1}):
        session = sessions[number]
        dimples = 24 - 16 * number // len(sessions)
        for turned, view in enumerate(["posterior", "posterior-oblique-left", "posterior-oblique-right"]):
            file = SimpleUploadedFile(f"{view}.jpg", picture(turned, dimples=dimples, turned=12 * turned + number))
            facts = {"session": session, "view": view, "taken_at": session.performed_at}
            photos.receive(course, [file], facts=facts, by=nurse, now=now)
    develop_all(lambda: now)


def react(session: Session, reaction: Reaction, nurse: User, now: datetime) -> None:
    areas = list(session.areas.all())
    onset = session.performed_at + reaction.onset
    effect = SideEffect.objects.create(
        session=session,
        area=areas[reaction.area % len(areas)] if reaction.area is not None else None,
        kind=SideEffectKind.objects.get(code=reaction.kind),
        severity=reaction.severity,
        onset_at=onset,
        resolved_at=onset + reaction.lasted if reaction.lasted else None,
        reported_by=reaction.reported_by,
        recorded_by=nurse,
        note=reaction.note,
    )
    # Reported two hours after it began, as far as that is past.
    SideEffect.objects.filter(pk=effect.pk).update(
        recorded_at=min(onset + timedelta(hours=2), now - timedelta(hours=1))
    )


def visit(patient: Patient, person: Person, *, doctor: User, nurse: User, number: int, now: datetime) -> None:
    course = patient.courses.first()
    follow_up = FollowUp.objects.of_patient(patient).last()
    rooms = list(patient.location.rooms.all())
    plans = []
    if person.today:
        plans.append((same_day(now + timedelta(minutes=person.at), now, patient.location), person.today, person.kind))
    if person.booked:
        plans.append((now + timedelta(days=person.booked), Appointment.Status.BOOKED, Appointment.Kind.FOLLOW_UP))
    for at, status, kind in plans:
        start = at - timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
        appointment = Appointment(
            patient=patient,
            course=course if kind != Appointment.Kind.CONSULTATION else None,
            follow_up=follow_up if kind == Appointment.Kind.FOLLOW_UP else None,
            kind=kind,
            location=patient.location,
            starts_at=start,
            minutes=30,
            practitioner=doctor if number % 2 else nurse,
            status=status,
        )
        find_room(to_free_hour(appointment), [*rooms[number % len(rooms) :], *rooms])
        if status != Appointment.Status.BOOKED:
            appointment.arrived_at = appointment.starts_at + timedelta(minutes=1)
        appointment.save()
        last = course.sessions.order_by("performed_at").last() if course else None
        if status == Appointment.Status.DONE and last:
            Session.objects.filter(pk=last.pk).update(appointment=appointment)


def to_free_hour(appointment: Appointment) -> Appointment:
    """Put an appointment at the free hour next to its own, on the same day."""
    start, day = appointment.starts_at, appointment.location.today(appointment.starts_at)
    for steps in range(MOST_STEPS):
        # 0, 5 minutes later, 5 earlier, 10 later, …
        appointment.starts_at = start + timedelta(minutes=5) * ((steps + 1) // 2) * (1 if steps % 2 else -1)
        if appointment.location.today(appointment.starts_at) == day and is_free(appointment):
            break
    return appointment


def find_room(appointment: Appointment, rooms: list[Room]) -> None:
    """Give an appointment the first of these rooms that is free then."""
    for room in rooms:
        appointment.room = room
        if is_free(appointment):
            return
    appointment.room = None


def is_free(appointment: Appointment) -> bool:
    try:
        refuse_taken(appointment)
    except ValidationError:
        return False
    return True


def same_day(moment: datetime, now: datetime, location: Location) -> datetime:
    """Keep a moment inside the day of `now` at a location: around midnight too the board is full."""
    local = location.local(now)
    first = local.replace(hour=0, minute=5, second=0, microsecond=0)
    return min(max(moment, first), local.replace(hour=23, minute=50, second=0, microsecond=0))


def call(patient: Patient, person: Person, *, nurse: User, now: datetime) -> None:
    follow_up = FollowUp.objects.of_patient(patient).last()
    if not person.call or follow_up is None:
        return
    ContactAttempt.objects.create(
        follow_up=follow_up,
        made_at=now - timedelta(days=4, hours=2),
        made_by=nurse,
        outcome=person.call,
        next_try_on=patient.location.today(now) if person.call in {"no-answer", "call-back"} else None,
    )
