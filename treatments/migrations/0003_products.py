"""The products a clinic starts with. Every number is a setting that an admin edits; sources in docs/glossary.md."""

from decimal import Decimal

from django.db import migrations

DEFAULT = "Default of ours, no published figure."
CARDIAC = "Acts on heart and circulation."
REPORTS = "Sold as a device or cosmetic. The FDA and BAAPS warn of scars, infections and deep knots."
LIDOCAINE = {
    "product_class": "amide",
    "limit_acts": "stop",
    "allergy_words": "lidocaine, lignocaine, xylocain, amide anaesthetic, amide local anaesthetic, amides, amide",
    "warning": "Local anaesthetics inhibit lipolysis (Jayasinghe 2013).",
}
PLAIN = {
    "max_mg_per_session": "300",
    "max_mg_per_kg": "4.5",
    "limit_source": "Prescribing information, without adrenaline: 4.5 mg/kg and 300 mg.",
}
PROCAINE = {
    "product_class": "ester",
    "max_mg_per_session": "500",
    "max_mg_per_kg": "7",
    "limit_source": DEFAULT,
    "allergy_words": "procaine, novocain, ester, esters, benzocaine, tetracaine, PABA, para-aminobenzoic",
}

# code, name, strength, and what else is known
PRODUCTS = [
    (
        "deoxycholic-acid",
        "Deoxycholic acid",
        "10 mg/ml",
        {
            "product_class": "cytolytic",
            "mg_per_ml": "10",
            "max_ml_per_point": "0.2",
            "max_points_per_session": 50,
            "max_ml_per_session": "10",
            "min_days_between": 30,
            "limit_source": "Kybella label, under the chin: 0.2 ml a point, 50 points, 10 ml, one month apart.",
            "allergy_words": "deoxycholic, deoxycholate, benzyl alcohol",
            "warning": "Off-label anywhere but under the chin, where the label ends at 6 sessions.",
        },
    ),
    (
        "phosphatidylcholine-deoxycholate",
        "Phosphatidylcholine with deoxycholate",
        "5 % + 2.5 %",
        {
            "product_class": "cytolytic",
            "mg_per_ml": "50",
            "max_ml_per_point": "0.3",
            "max_mg_per_session": "5000",
            "min_days_between": 28,
            "limit_source": "PMC5054992: 0.3 ml a prick, 5 g a sitting, 4 weeks apart.",
            "allergy_words": "phosphatidylcholine, lecithin, soya, soy, egg, eggs, deoxycholate, benzyl alcohol",
            "warning": "Not approved for injection into fat; the FDA warns of it.",
        },
    ),
    (
        "collagenase",
        "Collagenase (Clostridium histolyticum)",
        "0.23 mg/ml",
        {
            "product_class": "enzyme",
            "mg_per_ml": "0.233",
            "max_ml_per_point": "0.3",
            "max_points_per_session": 24,
            "max_ml_per_session": "7.2",
            "max_mg_per_session": "1.68",
            "min_days_between": 21,
            "limit_source": "Qwo label: 12 × 0.3 ml, 0.84 mg an area, 2 areas, 21 days apart.",
            "allergy_words": "collagenase",
            "warning": "Withdrawn by its maker.",
            "is_active": False,
        },
    ),
    ("lidocaine-1", "Lidocaine", "1 %", {**LIDOCAINE, **PLAIN, "mg_per_ml": "10"}),
    ("lidocaine-2", "Lidocaine", "2 %", {**LIDOCAINE, **PLAIN, "mg_per_ml": "20"}),
    (
        "lidocaine-adrenaline",
        "Lidocaine with adrenaline",
        "1 %",
        {
            **LIDOCAINE,
            "mg_per_ml": "10",
            "max_mg_per_session": "500",
            "max_mg_per_kg": "7",
            "limit_source": "Prescribing information, with adrenaline: 7 mg/kg and 500 mg.",
            "allergy_words": f"{LIDOCAINE['allergy_words']}, sulphite, sulfite, metabisulphite, metabisulfite",
            "warning": f"{CARDIAC} Local anaesthetics inhibit lipolysis (Jayasinghe 2013).",
        },
    ),
    ("procaine-1", "Procaine", "1 %", {**PROCAINE, "mg_per_ml": "10"}),
    ("procaine-2", "Procaine", "2 %", {**PROCAINE, "mg_per_ml": "20"}),
    (
        "aminophylline",
        "Aminophylline",
        "25 mg/ml",
        {
            "product_class": "xanthine",
            "mg_per_ml": "25",
            "allergy_words": "aminophylline, theophylline, ethylenediamine, xanthine",
            "warning": f"{CARDIAC} No published limit.",
        },
    ),
    (
        "caffeine",
        "Caffeine",
        "",
        {
            "product_class": "xanthine",
            "allergy_words": "caffeine, xanthine",
            "warning": f"{CARDIAC} No published limit.",
        },
    ),
    (
        "theophylline",
        "Theophylline",
        "",
        {
            "product_class": "xanthine",
            "allergy_words": "theophylline, aminophylline, xanthine",
            "warning": f"{CARDIAC} No published limit.",
        },
    ),
    (
        "carnitine",
        "L-carnitine",
        "200 mg/ml",
        {
            "product_class": "amino-acid",
            "mg_per_ml": "200",
            "allergy_words": "carnitine, levocarnitine",
            "warning": "No published limit.",
        },
    ),
    (
        "hyaluronidase",
        "Hyaluronidase",
        "",
        {
            "product_class": "enzyme",
            "allergy_words": "hyaluronidase, bee, bees, wasp, wasps, venom, sting",
            "warning": "Asked before: bee and wasp stings. 150 to 1500 IU a session is usual, no published limit.",
        },
    ),
    (
        "buflomedil",
        "Buflomedil",
        "",
        {
            "product_class": "vasodilator",
            "allergy_words": "buflomedil",
            "blocked_reason": "The EMA suspended every form in November 2011: deaths by heart and nerve damage.",
        },
    ),
    (
        "pentoxifylline",
        "Pentoxifylline",
        "",
        {
            "product_class": "vasodilator",
            "allergy_words": "pentoxifylline, xanthine",
            "warning": "Favours bleeding. No published limit.",
        },
    ),
    (
        "isoproterenol",
        "Isoproterenol",
        "",
        {
            "product_class": "adrenergic",
            "allergy_words": "isoproterenol, isoprenaline, sulphite, sulfite",
            "warning": f"{CARDIAC} Known from the test tube (Caruso 2008).",
        },
    ),
    (
        "yohimbine",
        "Yohimbine",
        "",
        {
            "product_class": "adrenergic",
            "allergy_words": "yohimbine",
            "warning": f"{CARDIAC} Known from the test tube (Caruso 2008).",
        },
    ),
    (
        "rutin-melilotus",
        "Rutin with melilotus",
        "",
        {
            "product_class": "plant",
            "allergy_words": "rutin, melilotus, melilot, coumarin",
            "warning": "Contains coumarin: not with anticoagulants.",
        },
    ),
    (
        "artichoke",
        "Artichoke extract",
        "",
        {"product_class": "plant", "allergy_words": "artichoke, asteraceae, compositae"},
    ),
    ("centella", "Centella asiatica extract", "", {"product_class": "plant", "allergy_words": "centella"}),
    ("silicon", "Organic silicon", "", {"product_class": "revitalising", "allergy_words": "silicon, silica, silanol"}),
    (
        "vitamin-c",
        "Vitamin C",
        "",
        {"product_class": "revitalising", "allergy_words": "vitamin C, ascorbic, ascorbate"},
    ),
    (
        "vitamin-b",
        "Vitamin B complex",
        "",
        {"product_class": "revitalising", "allergy_words": "vitamin B, vitamin B1, thiamine, cobalamin"},
    ),
    (
        "vitamin-e",
        "Vitamin E",
        "",
        {
            "product_class": "revitalising",
            "allergy_words": "vitamin E, tocopherol",
            "warning": "Nothing of oil or alcohol into the skin: necrosis (Konda and Thappa).",
        },
    ),
    ("zinc", "Zinc", "", {"product_class": "revitalising", "allergy_words": "zinc"}),
    ("dmae", "DMAE", "", {"product_class": "revitalising", "allergy_words": "DMAE, dimethylaminoethanol"}),
    (
        "hyaluronic-acid",
        "Hyaluronic acid, not cross-linked",
        "",
        {"product_class": "revitalising", "allergy_words": "hyaluronic, hyaluronate"},
    ),
    (
        "tretinoin",
        "Tretinoin",
        "",
        {
            "product_class": "revitalising",
            "allergy_words": "tretinoin, retinoid, retinoic",
            "warning": "Harms the unborn child.",
        },
    ),
    ("homeopathic", "Homeopathic complex", "", {"product_class": "homeopathic"}),
    (
        "deoxycholate-gel",
        "Deoxycholate gel (Aqualyx)",
        "",
        {
            "product_class": "cytolytic",
            "allergy_words": "deoxycholate, deoxycholic",
            "warning": REPORTS,
            "is_active": False,
        },
    ),
    (
        "lemon-bottle",
        "Lemon Bottle",
        "",
        {
            "product_class": "cytolytic",
            "allergy_words": "lecithin, bromelain, pineapple",
            "warning": REPORTS,
            "is_active": False,
        },
    ),
    ("sodium-chloride", "Sodium chloride", "0.9 %", {"product_class": "diluent"}),
    ("water", "Water for injections", "", {"product_class": "diluent"}),
]
NUMBERS = {
    "mg_per_ml",
    "max_ml_per_point",
    "max_ml_per_session",
    "max_mg_per_session",
    "max_mg_per_kg",
}


def load(apps, schema_editor):
    products = apps.get_model("treatments", "Product").objects.using(schema_editor.connection.alias)
    for code, name, strength, known in PRODUCTS:
        exact = {field: Decimal(value) if field in NUMBERS else value for field, value in known.items()}
        products.create(code=code, name=name, strength=strength, **exact)


def unload(apps, schema_editor):
    codes = [product[0] for product in PRODUCTS]
    apps.get_model("treatments", "Product").objects.using(schema_editor.connection.alias).filter(
        code__in=codes
    ).delete()


class Migration(migrations.Migration):
    replaces = [("treatments", "0010_products")]
    dependencies = [("treatments", "0002_catalogue")]

    operations = [migrations.RunPython(load, unload)]
