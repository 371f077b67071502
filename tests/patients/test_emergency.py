"""Emergency access: a record of another location is opened with a reason, for an hour, and an admin reads why."""

from datetime import timedelta
from http import HTTPStatus
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from django.test import override_settings
from django.utils import timezone

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.emergencies import tell_admins, untold
from patients.models import EmergencyAccess, EmergencyReview
from tests.factories import CourseFactory, EmergencyAccessFactory, LocationFactory, PatientFactory, UserFactory
from tests.patients.emergencies import NEW, REASON, UNKNOWN, open_for, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def patient():
    return PatientFactory(location=LocationFactory(name="Canal Street"), family_name="Okafor")


@pytest.fixture
def doctor():
    return UserFactory(role=Role.CLINICIAN, locations=[LocationFactory(name="Harbour Street")])


@pytest.fixture
def desk(client, doctor):
    client.force_login(doctor)
    return client


def test_record_is_opened_with_a_reason_and_each_of_its_pages_says_so(desk, doctor, patient):
    course = CourseFactory(patient=patient)
    assert desk.get(patient.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND

    response = desk.post(NEW, typed(patient))

    assert response.url == patient.get_absolute_url()
    for address in (patient.get_absolute_url(), course.get_absolute_url()):
        assert "Emergency access until" in desk.get(address).content.decode()
    access = EmergencyAccess.objects.get()
    assert (access.user, access.patient, access.reason) == (doctor, patient, REASON)
    assert access.ends_at - access.opened_at == timedelta(hours=1)


def test_access_ends_by_the_clock(desk, doctor, patient):
    open_for(desk, doctor, patient, timedelta(seconds=50))
    assert desk.get(patient.get_absolute_url()).status_code == HTTPStatus.OK

    open_for(desk, doctor, patient, timedelta(seconds=-1))
    assert desk.get(patient.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


def test_opening_is_an_event_of_its_own_that_says_until_when(desk, doctor, patient):
    desk.post(NEW, typed(patient))

    event = AuditEvent.objects.get(act=AuditEvent.Act.BREAK_GLASS)
    assert (event.by, event.patient_public_id) == (doctor, patient.public_id)
    assert list(event.detail) == ["until"]


def test_access_is_only_ever_added_to():
    access = EmergencyAccessFactory()

    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        EmergencyAccess.objects.update(reason="Nothing happened here.")
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        access.delete()


def test_minutes_are_a_setting(desk, patient, settings):
    settings.EMERGENCY_MINUTES = 5
    desk.post(NEW, typed(patient))

    access = EmergencyAccess.objects.get()
    assert access.ends_at - access.opened_at == timedelta(minutes=5)


def test_every_admin_is_told_at_once_and_no_mail_says_whose_record_it_is(
    desk, patient, django_capture_on_commit_callbacks
):
    admins = [UserFactory(role=Role.ADMIN), UserFactory(role=Role.ADMIN)]
    UserFactory(role=Role.ADMIN, is_active=False)
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(NEW, typed(patient))

    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(admin.email for admin in admins)
    for letter in mail.outbox:
        said = letter.subject + letter.body
        assert "/emergencies/" in said
        assert all(secret not in said for secret in ("Okafor", patient.record_number, REASON))


def opened_now():
    now = timezone.now()
    return EmergencyAccessFactory(opened_at=now, ends_at=now + timedelta(hours=1))


def test_whoever_opens_a_record_waits_for_no_mail_server(desk, patient, settings):
    UserFactory(role=Role.ADMIN)
    settings.EMAIL_BACKEND = "no.mail.server.is.asked.Backend"
    desk.post(NEW, typed(patient))

    assert desk.get(patient.get_absolute_url()).status_code == HTTPStatus.OK


def test_mail_that_does_not_go_is_tried_again_and_then_no_more():
    admin, access = UserFactory(role=Role.ADMIN), opened_now()
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1
    ):
        tell_admins(timezone.now())
    assert not AuditEvent.objects.filter(detail__what="admins-told").exists()

    tell_admins(timezone.now())
    tell_admins(timezone.now())

    assert [letter.to for letter in mail.outbox] == [[admin.email]]
    event = AuditEvent.objects.get(detail__what="admins-told")
    assert (event.record_key, event.patient_public_id) == (str(access.public_id), access.patient.public_id)


def test_address_that_is_refused_keeps_the_other_admins_from_nothing(monkeypatch):
    refused, told = UserFactory(role=Role.ADMIN), UserFactory(role=Role.ADMIN)
    opened_now()
    took = []

    def send(backend, letters):
        if letters[0].to == [refused.email]:
            raise SMTPRecipientsRefused({refused.email: (550, b"unknown")})
        took.extend(letters)
        return len(letters)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", send)
    tell_admins(timezone.now())
    tell_admins(timezone.now())

    assert [letter.to for letter in took] == [[told.email]]


@pytest.mark.parametrize("count", [1, 3])
def test_telling_of_three_accesses_asks_as_often_as_of_one(count, django_assert_num_queries):
    for _number in range(count):
        opened_now()

    with django_assert_num_queries(3):
        assert len(untold(timezone.now())) == count


def test_access_of_last_week_is_told_of_no_more():
    UserFactory(role=Role.ADMIN)
    long_ago = timezone.now() - timedelta(days=7)
    EmergencyAccessFactory(opened_at=long_ago, ends_at=long_ago + timedelta(hours=1))

    tell_admins(timezone.now())

    assert mail.outbox == []


@pytest.mark.parametrize(
    "changes",
    [
        {"record_number": "MT-999999-9"},
        {"record_number": "nobody"},
        {"record_number": "' OR 1=1"},
        {"birth_date": "1970-01-01"},
    ],
)
def test_number_or_birth_date_alone_reveal_nothing(desk, patient, changes):
    response = desk.post(NEW, typed(patient, **changes))

    page = response.content.decode()
    assert UNKNOWN in page
    assert "Okafor" not in page
    assert REASON in page
    assert (EmergencyAccess.objects.count(), mail.outbox) == (0, [])


@pytest.mark.parametrize("reason", ["", "x", "123456789", "a\x07larm, allergies needed", "x" * 501])
def test_without_a_reason_nothing_opens(desk, patient, reason):
    response = desk.post(NEW, typed(patient, reason=reason))

    assert response.context["form"].errors["reason"]
    assert not EmergencyAccess.objects.exists()


def test_guessing_is_limited_and_the_right_guess_says_no_more_than_a_wrong_one(desk, patient):
    for _guess in range(10):
        desk.post(NEW, typed(patient, birth_date="1970-01-01"))
    wrong = desk.post(NEW, typed(patient, birth_date="1970-01-02")).content.decode()
    right = desk.post(NEW, typed(patient)).content.decode()

    assert "Too many tries. Wait an hour" in right
    assert (UNKNOWN in wrong, UNKNOWN in right) == (False, False)
    assert REASON in right
    assert not EmergencyAccess.objects.exists()


def test_double_tap_opens_once_and_tells_once(desk, patient, django_capture_on_commit_callbacks):
    UserFactory(role=Role.ADMIN)
    with django_capture_on_commit_callbacks(execute=True):
        first, second = desk.post(NEW, typed(patient)), desk.post(NEW, typed(patient))

    assert first.url == second.url
    assert (EmergencyAccess.objects.count(), len(mail.outbox)) == (1, 1)


def test_another_patient_under_an_old_token_is_asked_again(desk, patient):
    other = PatientFactory(location=LocationFactory())
    desk.post(NEW, typed(patient))

    page = desk.post(NEW, typed(other)).content.decode()

    assert "This form was sent already" in page
    assert EmergencyAccess.objects.count() == 1


def test_patient_of_the_own_location_needs_no_emergency(desk, doctor):
    own = PatientFactory(location=doctor.locations.get())
    response = desk.post(NEW, typed(own))

    assert response.url == own.get_absolute_url()
    assert (EmergencyAccess.objects.count(), mail.outbox) == (0, [])


def test_admin_reviews_and_the_first_review_stands(client):
    access, ada = EmergencyAccessFactory(), UserFactory(role=Role.ADMIN, locations=[LocationFactory()])
    client.force_login(ada)
    where = f"/emergencies/{access.public_id}/review/"
    assert REASON in client.get("/emergencies/").content.decode()

    client.post(where, {"note": ""})
    assert not EmergencyReview.objects.exists()
    client.post(where, {"note": "Talked with both locations, justified."})
    client.post(where, {"note": "Other"})

    assert EmergencyReview.objects.get().note == "Talked with both locations, justified."
    assert "justified." in client.get("/emergencies/?tab=reviewed").content.decode()
    assert REASON not in client.get("/emergencies/").content.decode()


def test_page_without_an_emergency_asks_the_database_no_more(desk, django_assert_num_queries):
    desk.get(NEW)
    with django_assert_num_queries(7):
        desk.get(NEW)


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_as_often_for_three_as_for_one(client, count, django_assert_num_queries):
    EmergencyAccessFactory.create_batch(count)
    client.force_login(UserFactory(role=Role.ADMIN, locations=[LocationFactory()]))
    client.get("/emergencies/")

    with django_assert_num_queries(8):
        page = client.get("/emergencies/").content.decode()

    assert page.count("What came of it,") == count
