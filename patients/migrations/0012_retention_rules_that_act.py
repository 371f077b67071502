from django.db import migrations, models

OF_A_RECORD = ["clinical", "photos", "consents"]


def let_rules_act(apps, schema_editor):
    """Take away the rule that nothing could follow, and let the others count from what they have."""
    rules = apps.get_model("patients", "RetentionRule").objects.using(schema_editor.connection.alias)
    rules.filter(subject="audit").delete()
    rules.filter(subject__in=OF_A_RECORD, counted_from="made").update(counted_from="treatment")
    rules.exclude(subject__in=OF_A_RECORD).update(counted_from="made", binds=False)
    rules.get_or_create(
        subject="contact",
        country_code="",
        location=None,
        defaults={
            "keeps_for": 3,
            "unit": "years",
            "counted_from": "made",
            "binds": False,
            "source": "Default of ours: who asked and never came",
        },
    )
    schema_editor.connection.check_constraints()  # PostgreSQL alters no table with checks of its rows outstanding


class Migration(migrations.Migration):
    dependencies = [("patients", "0011_erasure_withdrawn")]

    operations = [
        migrations.RemoveConstraint(
            model_name="retentionrule",
            name="retention_binds_what_is_clinical",
        ),
        migrations.AlterField(
            model_name="historicalretentionrule",
            name="subject",
            field=models.CharField(
                choices=[
                    ("clinical", "Clinical record"),
                    ("photos", "Photos"),
                    ("consents", "Consents"),
                    ("contact", "Name and contact of somebody never treated"),
                    ("messages", "Messages sent"),
                    ("copies", "Unfinished typing"),
                ],
                max_length=8,
                verbose_name="what",
            ),
        ),
        migrations.AlterField(
            model_name="retentionrule",
            name="subject",
            field=models.CharField(
                choices=[
                    ("clinical", "Clinical record"),
                    ("photos", "Photos"),
                    ("consents", "Consents"),
                    ("contact", "Name and contact of somebody never treated"),
                    ("messages", "Messages sent"),
                    ("copies", "Unfinished typing"),
                ],
                max_length=8,
                verbose_name="what",
            ),
        ),
        migrations.RunPython(let_rules_act, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("binds", False), ("subject__in", ("clinical", "photos", "consents")), _connector="OR"
                ),
                name="retention_binds_what_is_clinical",
                violation_error_message="Only records, photos and consents can be kept against a wish.",
            ),
        ),
        migrations.AddConstraint(
            model_name="retentionrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("counted_from__in", ("treatment", "signature")),
                        ("subject__in", ("clinical", "photos", "consents")),
                    ),
                    models.Q(
                        models.Q(("subject__in", ("clinical", "photos", "consents")), _negated=True),
                        ("counted_from__in", ("made",)),
                    ),
                    _connector="OR",
                ),
                name="retention_counts_from_what_it_has",
                violation_error_message="Records, photos and consents count from a treatment or signature, all else from its making.",
            ),
        ),
    ]
