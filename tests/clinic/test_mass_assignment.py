"""Forms that say more than their page asks: whatever column there is, nothing of it is read."""

import uuid
from datetime import date, datetime

import pytest
from django.apps import apps
from django.db import models, transaction

from clinic.models import User
from tests.clinic.access import client_of, records_at
from tests.clinic.page_forms import forms_of
from tests.clinic.test_access import LEAVING, TABLE, address
from tests.factories import LocationFactory

pytestmark = pytest.mark.django_db

WORD, NUMBER, KEY = "Unasked-for", 29_876, uuid.UUID("99999999-9999-4999-8999-999999999999")
MOMENT = datetime(1999, 12, 31, 23, 59)  # noqa: DTZ001 -- as a form says it
OUR_MODELS = [
    model
    for label in ("clinic", "patients", "treatments")
    for model in apps.get_app_config(label).get_models(include_auto_created=True)
    if model._meta.pk.name not in {"history_id", "m2m_history_id"}
]
# What makes more of a person than the form of an invitation or a colleague says.
POWERS = ["is_superuser", "is_active", "password", "email", "groups"]
# Forms that are of the sign-in, and take nothing of a record.
DOORS = ("/accounts/", "/account/", "/switch/", "/settings/")


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


@pytest.fixture
def theirs():
    """Return one of everything of another place, by its model."""
    place = LocationFactory()
    return {type(place): place, **{type(each): each for each in records_at(place).values()}}


def unasked(theirs):
    """Return for every column of every record what a form would have to say to fill it."""
    said = {"pk": NUMBER, "created_by": theirs[User].pk, "role": "Admin", "is_staff": "1", "groups": [1, 2, 3]}
    for model in OUR_MODELS:
        for field in model._meta.local_fields:
            said |= dict.fromkeys({field.name, field.attname}, value_for(field, theirs))
    return {name: value for name, value in said.items() if value is not None}


def value_for(field, theirs):
    if field.is_relation:
        return theirs[field.related_model].pk if field.related_model in theirs else None
    if field.choices:
        return list(dict(field.flatchoices))[-1]
    kinds = [
        ((models.BooleanField,), "1"),
        ((models.DateTimeField,), MOMENT.isoformat()),
        ((models.DateField,), MOMENT.date().isoformat()),
        ((models.UUIDField,), str(KEY)),
        ((models.IntegerField, models.DecimalField), NUMBER),
        ((models.CharField, models.TextField), WORD),
    ]
    return next((value for kind, value in kinds if isinstance(field, kind)), None)


def traces(theirs):
    """Return where what nobody asked for stands, what leads to the other place, and who may do what."""
    found = set()
    for model in OUR_MODELS:
        for row in model._base_manager.values():
            key = (model.__name__, row[model._meta.pk.attname])
            found |= {(*key, name) for name, value in row.items() if is_unasked(value)}
            found |= {(*key, field.name) for field in model._meta.local_fields if leads_there(field, row, theirs)}
    return found, list(User.objects.order_by("pk").values_list("pk", *POWERS))


def is_unasked(value):
    if isinstance(value, (date, datetime)):
        return (value.year, value.month) == (MOMENT.year, MOMENT.month) or value.year == 2000
    return value in (WORD, KEY, NUMBER) if not isinstance(value, (dict, list)) else WORD in str(value)


def leads_there(field, row, theirs):
    return field.is_relation and field.related_model in theirs and row[field.attname] == theirs[field.related_model].pk


def forms_for(client, who, records):
    """Yield every form of the pages that open to somebody, each once."""
    seen = set()
    for name, row in TABLE.items():
        if name in LEAVING or row.answer("get", who) != "200":
            continue
        page = client.get(address(name, records) + row.query.format(patient=records["patient"].public_id))
        for form in forms_of(page):
            if form.path not in seen and not form.path.startswith(DOORS):
                seen.add(form.path)
                yield form


@pytest.mark.parametrize(("who", "taken"), [("clinician", 25), ("admin", 15)])
def test_no_form_reads_what_its_page_does_not_ask_for(here, records, theirs, who, taken):
    client = client_of(who, here)
    extra, before, accepted, read = unasked(theirs), traces(theirs), [], {}
    assert len(extra) > 300

    for form in forms_for(client, who, records):
        own = {name.rpartition("-")[2] for name in form.names} | form.names
        with transaction.atomic():
            answer = client.post(form.action, form.filled() | {k: v for k, v in extra.items() if k not in own})
            if answer.status_code == 302:
                accepted.append(form.path)
            if (after := traces(theirs)) != before:
                read[form.path] = (after[0] ^ before[0], after[1] == before[1])
            transaction.set_rollback(True)

    assert read == {}
    assert len(accepted) >= taken
