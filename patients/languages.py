"""In which language a page for patients speaks. Those of the staff are in English alone."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header


def spoken(language: str) -> str:
    """Return the language of our pages nearest to this one: "fr" for "fr-ca", English for what we do not speak."""
    base = language.lower().partition("-")[0]
    return base if base in settings.PATIENT_LANGUAGES else settings.LANGUAGE_CODE


def wanted(request: HttpRequest) -> str:
    """Return the language for somebody unknown: the one chosen on the page, else the browser's first that we speak."""
    chosen = request.GET.get("lang", "")
    if chosen in settings.PATIENT_LANGUAGES:
        return chosen
    for language, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        base = language.partition("-")[0]
        if base in settings.PATIENT_LANGUAGES:
            return base
    return settings.LANGUAGE_CODE
