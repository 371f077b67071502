"""Signing in with a second step, as a browser does."""

from datetime import UTC, datetime

from allauth.mfa.models import Authenticator
from django.test import Client

from tests.factories import PASSWORD

LOGIN, STEP = "/accounts/login/", "/accounts/2fa/authenticate/"
MORNING = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)


def begin(user):
    client = Client()
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    return client


def signed_in(client):
    return "_auth_user_id" in client.session


def enter(user, code):
    client = begin(user)
    client.post(STEP, {"code": code})
    return signed_in(client)


def codes_of(user):
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


def at_ones_desk(user):
    """Return the browser of somebody who signed in a moment ago."""
    client = begin(user)
    if not signed_in(client):
        client.post(STEP, {"code": codes_of(user)[0]})
    assert signed_in(client)
    return client
