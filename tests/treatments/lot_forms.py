"""The forms of stock as a browser sends them."""

import uuid


def delivery(product, **changes):
    """Return the form of ten vials of 5 ml of one lot."""
    return {
        "form_token": str(uuid.uuid4()),
        "action": "receive",
        "code": "",
        "product": product.pk,
        "number": "A-117",
        "expires_on": "2027-12-31",
        "vials": "10",
        "each_ml": "5",
        "supplier": "Invented Pharma",
        "gtin": "",
        **changes,
    }


def mixture(*ingredients, **changes):
    """Return the form of a preparation of (lot, ml) pairs."""
    rows = {}
    for number, (lot, volume) in enumerate(ingredients):
        rows |= {f"ingredients-{number}-lot": lot.pk if lot else "", f"ingredients-{number}-volume_ml": volume}
    return {
        "form_token": str(uuid.uuid4()),
        "name": "Body mixture",
        "mixed_at": "2026-03-10T09:00",
        "use_by_at": "2026-03-11T09:00",
        "note": "",
        "ingredients-TOTAL_FORMS": str(len(ingredients)),
        "ingredients-INITIAL_FORMS": "0",
        **rows,
        **changes,
    }
