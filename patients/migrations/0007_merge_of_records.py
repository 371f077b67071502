import uuid

import django.db.models.deletion
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import clinic.validators


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0002_cache_table"),
        ("patients", "0006_returned_addresses"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DistinctPair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="how it is known",
                    ),
                ),
                ("said_at", models.DateTimeField(verbose_name="said at")),
                (
                    "taken_back_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="taken back at"),
                ),
            ],
            options={
                "verbose_name": "pair of two people",
                "verbose_name_plural": "pairs of two people",
                "ordering": ["-said_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="HistoricalDistinctPair",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "reason",
                    models.CharField(
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="how it is known",
                    ),
                ),
                ("said_at", models.DateTimeField(verbose_name="said at")),
                (
                    "taken_back_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="taken back at"),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical pair of two people",
                "verbose_name_plural": "historical pairs of two people",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="HistoricalMergeOfRecords",
            fields=[
                ("id", models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(db_index=True, default=uuid.uuid4, editable=False, verbose_name="public id"),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                ("updated_at", models.DateTimeField(blank=True, editable=False, verbose_name="updated at")),
                (
                    "reason",
                    models.CharField(
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="how it is known",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="merged at")),
                ("undone_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="undone at")),
                (
                    "undo_reason",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="why it was undone",
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1),
                ),
            ],
            options={
                "verbose_name": "historical merge of records",
                "verbose_name_plural": "historical merges of records",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="MergeOfRecords",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="public id"),
                ),
                ("version", models.PositiveIntegerField(default=1, editable=False, verbose_name="version")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="updated at")),
                (
                    "reason",
                    models.CharField(
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="how it is known",
                    ),
                ),
                ("made_at", models.DateTimeField(verbose_name="merged at")),
                ("written", models.JSONField(default=list, editable=False, verbose_name="what was written")),
                ("newest", models.JSONField(default=dict, editable=False)),
                ("undone_at", models.DateTimeField(blank=True, editable=False, null=True, verbose_name="undone at")),
                (
                    "undo_reason",
                    models.CharField(
                        blank=True,
                        editable=False,
                        max_length=300,
                        validators=[clinic.validators.validate_plain_text],
                        verbose_name="why it was undone",
                    ),
                ),
                ("form_token", models.UUIDField(editable=False, null=True, unique=True)),
            ],
            options={
                "verbose_name": "merge of records",
                "verbose_name_plural": "merges of records",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                django.db.models.functions.text.Upper("external_id"),
                condition=models.Q(("external_id", ""), _negated=True),
                name="patient_by_former_number",
            ),
        ),
        migrations.AddField(
            model_name="distinctpair",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="distinct_from",
                to="patients.patient",
                verbose_name="one",
            ),
        ),
        migrations.AddField(
            model_name="distinctpair",
            name="said_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pairs_told_apart",
                to=settings.AUTH_USER_MODEL,
                verbose_name="said by",
            ),
        ),
        migrations.AddField(
            model_name="distinctpair",
            name="second",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="distinct_to",
                to="patients.patient",
                verbose_name="other",
            ),
        ),
        migrations.AddField(
            model_name="distinctpair",
            name="taken_back_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pairs_taken_back",
                to=settings.AUTH_USER_MODEL,
                verbose_name="taken back by",
            ),
        ),
        migrations.AddField(
            model_name="historicaldistinctpair",
            name="first",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="patients.patient",
                verbose_name="one",
            ),
        ),
        migrations.AddField(
            model_name="historicaldistinctpair",
            name="history_user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="historicaldistinctpair",
            name="said_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="said by",
            ),
        ),
        migrations.AddField(
            model_name="historicaldistinctpair",
            name="second",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="patients.patient",
                verbose_name="other",
            ),
        ),
        migrations.AddField(
            model_name="historicaldistinctpair",
            name="taken_back_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="taken back by",
            ),
        ),
        migrations.AddField(
            model_name="historicalmergeofrecords",
            name="history_user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="historicalmergeofrecords",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="merged by",
            ),
        ),
        migrations.AddField(
            model_name="historicalmergeofrecords",
            name="merged",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="patients.patient",
                verbose_name="merged record",
            ),
        ),
        migrations.AddField(
            model_name="historicalmergeofrecords",
            name="survivor",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="patients.patient",
                verbose_name="record that goes on",
            ),
        ),
        migrations.AddField(
            model_name="historicalmergeofrecords",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="undone by",
            ),
        ),
        migrations.AddField(
            model_name="mergeofrecords",
            name="made_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges_made",
                to=settings.AUTH_USER_MODEL,
                verbose_name="merged by",
            ),
        ),
        migrations.AddField(
            model_name="mergeofrecords",
            name="merged",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges",
                to="patients.patient",
                verbose_name="merged record",
            ),
        ),
        migrations.AddField(
            model_name="mergeofrecords",
            name="survivor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges_received",
                to="patients.patient",
                verbose_name="record that goes on",
            ),
        ),
        migrations.AddField(
            model_name="mergeofrecords",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges_undone",
                to=settings.AUTH_USER_MODEL,
                verbose_name="undone by",
            ),
        ),
        migrations.AddConstraint(
            model_name="distinctpair",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))),
                name="distinct_pair_older_first",
                violation_error_message="A pair is of two records, the older one first.",
            ),
        ),
        migrations.AddConstraint(
            model_name="distinctpair",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at", None)),
                fields=("first", "second"),
                name="distinct_pair_said_once",
                violation_error_message="That these are two people is said already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="distinctpair",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="distinct_pair_has_a_reason",
                violation_error_message="Say how it is known that these are two people.",
            ),
        ),
        migrations.AddConstraint(
            model_name="distinctpair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("taken_back_at", None), ("taken_back_by", None)),
                    models.Q(("taken_back_at__isnull", False), ("taken_back_by__isnull", False)),
                    _connector="OR",
                ),
                name="distinct_pair_taken_back_by_someone",
                violation_error_message="Somebody takes it back.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeofrecords",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged", models.F("survivor")), _negated=True),
                name="merge_is_of_two_records",
                violation_error_message="A record merges into another, not into itself.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeofrecords",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)),
                fields=("merged",),
                name="merge_stands_once_a_record",
                violation_error_message="This record is merged already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeofrecords",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="merge_has_a_reason",
                violation_error_message="A merge says how it is known that both are one person.",
            ),
        ),
        migrations.AddConstraint(
            model_name="mergeofrecords",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undo_reason", ""), ("undone_at", None), ("undone_by", None)),
                    models.Q(
                        ("undone_at__isnull", False),
                        ("undone_by__isnull", False),
                        models.Q(("undo_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="merge_undone_for_a_reason",
                violation_error_message="Undoing a merge has a person and a reason.",
            ),
        ),
    ]
