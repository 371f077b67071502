"""A name in a live sign-in: an erasure takes it out, and the sign-in goes on."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session as SignIn
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from patients.models import Erasure
from tests.factories import UserFactory
from tests.treatments.forgotten import DUE, FAMILY, GIVEN, decided, person
from treatments.privacy.erasing import erase

pytestmark = pytest.mark.django_db
LATER = DUE + timedelta(hours=1)


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"
    return tmp_path


def test_what_a_live_sign_in_was_about_to_say_has_no_name_and_the_sign_in_goes_on(client):
    patient = person()
    user = UserFactory()
    client.force_login(user)
    session = client.session
    session["next-page"] = {"title": "1 person could come earlier.", "lines": [f"{GIVEN} {FAMILY}"], "ways": []}
    session["wanted"] = f"/patients/?q={FAMILY.lower()}"
    session["_messages"] = f'[["__json_message", 0, 25, "{GIVEN} {FAMILY} is a patient again."]]'
    session["location"] = "here"
    session.save()

    erase(decided(patient), LATER)

    said = client.session
    assert FAMILY.lower() not in str(dict(said.items())).lower()
    assert said["next-page"]["lines"] == ["[name]"]
    assert (said["location"], said["_auth_user_id"]) == ("here", str(user.pk))
    assert Erasure.objects.get().counts["sign-ins"] == 1


def with_a_name_to_say(client, expires):
    """Sign somebody in whose next page would say the name, and return the row, which ends at `expires`."""
    client.force_login(UserFactory())
    session = client.session
    session["wanted"] = f"/patients/?q={FAMILY}"
    session.save()
    SignIn.objects.filter(pk=session.session_key).update(expire_date=expires)
    return SignIn.objects.get(pk=session.session_key)


def test_sign_in_that_has_ended_is_removed_with_the_name_in_it(client):
    row = with_a_name_to_say(client, timezone.now() - timedelta(minutes=1))

    erase(decided(person()), LATER)

    assert not SignIn.objects.filter(pk=row.pk).exists()


def test_sign_in_that_loses_a_name_lasts_no_longer_than_before(client):
    ends = timezone.now() + timedelta(minutes=7)
    row = with_a_name_to_say(client, ends)

    with CaptureQueriesContext(connection) as queries:
        erase(decided(person()), LATER)

    row.refresh_from_db()
    assert row.expire_date == ends
    assert FAMILY not in str(row.get_decoded())
    locked = [q for q in queries if 'FROM "django_session"' in q["sql"] and "FOR UPDATE" in q["sql"]]
    assert connection.vendor == "sqlite" or len(locked) == 1
