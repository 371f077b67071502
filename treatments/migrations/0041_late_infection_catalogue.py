"""The signs of a late infection, the steps that follow, and a row for each review there was. Sources: docs/glossary.md."""

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
    reactions = apps.get_model("treatments", "SideEffect")
    reactions.objects.filter(kind__in=kind.objects.filter(code__in=SIGNS)).update(is_infection_sign=True)
    for order, (code, name) in enumerate(STEPS, start=1):
        step.objects.create(code=code, name=name, order=order)


def keep_reviews(apps, schema_editor):
    """Make a row of each review that the history knows, those written over or withdrawn since among them."""
    review = apps.get_model("treatments", "SideEffectReview")
    seen = set()
    for model, key in (("HistoricalSideEffect", "id"), ("SideEffect", "pk")):
        rows = apps.get_model("treatments", model).objects.exclude(reviewed_at=None).order_by("reviewed_at")
        facts = (key, "reviewed_at", "reviewed_by", "review_note")
        for effect, at, by, note in rows.values_list(*facts).iterator(chunk_size=1000):
            if by is None or (effect, at) in seen:
                continue
            seen.add((effect, at))
            review.objects.create(side_effect_id=effect, reviewed_at=at, reviewed_by_id=by, note=note)


class Migration(migrations.Migration):
    dependencies = [("treatments", "0040_review_and_watch")]

    operations = [
        migrations.RunPython(add_catalogue, migrations.RunPython.noop),
        migrations.RunPython(keep_reviews, migrations.RunPython.noop),
    ]
