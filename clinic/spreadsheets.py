"""Cells for people who open a CSV file in a spreadsheet."""

# What a spreadsheet may take for the start of a formula, in narrow and in wide characters.
FORMULA_STARTS = tuple("=+-@\t\r\n|＝＋－＠")


def safe_cell(value: object) -> str:
    """Return the value as text that no spreadsheet computes: what looks like a formula gets a leading apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
