"""How long what is kept, whose time is over, and what the worker removes by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session as SignIn
from django.core.exceptions import ValidationError
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from clinic.models import Heartbeat
from clinic.roles import Role
from patients.models import Patient, RetentionRule, RetentionSweep
from tests.factories import (
    AllergyFactory,
    AppointmentFactory,
    ConsentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    ReminderFactory,
    SessionFactory,
    UserFactory,
    WaitingFactory,
    WorkingCopyFactory,
)
from tests.treatments.forgotten import decided, import_files
from treatments.models import Reminder, WorkingCopy
from treatments.privacy.retention import time_over
from treatments.privacy.sweep import HEARTBEAT, sweep_daily

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)


def registered(years_ago, **facts):
    """Return somebody who was registered so long ago, and for whom a course was planned."""
    patient = CourseFactory(patient=PatientFactory(**facts), status="completed").patient
    Patient.objects.filter(pk=patient.pk).update(registered_at=NOW - timedelta(days=366 * years_ago))
    return patient


@pytest.mark.django_db
def test_rule_of_a_location_goes_before_its_countrys_and_that_before_the_general_one():
    berlin, paris = LocationFactory(country_code="DE"), LocationFactory(country_code="FR")
    RetentionRule.objects.create(subject="clinical", location=berlin, keeps_for=30, source="Our contract", binds=True)

    assert RetentionRule.objects.at(berlin)["clinical"].keeps_for == 30
    assert RetentionRule.objects.at(LocationFactory(country_code="DE"))["clinical"].source.startswith("BGB")
    assert RetentionRule.objects.at(paris)["clinical"].keeps_for == 20
    assert RetentionRule.objects.at(LocationFactory(country_code="US"))["clinical"].country_code == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "facts",
    [
        {"keeps_for": 0},
        {"keeps_for": 1001},
        {"source": ""},
        {"subject": "messages", "binds": True},
        {"subject": "copies", "binds": True},
        {"subject": "contact", "counted_from": "treatment"},
        {"subject": "messages", "counted_from": "signature"},
        {"subject": "clinical", "counted_from": "made"},
        {"subject": "audit", "counted_from": "made"},
    ],
)
def test_rule_that_is_none_is_refused(facts):
    rule = RetentionRule(
        **{"subject": "clinical", "country_code": "IT", "keeps_for": 10, "source": "A law", "binds": False} | facts
    )

    with pytest.raises(ValidationError):
        rule.full_clean()


@pytest.mark.django_db
def test_a_country_has_one_rule_for_one_kind():
    rule = RetentionRule(subject="clinical", country_code="DE", keeps_for=5, source="Another law")

    with pytest.raises(ValidationError, match="for this country already"):
        rule.full_clean()


@given(
    event=st.dates(min_value=date(1900, 1, 1), max_value=date(2200, 1, 1)),
    unit=st.sampled_from(RetentionRule.Unit.values),
    keeps_for=st.integers(min_value=1, max_value=1000),
)
def test_what_is_past_its_last_day_is_before_the_cutoff(event, unit, keeps_for):
    rule = RetentionRule(unit=unit, keeps_for=keeps_for)
    last_day = rule.last_day(event)

    assert last_day > event
    if last_day < date(9000, 1, 1):
        # Months have their own lengths, so that forward and back may differ by as many days as a month can.
        assert rule.cutoff(last_day + timedelta(days=4)) > event


def test_keeping_beyond_the_calendar_ends_with_it():
    rule = RetentionRule(unit="years", keeps_for=1000)

    assert rule.last_day(date(9500, 1, 1)) == date.max
    assert rule.cutoff(date(900, 1, 1)) == date.min


@pytest.mark.django_db
def test_record_may_go_ten_years_after_the_last_treatment_and_no_day_sooner():
    patient = registered(12)
    SessionFactory(course__patient=patient, performed_at=NOW - timedelta(days=3652 + 1))

    assert list(time_over(TODAY - timedelta(days=2))) == []
    assert list(time_over(TODAY + timedelta(days=1))) == [patient]


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["session", "consent", "appointment"])
def test_record_with_something_younger_stays(what):
    patient = registered(12)
    if what == "session":
        SessionFactory(course__patient=patient, performed_at=NOW - timedelta(days=800))
    elif what == "consent":
        ConsentFactory(patient=patient, signed_at=NOW - timedelta(days=800))
    else:
        AppointmentFactory(patient=patient, starts_at=NOW + timedelta(days=8))

    assert list(time_over(TODAY)) == []


@pytest.mark.django_db
def test_country_that_keeps_longer_is_waited_for():
    registered(12, location=LocationFactory(country_code="FR"))
    gone = registered(12, location=LocationFactory(country_code="DE"))

    assert list(time_over(TODAY)) == [gone]


@pytest.mark.django_db
def test_whoever_is_being_erased_or_merged_is_not_proposed():
    decided(registered(12))
    registered(12, merged_into=PatientFactory())

    assert list(time_over(TODAY)) == []


@pytest.mark.django_db
def test_place_without_a_rule_proposes_nobody():
    registered(12)
    RetentionRule.objects.filter(subject="photos").delete()

    assert list(time_over(TODAY)) == []


def asked_only(days_ago, **facts):
    """Return somebody who was registered so many days ago, and whom nobody treated."""
    patient = PatientFactory(**facts)
    Patient.objects.filter(pk=patient.pk).update(registered_at=NOW - timedelta(days=days_ago))
    return patient


@pytest.mark.django_db
def test_name_of_somebody_never_treated_may_go_after_its_own_time():
    patient = asked_only(3 * 366)
    asked_only(3 * 365 - 5)

    assert list(time_over(TODAY)) == [patient]

    RetentionRule.objects.filter(subject="contact").update(keeps_for=9)
    assert list(time_over(TODAY)) == []

    RetentionRule.objects.filter(subject="contact").delete()
    assert list(time_over(TODAY)) == []


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["course", "consent", "allergy", "asked", "visit", "to come", "merged"])
def test_name_of_somebody_who_was_looked_after_or_comes_is_kept_as_the_record(what):
    patient = asked_only(4 * 366)
    long_ago = NOW - timedelta(days=4 * 365)
    acts = {
        "course": lambda: CourseFactory(patient=patient),
        "consent": lambda: ConsentFactory(patient=patient, signed_at=long_ago),
        "allergy": lambda: AllergyFactory(patient=patient),
        "asked": lambda: Patient.objects.filter(pk=patient.pk).update(allergies_asked_on=long_ago.date()),
        "visit": lambda: AppointmentFactory(patient=patient, starts_at=long_ago, status="done"),
        "to come": lambda: AppointmentFactory(patient=patient, starts_at=NOW + timedelta(days=8)),
        "merged": lambda: PatientFactory(merged_into=patient),
    }
    acts[what]()

    assert list(time_over(TODAY)) == []


def wait_for_an_hour(patient, joined_at, **facts):
    WaitingFactory(
        course=None, patient=patient, kind="consultation", joined_at=joined_at, joined_by=UserFactory(), **facts
    )


@pytest.mark.django_db
@pytest.mark.parametrize("since", [NOW, NOW - timedelta(days=4 * 365)])
@pytest.mark.parametrize("whom", [asked_only, registered])
def test_nobody_on_the_waiting_list_is_proposed(whom, since):
    patient = whom(4 * 366) if whom is asked_only else whom(12)
    wait_for_an_hour(patient, since)

    assert list(time_over(TODAY)) == []


@pytest.mark.django_db
def test_whoever_came_off_the_waiting_list_lately_is_not_proposed_and_long_ago_is():
    lately, long_ago = asked_only(4 * 366), asked_only(4 * 366)
    joined_at = NOW - timedelta(days=4 * 365)
    off = {"removed_by": UserFactory(), "removed_reason": "Wishes nothing earlier."}
    wait_for_an_hour(lately, joined_at, removed_at=NOW - timedelta(days=1), **off)
    wait_for_an_hour(long_ago, joined_at, removed_at=joined_at + timedelta(days=9), **off)

    assert list(time_over(TODAY)) == [long_ago]


@pytest.mark.django_db
def test_somebody_who_never_came_to_an_old_appointment_was_not_treated():
    patient = asked_only(4 * 366)
    AppointmentFactory(patient=patient, starts_at=NOW - timedelta(days=4 * 365), status="no-show")

    assert list(time_over(TODAY)) == [patient]


@pytest.mark.django_db
def test_trail_of_who_read_what_has_no_rule_since_nothing_is_taken_out_of_it(client):
    client.force_login(UserFactory(role=Role.ADMIN))

    assert not RetentionRule.objects.filter(subject="audit").exists()
    assert "nothing is ever taken out of it" in client.get(reverse("privacy")).content.decode()


@pytest.mark.django_db
def test_sweep_comes_once_a_day_proposes_and_erases_nobody():
    patient = registered(12)

    assert sweep_daily(lambda: NOW)
    assert not sweep_daily(lambda: NOW + timedelta(hours=2))
    assert sweep_daily(lambda: NOW + timedelta(days=1))

    patient.refresh_from_db()
    assert patient.erased_at is None
    assert list(RetentionSweep.objects.values_list("swept_on", "proposed_count")) == [
        (date(2026, 3, 3), 1),
        (date(2026, 3, 2), 1),
    ]
    assert Heartbeat.of(HEARTBEAT).beat_at == NOW + timedelta(days=1)


@pytest.mark.django_db
def test_sweep_removes_files_of_imports_whose_hour_is_over_at_any_time_of_the_day(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    sweep_daily(lambda: NOW)
    forgotten, rejects, just_sent = import_files(tmp_path / "x", {"a.csv": 61, "a.rejects.csv": 61, "b.csv": 59})
    settings.VAR_DIR = tmp_path / "x"

    sweep_daily(lambda: NOW + timedelta(minutes=1))

    assert [path.exists() for path in (forgotten, rejects, just_sent)] == [False, False, True]


@pytest.mark.django_db
def test_sweep_that_was_cut_off_is_done_by_the_next():
    RetentionSweep.objects.create(swept_on=TODAY, begun_at=NOW)

    assert sweep_daily(lambda: NOW + timedelta(minutes=5))
    assert RetentionSweep.objects.get().finished_at == NOW + timedelta(minutes=5)


@pytest.mark.django_db
def test_sweep_forgets_old_addresses_old_typing_and_ended_sign_ins_and_nothing_younger():
    follow_up = FollowUpFactory()
    old = ReminderFactory(follow_up=follow_up, address="old@example.org", started_at=NOW - timedelta(days=400))
    young = ReminderFactory(address="young@example.org", started_at=NOW - timedelta(days=300))
    WorkingCopyFactory(closed_at=NOW - timedelta(days=40))
    kept = [WorkingCopyFactory(closed_at=NOW - timedelta(days=20)), WorkingCopyFactory(closed_at=None)]
    SignIn.objects.create(session_key="ended", session_data="", expire_date=NOW - timedelta(days=1))
    SignIn.objects.create(session_key="going-on", session_data="", expire_date=NOW + timedelta(days=1))

    sweep_daily(lambda: NOW)

    assert Reminder.objects.get(pk=old.pk).address == "–"
    assert Reminder.objects.get(pk=young.pk).address == "young@example.org"
    assert set(WorkingCopy.objects.all()) == set(kept)
    assert [sign_in.session_key for sign_in in SignIn.objects.all()] == ["going-on"]
    assert RetentionSweep.objects.get().removed == {"messages": 1, "copies": 1, "sign-ins": 1}
