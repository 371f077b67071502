"""The time of grace: a decided erasure waits for it, may be withdrawn until it is over, and is found when it is."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from clinic import tombstones
from clinic.roles import Role
from patients.models import Erasure, Patient
from tests.factories import PASSWORD, ErasureFactory, LocationFactory, PatientFactory, UserFactory
from tests.treatments.forgotten import DUE, FAMILY, GRACE, NOW, decided, put_off
from treatments.actions.privacy import begin_grace_anew, withdraw_erasure
from treatments.privacy.erasing import erase, erase_all
from treatments.privacy.erasing_again import erase_again
from treatments.tasks import erase_patients, sweep_privacy

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
FROM_WHEN = "Will be erased from 3 Mar 2026, 15:00 on; until it begins it can be withdrawn."


@pytest.fixture(autouse=True)
def folders(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    settings.DOSSIER_ROOT = tmp_path / "dossiers"
    settings.VAR_DIR = tmp_path / "var"
    settings.TOMBSTONES = tmp_path / "tombstones.jsonl"


@pytest.fixture
def patient():
    return PatientFactory(location=LocationFactory(time_zone="Europe/Berlin"), family_name=FAMILY)


@pytest.fixture
def client(patient):
    client = Client()
    client.force_login(UserFactory(role=Role.ADMIN, locations=[patient.location]))
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


# When it is carried out


def test_erasure_is_carried_out_a_day_after_it_was_decided_and_not_before(patient):
    erasure = put_off(patient)

    assert erase_all(lambda: DUE - SECOND) == 0
    erasure.refresh_from_db()
    assert (erasure.done_at, erasure.begun_at, erasure.tries, erasure.lease_ends_at) == (None, None, 0, None)

    assert erase_all(lambda: DUE) == 1
    erasure.refresh_from_db()
    assert (erasure.done_at, erasure.begun_at) == (DUE, DUE)


def test_one_that_is_not_due_is_not_erased_whoever_asks(patient):
    erase(put_off(patient), DUE - SECOND)

    assert not Patient.objects.get(pk=patient.pk).is_erased


def test_bell_is_not_rung_for_what_is_not_due_and_the_sweep_finds_it_when_it_is(
    patient, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True) as rung:
        erasure = put_off(patient)
    assert rung == []

    with time_machine.travel(DUE - SECOND, tick=False):
        erase_patients.call()  # rung for somebody else
        sweep_privacy()
    erasure.refresh_from_db()
    assert erasure.is_waiting

    with time_machine.travel(DUE + timedelta(days=3), tick=False):  # the worker was down when it became due
        sweep_privacy()
    erasure.refresh_from_db()
    assert erasure.done_at == DUE + timedelta(days=3)


def test_without_a_time_of_grace_it_is_carried_out_at_once(patient, settings, django_capture_on_commit_callbacks):
    settings.ERASURE_GRACE_HOURS = 0

    with time_machine.travel(NOW, tick=False), django_capture_on_commit_callbacks(execute=True):
        erasure = put_off(patient)

    erasure.refresh_from_db()
    assert (erasure.grace, erasure.done_at) == (timedelta(0), NOW)


def test_changing_the_setting_moves_nobody_who_waits(patient, settings):
    erasure = put_off(patient)

    settings.ERASURE_GRACE_HOURS = 0
    assert erase_all(lambda: NOW + timedelta(hours=23)) == 0
    settings.ERASURE_GRACE_HOURS = 600
    later = put_off(PatientFactory())

    assert (erasure.due_at, later.due_at) == (DUE, datetime(2026, 3, 27, 14, 0, tzinfo=UTC))
    assert erase_all(lambda: DUE) == 1


def test_whoever_is_not_due_keeps_nobody_waiting_who_is(patient):
    put_off(PatientFactory(), now=NOW)
    first = put_off(patient, now=NOW - timedelta(hours=2))

    assert erase_all(lambda: DUE - timedelta(hours=1)) == 1

    assert Erasure.objects.done().get() == first


@pytest.mark.parametrize("since_decided", [timedelta(0), GRACE - SECOND, GRACE, GRACE + SECOND])
@pytest.mark.parametrize(
    "facts", [{}, {"begun_at": NOW}, {"ground": "restored"}, {"grace": timedelta(0)}], ids="".join
)
def test_what_is_due_is_the_same_for_one_and_for_many(facts, since_decided):
    erasure = ErasureFactory(**{"asked_at": NOW, "grace": GRACE, "done_at": None} | facts)
    now = NOW + since_decided

    assert Erasure.objects.due(now).exists() == erasure.is_due(now) == (bool(facts) or since_decided >= GRACE)


def test_what_has_begun_is_finished_though_the_clock_was_set_back(patient):
    erasure = put_off(patient)
    Erasure.objects.update(begun_at=DUE)

    assert erase_all(lambda: NOW + timedelta(hours=1)) == 1
    erasure.refresh_from_db()
    assert erasure.done_at == NOW + timedelta(hours=1)


def test_restored_backup_in_which_the_grace_was_not_over_erases_again_at_once(patient):
    erasure = put_off(patient)
    stone = tombstones.Tombstone(str(patient.public_id), (NOW + timedelta(hours=2)).isoformat(), {})

    assert erase_again([stone]) == 1

    erasure.refresh_from_db()
    assert (erasure.ground, erasure.done_at) == (Erasure.Ground.RESTORED, NOW + timedelta(hours=2))


@pytest.mark.parametrize("since_restored", [timedelta(0), GRACE - SECOND, GRACE, GRACE + SECOND])
def test_what_is_due_after_a_restore_is_the_same_for_one_and_for_many(since_restored):
    restored_at = NOW + timedelta(days=40)
    erasure = ErasureFactory(asked_at=NOW, grace=GRACE, grace_began_at=restored_at, done_at=None)
    now = restored_at + since_restored

    assert Erasure.objects.due(now).exists() == erasure.is_due(now) == (since_restored >= GRACE)


@pytest.mark.parametrize(("hours", "days"), [(0, 1), (24, 1), (672, 28)])
def test_erasure_that_waits_in_an_old_backup_begins_its_grace_anew_at_the_restore(patient, settings, hours, days):
    erasure = put_off(patient)
    settings.ERASURE_GRACE_HOURS = hours
    restored_at = NOW + timedelta(days=90)

    said = begin_grace_anew(restored_at)

    erasure.refresh_from_db()
    assert (erasure.asked_at, erasure.due_at) == (NOW, restored_at + timedelta(days=days))
    assert erase_all(lambda: erasure.due_at - SECOND) == 0
    assert said.startswith("1 erasure waits here that may have been withdrawn since. Until 2026-")
    withdraw_erasure(erasure, reason="Withdrawn before.", by=UserFactory(), now=restored_at)
    assert erase_all(lambda: erasure.due_at) == 0


def test_restore_leaves_alone_what_had_begun_was_done_or_withdrawn(patient):
    ErasureFactory(asked_at=NOW, grace=GRACE, done_at=DUE)
    ErasureFactory(asked_at=NOW, grace=GRACE, done_at=None, begun_at=DUE)
    withdraw_erasure(put_off(patient), reason="A slip.", by=UserFactory(), now=NOW)

    assert begin_grace_anew(NOW + timedelta(days=3)) == ""

    assert not Erasure.objects.exclude(grace_began_at=None).exists()


@pytest.mark.parametrize("grace", [timedelta(days=28, seconds=1), timedelta(seconds=-1)])
def test_database_keeps_no_grace_longer_than_the_month_of_the_law(grace):
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureFactory(done_at=None, grace=grace)


# What is said of it


def test_form_says_from_when_on_before_it_is_decided(client, patient):
    with time_machine.travel(NOW, tick=False):
        client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        shown = client.get(reverse("patient-erasure", args=[patient.public_id])).content.decode()

    words = "Decided now, the patient will be erased from 3 Mar 2026, 15:00 on; until it begins it can be withdrawn."
    assert words in shown


def test_form_promises_no_grace_where_there_is_none(client, patient, settings):
    settings.ERASURE_GRACE_HOURS = 0

    shown = client.get(reverse("patient-erasure", args=[patient.public_id])).content.decode()

    assert "it can be withdrawn" not in shown


def test_pages_say_from_when_on_in_the_time_of_the_clinic_with_the_way_to_withdraw(client, patient):
    erasure = put_off(patient)
    way = reverse("erasure-withdraw", args=[erasure.public_id])

    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        client.force_login(UserFactory(role=Role.ADMIN, locations=[patient.location]))
        pages = [client.get(address).content.decode() for address in (patient.get_absolute_url(), reverse("privacy"))]
        certificate = client.get(erasure.get_absolute_url()).content.decode()
        form = client.get(way).content.decode()

    assert all(FROM_WHEN in page and way in page for page in (*pages, certificate, form))
    assert all(
        "Under way" not in page and "look whether the worker runs" not in page for page in (*pages, certificate)
    )


def test_whoever_may_not_decide_reads_when_and_is_led_nowhere(patient):
    erasure = put_off(patient)
    desk = Client()
    desk.force_login(UserFactory(role=Role.STAFF, locations=[patient.location]))

    shown = desk.get(patient.get_absolute_url()).content.decode()

    assert "3 Mar 2026, 15:00 on. Is that a mistake? Until it begins an admin can withdraw it." in shown
    assert reverse("erasure-withdraw", args=[erasure.public_id]) not in shown


def test_worker_counts_as_late_ten_minutes_after_it_was_due(patient):
    erasure = put_off(patient)

    assert not erasure.waits_long(DUE + timedelta(minutes=10))
    assert erasure.waits_long(DUE + timedelta(minutes=11))


def test_erasure_that_waits_is_listed_however_many_came_after_it(client, patient):
    erasure = put_off(patient)
    for day in range(21):
        ErasureFactory(patient=PatientFactory(location=patient.location), asked_at=NOW + timedelta(days=day))

    assert erasure.get_absolute_url() in client.get(reverse("privacy")).content.decode()


def test_certificate_of_what_is_done_says_nothing_of_waiting(client, patient):
    erase(erasure := decided(patient), DUE)

    assert FROM_WHEN not in client.get(erasure.get_absolute_url()).content.decode()


def test_today_and_the_privacy_page_tell_an_admin_that_an_erasure_waits(client, patient):
    put_off(patient, now=NOW + timedelta(minutes=30))
    put_off(PatientFactory(location=patient.location), now=NOW)
    withdraw_erasure(put_off(PatientFactory(location=patient.location)), reason="A slip.", by=UserFactory(), now=NOW)
    with time_machine.travel(NOW, tick=False):
        today = client.get("/").content.decode()
        shown = client.get(reverse("privacy")).content.decode()

    tile = today.partition("Erasures wait")[0].rpartition("<a ")[2]
    assert f'href="{reverse("privacy")}"' in tile
    assert '<span class="tile-n">2</span>' in tile
    assert "from 3 Mar, 15:00 on" in today
    assert patient.record_number in shown


def test_today_says_that_an_erasure_whose_grace_is_over_is_under_way(client, patient):
    put_off(patient)
    with time_machine.travel(DUE, tick=False):
        today = client.get("/").content.decode()

    assert "Erasure waits" in today
    assert "under way" in today


def test_today_tells_nobody_of_an_erasure_who_may_not_withdraw_it(client, patient):
    put_off(patient)
    client.force_login(UserFactory(role=Role.STAFF, locations=[patient.location]))
    with time_machine.travel(NOW, tick=False):
        assert "Erasure waits" not in client.get("/").content.decode()


def test_privacy_page_names_no_record_of_an_erasure_that_is_done_or_withdrawn(client, patient):
    withdraw_erasure(put_off(patient), reason="A slip.", by=UserFactory(), now=NOW)

    assert patient.record_number not in client.get(reverse("privacy")).content.decode()
