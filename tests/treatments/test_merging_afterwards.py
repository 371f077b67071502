"""After two records were merged: every way to the old one leads on, and nothing is written into it."""

from datetime import date

import pytest
import time_machine
from django.urls import reverse

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.actions import record_allergy, record_screening, write_for
from patients.models import Consent, Patient, RecordMergedError, Screening
from patients.stopping import token_of as stop_token
from tests.factories import (
    AllergyFactory,
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    PatientFactory,
    UserFactory,
    make_ready,
    question,
)
from tests.searching import find
from tests.treatments.merging_records import NOW, full, merge, one_record, other_record, owner
from tests.treatments.session_forms import told
from treatments.actions.appointments import refuse_overlap
from treatments.actions.sessions import Written, keep
from treatments.aftercare import find_open
from treatments.aftercare import token_of as aftercare_token
from treatments.drawn import Drawn
from treatments.merging import MOVES
from treatments.models import Appointment, Course, Session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", time_zone="UTC")


@pytest.fixture
def admin(client, here):
    user = UserFactory(role=Role.ADMIN, locations=[here])
    client.force_login(user)
    return user


@pytest.fixture
def ida(here):
    return one_record(here)


@pytest.fixture
def twin(here):
    return other_record(here)


@pytest.mark.parametrize("name", ["patient-record", "patient-edit", "patient-allergies", "patient-consents"])
def test_old_address_leads_to_the_record_that_goes_on_with_a_word(client, admin, ida, twin, name):
    merge(client, ida, twin)

    response = client.get(reverse(name, args=[twin.public_id]), follow=True)

    assert response.redirect_chain == [(reverse(name, args=[ida.public_id]), 302)]
    assert f"Record {twin.record_number} was merged into this one, Ida Twofold, {ida.record_number}." in told(response)


def test_booking_for_the_old_record_leads_to_the_one_that_goes_on(client, admin, ida, twin):
    merge(client, ida, twin)

    response = client.get(f"{reverse('appointment-new')}?patient={twin.public_id}")

    assert response.url == f"{reverse('appointment-new')}?patient={ida.public_id}"


def test_form_of_the_old_record_that_was_open_writes_nothing_and_loses_nothing(client, admin, ida, twin):
    merge(client, ida, twin)
    before = Patient.objects.get(pk=ida.pk).version

    url = reverse("patient-edit", args=[twin.public_id])
    response = client.post(url, {"given_name": "Ida <b>", "city": "Oakland", "version": before})

    page = response.content.decode()
    assert response.status_code == 409
    assert "Ida &lt;b&gt;" in page
    assert "Oakland" in page
    assert reverse("patient-edit", args=[ida.public_id]) in page
    assert Patient.objects.get(pk=ida.pk).version == before
    event = AuditEvent.objects.latest("pk")
    assert (event.act, event.view_name, event.patient_public_id) == ("read", "patient-edit", ida.public_id)


@pytest.mark.parametrize("what", ["allergy", "screening", "consent", "course", "appointment"])
def test_what_is_sent_in_the_moment_of_the_merge_is_not_written_into_the_old_record(
    client, admin, here, ida, twin, what
):
    """The page read the old record before the merge, and writes after it: nothing stays where nobody looks."""
    counted = {model: model._default_manager.count() for model in MOVES}
    act = {
        "allergy": lambda: record_allergy(twin, AllergyFactory.build(patient=twin), today=date(2026, 3, 10)),
        "screening": lambda: record_screening(Screening(patient=twin), answers=[]),
        "consent": lambda: write_for(twin, lambda: ConsentFactory(patient=twin)),
        "course": lambda: write_for(twin, lambda: CourseFactory(patient=twin)),
        "appointment": lambda: refuse_overlap(Appointment(patient=twin, location=here)),
    }[what]
    merge(client, ida, Patient.objects.get(pk=twin.pk))

    with pytest.raises(RecordMergedError):
        act()

    assert {model: model._default_manager.count() for model in MOVES} == counted


