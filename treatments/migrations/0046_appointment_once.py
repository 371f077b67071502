from datetime import timedelta
from itertools import islice

from django.conf import settings
from django.db import migrations, models

import clinic.validators
import treatments.taken

MOST_NAMED = 20
STANDING = ("booked", "arrived", "in-room", "done")
PLANNED = ("booked", "arrived")


def allow_exclusions(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")


def meetings(appointments, field, statuses):
    """Yield the pairs of appointments, as dicts, that have the same person or room at overlapping times."""
    rows = appointments.filter(status__in=statuses).exclude(**{field: None}).order_by(field, "starts_at", "pk")
    longest = None
    for row in rows.values("public_id", "starts_at", "minutes", field).iterator():
        row["ends_at"] = row["starts_at"] + timedelta(minutes=row["minutes"])
        same = longest is not None and longest[field] == row[field]
        if same and longest["ends_at"] > row["starts_at"]:
            yield longest, row
        if not same or row["ends_at"] > longest["ends_at"]:
            longest = row


def stop_at_meetings(apps, schema_editor):
    """Name what is booked twice already and stop: which of the two stays is for a person to say."""
    appointments = apps.get_model("treatments", "Appointment").objects.using(schema_editor.connection.alias)
    found = [
        f"  {field}: {one['public_id']} and {other['public_id']}, {other['starts_at']:%Y-%m-%d %H:%M} UTC"
        for field, statuses in (("patient", STANDING), ("practitioner", STANDING), ("room", PLANNED))
        for one, other in islice(meetings(appointments.all(), field, statuses), MOST_NAMED)
    ]
    if found:
        raise RuntimeError(
            "From now on nobody and no room is booked twice at the same time. These appointments overlap:\n"
            + "\n".join(found[:MOST_NAMED])
            + "\nOpen /appointments/<id>/ in the version before, move or cancel one of each pair, then migrate again."
            " Nothing was changed."
        )


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0003_working_hours"),
        ("patients", "0006_consent_forms"),
        ("treatments", "0045_aftercare_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(stop_at_meetings, migrations.RunPython.noop),
        migrations.RunPython(allow_exclusions, migrations.RunPython.noop),
        migrations.AddField(
            model_name="appointment",
            name="exception_reason",
            field=models.CharField(
                blank=True,
                help_text="Needed on a closed day, outside the working hours, or sooner than the protocol's interval.",
                max_length=300,
                validators=[clinic.validators.validate_plain_text],
                verbose_name="reason to book all the same",
            ),
        ),
        migrations.AddField(
            model_name="appointment",
            name="series",
            field=models.UUIDField(blank=True, editable=False, null=True, verbose_name="booked together as"),
        ),
        migrations.AddField(
            model_name="historicalappointment",
            name="exception_reason",
            field=models.CharField(
                blank=True,
                help_text="Needed on a closed day, outside the working hours, or sooner than the protocol's interval.",
                max_length=300,
                validators=[clinic.validators.validate_plain_text],
                verbose_name="reason to book all the same",
            ),
        ),
        migrations.AddField(
            model_name="historicalappointment",
            name="series",
            field=models.UUIDField(blank=True, editable=False, null=True, verbose_name="booked together as"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(fields=["room", "starts_at"], name="appointment_by_room"),
        ),
        migrations.AddIndex(
            model_name="appointment",
            index=models.Index(
                condition=models.Q(("series__isnull", False)), fields=["series"], name="appointment_of_series"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=treatments.taken.TakenOnce(
                field="patient",
                name="appointment_patient_once",
                shown_at="starts_at",
                statuses=("booked", "arrived", "in-room", "done"),
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=treatments.taken.TakenOnce(
                field="practitioner",
                name="appointment_practitioner_once",
                shown_at="practitioner",
                statuses=("booked", "arrived", "in-room", "done"),
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=treatments.taken.TakenOnce(
                field="room", name="appointment_room_once", shown_at="room", statuses=("booked", "arrived")
            ),
        ),
    ]
