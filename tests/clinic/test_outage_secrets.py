"""The page of an outage gives back what was typed, but no secret: that is typed anew."""

from importlib import import_module

import pytest
from django import forms
from django.conf import settings
from django.urls import get_resolver

from clinic.second_factor.forms import CredentialField
from clinic.views.faults import typed


def forms_below(kind):
    for below in kind.__subclasses__():
        yield below
        yield from forms_below(below)


def is_secret(field):
    one_time = field.widget.attrs.get("autocomplete") == "one-time-code"
    return isinstance(field.widget, forms.PasswordInput) or isinstance(field, CredentialField) or one_time


def secret_forms():
    """Return each form of the program in which a secret is typed, by its name."""
    assert get_resolver().url_patterns  # every page, and with it every form, is there from here on
    for path in settings.MFA_FORMS.values():
        import_module(path.rpartition(".")[0])
    found = {f"{form.__module__}.{form.__qualname__}": form for form in forms_below(forms.BaseForm)}
    return {
        name: form
        for name, form in sorted(found.items())
        if any(is_secret(field) for field in getattr(form, "base_fields", {}).values())
    }


@pytest.fixture
def kept(rf):
    """Return what the page of an outage would hold of a form that was sent."""

    def sent(form):
        request = rf.post("/", form)
        request._dont_enforce_csrf_checks = True
        return typed(request)

    return sent


def test_no_form_with_a_secret_comes_back(kept):
    asked = secret_forms()

    assert {"clinic.pin_forms.PinForm", "clinic.pin_forms.PinEntryForm"} < set(asked)
    assert [name for name, form in asked.items() if kept(dict.fromkeys(form.base_fields, "483920"))] == []


@pytest.mark.parametrize("name", ["digits", "pin", "code", "password", "old_password", "password1", "credential"])
def test_one_secret_keeps_the_whole_form_back(kept, name):
    assert kept({"note": "Second pass", name: "483920"}) == []


def test_answer_whether_a_cut_came_again_is_no_secret(kept):
    assert kept({"again": "yes", "note": "Redness"}) == [("again", "yes"), ("note", "Redness")]