def test_session_typed_before_the_merge_is_of_the_record_that_goes_on(client, admin, here, ida, twin):
    course = make_ready(CourseFactory(patient=twin, clinician__locations=[here]))
    read_before = Course.objects.select_related("patient", "location", "protocol").get(pk=course.pk)
    assert read_before.patient == twin
    merge(client, ida, twin)

    session = Session(course=read_before, performed_at=NOW, performed_by=admin, technique="nappage")
    answers = [(question("pregnancy"), "no", "")]
    keep(
        session,
        session.save,
        written=Written(Drawn(read_before, NOW), screening=answers),
        by=admin,
        now=NOW,
        signing=False,
    )

    assert owner(session.screening) == ida


def test_old_number_finds_the_person_and_says_where_the_record_went(client, admin, ida, twin):
    merge(client, ida, twin)

    page = find(client, reverse("search"), twin.record_number)
    live = client.post(reverse("search"), {"q": twin.record_number}, headers={"HX-Request": "true"})

    assert f"Merged into {ida.record_number}" in page.content.decode()
    assert f"merged into {ida.record_number}" in live.content.decode()
    assert client.get(twin.get_absolute_url()).url == ida.get_absolute_url()


def test_old_record_leaves_the_lists(client, admin, ida, twin):
    merge(client, ida, twin)

    rows = client.get(reverse("patient-list")).context["rows"]

    assert [row.patient for row in rows] == [ida]


def test_record_that_goes_on_names_the_other_number(client, admin, here, ida, twin):
    merge(client, ida, twin)
    client.force_login(UserFactory(role=Role.STAFF, locations=[here]))

    assert f"Also {twin.record_number}" in client.get(ida.get_absolute_url()).content.decode()


def test_aftercare_link_from_before_leads_on_and_asks_for_the_birth_date_that_stays(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(birth_date=date(1991, 5, 4))
    link = full(twin)["link"]
    token = aftercare_token(link)

    merge(client, ida, twin, birth_date="there")

    found = find_open(token, NOW)
    assert found.patient == ida
    assert found.patient.birth_date == date(1991, 5, 4)


def test_link_that_stops_messages_stops_those_of_the_record_that_goes_on(client, admin, ida, twin):
    for patient in (ida, twin):
        Patient.objects.filter(pk=patient.pk).update(contact_permission=True)
    token = stop_token(twin)
    merge(client, ida, twin)

    client.post(reverse("messages-stop", args=[token]))

    assert not Patient.objects.get(pk=ida.pk).contact_permission


def test_consent_keeps_the_seal_of_the_number_it_was_signed_under_and_says_so(client, admin, ida, twin):
    consent = ConsentFactory(patient=twin)
    digest = consent.digest
    merge(client, ida, twin)

    moved = Consent.objects.get(pk=consent.pk)
    assert (moved.digest, moved.is_intact(), moved.signed_under) == (digest, True, twin.record_number)
    page = client.get(consent.get_absolute_url()).content.decode()
    assert f"Signed under record {twin.record_number}, which was merged into this one." in page


def test_consent_that_was_changed_is_no_more_intact_for_a_merge(client, admin, ida, twin):
    consent = ConsentFactory(patient=twin)
    merge(client, ida, twin)
    Consent.objects.filter(pk=consent.pk).update(signer_name="Somebody Else")

    assert not Consent.objects.get(pk=consent.pk).is_intact()


def test_seal_holds_over_a_merge_of_merges(client, admin, here, ida, twin):
    consent = ConsentFactory(patient=twin)
    third = PatientFactory(location=here)
    merge(client, ida, twin)
    merge(client, third, ida)

    found = Consent.objects.get(pk=consent.pk)
    assert (found.is_intact(), found.signed_under) == (True, twin.record_number)


def test_archived_record_that_was_merged_is_not_restored_by_its_old_page(client, admin, ida, twin):
    merge(client, ida, twin)

    client.post(reverse("patient-archive", args=[twin.public_id]), {"to": "restore"})

    assert Patient.objects.get(pk=twin.pk).archived_at == NOW


def test_who_saw_the_old_record_stands_in_the_patients_own_report(client, admin, ida, twin):
    client.get(twin.get_absolute_url())
    merge(client, ida, twin)

    events = client.get(reverse("patient-access", args=[ida.public_id])).context["page"].rows

    assert {event.patient_public_id for event in events} == {ida.public_id, twin.public_id}
