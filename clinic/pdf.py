"""Papers: a Typst template and the facts it shows, made into a PDF that screen readers can read."""

import json
import logging
from typing import Any

import typst
from django.conf import settings

log = logging.getLogger(__name__)

TEMPLATES = settings.BASE_DIR / "templates"
ACCESSIBLE = "ua-1"  # PDF/UA-1, ISO 14289: tagged, titled, every picture with words
NO_GLYPH = "could not be displayed"  # Typst's words for a character that no font on this machine has
# Where letter paper is the usual one; A4 is everywhere else.
LETTER_COUNTRIES = frozenset({"CA", "CL", "CO", "CR", "DO", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"})


def render(template_name: str, data: dict[str, Any]) -> bytes:
    """Return the PDF of a template under templates/. `data` reaches it as JSON, so nothing in it is ever run.

    A character that no font of this machine has cannot be in an accessible PDF. Then the paper is made without that
    promise: it shows a box in the character's place and, because the template is told, says so.
    """
    try:
        return _compile(template_name, data, [ACCESSIBLE])
    except typst.TypstError as error:
        if NO_GLYPH not in error.message:
            raise
        log.warning("A paper lacks characters (%s). Install a font that has them: docs/operations.md.", template_name)
        return _compile(template_name, data | {"lacks_characters": True}, [])


def _compile(template_name: str, data: dict[str, Any], standards: list[Any]) -> bytes:
    return typst.compile(
        TEMPLATES / template_name,
        root=TEMPLATES,
        sys_inputs={"data": json.dumps(data)},
        pdf_standards=standards,
    )


def paper_size(country_code: str) -> str:
    """Return the usual paper of a country (ISO 3166), as Typst calls it."""
    return "us-letter" if country_code in LETTER_COUNTRIES else "a4"
