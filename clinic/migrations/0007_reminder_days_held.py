from django.db import migrations, models

from clinic.held import rows_first


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0006_letters"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="location",
            constraint=models.CheckConstraint(
                condition=models.Q(("appointment_reminder_days__gte", 0), ("appointment_reminder_days__lte", 14)),
                name="location_reminds_within_two_weeks",
                violation_error_message="A reminder goes at most 14 days before.",
            ),
        ),
    ]
    operations.insert(0, rows_first("clinic", operations))
