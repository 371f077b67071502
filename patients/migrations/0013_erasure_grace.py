from datetime import timedelta

from django.db import migrations, models


class Migration(migrations.Migration):
    """Erasures that wait already were decided without a time of grace: they go on at once."""

    dependencies = [("patients", "0012_retention_rules_that_act")]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="grace",
            field=models.DurationField(
                default=timedelta,
                help_text="As long after the decision it may be withdrawn and is not carried out.",
                verbose_name="time of grace",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(("grace__gte", timedelta(0)), ("grace__lte", timedelta(days=28))),
                name="erasure_waits_no_longer_than_a_month",
                violation_error_message="An erasure waits 28 days at most: GDPR Art. 12(3) gives a month.",
            ),
        ),
    ]
