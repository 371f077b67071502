"""The catalogue a clinic starts with. Every number is a setting that an admin edits; sources in docs/glossary.md."""

from datetime import timedelta

from django.db import migrations

D, H, M = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)

# code, name, SNOMED CT, ICD-10, note
INDICATIONS = [
    (
        "cellulite",
        "Cellulite",
        "",
        "",
        "Cellulite is a change of the skin's relief. Cellulitis is an infection: another thing.",
    ),
    ("acne", "Acne", "88616000", "", ""),
    ("stretch-marks", "Stretch marks", "", "", ""),
    ("scars", "Scars", "", "", ""),
    ("wrinkles", "Wrinkles", "", "", ""),
    ("headache", "Headache", "25064002", "", ""),
    ("backache", "Backache", "161891005", "", ""),
]

LEFT_RIGHT = ("left", "right")
# code, region, seen from, SNOMED CT: one code, or one for each of left and right
AREAS = [
    ("buttock", "Buttock", "back", ("723979003", "723980000")),
    ("thigh-front", "Front thigh", "front", ("61396006", "11207009")),
    ("thigh-inner", "Inner thigh", "front", ("61396006", "11207009")),
    ("thigh-back", "Back thigh", "back", ("61396006", "11207009")),
    ("hip", "Hip", "both", ("287679003", "287579007")),
    ("flank", "Flank", "both", ("", "")),
    ("abdomen", "Abdomen", "front", "818983003"),
    ("knee", "Knee", "both", ("82169009", "6757004")),
    ("upper-arm", "Upper arm", "both", ("368208006", "368209003")),
    ("lower-back", "Lower back", "back", "37822005"),
    ("face", "Face", "front", "89545001"),
    ("neck", "Neck", "front", "45048000"),
    ("nape", "Nape", "back", "45048000"),
    ("scalp", "Scalp", "back", "41695006"),
]

# code, name, MedDRA term, onset from, onset to, expected maximum, always review, urgent, asked at the session
KINDS = [
    ("burning", "Burning", "Injection site pain", 0 * M, 0 * M, 20 * M, False, False, True),
    ("discomfort", "Discomfort", "Injection site discomfort", 0 * M, 0 * M, 15 * M, False, False, True),
    ("heaviness", "Heaviness", "Limb discomfort", 0 * M, 0 * M, 1 * D, False, False, True),
    ("pain", "Soreness", "Injection site pain", 0 * H, 6 * H, 7 * D, False, False, True),
    ("erythema", "Redness", "Injection site erythema", 0 * M, 0 * M, 5 * D, False, False, True),
    ("swelling", "Swelling", "Injection site swelling", 1 * H, 1 * H, 5 * D, False, False, True),
    ("bruising", "Bruising", "Injection site bruising", 0 * D, 1 * D, 14 * D, False, False, True),
    ("haematoma", "Haematoma", "Injection site haematoma", 0 * D, 1 * D, 21 * D, True, False, False),
    ("pruritus", "Itching", "Injection site pruritus", 0 * M, 0 * M, 2 * D, False, False, True),
    ("warmth", "Warmth", "Injection site warmth", 0 * M, 0 * M, 2 * D, False, False, False),
    ("numbness", "Numbness", "Injection site hypoaesthesia", 0 * D, 1 * D, 28 * D, False, False, False),
    ("discolouration", "Discolouration", "Injection site discolouration", 1 * D, 1 * D, 30 * D, False, False, False),
    (
        "hyperpigmentation",
        "Hyperpigmentation after inflammation",
        "Post inflammatory pigmentation change",
        14 * D,
        14 * D,
        180 * D,
        True,
        False,
        False,
    ),
    ("papules", "Small lumps", "Injection site papule", 0 * D, 1 * D, 14 * D, False, False, False),
    ("induration", "Induration", "Injection site induration", 3 * D, 3 * D, 28 * D, True, False, False),
    ("nodule", "Nodule", "Injection site nodule", 7 * D, 7 * D, 14 * D, True, False, False),
    (
        "systemic_mild",
        "Nausea, diarrhoea, dizziness or headache",
        "Nausea; Diarrhoea; Dizziness; Headache",
        0 * D,
        1 * D,
        2 * D,
        False,
        False,
        False,
    ),
    ("menstrual", "Bleeding between periods", "Intermenstrual bleeding", 1 * D, 7 * D, 7 * D, True, False, False),
    ("vasovagal", "Faint", "Presyncope; Syncope", 0 * M, 0 * M, 1 * H, True, False, True),
    ("urticaria", "Hives", "Injection site urticaria", 0 * H, 2 * H, 1 * D, True, False, False),
    (
        "hypersensitivity_late",
        "Delayed hypersensitivity or rash",
        "Injection site hypersensitivity",
        1 * D,
        14 * D,
        14 * D,
        True,
        False,
        False,
    ),
    ("anaphylaxis", "Anaphylactic reaction", "Anaphylactic reaction", 0 * H, 2 * H, None, True, True, False),
    (
        "la_toxicity",
        "Local anaesthetic toxicity",
        "Toxicity to local anaesthetic",
        0 * M,
        60 * M,
        None,
        True,
        True,
        False,
    ),
    ("infection", "Infection suspected", "Injection site infection", 2 * D, 7 * D, None, True, True, False),
    ("abscess", "Abscess", "Injection site abscess", 3 * D, 14 * D, None, True, True, False),
    (
        "ntm",
        "Atypical mycobacterial infection suspected",
        "Atypical mycobacterial infection",
        7 * D,
        203 * D,
        None,
        True,
        True,
        False,
    ),
    ("granuloma", "Granuloma", "Injection site granuloma", 30 * D, None, None, True, False, False),
    ("panniculitis", "Panniculitis or fat necrosis", "Panniculitis", 7 * D, 60 * D, None, True, False, False),
    (
        "necrosis",
        "Necrosis or ulcer",
        "Injection site necrosis; Embolia cutis medicamentosa",
        0 * D,
        7 * D,
        None,
        True,
        True,
        False,
    ),
    ("scar", "Scar or keloid", "Injection site scar", 60 * D, None, None, True, False, False),
    ("contour", "Uneven contour", "Injection site atrophy", 30 * D, None, None, True, False, False),
    (
        "koebner",
        "Psoriasis or lichenoid eruption in the area",
        "Koebner phenomenon",
        14 * D,
        60 * D,
        None,
        True,
        False,
        False,
    ),
    ("nerve", "Nerve injury", "Injection site nerve damage", 0 * D, 1 * D, 298 * D, True, False, False),
    (
        "vascular",
        "Thrombosis or embolism suspected",
        "Thrombosis; Embolism",
        1 * D,
        30 * D,
        None,
        True,
        True,
        False,
    ),
    (
        "hepatorenal",
        "Jaundice, dark urine or little urine",
        "Jaundice; Chromaturia; Oliguria",
        1 * D,
        7 * D,
        None,
        True,
        True,
        False,
    ),
    (
        "cardiac",
        "Palpitations, arrhythmia or seizure",
        "Palpitations; Arrhythmia; Seizure",
        0 * H,
        24 * H,
        None,
        True,
        True,
        False,
    ),
    ("other", "Other", "", None, None, 7 * D, False, False, True),
]

