import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery

import clinic.validators


def say_who_is_being_erased(apps, schema_editor):
    """Write on the record what its erasure says; one that was tried already may have taken files, so it has begun."""
    using = schema_editor.connection.alias
    erasures = apps.get_model("patients", "Erasure").objects.using(using).filter(done_at=None)
    erasures.filter(tries__gt=0).update(begun_at=models.F("asked_at"))
    decided = Subquery(erasures.filter(patient=OuterRef("pk")).values("asked_at")[:1])
    patients = apps.get_model("patients", "Patient").objects.using(using)
    patients.filter(pk__in=list(erasures.values_list("patient", flat=True))).update(erasure_decided_at=decided)


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0005_accounts"),
        ("patients", "0010_emergency_access"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="erasure",
            name="erasure_one_at_a_time",
        ),
        migrations.AddField(
            model_name="erasure",
            name="begun_at",
            field=models.DateTimeField(
                blank=True,
                help_text="From here on files go: nobody withdraws it any more.",
                null=True,
                verbose_name="begun at",
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at"),
        ),
        migrations.AddField(
            model_name="erasure",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="erasures_withdrawn",
                to=settings.AUTH_USER_MODEL,
                verbose_name="withdrawn by",
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="withdrawn_reason",
            field=models.CharField(
                blank=True,
                max_length=300,
                validators=[clinic.validators.validate_plain_text],
                verbose_name="why it was withdrawn",
            ),
        ),
        migrations.AddField(
            model_name="historicalpatient",
            name="erasure_decided_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="While a decided erasure waits: nothing new is added.",
                null=True,
                verbose_name="erasure decided at",
            ),
        ),
        migrations.AddField(
            model_name="patient",
            name="erasure_decided_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="While a decided erasure waits: nothing new is added.",
                null=True,
                verbose_name="erasure decided at",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.UniqueConstraint(
                condition=models.Q(("done_at", None), ("withdrawn_at", None)),
                fields=("patient",),
                name="erasure_one_at_a_time",
                violation_error_message="This patient is being erased already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("withdrawn_at", None), ("withdrawn_by", None), ("withdrawn_reason", "")),
                    models.Q(
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        models.Q(("withdrawn_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="erasure_withdrawn_for_a_reason",
                violation_error_message="Withdrawing an erasure has a person and a reason.",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasure",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at", None), models.Q(("begun_at", None), ("done_at", None)), _connector="OR"
                ),
                name="erasure_withdrawn_before_it_begins",
                violation_error_message="An erasure that has begun is not withdrawn.",
            ),
        ),
        migrations.RunPython(say_who_is_being_erased, migrations.RunPython.noop),
    ]
