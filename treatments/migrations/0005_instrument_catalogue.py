"""The scales and measures a clinic starts with. What is a published figure and what is ours: docs/glossary.md."""

from django.db import migrations

CELLULITE = ["cellulite"]
GRADES = ["none", "slight", "moderate", "severe"]

# code, name, short name, version, source, indications, scope, rater, direction, bands, items
# An item: code, name, least, most, anchors from its least on, whether it has to be felt.
SCALES = [
    (
        "hexsel-css",
        "Hexsel Cellulite Severity Scale",
        "Hexsel score",
        "2009",
        "Hexsel, Dal'Forno and Hexsel 2009; validated on 55 patients, by site and side",
        CELLULITE,
        "area",
        "clinician",
        "lower",
        [(0, 0, "none"), (1, 5, "mild"), (6, 10, "moderate"), (11, 15, "severe")],
        [
            ("a", "Depressions, number", 0, 3, ["none", "few, 1–4", "several, 5–9", "many, 10 or more"], False),
            ("b", "Depressions, depth", 0, 3, ["none", "superficial", "medium", "deep"], False),
            ("c", "Surface", 0, 3, ["even", "orange peel", "cottage cheese", "mattress"], False),
            ("d", "Laxity", 0, 3, ["none", "slight", "moderate", "severe, draped"], False),
            (
                "e",
                "Pinch grade",
                0,
                3,
                ["folds only", "orange peel on pinching", "dimples standing", "dimples standing and lying"],
                True,
            ),
        ],
    ),
    (
        "nurnberger-muller",
        "Nürnberger-Müller grade",
        "N-M grade",
        "1978, grades 0 to 3",
        "Nürnberger and Müller 1978; another scheme of grades I to IV exists",
        CELLULITE,
        "area",
        "clinician",
        "lower",
        [],
        [
            (
                "grade",
                "Grade",
                0,
                3,
                ["folds only", "orange peel on pinching", "dimples standing", "dimples standing and lying"],
                True,
            )
        ],
    ),
    (
        "cr-pcss",
        "Clinician-reported photonumeric cellulite scale (CR-PCSS)",
        "CR-PCSS",
        "five levels",
        "Number only; the scale's photographs are not ours to show",
        CELLULITE,
        "area",
        "clinician",
        "lower",
        [],
        [("level", "Level", 0, 4, ["none", "almost none", "mild", "moderate", "severe"], False)],
    ),
    (
        "pr-pcss",
        "Patient-reported photonumeric cellulite scale (PR-PCSS)",
        "PR-PCSS",
        "five levels",
        "Number only; the scale's photographs are not ours to show",
        CELLULITE,
        "area",
        "patient",
        "lower",
        [],
        [("level", "Level", 0, 4, ["none", "almost none", "mild", "moderate", "severe"], False)],
    ),
    (
        "iga-acne",
        "Acne, investigator's global assessment (IGA)",
        "IGA",
        "five levels",
        "Widely used; level names in our words",
        ["acne"],
        "area",
        "clinician",
        "lower",
        [],
        [("level", "Level", 0, 4, ["clear", "almost clear", "mild", "moderate", "severe"], False)],
    ),
    (
        "gags",
        "Global Acne Grading System",
        "GAGS",
        "0 to 44",
        "Published bands; the total is typed",
        ["acne"],
        "person",
        "clinician",
        "lower",
        [(0, 0, "none"), (1, 18, "mild"), (19, 30, "moderate"), (31, 38, "severe"), (39, 44, "very severe")],
        [("total", "Total", 0, 44, [], False)],
    ),
    (
        "vancouver",
        "Vancouver Scar Scale",
        "Vancouver score",
        "0 to 13",
        "Four items; anchors in our words",
        ["scars"],
        "area",
        "clinician",
        "lower",
        [],
        [
            ("vascularity", "Vascularity", 0, 3, ["normal", "pink", "red", "purple"], False),
            ("pigmentation", "Pigmentation", 0, 2, ["normal", "lighter", "darker"], False),
            (
                "pliability",
                "Pliability",
                0,
                5,
                ["normal", "supple", "yielding", "firm", "rope-like", "contracture"],
                True,
            ),
            ("height", "Height", 0, 3, ["flat", "under 2 mm", "2–5 mm", "over 5 mm"], True),
        ],
    ),
    (
        "goodman-baron",
        "Goodman-Baron grade",
        "Goodman-Baron",
        "grades 1 to 4",
        "For scars of acne; grade names in our words",
        ["scars"],
        "area",
        "clinician",
        "lower",
        [],
        [("grade", "Grade", 1, 4, ["macular", "mild", "moderate", "severe"], False)],
    ),
    (
        "striae-severity",
        "Stretch marks, severity",
        "Severity",
        "0 to 3",
        "A default of ours, not a published scale",
        ["stretch-marks"],
        "area",
        "clinician",
        "lower",
        [],
        [("grade", "Severity", 0, 3, GRADES, False)],
    ),
    (
        "fitzpatrick-wrinkle",
        "Fitzpatrick wrinkle scale",
        "Wrinkle score",
        "1 to 9",
        "Classes I to III of three points each",
        ["wrinkles"],
        "area",
        "clinician",
        "lower",
        [(1, 3, "class I, fine"), (4, 6, "class II, moderate"), (7, 9, "class III, deep")],
        [("score", "Score", 1, 9, [], False)],
    ),
    (
        "hit-6",
        "Headache Impact Test (HIT-6)",
        "HIT-6",
        "36 to 78",
        "Published bands; the total of the patient's own questionnaire is typed",
        ["headache"],
        "person",
        "patient",
        "lower",
        [(36, 49, "little impact"), (50, 55, "some impact"), (56, 59, "much impact"), (60, 78, "severe impact")],
        [("total", "Total", 36, 78, [], False)],
    ),
    (
        "headache-days",
        "Days with headache, last month",
        "Headache days",
        "0 to 31",
        "A count",
        ["headache"],
        "person",
        "patient",
        "lower",
        [],
        [("days", "Days", 0, 31, [], False)],
    ),
    (
        "oswestry",
        "Oswestry Disability Index",
        "Oswestry",
        "0 to 100 percent",
        "The total of the patient's own questionnaire is typed",
        ["backache"],
        "person",
        "patient",
        "lower",
        [],
        [("percent", "Percent", 0, 100, [], False)],
    ),
    (
        "roland-morris",
        "Roland-Morris questionnaire",
        "Roland-Morris",
        "0 to 24",
        "The total of the patient's own questionnaire is typed",
        ["backache"],
        "person",
        "patient",
        "lower",
        [],
        [("total", "Total", 0, 24, [], False)],
    ),
    (
        "pain-nrs",
        "Pain, 0 to 10",
        "Pain",
        "numeric rating scale",
        "LOINC 72514-3; 0 none, 10 worst",
        ["headache", "backache"],
        "person",
        "patient",
        "lower",
        [],
        [("pain", "Pain now", 0, 10, [], False)],
    ),
    (
        "gais-clinician",
        "Global Aesthetic Improvement Scale, clinician (GAIS)",
        "GAIS, clinician",
        "1 to 5, 1 best",
        "Several codings are in use: the word is kept with the number",
        ["cellulite", "acne", "stretch-marks", "scars", "wrinkles"],
        "person",
        "clinician",
        "lower",
        [],
        [
            (
                "level",
                "Against the baseline",
                1,
                5,
                ["very much improved", "much improved", "improved", "no change", "worse"],
                False,
            )
        ],
    ),
    (
        "gais-patient",
        "Global Aesthetic Improvement Scale, patient (GAIS)",
        "GAIS, patient",
        "1 to 5, 1 best",
        "Several codings are in use: the word is kept with the number",
        ["cellulite", "acne", "stretch-marks", "scars", "wrinkles"],
        "person",
        "patient",
        "lower",
        [],
        [
            (
                "level",
                "Against the baseline",
                1,
                5,
                ["very much improved", "much improved", "improved", "no change", "worse"],
                False,
            )
        ],
    ),
    (
        "satisfaction",
        "Satisfaction, 1 to 5",
        "Satisfaction",
        "five levels",
        "A default of ours; trials use 0 to 6 and 0 to 10 as well",
        [],
        "person",
        "patient",
        "higher",
        [],
        [
            (
                "level",
                "With the result so far",
                1,
                5,
                ["very dissatisfied", "dissatisfied", "neither", "satisfied", "very satisfied"],
                False,
            )
        ],
    ),
]

