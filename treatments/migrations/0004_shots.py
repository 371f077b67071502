"""The photos that a protocol wants."""

from django.db import migrations

# The photos that a protocol wants of a session: defaults of ours, after what textbooks of photography ask for (see
# docs/glossary.md, "View"). An admin edits the rows. indication: (view, posture, areas by the start of their code).
LEGS = ["buttock", "thigh-back", "thigh-inner", "thigh-front", "hip", "flank", "knee"]
FACE = [
    ("frontal", "relaxed", ["face", "neck"]),
    ("face-45-left", "relaxed", ["face", "neck"]),
    ("face-45-right", "relaxed", ["face", "neck"]),
    ("face-90-left", "relaxed", ["face", "neck"]),
    ("face-90-right", "relaxed", ["face", "neck"]),
]
ABDOMEN = [
    ("anterior-oblique-left", "relaxed", ["abdomen"]),
    ("anterior-oblique-right", "relaxed", ["abdomen"]),
]
SHOTS = {
    "cellulite": [
        ("posterior", "relaxed", LEGS),
        ("posterior-oblique-left", "relaxed", LEGS),
        ("posterior-oblique-right", "relaxed", LEGS),
        ("lateral-left", "relaxed", []),
        ("lateral-right", "relaxed", []),
        ("posterior", "contracted", ["buttock"]),
        ("anterior", "relaxed", ["thigh-front", "thigh-inner", "abdomen", "knee"]),
        *ABDOMEN,
    ],
    "acne": FACE,
    "wrinkles": FACE,
    "scars": [*FACE, ("anterior", "relaxed", ["abdomen"])],
    "stretch-marks": [
        ("anterior", "relaxed", ["abdomen", "thigh-front", "thigh-inner"]),
        ("posterior", "relaxed", ["buttock", "thigh-back"]),
        ("lateral-left", "relaxed", []),
        ("lateral-right", "relaxed", []),
        *ABDOMEN,
    ],
}


def load_shots(apps, schema_editor):
    alias = schema_editor.connection.alias
    protocols, areas, shots = (
        apps.get_model("treatments", name).objects.using(alias) for name in ["Protocol", "TreatmentArea", "Shot"]
    )
    codes = dict(areas.values_list("code", "pk"))
    for protocol in protocols.select_related("indication"):
        for order, (view, posture, starts) in enumerate(SHOTS.get(protocol.indication.code, []), 1):
            shot = shots.create(protocol=protocol, view=view, posture=posture, order=order)
            shot.areas.set([pk for code, pk in codes.items() if code.startswith(tuple(starts))] if starts else [])


def unload_shots(apps, schema_editor):
    apps.get_model("treatments", "Shot").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    replaces = [("treatments", "0020_photos")]
    dependencies = [("treatments", "0003_products")]

    operations = [migrations.RunPython(load_shots, unload_shots)]
