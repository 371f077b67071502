"""A time that the clocks leave out, or have twice, is stored by no form: each says in words what the clocks do."""

import importlib
import pkgutil
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

import treatments.forms
from treatments.forms.session.parts import told_at
from treatments.forms.wall_time import WallTimeField

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # by half an hour


def forms_of_treatments():
    for module in pkgutil.walk_packages(treatments.forms.__path__, "treatments.forms."):
        importlib.import_module(module.name)
    found, more = set(), [forms.BaseForm]
    while more:
        more = [each for form in more for each in form.__subclasses__()]
        found |= set(more)
    return sorted(
        (form for form in found if form.__module__.startswith("treatments.forms")), key=lambda form: form.__name__
    )


def test_every_form_that_asks_for_a_time_knows_when_the_clocks_change():
    asked = {
        (form.__name__, name): type(field)
        for form in forms_of_treatments()
        for name, field in getattr(form, "base_fields", {}).items()
        if isinstance(field, forms.DateTimeField)
    }

    assert {("SessionLogForm", "performed_at"), ("ResolveForm", "resolved_at"), ("MixForm", "mixed_at")} <= set(asked)
    assert {key for key, kind in asked.items() if not issubclass(kind, WallTimeField)} == set()


@pytest.mark.parametrize(
    ("zone", "typed", "words"),
    [
        (NEW_YORK, "2026-03-08T02:00", "go forward"),
        (NEW_YORK, "2026-03-08T02:59", "go forward"),
        (NEW_YORK, "2026-11-01T01:00", "twice"),
        (NEW_YORK, "2026-11-01T01:59", "twice"),
        (LORD_HOWE, "2026-10-04T02:15", "go forward"),
        (LORD_HOWE, "2026-04-05T01:45", "twice"),
    ],
)
def test_time_of_the_hour_in_which_the_clocks_change_is_refused_in_words(zone, typed, words):
    with timezone.override(zone), pytest.raises(ValidationError, match=words):
        WallTimeField().clean(typed)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("2026-03-08T01:59", datetime(2026, 3, 8, 6, 59, tzinfo=UTC)),
        ("2026-03-08T03:00", datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        ("2026-11-01T00:59", datetime(2026, 11, 1, 4, 59, tzinfo=UTC)),
        ("2026-11-01T02:00", datetime(2026, 11, 1, 7, 0, tzinfo=UTC)),
    ],
)
def test_minute_before_and_after_are_stored_as_the_clocks_have_them(typed, stored):
    with timezone.override(NEW_YORK):
        assert WallTimeField().clean(typed) == stored


@pytest.mark.parametrize("typed", ["2026-03-08T02:30", "2026-11-01T01:30"])
def test_session_at_such_a_time_asks_back_as_if_none_was_typed(typed):
    now = datetime(2026, 12, 1, tzinfo=UTC)

    with timezone.override(NEW_YORK):
        assert told_at(typed, otherwise=now, now=now) == now
