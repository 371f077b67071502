"""What a cell means: days in the order of its file, words for sex, languages and countries. No database here."""

import re
import zoneinfo
from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum

from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clinic.fields import fold
from patients.imports.reading import UnusableFileError
from patients.models import Patient

NUMERIC = re.compile(r"(?P<a>\d{1,2})(?P<sign>[./\- ])(?P<b>\d{1,2})(?P=sign)(?P<year>\d{4})\Z")
SHORT_YEAR = re.compile(r"\d{1,2}[./\- ]\d{1,2}[./\- ]\d{2}\Z")
WRITTEN = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d %B %Y",
    "%d. %B %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
]
MONTHS = 12


class DateOrder(StrEnum):
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


SEXES = {
    Patient.Sex.FEMALE: [
        "female", "f", "w", "woman", "weiblich", "frau", "feminin", "femme", "femenino", "femenina", "mujer",
        "femmina", "femminile", "feminino", "vrouw", "kvinne", "kvinna", "kvinde", "kobieta",
    ],
    Patient.Sex.MALE: [
        "male", "m", "man", "mannlich", "mann", "masculin", "homme", "h", "masculino", "hombre", "varon", "maschio",
        "maschile", "homem", "mezczyzna",
    ],
    Patient.Sex.OTHER: [
        "other", "o", "x", "d", "divers", "diverse", "nonbinary", "non-binary", "autre", "otro", "altro",
    ],
    Patient.Sex.UNKNOWN: [
        "unknown", "u", "unbekannt", "inconnu", "desconocido", "sconosciuto", "onbekend", "?", "-", "n/a",
    ],
}  # fmt: skip
SEX_OF = {word: sex for sex, words in SEXES.items() for word in words}

LANGUAGE_OF = {
    fold(word): code
    for code, info in LANG_INFO.items()
    if "name" in info
    for word in (code, info["name"], info["name_local"])
} | {
    "chinese": "zh-hans", "mandarin": "zh-hans", "zh": "zh-hans", "norwegian": "nb", "farsi": "fa",
    "englisch": "en", "franzosisch": "fr", "spanisch": "es", "italienisch": "it", "turkisch": "tr", "russisch": "ru",
    "anglais": "en", "allemand": "de", "espagnol": "es", "ingles": "en", "inglese": "en", "frances": "fr",
    "castellano": "es", "german": "de",
}  # fmt: skip

COUNTRY_OF = {
    "usa": "US", "united states": "US", "united states of america": "US", "u s a": "US", "uk": "GB",
    "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "canada": "CA", "can": "CA", "mexico": "MX", "germany": "DE", "deutschland": "DE", "deu": "DE",
    "austria": "AT", "osterreich": "AT", "switzerland": "CH", "schweiz": "CH", "suisse": "CH",
    "france": "FR", "frankreich": "FR", "fra": "FR", "spain": "ES", "espana": "ES", "spanien": "ES", "esp": "ES",
    "italy": "IT", "italia": "IT", "italien": "IT", "ita": "IT", "portugal": "PT", "brazil": "BR", "brasil": "BR",
    "netherlands": "NL", "nederland": "NL", "belgium": "BE", "belgie": "BE", "belgique": "BE", "poland": "PL",
    "polska": "PL", "ireland": "IE", "australia": "AU", "new zealand": "NZ", "gbr": "GB",
}  # fmt: skip


def sex(text: str) -> str:
    if not text:
        return Patient.Sex.UNKNOWN
    found = SEX_OF.get(fold(text).rstrip("."))
    if found is None:
        raise ValidationError(_("No word for a sex that we know: female, male, other, unknown."))
    return found


def language(text: str) -> str:
    """Return the code of a language named in English or in itself; "German (Germany)" and "de_DE" are German."""
    if not text:
        return "en"
    whole = fold(text).replace("_", "-")
    bare = re.sub(r"\s*\(.*\)", "", whole)
    for word in (whole, bare, bare.partition("-")[0]):
        if word in LANGUAGE_OF:
            return LANGUAGE_OF[word]
    raise ValidationError(_("No language that we know. Example: English, Deutsch, or the code es."))


def country(text: str) -> str:
    if not text or re.fullmatch(r"[A-Za-z]{2}", text):
        return "GB" if text.upper() == "UK" else text.upper()
    found = COUNTRY_OF.get(fold(text.replace(".", " ")))
    if found is None:
        raise ValidationError(_("No country that we know. Two letters (ISO 3166) always work, for example US."))
    return found


def day(text: str, order: DateOrder | None, zone: zoneinfo.ZoneInfo) -> date | None:
    """Return the day a cell names; of a moment with its offset from UTC, the day in `zone`. Nothing is None."""
    if not text:
        return None
    numeric = NUMERIC.match(text)
    if numeric:
        return _numeric_day(numeric, order)
    if SHORT_YEAR.match(text):
        raise ValidationError(_("The year has two digits only. Write all four."))
    for pattern in WRITTEN:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return _day_of_moment(text, zone)


def _numeric_day(numeric: re.Match[str], order: DateOrder | None) -> date:
    first, second, year = int(numeric["a"]), int(numeric["b"]), int(numeric["year"])
    # 12.03.1980 is written by people who put the day first, whatever the rest of the file does.
    day_first = numeric["sign"] == "." or order is not DateOrder.MONTH_FIRST
    try:
        return date(year, second, first) if day_first else date(year, first, second)
    except ValueError as error:
        raise ValidationError(_("No such day in the calendar.")) from error


def _day_of_moment(text: str, zone: zoneinfo.ZoneInfo) -> date:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValidationError(_("No date that we can read. Example: 1980-03-12.")) from error
    return moment.astimezone(zone).date() if moment.tzinfo else moment.date()


def date_order(cells: Iterable[str]) -> DateOrder | None:
    """Find out from all dates of a file whether 03/04/1980 is in March or in April; None when no date asks.

    Raises `UnusableFileError` when nothing in the file tells, or when it contradicts itself.
    """
    seen = {DateOrder.DAY_FIRST: "", DateOrder.MONTH_FIRST: ""}
    open_question = ""
    for cell in cells:
        numeric = NUMERIC.match(cell.strip())
        if not numeric or numeric["sign"] == ".":
            continue
        first, second = int(numeric["a"]), int(numeric["b"])
        if first > MONTHS >= second:
            seen[DateOrder.DAY_FIRST] = cell
        elif second > MONTHS >= first:
            seen[DateOrder.MONTH_FIRST] = cell
        elif first != second:
            open_question = cell
    told = [order for order, example in seen.items() if example]
    if len(told) > 1:
        raise UnusableFileError(
            _("“%(day)s” puts the day first, “%(month)s” the month. Say which holds: date format dmy or mdy.")
            % {"day": seen[DateOrder.DAY_FIRST], "month": seen[DateOrder.MONTH_FIRST]}
        )
    if not told and open_question:
        raise UnusableFileError(
            _("“%(date)s” may put the day or the month first, and no other date tells. Say: date format dmy or mdy.")
            % {"date": open_question}
        )
    return told[0] if told else None
