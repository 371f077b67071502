"""What the grades of CTCAE mean, paraphrased: in general, and for the terms that the kinds here fall under.

Source: Common Terminology Criteria for Adverse Events v5.0 of the US National Cancer Institute (27 November 2017). A
grade without a line has none of its own there.
"""

from django.db import migrations

EDITION = "CTCAE v5.0"

GENERAL = {
    1: "Little trouble or only seen: nothing is done.",
    2: "Treated locally or not at all; shopping, cooking or using the phone is hard.",
    3: "Serious, no danger to life at once: hospital, or help with washing, dressing or eating.",
    4: "Life in danger: treated at once.",
    5: "Death of it.",
}

DANGER = {4: GENERAL[4], 5: GENERAL[5]}

# term: (codes of the kinds, words by grade)
TERMS = {
    "Injection site reaction": (
        ["burning", "discomfort", "pain", "erythema", "swelling", "pruritus", "warmth"],
        {
            1: "Tender, perhaps warm, red or itching.",
            2: "Pain, swelling by fluid, a vein inflamed or fat wasted.",
            3: "An ulcer or dead tissue, or tissue badly damaged: an operation is needed.",
            **DANGER,
        },
    ),
    "Bruising": (["bruising"], {1: "In one place.", 2: "In many places."}),
    "Skin hyperpigmentation": (
        ["hyperpigmentation"],
        {1: "Up to a tenth of the skin, no burden.", 2: "More than a tenth of the skin, or a burden to the patient."},
    ),
    "Urticaria": (
        ["urticaria"],
        {
            1: "Less than a tenth of the skin.",
            2: "A tenth to three tenths of the skin.",
            3: "More than three tenths of the skin, or medicine through a vein.",
        },
    ),
    "Skin ulceration": (
        ["necrosis"],
        {
            1: "Less than 1 cm across, or redness that does not pale under a finger.",
            2: "1 to 2 cm across, skin lost.",
            3: "More than 2 cm across, or down to the fat below.",
            4: "Down to muscle, bone or what holds it, whatever its size.",
            5: GENERAL[5],
        },
    ),
    "Skin infection": (
        ["infection"],
        {
            1: "In one place, treated there.",
            2: "Treated by mouth.",
            3: "Treated through a vein, or by operation.",
            **DANGER,
        },
    ),
    "Anaphylaxis": (
        ["anaphylaxis"],
        {3: "Wheezing, swelling or low blood pressure: treated by injection.", **DANGER},
    ),
}


def load(apps, schema_editor):
    alias = schema_editor.connection.alias
    kinds, wordings = (
        apps.get_model("treatments", name).objects.using(alias) for name in ["SideEffectKind", "GradeWording"]
    )
    for grade, words in GENERAL.items():
        wordings.create(kind=None, grade=grade, words=words, edition=EDITION)
    for term, (codes, grades) in TERMS.items():
        for kind in kinds.filter(code__in=codes):
            for grade, words in grades.items():
                wordings.create(kind=kind, grade=grade, words=words, term=term, edition=EDITION)


def unload(apps, schema_editor):
    apps.get_model("treatments", "GradeWording").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    replaces = [("treatments", "0038_grade_wordings")]
    dependencies = [("treatments", "0005_instrument_catalogue")]

    operations = [migrations.RunPython(load, unload)]
