from django.db import migrations

OURS = "Default of ours. Ask what the law of your place says"
# (what, country, how long, unit, counted from, kept against the patient's wish, source)
RULES = [
    ("clinical", "", 10, "years", "treatment", True, OURS),
    ("photos", "", 10, "years", "treatment", True, OURS),
    ("consents", "", 10, "years", "signature", True, OURS),
    ("clinical", "DE", 10, "years", "treatment", True, "BGB § 630f(3): from the end of the treatment"),
    ("photos", "DE", 10, "years", "treatment", True, "BGB § 630f(2) and (3): part of the record"),
    ("consents", "DE", 10, "years", "signature", True, "BGB § 630f(2) and (3): part of the record"),
    ("clinical", "FR", 20, "years", "treatment", True, "Code de la santé publique, art. R1112-7: from the last visit"),
    ("photos", "FR", 20, "years", "treatment", True, "Code de la santé publique, art. R1112-7: part of the record"),
    ("consents", "FR", 20, "years", "signature", True, "Code de la santé publique, art. R1112-7: part of the record"),
    ("clinical", "ES", 5, "years", "treatment", True, "Ley 41/2002, art. 17.1: from the end of the treatment"),
    ("photos", "ES", 5, "years", "treatment", True, "Ley 41/2002, art. 17.1: part of the record"),
    ("consents", "ES", 5, "years", "signature", True, "Ley 41/2002, art. 17.1: part of the record"),
    ("audit", "", 6, "years", "made", True, "45 CFR 164.316(b)(2)(i); elsewhere a default of ours"),
    ("messages", "", 1, "years", "made", False, "Default of ours"),
    ("copies", "", 30, "days", "made", False, "Default of ours"),
]


def add_rules(apps, schema_editor):
    rule = apps.get_model("patients", "RetentionRule")
    for subject, country, keeps_for, unit, event, binds, source in RULES:
        rule.objects.using(schema_editor.connection.alias).create(
            subject=subject,
            country_code=country,
            keeps_for=keeps_for,
            unit=unit,
            counted_from=event,
            binds=binds,
            source=source,
        )


class Migration(migrations.Migration):
    dependencies = [("patients", "0008_privacy")]

    operations = [migrations.RunPython(add_rules, migrations.RunPython.noop)]
