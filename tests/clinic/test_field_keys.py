"""What is sealed in the database: it opens with its key alone, is brought under a new one, and fails loudly."""

import contextlib
import io
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from clinic import rotating
from clinic.actions import letters
from clinic.field_keys import UnsealError, is_current, keys, new_key, seal, unseal
from tests.factories import (
    APP_SECRET,
    PASSWORD,
    LocationFactory,
    PhoneAppFactory,
    RecoveryCodesFactory,
    UserFactory,
)

OLD, NEW = new_key(), new_key()
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def old_key(settings):
    settings.FIELD_KEYS = OLD


@given(st.text())
def test_what_is_sealed_opens_as_it_was(text):
    sealed = seal(text)

    assert unseal(sealed) == text
    assert seal(text) != sealed


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_changed_byte_opens_nothing(place, change):
    sealed = seal("JBSWY3DPEHPK3PXP").encode()
    place %= len(sealed)
    spoiled = sealed[:place] + bytes([sealed[place] ^ change]) + sealed[place + 1 :]

    with contextlib.suppress(UnsealError):
        assert unseal(spoiled.decode("latin-1")) == "JBSWY3DPEHPK3PXP"  # bits of base64 that mean nothing


@pytest.mark.parametrize("stored", ["", "JBSWY3DPEHPK3PXP", "sealed1:x", "sealed1::", None, 7, "sealed2:a:b"])
def test_what_was_never_sealed_is_no_value(stored):
    with pytest.raises(UnsealError, match=r"never sealed|not among MESOTRACK_FIELD_KEYS"):
        unseal(stored)


def test_a_missing_key_is_named(settings):
    sealed = seal("x")
    name = keys()[0].name
    settings.FIELD_KEYS = NEW

    with pytest.raises(UnsealError, match=name):
        unseal(sealed)


def test_the_first_key_seals_and_each_opens(settings):
    sealed = seal("x")
    settings.FIELD_KEYS = f"{NEW}, {OLD}"

    assert unseal(sealed) == "x"
    assert not is_current(sealed)
    assert is_current(seal("x"))


@pytest.mark.parametrize(
    "written",
    ["", " , ", "short", "ü" * 44, f"{OLD[:-2]}==", OLD + OLD],
    ids=["none", "only commas", "short", "no ASCII", "cut off", "two in one"],
)
def test_what_is_no_key_is_refused_without_being_shown(settings, written):
    settings.FIELD_KEYS = written

    with pytest.raises(ImproperlyConfigured) as refusal:
        keys()

    assert not written.strip(" ,") or written not in str(refusal.value)


def test_the_key_has_nothing_to_do_with_the_secret_key(settings):
    sealed = seal("x")
    settings.SECRET_KEY = "another"

    assert unseal(sealed) == "x"


@pytest.fixture
def people(db):
    """Somebody with an app and codes, and two with an app."""
    first = UserFactory(email="sam@clinic.example", locations=[LocationFactory()])
    return [
        PhoneAppFactory(user=first),
        RecoveryCodesFactory(user=first),
        *(PhoneAppFactory(user=UserFactory()) for _ in "ab"),
    ]


def rotate(*arguments):
    said = io.StringIO()
    call_command("rotate_keys", *arguments, stdout=said, verbosity=0)
    return said.getvalue()


def test_every_secret_is_brought_under_the_new_key_and_the_old_one_can_go(settings, people):
    settings.FIELD_KEYS = f"{NEW},{OLD}"

    assert ": 4 sealed anew, 0 were under it already." in rotate()
    settings.FIELD_KEYS = NEW

    people[0].refresh_from_db()
    assert unseal(people[0].data["secret"]) == APP_SECRET
    assert "All 4 open." in rotate("--check")


def test_a_letter_that_waits_is_brought_under_the_new_key_and_goes(settings, db):
    link = EmailMessage("Your link", "It opens your account.", "desk@clinic.example", ["sam@clinic.example"])
    letters.write(link, kind="invitation", now=NOW)
    settings.FIELD_KEYS = f"{NEW},{OLD}"

    assert ": 1 sealed anew, 0 were under it already." in rotate()
    settings.FIELD_KEYS = NEW
    letters.send_all(lambda: NOW)

    assert [sent.body for sent in mail.outbox] == ["It opens your account."]
    assert "All 0 open." in rotate("--check")


def test_a_rotation_that_was_cut_off_goes_on_from_there(settings, people):
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    half = rotating.rotate(rotating.Rotation())
    next(half), next(half)
    half.close()

    assert ": 2 sealed anew, 2 were under it already." in rotate()


def test_a_rotation_changes_nothing_else(settings, people):
    codes = people[1]
    codes.data["used_mask"] = 5
    codes.save()
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    rotate()

    codes.refresh_from_db()
    assert codes.data["used_mask"] == 5


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_without_the_old_key_nothing_is_touched_and_it_is_said(settings, people, arguments):
    settings.FIELD_KEYS = NEW
    before = people[0].data

    with pytest.raises(CommandError, match="Not every secret opens"):
        rotate(*arguments)

    people[0].refresh_from_db()
    assert people[0].data == before


@pytest.mark.parametrize("code", ["123456", "12345678"])
def test_with_the_wrong_key_the_second_step_says_so_and_opens_nothing(settings, people, code, caplog):
    client = Client()
    client.post("/accounts/login/", {"login": "sam@clinic.example", "password": PASSWORD})
    settings.FIELD_KEYS = NEW

    response = client.post("/accounts/2fa/authenticate/", {"code": code})

    assert response.status_code == 503
    assert "The second step cannot be read" in response.content.decode()
    assert "sealed1:" not in response.content.decode()
    assert "_auth_user_id" not in client.session
    assert "is not among MESOTRACK_FIELD_KEYS" in caplog.text


def test_the_page_of_security_opens_with_the_wrong_key(settings, people):
    client = Client()
    client.force_login(people[0].user)
    settings.FIELD_KEYS = NEW

    assert client.get("/account/security/").status_code == 200
