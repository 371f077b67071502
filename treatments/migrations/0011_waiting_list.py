import uuid

import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinic.validators
import treatments.models.waiting


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_cache_table"),
        ("patients", "0005_consent_forms"),
        ("treatments", "0010_message_texts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalWaiting",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False, verbose_name="public id"),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("consultation", "Consultation"),
                            ("session", "Session"),
                            ("review", "Review"),
                            ("follow-up", "Follow-up"),
                        ],
                        max_length=12,
                        verbose_name="for",
                    ),
                ),
                (
                    "instead_of_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When that appointment was as they began to wait. Once it is earlier, the waiting is over.",
                        null=True,
                        verbose_name="booked for",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(480),
                        ],
                        verbose_name="minutes",
                    ),
                ),
                ("from_on", models.DateField(verbose_name="from")),
                (
                    "until_on",
                    models.DateField(
                        blank=True,
                        help_text="The last day that helps. Left out: however long it takes.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "weekdays",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[treatments.models.waiting.validate_weekdays],
                        verbose_name="on",
                    ),
                ),
                (
                    "parts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[treatments.models.waiting.validate_parts],
                        verbose_name="in the",
                    ),
                ),
                (
                    "notice_hours",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "An hour"), (4, "Half a day"), (24, "A day"), (48, "Two days"), (168, "A week")],
                        default=24,
                        help_text="How long before the hour a call is enough.",
                        verbose_name="notice",
                    ),
                ),
                (
                    "need",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "A clinician asked for it"), (2, "The patient's wish")],
                        default=2,
                        verbose_name="why",
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="note",
                    ),
                ),
                ("joined_at", models.DateTimeField(editable=False, verbose_name="waits since")),
                (
                    "removed_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="taken off at"),
                ),
                (
                    "removed_reason",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="why it was taken off",
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
                    "appointment",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="treatments.appointment",
                        verbose_name="would give up",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="treatments.course",
                        verbose_name="course",
                    ),
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
                    "joined_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="put on the list by",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Nobody chosen: with whoever is free.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="only with",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken off by",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical waiting patient",
                "verbose_name_plural": "historical waiting list",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Waiting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("consultation", "Consultation"),
                            ("session", "Session"),
                            ("review", "Review"),
                            ("follow-up", "Follow-up"),
                        ],
                        max_length=12,
                        verbose_name="for",
                    ),
                ),
                (
                    "instead_of_at",
                    models.DateTimeField(
                        blank=True,
                        editable=False,
                        help_text="When that appointment was as they began to wait. Once it is earlier, the waiting is over.",
                        null=True,
                        verbose_name="booked for",
                    ),
                ),
                (
                    "minutes",
                    models.PositiveSmallIntegerField(
                        default=30,
                        validators=[
                            django.core.validators.MinValueValidator(5),
                            django.core.validators.MaxValueValidator(480),
                        ],
                        verbose_name="minutes",
                    ),
                ),
                ("from_on", models.DateField(verbose_name="from")),
                (
                    "until_on",
                    models.DateField(
                        blank=True,
                        help_text="The last day that helps. Left out: however long it takes.",
                        null=True,
                        verbose_name="until",
                    ),
                ),
                (
                    "weekdays",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[treatments.models.waiting.validate_weekdays],
                        verbose_name="on",
                    ),
                ),
                (
                    "parts",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[treatments.models.waiting.validate_parts],
                        verbose_name="in the",
                    ),
                ),
                (
                    "notice_hours",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "An hour"), (4, "Half a day"), (24, "A day"), (48, "Two days"), (168, "A week")],
                        default=24,
                        help_text="How long before the hour a call is enough.",
                        verbose_name="notice",
                    ),
                ),
                (
                    "need",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "A clinician asked for it"), (2, "The patient's wish")],
                        default=2,
                        verbose_name="why",
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True,
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="note",
                    ),
                ),
                ("joined_at", models.DateTimeField(editable=False, verbose_name="waits since")),
                (
                    "removed_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="taken off at"),
                ),
                (
                    "removed_reason",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="why it was taken off",
                    ),
                ),
                ("form_token", models.UUIDField(editable=False, null=True, unique=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitings",
                        to="treatments.appointment",
                        verbose_name="would give up",
                    ),
                ),
                (
                    "course",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitings",
                        to="treatments.course",
                        verbose_name="course",
                    ),
                ),
                (
                    "joined_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitings_joined",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="put on the list by",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitings",
                        to="patients.patient",
                        verbose_name="patient",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        blank=True,
                        help_text="Nobody chosen: with whoever is free.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waited_for",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="only with",
                    ),
                ),
                (
                    "removed_by",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="waitings_removed",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="taken off by",
                    ),
                ),
            ],
            options={
                "verbose_name": "waiting patient",
                "verbose_name_plural": "waiting list",
                "ordering": ["need", "joined_at", "pk"],
            },
        ),
        migrations.CreateModel(
            name="WaitingOffer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField(verbose_name="starts at")),
                ("minutes", models.PositiveSmallIntegerField(verbose_name="minutes")),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("asked", "Being asked"),
                            ("no-answer", "No answer"),
                            ("declined", "Said no"),
                            ("booked", "Booked"),
                        ],
                        max_length=9,
                        verbose_name="outcome",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="at")),
                ("form_token", models.UUIDField(editable=False, null=True, unique=True)),
                (
                    "appointment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="treatments.appointment",
                        verbose_name="appointment",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers_made",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "practitioner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offered_hours",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="with",
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="clinic.room",
                        verbose_name="room",
                    ),
                ),
                (
                    "waiting",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="treatments.waiting",
                        verbose_name="waiting patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "offer to a waiting patient",
                "verbose_name_plural": "offers to waiting patients",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.AddIndex(
            model_name="waiting",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", True)), fields=["need", "joined_at"], name="waiting_by_turn"
            ),
        ),
        migrations.AddIndex(
            model_name="waiting",
            index=models.Index(fields=["-joined_at", "-id"], name="waiting_by_start"),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gte", 5), ("minutes__lte", 480)),
                name="waiting_lasts",
                violation_error_message="An appointment lasts from 5 minutes to 8 hours.",
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_on", None), ("until_on__gte", models.F("from_on")), _connector="OR"),
                name="waiting_ends_after_it_begins",
                violation_error_message="The last day is before the first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["consultation", "review"]), ("course__isnull", False), _connector="OR"
                ),
                name="waiting_for_a_session_is_of_a_course",
                violation_error_message="Choose the course that this appointment belongs to.",
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment", None), ("instead_of_at", None)),
                    models.Q(("appointment__isnull", False), ("instead_of_at__isnull", False)),
                    _connector="OR",
                ),
                name="waiting_knows_when_it_was_booked",
                violation_error_message="An appointment to give up has an hour.",
            ),
        ),
        migrations.AddConstraint(
            model_name="waiting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("removed_at", None), ("removed_by", None), ("removed_reason", "")),
                    models.Q(
                        ("removed_at__isnull", False),
                        ("removed_by__isnull", False),
                        models.Q(("removed_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="waiting_removed_with_a_reason",
                violation_error_message="Say why the patient waits no more.",
            ),
        ),
        migrations.AddIndex(
            model_name="waitingoffer",
            index=models.Index(fields=["waiting", "-made_at"], name="offer_latest"),
        ),
        migrations.AddConstraint(
            model_name="waitingoffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("appointment__isnull", False), ("outcome", "booked")),
                    models.Q(models.Q(("outcome", "booked"), _negated=True), ("appointment", None)),
                    _connector="OR",
                ),
                name="offer_booked_has_its_appointment",
                violation_error_message="What was booked names the appointment.",
            ),
        ),
    ]
