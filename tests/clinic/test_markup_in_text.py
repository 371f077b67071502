"""Markup in whatever people type is shown as text: on every page, in the admin site, in papers, files and mails."""

import re
from html import unescape

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import DatabaseError, models, transaction
from django.urls import reverse

from tests.clinic.access import client_of, records_at
from tests.clinic.test_access import TABLE, address
from tests.factories import LocationFactory
from tests.posting import sent

pytestmark = pytest.mark.django_db

OUR_APPS = ("clinic", "patients", "treatments")
MARKUP = "\"'><img src=x onerror=alert(7)>"
SCHEME = "javascript:alert(7)"
CODE = "{{ settings.SECRET_KEY }}{% load x %}${7*7}"
# Texts that are rules of the house or keys of rows, and are chosen from what there is.
NOT_TYPED = {
    "code",
    "public_id",
    "record_number",
    "email",
    "password",
    "time_zone",
    "currency",
    "stored_name",
}


def typed_fields(model):
    for field in model._meta.local_fields:
        is_text = isinstance(field, (models.CharField, models.TextField)) and not isinstance(field, models.UUIDField)
        is_free = is_text and not field.choices and field.name not in NOT_TYPED and not field.is_relation
        if is_free and (field.max_length or 999) >= len(MARKUP):
            yield field


def poison(text):
    """Write the text into every field of every row that takes free text, past all forms; return how many did."""
    count = 0
    for label in OUR_APPS:
        for model in apps.get_app_config(label).get_models():
            for field in typed_fields(model):
                rows = model._base_manager.order_by().values_list("pk", flat=True)[:3]
                try:
                    with transaction.atomic():
                        count += model._base_manager.filter(pk__in=list(rows)).update(**{field.name: text})
                except DatabaseError:
                    continue  # a rule of the database keeps this one as it is
    return count


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


def page_of(response):
    return b"".join(response.streaming_content if response.streaming else [response.content]).decode(errors="replace")


def harm_in(page):
    """Return what a browser would take for markup or follow as a link."""
    return re.findall(rf"<img src=x|(?:href|src|action|formaction)=[\"']?javascript:|{settings.SECRET_KEY}", page)


@pytest.mark.parametrize(
    ("who", "text"), [("clinician", MARKUP), ("admin", MARKUP), ("clinician", SCHEME), ("clinician", CODE)]
)
def test_markup_in_any_text_of_any_record_is_text_on_every_page(here, records, who, text):
    client = client_of(who, here)
    client.raise_request_exception = False
    assert poison(text) > 50
    query = {"patient": records["patient"].public_id}

    answers = {
        name: client.get(address(name, records) + row.query.format(**query))
        for name, row in TABLE.items()
        if name != "account_logout"
    }

    pages = {name: page_of(each) for name, each in answers.items() if "html" in each.headers.get("Content-Type", "")}
    assert {name: response.status_code for name, response in answers.items() if response.status_code >= 500} == {}
    assert {name: harm_in(page) for name, page in pages.items() if harm_in(page)} == {}
    assert sum(text in unescape(page) for page in pages.values()) > 15


def test_markup_in_any_text_of_any_record_is_text_in_the_admin_site(here, records):
    client = client_of("admin", here)
    client.raise_request_exception = False
    registered = [each for each in [*records.values(), here] if admin.site.is_registered(type(each))]
    poison(MARKUP)
    lists = [f"admin:{model._meta.label_lower.replace('.', '_')}_changelist" for model in admin.site._registry]
    pages = [reverse(name) for name in lists]
    for each in registered:
        name = each._meta.label_lower.replace(".", "_")
        pages += [reverse(f"admin:{name}_{page}", args=[each.pk]) for page in ("change", "history")]

    answers = {where: client.get(where) for where in pages}

    assert {where: answer.status_code for where, answer in answers.items() if answer.status_code >= 500} == {}
    assert {where: harm_in(page_of(answer)) for where, answer in answers.items() if harm_in(page_of(answer))} == {}


def test_markup_is_text_in_a_file_for_a_spreadsheet_and_the_browser_is_told_so(here, records):
    poison(MARKUP)
    response = client_of("clinician", here).get("/follow-ups/?format=csv")

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    if response.headers["Content-Type"].startswith("text/csv"):
        assert response.headers["Content-Disposition"].startswith("attachment")


def test_markup_in_a_name_makes_a_paper_all_the_same(here, records):
    poison(MARKUP)

    answer = client_of("clinician", here).get(reverse("course-report", args=[records["course"].public_id]))

    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")


def test_mails_have_no_part_that_a_mail_program_would_draw(here, records):
    poison(MARKUP)
    client_of("stranger", here).post("/accounts/password/reset/", {"email": records["course"].clinician.email})

    assert [part.get_content_type() for message in sent() for part in message.message().walk()] == ["text/plain"]
