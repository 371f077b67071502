"""Each form of the admin site with what nobody would type: refused in words, never a fault."""

import pytest
from django.contrib import admin
from django.urls import reverse

from clinic.roles import Role
from tests.factories import LocationFactory, UserFactory

pytestmark = pytest.mark.django_db

NO_KEYS = ["2) AND 23=57 AND (18=18", "9" * 30, "-1", "²", "1.5", "' OR 1=1 --"]


@pytest.fixture
def desk(client):
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))
    return client


def adding():
    """Return where a new row of each kind is typed."""
    return [
        f"admin:{model._meta.app_label}_{model._meta.model_name}_add"
        for model, rows in admin.site._registry.items()
        if type(rows).has_add_permission is admin.ModelAdmin.has_add_permission
    ]


@pytest.mark.parametrize("text", NO_KEYS)
@pytest.mark.parametrize("name", adding())
def test_new_row_of_what_nobody_would_type_is_refused_in_words(desk, name, text):
    page = desk.get(reverse(name))
    if page.status_code != 200:
        return  # this kind of row is made elsewhere, or by nobody
    form = page.context["adminform"].form
    sent = {form.add_prefix(field): text for field in form.fields}
    for inline in page.context["inline_admin_formsets"]:
        counts = inline.formset.management_form
        sent |= {counts.add_prefix(field): value for field, value in counts.initial.items()}

    response = desk.post(reverse(name), sent)

    assert response.status_code == 200
    assert response.context["adminform"].form.errors
