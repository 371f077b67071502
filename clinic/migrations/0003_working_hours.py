import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinic.fields


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_cache_table"),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalClosure",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                ("first_on", models.DateField(verbose_name="first day")),
                ("last_on", models.DateField(verbose_name="last day")),
                (
                    "from_time",
                    models.TimeField(
                        blank=True, help_text="Both left out: whole days.", null=True, verbose_name="from"
                    ),
                ),
                ("to_time", models.TimeField(blank=True, null=True, verbose_name="to")),
                (
                    "reason",
                    clinic.fields.NormalizedCharField(
                        help_text="As the desk reads it, for example a holiday.", max_length=100, verbose_name="reason"
                    ),
                ),
                (
                    "is_in_force",
                    models.BooleanField(
                        default=True, help_text="One that is called off is unticked.", verbose_name="in force"
                    ),
                ),
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
                    "location",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="clinic.location",
                        verbose_name="location closed",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="or person away",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical closure or absence",
                "verbose_name_plural": "historical closures and absences",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalWorkingHours",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("from_time", models.TimeField(verbose_name="from")),
                ("to_time", models.TimeField(verbose_name="to")),
                (
                    "is_in_force",
                    models.BooleanField(
                        default=True,
                        help_text="Hours that ended are unticked, never deleted.",
                        verbose_name="in force",
                    ),
                ),
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
                    "location",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="clinic.location",
                        verbose_name="location",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Nobody: the opening hours of the location.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="of",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical working hours",
                "verbose_name_plural": "historical working hours",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Closure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_on", models.DateField(verbose_name="first day")),
                ("last_on", models.DateField(verbose_name="last day")),
                (
                    "from_time",
                    models.TimeField(
                        blank=True, help_text="Both left out: whole days.", null=True, verbose_name="from"
                    ),
                ),
                ("to_time", models.TimeField(blank=True, null=True, verbose_name="to")),
                (
                    "reason",
                    clinic.fields.NormalizedCharField(
                        help_text="As the desk reads it, for example a holiday.", max_length=100, verbose_name="reason"
                    ),
                ),
                (
                    "is_in_force",
                    models.BooleanField(
                        default=True, help_text="One that is called off is unticked.", verbose_name="in force"
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="closures",
                        to="clinic.location",
                        verbose_name="location closed",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="or person away",
                    ),
                ),
            ],
            options={
                "verbose_name": "closure or absence",
                "verbose_name_plural": "closures and absences",
                "ordering": ["-first_on", "pk"],
                "indexes": [models.Index(fields=["last_on", "first_on"], name="closure_by_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("location", None), ("practitioner__isnull", False)),
                            models.Q(("location__isnull", False), ("practitioner", None)),
                            _connector="OR",
                        ),
                        name="closure_of_a_place_or_a_person",
                        violation_error_message="Name the location that is closed, or the person who is away.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("last_on__gte", models.F("first_on"))),
                        name="closure_ends_after_it_begins",
                        violation_error_message="The last day is before the first.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("from_time", None), ("to_time", None)),
                            models.Q(
                                ("from_time__isnull", False),
                                ("to_time__gt", models.F("from_time")),
                                ("to_time__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="closure_hours_end_after_they_begin",
                        violation_error_message="Give both hours, the later one last, or none for whole days.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkingHours",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "weekday",
                    models.PositiveSmallIntegerField(
                        choices=[
                            (0, "Monday"),
                            (1, "Tuesday"),
                            (2, "Wednesday"),
                            (3, "Thursday"),
                            (4, "Friday"),
                            (5, "Saturday"),
                            (6, "Sunday"),
                        ],
                        verbose_name="weekday",
                    ),
                ),
                ("from_time", models.TimeField(verbose_name="from")),
                ("to_time", models.TimeField(verbose_name="to")),
                (
                    "is_in_force",
                    models.BooleanField(
                        default=True,
                        help_text="Hours that ended are unticked, never deleted.",
                        verbose_name="in force",
                    ),
                ),
                (
                    "location",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hours",
                        to="clinic.location",
                        verbose_name="location",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        help_text="Nobody: the opening hours of the location.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="hours",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="of",
                    ),
                ),
            ],
            options={
                "verbose_name": "working hours",
                "verbose_name_plural": "working hours",
                "ordering": ["location", "practitioner", "weekday", "from_time", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("to_time__gt", models.F("from_time"))),
                        name="hours_end_after_they_begin",
                        violation_error_message="Hours end after they begin, on the same day.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("weekday__lte", 6)),
                        name="hours_of_a_weekday",
                        violation_error_message="A week has seven days.",
                    ),
                ],
            },
        ),
    ]
