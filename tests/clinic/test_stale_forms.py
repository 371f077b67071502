"""Whatever record somebody changes: over a version that its reader has not seen, nothing is saved, and both show."""

from html import unescape

import pytest
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from clinic.forms import VersionedForm
from tests.clinic.access import client_of, records_at
from tests.clinic.page_forms import forms_of
from tests.clinic.test_access import SUBJECTS, TABLE, address
from tests.factories import LocationFactory, SessionFactory, WaitingFactory

pytestmark = pytest.mark.django_db

PAGES = ("clinic.forms", "patients.forms", "treatments.forms")  # where the forms of pages are


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def records(here):
    return records_at(here)


def kinds(form=VersionedForm):
    """Return every form of a page that is built on this one; those of the admin site are made as it needs them."""
    own = {form} if form is not VersionedForm and form.__module__.startswith(PAGES) else set()
    return own.union(*(kinds(each) for each in form.__subclasses__()))


def pages(here, records):
    """Yield the browser, address and record of every page that has a form over a version."""
    client = client_of("clinician", here)
    patient = records["patient"].public_id
    for name, row in TABLE.items():
        subject = SUBJECTS.get(address(name, records).split("/")[1])
        if subject and row.answer("get", "clinician") == "200" and hasattr(records[subject], "version"):
            yield client, address(name, records) + row.query.format(patient=patient), records[subject]
    signed = SessionFactory(course=records["course"], signed=True)
    yield client, reverse("session-amend", args=[signed.public_id]), signed
    waiting = WaitingFactory(course__patient__location=here)
    yield client, reverse("waiting", args=[waiting.public_id]), waiting


def fields_of(record):
    return type(record)._base_manager.filter(pk=record.pk).values().get()


def compared(answer):
    """Return the forms of a page that hold what somebody else saved."""
    contexts = [context.flatten() for context in answer.context or []]
    found = {id(form): form for each in contexts for form in each.values() if isinstance(form, VersionedForm)}
    return [form for form in found.values() if form.conflict]


def test_no_form_is_saved_over_a_version_that_its_reader_has_not_seen(here, records):
    asked, saved, hidden = set(), [], []
    for client, where, record in pages(here, records):
        for form in forms_of(client.get(where)):
            if not any(name.endswith("version") for name in form.hidden):
                continue
            with transaction.atomic():
                type(record)._base_manager.filter(pk=record.pk).update(version=F("version") + 1)
                before = fields_of(record)
                answer = client.post(form.action, form.filled())
                saved += [form.path] if fields_of(record) != before else []
                for refused in compared(answer):
                    asked.add(type(refused))
                    page = unescape(answer.content.decode())
                    rows = refused.conflict.differing
                    hidden += [(form.path, row) for row in rows if row.theirs not in page or row.mine not in page]
                transaction.set_rollback(True)

    assert saved == []
    assert hidden == []
    assert {kind.__name__ for kind in kinds() - asked} == set()


@pytest.mark.parametrize("key", ["nobody", "-1", "9" * 30, "\u0661", "1' OR 1=1 --", "1.5"])
def test_choice_that_is_no_key_is_none_in_what_is_compared(here, records, key):
    client, course = client_of("clinician", here), records["course"]
    where = reverse("course-edit", args=[course.public_id])

    answer = client.post(where, {"version": 99, "clinician": key, "areas": [key], "planned_sessions": 1, "price": 1})

    assert answer.status_code == 200
    assert [form.conflict.differing != [] for form in compared(answer)] == [True]