STANDING = (
    "Standing, weight on both feet, tape level and not pressing; two readings, a third when they differ by over 1 %"
)
# code, name, short name, indications, scope, unit, hard, usual, change asked within 14 days, readings, landmark,
# method, LOINC, SNOMED CT, offered
MEASURES = [
    (
        "girth-thigh-upper",
        "Thigh girth, upper",
        "Thigh girth",
        CELLULITE,
        "side",
        "cm",
        (20, 150),
        (40, 95),
        5,
        2,
        "1 cm below the gluteal fold, tape at right angles to the thigh bone",
        STANDING,
        "",
        "413171006",
        True,
    ),
    (
        "girth-thigh-mid",
        "Thigh girth, middle",
        "Mid-thigh girth",
        CELLULITE,
        "side",
        "cm",
        (20, 150),
        (35, 90),
        5,
        2,
        "Midway between the crease of the groin and the upper edge of the kneecap",
        STANDING,
        "",
        "413171006",
        False,
    ),
    (
        "girth-hip",
        "Hip girth",
        "Hip girth",
        CELLULITE,
        "person",
        "cm",
        (40, 250),
        (75, 150),
        5,
        2,
        "Where the buttocks stand out most",
        STANDING,
        "56063-1",
        "284472007",
        True,
    ),
    (
        "girth-waist",
        "Waist girth, at the navel",
        "Waist girth",
        CELLULITE,
        "person",
        "cm",
        (40, 250),
        (55, 150),
        5,
        2,
        "Level with the navel",
        "Standing, at the end of a normal breath out; two readings, a third when they differ by over 1 %",
        "8280-0",
        "276361009",
        True,
    ),
    (
        "striae-width",
        "Stretch mark, width of the widest",
        "Width",
        ["stretch-marks"],
        "area",
        "mm",
        (0.1, 100),
        (0.5, 30),
        None,
        1,
        "The widest mark of the area, at its widest",
        "Ruler or calliper, skin not stretched",
        "",
        "",
        True,
    ),
    (
        "weight",
        "Weight",
        "Weight",
        [],
        "person",
        "kg",
        (25, 350),
        (40, 180),
        5,
        1,
        "Light clothes, no shoes",
        "Taken at every session, so not offered here: this row holds its limits",
        "29463-7",
        "27113001",
        False,
    ),
    (
        "height",
        "Height",
        "Height",
        [],
        "person",
        "cm",
        (100, 230),
        (140, 200),
        None,
        1,
        "Crown to floor",
        "Standing without shoes",
        "8302-2",
        "",
        True,
    ),
]

