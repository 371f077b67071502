import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinic.validators


class Migration(migrations.Migration):
    dependencies = [
        ("treatments", "0012_delivery_reports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalSessionCorrection",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        max_length=300, validators=[clinic.validators.validate_plain_text], verbose_name="reason"
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="corrected at")),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="corrected by",
                    ),
                ),
                (
                    "right",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="treatments.session",
                        verbose_name="session in the right record",
                    ),
                ),
                (
                    "wrong",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="treatments.session",
                        verbose_name="session in the wrong record",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical session of the wrong patient",
                "verbose_name_plural": "historical sessions of the wrong patient",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="SessionCorrection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        max_length=300, validators=[clinic.validators.validate_plain_text], verbose_name="reason"
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="corrected at")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="session_corrections",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="corrected by",
                    ),
                ),
                (
                    "right",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="provenance",
                        to="treatments.session",
                        verbose_name="session in the right record",
                    ),
                ),
                (
                    "wrong",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="correction",
                        to="treatments.session",
                        verbose_name="session in the wrong record",
                    ),
                ),
            ],
            options={
                "verbose_name": "session of the wrong patient",
                "verbose_name_plural": "sessions of the wrong patient",
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("wrong", models.F("right")), _negated=True),
                        name="correction_is_of_two_sessions",
                        violation_error_message="A session is not corrected into itself.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="correction_has_a_reason",
                        violation_error_message="A correction has a reason.",
                    ),
                ],
            },
        ),
    ]
