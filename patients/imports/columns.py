"""Which column of a file says what, by the names other systems and other languages give it."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from clinic.fields import fold
from patients.imports.reading import ERRORS, UnusableFileError, look_at
from patients.models import Patient

# Field to the names of its column, the best first: of two that a file has, the better is used.
NAMES: dict[str, list[str]] = {
    "external_id": [
        "external id", "mrn", "medical record number", "patient id", "patient number", "patient no", "chart number",
        "patientennummer", "patienten nr", "numero de dossier", "numero de paciente", "numero de historia",
        "numero paziente", "id",
    ],
    "given_name": [
        "given name", "first name", "firstname", "given", "given names", "first", "forename", "vorname", "prenom",
        "nombre", "nombres", "nome", "voornaam", "fornavn", "fornamn", "imie", "etunimi",
    ],
    "family_name": [
        "family name", "last name", "lastname", "surname", "family", "last", "nachname", "familienname", "zuname",
        "nom", "nom de famille", "apellido", "apellidos", "cognome", "sobrenome", "achternaam", "etternavn",
        "efternavn", "efternamn", "nazwisko", "sukunimi",
    ],
    "birth_date": [
        "birth date", "birthdate", "date of birth", "dob", "birthday", "born", "born on", "geburtsdatum",
        "geburtstag", "geboren", "geb", "geb datum", "date de naissance", "naissance", "fecha de nacimiento",
        "nacimiento", "data di nascita", "data de nascimento", "geboortedatum", "fodselsdato", "fodelsedatum",
        "data urodzenia",
    ],
    "sex": [
        "sex", "gender", "administrative gender", "geschlecht", "sexe", "genre", "sexo", "genero", "sesso",
        "geslacht", "kjonn", "kon", "plec",
    ],
    "phone": [
        "phone", "phone number", "telephone", "tel", "mobile", "mobile phone", "cell", "cell phone", "home phone",
        "telefon", "telefonnummer", "handy", "mobil", "portable", "telephone portable", "telefono", "movil",
        "celular", "cellulare", "telefone", "telefoon",
    ],
    "email": [
        "email", "e mail", "email address", "e mail address", "mail", "e mail adresse", "adresse mail", "courriel",
        "correo", "correo electronico", "posta elettronica",
    ],
    "address_line": [
        "address line", "address", "street", "street address", "address 1", "address line 1", "line", "strasse",
        "strasse und hausnummer", "anschrift", "adresse", "rue", "direccion", "calle", "indirizzo", "via", "endereco",
        "straat",
    ],
    "city": ["city", "town", "ort", "stadt", "wohnort", "ville", "ciudad", "citta", "cidade", "plaats", "woonplaats"],
    "region": ["region", "state", "province", "county", "bundesland", "departement", "provincia", "estado", "stato"],
    "postal_code": [
        "postal code", "postal", "postcode", "zip", "zip code", "zipcode", "plz", "postleitzahl", "code postal",
        "codigo postal", "cp", "cap",
    ],
    "country_code": ["country code", "country", "land", "pays", "pais", "paese"],
    "language": ["language", "preferred language", "sprache", "langue", "idioma", "lingua", "taal"],
    "deceased_on": [
        "deceased on", "deceased", "date of death", "death date", "deathdate", "died", "died on", "verstorben",
        "verstorben am", "todesdatum", "date de deces", "deces", "fallecido", "fecha de defuncion",
        "data di morte",
    ],
    "emergency_name": ["emergency name", "emergency contact", "emergency contact name", "notfallkontakt"],
    "emergency_phone": ["emergency phone", "emergency contact phone", "notfalltelefon"],
    "location": ["location", "clinic", "site", "standort", "praxis", "sede"],
}  # fmt: skip
REQUIRED = {
    "family_name": "last name",
    "birth_date": "birth date",
}


@dataclass(frozen=True)
class Columns:
    """Field to the place of its column, and the columns that say nothing we keep."""

    by_field: dict[str, int]
    head: list[str]
    ignored: list[str]

    def named(self) -> list[tuple[str, str]]:
        """Return (column as the file names it, what it is to us) pairs in the file's order."""
        in_order = sorted(self.by_field.items(), key=lambda item: item[1])
        labels = {field.name: str(field.verbose_name) for field in Patient._meta.fields}
        return [(self.head[place], labels[field]) for field, place in in_order]


def bare(name: str) -> str:
    """Return a column's name without case, accents and the signs between its words: "E-Mail_Adresse:"."""
    return fold(re.sub(r"[\W_]+", " ", fold(name)))


def understand(head: Sequence[str], mapping: Mapping[str, str] | None = None) -> Columns:
    """Say which column is which. `mapping` (column to field, "" to ignore it) goes before the known names.

    Raises `UnusableFileError` when a column is missing that every patient needs.
    """
    mapping = {bare(column): field for column, field in (mapping or {}).items()}
    places: dict[str, int] = {}
    for place, name in enumerate(head):
        places.setdefault(bare(name), place)
    check_mapping(mapping, places)
    found = {field: places[column] for column, field in mapping.items() if field}
    for field, names in NAMES.items():
        known = (places[name] for name in [bare(field), *names] if name in places and name not in mapping)
        best = next((place for place in known if place not in found.values()), None)
        if best is not None:
            found.setdefault(field, best)
    missing = [label for field, label in REQUIRED.items() if field not in found]
    if missing:
        raise UnusableFileError(
            _("The file has no column for: %(missing)s. Its columns are: %(head)s. Name the right one in a mapping.")
            % {"missing": ", ".join(missing), "head": ", ".join(head)}
        )
    used = set(found.values())
    ignored = [name for place, name in enumerate(head) if place not in used and bare(name) != ERRORS]
    return Columns(found, list(head), ignored)


def check_mapping(mapping: Mapping[str, str], places: Mapping[str, int]) -> None:
    for column, field in mapping.items():
        if column not in places:
            raise UnusableFileError(
                _("The mapping names a column “%(column)s”, which the file does not have.") % {"column": column}
            )
        if field and field not in NAMES:
            raise UnusableFileError(
                _("The mapping names a field “%(field)s”. The fields are: %(fields)s.")
                % {"field": field, "fields": ", ".join(NAMES)}
            )


def read_mapping(path: Path) -> dict[str, str]:
    """Read a mapping: JSON {"column": "field"}, or CSV of two columns. Raises `UnusableFileError`."""
    if path.suffix.lower() == ".json":
        return _json_mapping(path)
    source = look_at(path)
    with path.open(encoding=source.encoding, newline="") as file:
        rows = [row for row in csv.reader(file, delimiter=source.delimiter) if any(row)]
    if any(len(row) != 2 for row in rows):
        raise UnusableFileError(_("Each line of the mapping has two cells: the column, and the field it is."))
    pairs = {column.strip(): field.strip() for column, field in rows}
    return {column: field for column, field in pairs.items() if (column, field) != ("column", "field")}


def _json_mapping(path: Path) -> dict[str, str]:
    try:
        mapping = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UnusableFileError(_("The mapping cannot be read: %(error)s.") % {"error": error}) from error
    if not isinstance(mapping, dict) or not all(isinstance(field, str) for field in mapping.values()):
        raise UnusableFileError(_("The mapping is an object of column names and fields."))
    return mapping