OUTCOMES = {
    "cellulite": "hexsel-css",
    "acne": "iga-acne",
    "stretch-marks": "striae-severity",
    "scars": "vancouver",
    "wrinkles": "fitzpatrick-wrinkle",
    "headache": "hit-6",
    "backache": "pain-nrs",
}


# The scales of which each item is seen on a photograph: a choice of ours, which an admin edits. See docs/glossary.md.
OF_PHOTOS = ["hexsel-css", "cr-pcss", "iga-acne", "striae-severity", "fitzpatrick-wrinkle"]


def load(apps, schema_editor):
    alias = schema_editor.connection.alias
    indications, instruments, items, protocols = (
        apps.get_model("treatments", name).objects.using(alias)
        for name in ["Indication", "Instrument", "InstrumentItem", "Protocol"]
    )
    order = 200  # after the measures: they are taken every time
    for code, name, short, edition, source, treated, scope, rater, direction, bands, questions in SCALES:
        order += 10
        scale = instruments.create(
            code=code,
            name=name,
            short_name=short,
            edition=edition,
            source=source,
            kind="scale",
            scope=scope,
            rater=rater,
            direction=direction,
            least=sum(question[2] for question in questions),
            most=sum(question[3] for question in questions),
            bands=[{"from": low, "to": high, "word": word} for low, high, word in bands],
            loinc_code="72514-3" if code == "pain-nrs" else "",
            order=100 if code == "satisfaction" else order,
        )
        scale.indications.set(indications.filter(code__in=treated))
        for place, (item, words, least, most, anchors, touch) in enumerate(questions, 1):
            items.create(
                instrument=scale,
                code=item,
                name=words,
                least=least,
                most=most,
                anchors=anchors,
                needs_touch=touch,
                order=place,
            )
    order = 0
    for (
        code,
        name,
        short,
        treated,
        scope,
        unit,
        hard,
        usual,
        jump,
        readings,
        landmark,
        method,
        loinc,
        snomed,
        offered,
    ) in MEASURES:
        order += 10
        measure = instruments.create(
            code=code,
            name=name,
            short_name=short,
            kind="measure",
            scope=scope,
            rater="clinician",
            direction="neither" if code in {"height", "weight"} else "lower",
            least=hard[0],
            most=hard[1],
            usual_least=usual[0],
            usual_most=usual[1],
            asked_change=jump,
            asked_change_days=14 if jump else None,
            unit=unit,
            readings=readings,
            landmark=landmark,
            method=method,
            loinc_code=loinc,
            snomed_code=snomed,
            is_active=offered,
            order=order,
        )
        measure.indications.set(indications.filter(code__in=treated))
    for indication, code in OUTCOMES.items():
        protocols.filter(indication__code=indication).update(instrument=instruments.get(code=code))


def unload(apps, schema_editor):
    alias = schema_editor.connection.alias
    apps.get_model("treatments", "Protocol").objects.using(alias).update(instrument=None)
    for name in ["InstrumentItem", "Instrument"]:
        apps.get_model("treatments", name).objects.using(alias).all().delete()


def mark(apps, schema_editor):
    instruments = apps.get_model("treatments", "Instrument").objects.using(schema_editor.connection.alias)
    instruments.filter(code__in=OF_PHOTOS).update(photo_based=True)


class Migration(migrations.Migration):
    replaces = [("treatments", "0031_instrument_catalogue")]
    dependencies = [("treatments", "0004_shots")]

    operations = [migrations.RunPython(load, unload), migrations.RunPython(mark, migrations.RunPython.noop)]
