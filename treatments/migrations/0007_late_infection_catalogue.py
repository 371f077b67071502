"""The signs of a late infection and the steps that follow. Sources: docs/glossary.md."""

from datetime import timedelta

from django.db import migrations

DAY = timedelta(days=1)
SIGNS = ["nodule", "induration", "abscess", "drainage", "ntm"]
STEPS = [
    ("photograph", "Photograph the area, with a ruler beside it"),
    ("culture", "Take a culture or biopsy, and ask for mycobacteria by name"),
    ("antibiotics", "Keep antibiotics back until the culture is taken"),
    ("lots", "Look up the lots of every session in the window"),
    ("hold", "Hold the lots until the culture has an answer"),
    ("others", "Call the other patients who had the lots"),
]


def add_catalogue(apps, schema_editor):
    kind, step = apps.get_model("treatments", "SideEffectKind"), apps.get_model("treatments", "InfectionStep")
    abscess = kind.objects.filter(code="abscess").first()
    if abscess and not kind.objects.filter(code="drainage").exists():
        kind.objects.create(
            code="drainage",
            name="Draining spot",
            meddra_term="Injection site discharge",
            onset_from=7 * DAY,
            onset_to=203 * DAY,
            always_review=True,
            order=abscess.order,
        )
    kind.objects.filter(code__in=SIGNS).update(is_late_infection_sign=True)
    for order, (code, name) in enumerate(STEPS, start=1):
        step.objects.create(code=code, name=name, order=order)


class Migration(migrations.Migration):
    replaces = [("treatments", "0041_late_infection_catalogue")]
    dependencies = [("treatments", "0006_grade_wordings")]

    operations = [migrations.RunPython(add_catalogue, migrations.RunPython.noop)]
