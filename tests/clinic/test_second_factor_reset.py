"""An admin takes the second step of a colleague away, with a reason; nobody their own."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from clinic.models import AuditEvent, SecondFactorReset
from clinic.roles import Role
from tests.clinic.second_steps import MORNING, at_ones_desk
from tests.factories import LocationFactory, PhoneAppFactory, RecoveryCodesFactory, UserFactory
from tests.posting import sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(MORNING, tick=False) as clock:
        yield clock


@pytest.fixture
def sam(clock):
    return UserFactory(email="sam@clinic.example", locations=[LocationFactory()])


@pytest.fixture
def app(sam):
    return PhoneAppFactory(user=sam)


@pytest.fixture
def boss(sam):
    return UserFactory(email="boss@clinic.example", first_name="Robin", last_name="Park", role=Role.ADMIN)


def reset_page(person):
    return f"/staff/{person.public_id}/second-factor/"


def test_an_admin_takes_the_factors_of_a_colleague_away_with_a_reason_that_the_colleague_reads(sam, app, boss):
    RecoveryCodesFactory(user=sam)
    theirs = Client()
    theirs.force_login(sam)

    at_ones_desk(boss).post(reset_page(sam), {"reason": "Phone <lost> & found & lost"})

    reset = SecondFactorReset.objects.get()
    assert (reset.user, reset.by, reset.removed) == (sam, boss, "Phone app, Recovery codes")
    assert not Authenticator.objects.filter(user=sam).exists()
    assert theirs.get("/").status_code == 302
    [mail] = sent()
    assert (mail.to, mail.subject) == ([sam.email], "Your second step was removed")
    assert "Robin Park" in mail.body
    assert "Phone <lost> & found & lost" in mail.body


def test_taking_away_is_in_the_trail_and_its_row_is_only_ever_added_to(sam, app, boss):
    at_ones_desk(boss).post(reset_page(sam), {"reason": "Phone lost"})

    event = AuditEvent.objects.get(detail__what="second-factor-reset")
    assert (event.act, event.by, event.record_key) == (AuditEvent.Act.CREDENTIALS, boss, str(sam.public_id))
    assert "Phone lost" not in str(event.detail)
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        SecondFactorReset.objects.update(reason="Nothing happened here.")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "\x00"])
def test_without_a_reason_nothing_is_taken_away(sam, app, boss, reason):
    response = at_ones_desk(boss).post(reset_page(sam), {"reason": reason})

    assert response.status_code == 200
    assert Authenticator.objects.filter(user=sam).exists()


def test_taking_away_twice_is_one_reset(sam, app, boss):
    client = at_ones_desk(boss)
    for _tap in range(2):
        client.post(reset_page(sam), {"reason": "Phone lost"})

    assert SecondFactorReset.objects.count() == 1


def test_an_admin_takes_away_no_factors_of_their_own(boss):
    PhoneAppFactory(user=boss)
    client = Client()
    client.force_login(boss)

    assert client.get(reset_page(boss)).status_code == 403
    assert client.post(reset_page(boss), {"reason": "Phone lost"}).status_code == 403
    assert Authenticator.objects.filter(user=boss).exists()


def test_the_database_keeps_nobody_from_being_their_own_admin_but_itself(boss, sam):
    own = SecondFactorReset(user=boss, by=boss, reason="x", reset_at=MORNING)
    with pytest.raises(ValidationError, match="Another admin does"):
        own.validate_constraints()
    with pytest.raises(IntegrityError), transaction.atomic():
        own.save()


def test_the_admin_site_shows_no_secret_and_changes_none(sam, app, boss):
    client = at_ones_desk(boss)
    where = f"/admin/mfa/authenticator/{app.pk}/change/"

    assert app.data["secret"][:20] not in client.get(where).content.decode()
    assert client.post(where, {"type": "webauthn"}).status_code == 403
    assert client.get("/admin/mfa/authenticator/add/").status_code == 403
