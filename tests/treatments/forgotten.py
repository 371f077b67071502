"""A patient with a name that occurs nowhere else, in every place where a name can stand; and looking for it."""

import json
import os
import time
from datetime import UTC, datetime, timedelta

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from clinic.vault import new_name
from patients.models import Dossier, Erasure, Patient, RetentionRule
from tests.factories import (
    AllergyFactory,
    AmendmentFactory,
    ConsentFactory,
    CourseFactory,
    FollowUpFactory,
    PatientFactory,
    PhotoFactory,
    ReminderFactory,
    ScreeningFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WorkingCopyFactory,
)
from treatments.actions.privacy import decide_erasure
from treatments.photo_files import ENDINGS
from treatments.photo_files import vault as photo_vault
from treatments.privacy.vault import ZIP
from treatments.privacy.vault import vault as dossier_vault

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
GRACE = timedelta(hours=24)
DUE = datetime(2026, 3, 3, 14, 0, tzinfo=UTC)  # from when on what is decided now may be carried out
GIVEN, FAMILY, MAIDEN = "Zyxkanara", "Quibbledon", "Vormundsen"
CANARIES = (GIVEN, FAMILY, MAIDEN, "kanara.mail", "5550187", "555-0187", "Larkspur Mews 7")


def person(location=None, **facts):
    """Register somebody who had another name before, with a merged record, and all that hangs on a treatment."""
    where = {"location": location} if location else {}
    patient = PatientFactory(
        given_name=GIVEN,
        family_name=MAIDEN,
        phone="+12025550187",
        email="kanara.mail@example.org",
        address_line="Larkspur Mews 7",
        emergency_name=f"Otto {MAIDEN}",
        **where,
        **facts,
    )
    patient.family_name = FAMILY
    patient.because(f"{GIVEN} married").save()
    PatientFactory(given_name=GIVEN, family_name=FAMILY, merged_into=patient, location=patient.location)
    note = f"{GIVEN.upper()} {FAMILY} rang from (202) 555-0187, kanara.mail@example.org"
    course = CourseFactory(patient=patient)
    session = SessionFactory(course=course, note=note, performed_at=NOW - timedelta(days=20), signed=True)
    session.note = f"{note}, again"
    session.save()
    AllergyFactory(patient=patient, reaction=f"as {FAMILY} says")
    ScreeningFactory(patient=patient, note=note, answered_at=NOW - timedelta(days=20))
    ConsentFactory(patient=patient, signer_name=f"{GIVEN} {FAMILY}", signed_at=NOW - timedelta(days=21))
    AmendmentFactory(session=session, reason=f"{FAMILY} asked", before=[["Note", note]], after=[["Note", f"{note}."]])
    SideEffectFactory(session=session, note=note)
    WorkingCopyFactory(course=course, typed={"note": [note]}, typed_by=course.clinician)
    ReminderFactory(follow_up=FollowUpFactory(course=course), address="kanara.mail@example.org", error=note)
    photo = PhotoFactory(course=course, file_name=f"{FAMILY}.jpg", light=f"as with {GIVEN}")
    for ending in ENDINGS.values():
        photo_vault().write(photo.stored_name, ending, f"pixels of {FAMILY}".encode())
    log(patient, course.clinician)
    return patient


def log(patient, by):
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Patient),
        object_id=str(patient.pk),
        object_repr=str(patient),
        action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"fields": [FAMILY]}}]),
    )


def dossier_of(patient):
    """Return a dossier that is ready, with its file."""
    dossier = Dossier.objects.create(
        patient=patient,
        asked_by=UserFactory(),
        asked_at=NOW,
        ready_at=NOW,
        state=Dossier.State.READY,
        stored_name=new_name(),
    )
    dossier_vault().write(dossier.stored_name, ZIP, FAMILY.encode())
    return dossier


def decided(patient, keeps=None):
    """Return an erasure that waits for its time of grace; of whom nothing is kept, no law binds here."""
    if not keeps:
        RetentionRule.objects.update(binds=False)
    Patient.objects.filter(pk=patient.pk).update(erasure_decided_at=NOW)
    return Erasure.objects.create(
        patient=patient,
        ground=Erasure.Ground.WITHDRAWN,
        asked_by=UserFactory(),
        asked_at=NOW,
        grace=GRACE,
        keeps=keeps or {},
    )


def put_off(patient, now=NOW):
    """Decide an erasure of somebody at the desk; it waits for its time of grace."""
    return decide_erasure(patient, ground="withdrawn", by=UserFactory(), now=now, today=now.date())


def found_in_tables(*, leaving_out=()):
    """Return (table, column, value) wherever one of the names stands, in whatever table and column there is."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table in leaving_out:
                continue
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 -- the names of our own tables
            columns = [column.name if hasattr(column, "name") else column[0] for column in cursor.description]
            for row in cursor.fetchall():
                found += [
                    (table, column, value)
                    for column, value in zip(columns, row, strict=True)
                    if any(name.lower() in str(value).lower() for name in CANARIES)
                ]
    return found


def found_in_files(*roots):
    return [
        path
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and any(name.encode() in path.read_bytes() for name in CANARIES)
    ]


def import_files(var, minutes):
    """Put files of imports under `var`, each so many minutes old by its name, and return where they are."""
    folder = var / "imports"
    folder.mkdir(parents=True)
    paths = []
    for name, age in minutes.items():
        path = folder / name
        path.write_text(f"name\n{FAMILY}\n")
        moment = time.time() - age * 60
        os.utime(path, (moment, moment))
        paths.append(path)
    return paths
