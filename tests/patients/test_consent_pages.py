"""How the consents of a patient stand, reading one, taking one back."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from clinic.roles import Role
from patients import actions
from patients.consents import State, consent_state, consent_states
from patients.models import Consent
from tests.factories import ConsentFactory, LocationFactory, PatientFactory, UserFactory, first_form
from tests.patients.consenting import DRAWN, NOW, errors, list_url, publish, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(time_zone="America/Los_Angeles")


@pytest.fixture
def nurse(client, here):
    user = UserFactory(locations=[here], first_name="Sam", last_name="Adeyemi")
    client.force_login(user)
    return user


@pytest.fixture
def patient(here):
    return PatientFactory(location=here, given_name="Amara", family_name="Okonkwo")


class TestState:
    def state(self, patient, now=NOW, purpose="treatment"):
        found = consent_state(patient, now, purpose)
        return found.state, found.words

    def test_missing(self, patient):
        assert self.state(patient) == (State.MISSING, "Missing")
        assert self.state(patient, purpose="photo-record") == (State.MISSING, "Not given")

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            (NOW, (State.IN_FORCE, "Valid to 2 Mar 2027")),
            (datetime(2027, 3, 3, 7, 59, tzinfo=UTC), (State.IN_FORCE, "Valid to 2 Mar 2027")),
            (datetime(2027, 3, 3, 8, 0, tzinfo=UTC), (State.EXPIRED, "Expired 2 Mar")),
            (datetime(2028, 1, 1, 8, 0, tzinfo=UTC), (State.EXPIRED, "Expired 2 Mar 2027")),
        ],
    )
    def test_valid_to_the_last_day_and_expired_after_it(self, patient, now, expected):
        ConsentFactory(patient=patient)

        assert self.state(patient, now) == expected

    def test_until_withdrawn(self, patient):
        ConsentFactory(patient=patient, form=first_form("photo-record"), expires_on=None)

        assert self.state(patient, purpose="photo-record") == (State.IN_FORCE, "Valid since 2 Mar")

    def test_withdrawn(self, patient):
        consent = ConsentFactory(patient=patient)
        consent.withdraw(reason="No more", by=consent.recorded_by, now=NOW - timedelta(days=1), version=1)

        assert self.state(patient) == (State.WITHDRAWN, "Withdrawn 9 Mar")

    def test_signed_anew_after_a_withdrawal(self, patient):
        consent = ConsentFactory(patient=patient)
        consent.withdraw(reason="No more", by=consent.recorded_by, now=NOW - timedelta(days=1), version=1)
        ConsentFactory(patient=patient, signed_at=NOW, expires_on=date(2027, 3, 10))

        assert self.state(patient) == (State.IN_FORCE, "Valid to 10 Mar 2027")

    def test_newer_version_of_the_text_is_said(self, patient):
        ConsentFactory(patient=patient)
        assert consent_state(patient, NOW).newer_form is None

        newer = publish()
        assert consent_state(patient, NOW).newer_form == newer

    @pytest.mark.parametrize("times", [1, 3])
    def test_asks_the_database_twice_however_many_were_signed(self, patient, times, django_assert_num_queries):
        for number in range(times):
            ConsentFactory(patient=patient, signed_at=NOW - timedelta(days=number))
            ConsentFactory(patient=patient, signed_at=NOW - timedelta(days=number), form=first_form("contact"))

        with django_assert_num_queries(2):
            assert [state.words for state in consent_states(patient, NOW)]

    def test_state_agrees_with_what_the_database_finds_in_force(self, patient):
        ConsentFactory(patient=patient)
        for hours in range(0, 24 * 400, 7 * 24):
            now = NOW - timedelta(days=20) + timedelta(hours=hours)
            found = Consent.objects.of_patient(patient).for_purpose("treatment").in_force(now).exists()
            assert consent_state(patient, now).is_in_force is found


class TestList:
    def test_every_purpose_with_its_state(self, client, nurse, patient):
        ConsentFactory(patient=patient)

        page = client.get(list_url(patient)).content.decode()

        assert "Valid to 2 Mar 2027" in page
        assert page.count("Not given") == 4

    def test_earlier_ones_and_newer_versions_are_named(self, client, nurse, patient):
        old = ConsentFactory(patient=patient, signed_at=NOW - timedelta(days=300))
        ConsentFactory(patient=patient)
        publish()

        page = client.get(list_url(patient)).content.decode()

        assert "Version 2 is in use since 10 March 2026." in page
        assert old.get_absolute_url() in page
        assert "signed anew since" in page

    @pytest.mark.parametrize("times", [1, 3])
    def test_asks_the_database_as_often_for_three_as_for_one(
        self, client, nurse, patient, times, django_assert_num_queries
    ):
        for number in range(2 * times):
            ConsentFactory(patient=patient, signed_at=NOW - timedelta(days=number))

        with django_assert_num_queries(12):
            client.get(list_url(patient))


class TestReading:
    def test_page_shows_text_signature_and_that_it_is_intact(self, client, nurse, patient):
        consent = ConsentFactory(patient=patient, method="drawn", strokes=DRAWN)

        page = client.get(consent.get_absolute_url()).content.decode()

        assert consent.form.paragraphs[1] in page
        assert 'aria-label="Signature of Amara Okonkwo"' in page
        assert "as they were at the moment of signing" in page

    def test_page_says_when_the_signature_was_changed(self, client, nurse, patient):
        consent = ConsentFactory(patient=patient, method="drawn", strokes=DRAWN)
        Consent.objects.update(strokes=[[[0, 0], [1, 1]]])

        assert "has been changed since it was signed" in client.get(consent.get_absolute_url()).content.decode()

    def test_admin_reads_and_withdraws_nothing(self, client, patient):
        client.force_login(UserFactory(role=Role.ADMIN))
        consent = ConsentFactory(patient=patient)

        assert "Withdraw the consent" not in client.get(consent.get_absolute_url()).content.decode()


class TestWithdrawing:
    def post(self, client, consent, **sent):
        return client.post(consent.get_absolute_url(), {"version": 1, "withdrawal_reason": "Changed her mind", **sent})

    def test_with_a_reason_nothing_rests_on_it(self, client, nurse, patient):
        consent = ConsentFactory(patient=patient)

        response = self.post(client, consent)

        consent.refresh_from_db()
        assert response.url == consent.get_absolute_url()
        assert (consent.withdrawn_at, consent.withdrawn_by, consent.withdrawal_reason) == (
            NOW,
            nurse,
            "Changed her mind",
        )
        assert consent.is_intact()
        assert "Changed her mind" in client.get(response.url).content.decode()

    def test_an_older_one_does_not_go_on_in_its_place(self, client, nurse, patient):
        ConsentFactory(patient=patient, signed_at=NOW - timedelta(days=90))
        photographs = ConsentFactory(patient=patient, form=first_form("photo-record"))

        self.post(client, ConsentFactory(patient=patient))

        assert list(Consent.objects.in_force(NOW)) == [photographs]

    @pytest.mark.parametrize("reason", ["", " ", "NUL \x00", "x" * 301])
    def test_without_a_sound_reason_it_stays(self, client, nurse, patient, reason):
        response = self.post(client, ConsentFactory(patient=patient), withdrawal_reason=reason)

        assert list(errors(response)) == ["withdrawal_reason"]
        assert Consent.objects.in_force(NOW).exists()

    def test_second_tab_learns_that_it_is_withdrawn_already(self, client, nurse, patient):
        consent = ConsentFactory(patient=patient)
        self.post(client, consent)

        response = self.post(client, consent, withdrawal_reason="Something else")

        consent.refresh_from_db()
        assert consent.withdrawal_reason == "Changed her mind"
        assert told(client.get(response.url))[-1] == "This consent is withdrawn already."

    def test_in_the_same_moment_the_first_wins(self, client, nurse, patient, monkeypatch):
        consent = ConsentFactory(patient=patient)
        withdraw = actions.withdraw_consent

        def late(mine, **facts):
            withdraw(Consent.objects.get(), **facts | {"reason": "The other tab"})
            return withdraw(mine, **facts)

        monkeypatch.setattr(actions, "withdraw_consent", late)
        response = self.post(client, consent)

        consent.refresh_from_db()
        assert response.url == consent.get_absolute_url()
        assert consent.withdrawal_reason == "The other tab"

    def test_without_its_version_it_stays(self, client, nurse, patient):
        response = self.post(client, ConsentFactory(patient=patient), version="")

        assert "Somebody changed this record" in response.content.decode()
        assert Consent.objects.in_force(NOW).exists()

    def test_expired_one_may_be_withdrawn_too(self, client, nurse, patient):
        consent = ConsentFactory(patient=patient, expires_on=date(2026, 3, 3))

        self.post(client, consent)

        consent.refresh_from_db()
        assert consent.withdrawn_at == NOW