# indication: sessions, interval in days, price, milestones, first result, change by session, in percent, area codes.
# The cellulite numbers are what clinics claim; the others are defaults for a clinic to replace with its own.
PROTOCOLS = {
    "cellulite": (
        15,
        20,
        7,
        14,
        500,
        800,
        [5, 10],
        5,
        10,
        50,
        40,
        ["buttock", "thigh", "hip", "flank", "abdomen", "knee"],
    ),
    "acne": (4, 8, 7, 14, 150, 300, [4], 3, 6, 50, 30, ["face", "neck"]),
    "stretch-marks": (6, 10, 14, 28, 200, 400, [5], 4, 8, 30, 40, ["abdomen", "buttock", "thigh", "hip"]),
    "scars": (4, 6, 21, 42, 200, 400, [3], 3, 6, 40, 30, ["face", "abdomen", "neck"]),
    "wrinkles": (4, 6, 14, 28, 200, 400, [3], 2, 4, 30, 30, ["face", "neck"]),
    "headache": (4, 8, 7, 14, 100, 250, [4], 2, 6, 50, 20, ["scalp", "nape", "neck", "face"]),
    "backache": (5, 10, 7, 14, 100, 250, [5], 3, 6, 50, 30, ["lower-back", "flank"]),
}


def load(apps, schema_editor):
    alias = schema_editor.connection.alias
    indications, areas, protocols, kinds = (
        apps.get_model("treatments", name).objects.using(alias)
        for name in ["Indication", "TreatmentArea", "Protocol", "SideEffectKind"]
    )
    order = 0
    for code, region, view, snomed in AREAS:
        for side, snomed_code in zip(LEFT_RIGHT, snomed, strict=True) if isinstance(snomed, tuple) else [("", snomed)]:
            order += 1
            areas.create(
                code=f"{code}-{side}" if side else code,
                region=region,
                side=side,
                view=view,
                snomed_code=snomed_code,
                order=order,
            )
    for order, (code, name, term, onset_from, onset_to, longest, review, urgent, immediate) in enumerate(KINDS, 1):
        kinds.create(
            code=code,
            name=name,
            meddra_term=term,
            onset_from=onset_from,
            onset_to=onset_to,
            expected_max=longest,
            always_review=review,
            is_urgent=urgent,
            is_immediate=immediate,
            order=order,
        )
    for place, (code, name, snomed_code, icd10_code, note) in enumerate(INDICATIONS, 1):
        indication = indications.create(
            code=code, name=name, snomed_code=snomed_code, icd10_code=icd10_code, note=note, order=place
        )
        few, many, soon, late, low, high, milestones, first, by, percent, minutes, regions = PROTOCOLS[code]
        protocol = protocols.create(
            indication=indication,
            name=name,
            sessions_min=few,
            sessions_max=many,
            interval_days_min=soon,
            interval_days_max=late,
            price_min=low,
            price_max=high,
            session_minutes=minutes,
            milestones=milestones,
            first_result_session=first,
            expected_change_session=by,
            expected_change_percent=percent,
            follow_up_months_min=6,
            follow_up_months_max=8,
        )
        protocol.areas.set([area for area in areas.all() if any(area.code.startswith(region) for region in regions)])


def unload(apps, schema_editor):
    alias = schema_editor.connection.alias
    for name in ["Protocol", "Indication", "SideEffectKind", "TreatmentArea"]:
        apps.get_model("treatments", name).objects.using(alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("treatments", "0001_tables")]

    operations = [migrations.RunPython(load, unload)]
