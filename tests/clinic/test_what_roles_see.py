"""Which words of a record each role is shown: every text that is kept, on every page and in every file."""

import io
from importlib.util import find_spec

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError, models, transaction
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from clinic.append_only import opened
from tests.clinic.access import client_of
from tests.clinic.shown import ABOUT_NOBODY, CODES, SHOWN, full_records
from tests.clinic.test_access import TABLE, address
from tests.factories import LocationFactory
from tests.searching import find

pytestmark = pytest.mark.django_db

OF_A_COLLEAGUE = {"User.title", "User.first_name", "User.last_name", "Lot.number"}
OUR_APPS = ("clinic", "patients", "treatments")
# What is asked for beside the addresses of the table: files, fragments, lists narrowed to what is looked for.
ASKED = (
    "/follow-ups/?format=csv",
    "/side-effects/?tab=open&format=csv",
    "/lots/?format=csv",
    "/reports/safety/?format=csv",
    "/reports/safety/sessions/?format=csv",
    "/audit/?format=csv",
    "/messages/?tab=sent",
    "/messages/?tab=failed",
    "/calendar/?day=2026-03-09",
    "/side-effects/?tab=open",
    "/side-effects/?tab=resolved",
)


def kept_texts():
    """Return the name of every text of our tables that is about somebody: Model.field, with the two."""
    for label in OUR_APPS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.local_fields:
                name = f"{model.__name__}.{field.name}"
                is_text = isinstance(field, models.CharField | models.TextField) and not field.choices
                is_ours = not model.__name__.startswith("Historical") and model.__name__ not in ABOUT_NOBODY
                if is_text and is_ours and not field.is_relation and name not in CODES:
                    yield name, model, field


def mark():
    """Write into every text a word of its own, past all forms; return which text each word stands for."""
    words = {}
    with transaction.atomic(), opened(reason="test", at=timezone.now()):
        for number, (name, model, field) in enumerate(kept_texts()):
            word = f"{number:032x}" if field.name == "stored_name" else f"zqj{number:03d}x"
            for row in model._base_manager.order_by("pk").values_list("pk", flat=True):
                try:
                    with transaction.atomic():
                        model._base_manager.filter(pk=row).update(**{field.name: word})
                except DatabaseError:
                    continue  # a rule of the database keeps this one as it is
                words[word] = name
    return words


def pages_of_the_admin_site():
    for model in admin.site._registry:
        name = f"admin:{model._meta.label_lower.replace('.', '_')}"
        yield reverse(f"{name}_changelist")
        for row in model._base_manager.order_by("-pk").values_list("pk", flat=True)[:2]:
            for page in ("change", "history"):
                yield reverse(f"{name}_{page}", args=[row])


def exports(client):
    """Return the file of every list of the admin site that leaves as one, with all the columns it offers."""
    for model in admin.site._registry:
        try:
            page = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_export")
        except NoReverseMatch:
            continue
        response = client.post(page, {"format": "0", "resource": "0"})
        assert response.headers["Content-Type"].startswith("text/csv"), page
        yield page, content_of(response)


def content_of(response):
    whole = b"".join(response.streaming_content) if response.streaming else response.content
    if whole.startswith(b"%PDF-") and find_spec("pypdf"):
        import pypdf  # noqa: PLC0415 -- a developer's tool: the suite runs without

        return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(whole)).pages)
    return whole.decode(errors="replace")


def walk(who, here, records):
    """Yield (address, what stands there) of all that somebody of a role can ask for."""
    client = client_of(who, here)
    query = {"patient": records["patient"].public_id}
    asked = [
        address(name, records) + row.query.format(**query) for name, row in TABLE.items() if name != "account_logout"
    ]
    if who == "admin":
        asked += pages_of_the_admin_site()
    for where in (*asked, *ASKED):
        response = client.get(where)
        assert response.status_code < 500, where
        yield where, content_of(response)
    number, is_fragment = records["patient"].record_number, {"HX-Request": "true"}
    yield "/search/ for a number", content_of(find(client, "/search/", number))
    yield "/search/ while typing", content_of(client.post("/search/", {"q": number}, headers=is_fragment))
    record = address("patient-record", records)
    yield record, content_of(client.get(record, headers=is_fragment))


def found_in(pages, words):
    """Return each text that stood somewhere, with where."""
    found = {}
    for where, content in pages:
        small = content.lower()
        for word, name in words.items():
            if word in small:
                found.setdefault(name, []).append(where)
    return found


def rows_of(roles):
    return [f"{model}.{field}" for model, fields in SHOWN[roles].items() for field in fields.split()]


def allowed(who):
    """Return the texts that somebody of a role may be shown."""
    return {name for roles in SHOWN if who in roles.split() for name in rows_of(roles)}


def test_every_text_that_is_kept_has_its_row():
    assert sorted(name for roles in SHOWN for name in rows_of(roles)) == sorted(name for name, *_ in kept_texts())


@pytest.mark.parametrize(("who", "least"), [("stranger", 0), ("staff", 40), ("clinician", 40), ("admin", 80)])
def test_nobody_is_shown_more_than_the_table_says(who, least):
    here = LocationFactory()
    records = full_records(here)
    words = mark()

    found = found_in(walk(who, here, records), words)

    assert {name: where[:3] for name, where in found.items() if name not in allowed(who)} == {}
    assert len(found) >= least


@pytest.mark.filterwarnings("ignore:The .get_valid_export_item_pks:DeprecationWarning")  # import-export's own
def test_no_file_of_the_admin_site_holds_what_nobody_is_shown():
    here = LocationFactory()
    full_records(here)
    words = mark()

    found = found_in(exports(client_of("admin", here)), words)

    assert {name: where for name, where in found.items() if name not in allowed("admin")} == {}
    assert len(found) >= 60


def test_of_a_record_of_another_place_nothing_is_shown_anywhere():
    """Its clinician works at both, and its lot is of the same batch as one here."""
    here, elsewhere = LocationFactory(), LocationFactory()
    there = full_records(elsewhere)
    there["person"].locations.add(here)
    words = mark()
    records = full_records(here)
    there["lot"].refresh_from_db()
    records["lot"].number = there["lot"].number
    records["lot"].save()

    found = found_in(walk("clinician", here, records), words)

    assert {name: where[:3] for name, where in found.items() if name not in OF_A_COLLEAGUE} == {}
    assert set(found) >= OF_A_COLLEAGUE
