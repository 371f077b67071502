"""A merge is taken back: everything stands as before, but for what somebody changed or added since."""

from datetime import date, timedelta

import pytest
import time_machine

from clinic.roles import Role
from patients.actions import choose_messages
from patients.models import Consent, MergeOfRecords, Patient
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
)
from tests.treatments.merging_records import NOW, filled, full, merge, one_record, other_record, owner, undo, undo_form
from tests.treatments.session_forms import told
from treatments.actions.privacy import decide_erasure, withdraw_erasure
from treatments.merging import MOVES
from treatments.models import Course

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


# Undoing


UNTOUCHED = {"version", "updated_at"}


def stored(*patients):
    """Return all rows of these patients, but for versions."""
    rows = {}
    for model in (Patient, *MOVES):
        path = "pk__in" if model is Patient else "patient__in"
        for row in model._default_manager.filter(**{path: [patient.pk for patient in patients]}).values():
            rows[model, row["id"]] = {name: value for name, value in row.items() if name not in UNTOUCHED}
    return rows


def test_undo_puts_everything_back_exactly(client, admin, ida, twin):
    full(twin)
    AllergyFactory(patient=ida, substance="Iodine", severity="mild")
    AllergyFactory(patient=twin, substance="iodine", severity="severe")
    Patient.objects.filter(pk=twin.pk).update(allergies_asked_on=date(2026, 2, 5))
    before = stored(ida, twin)
    made = merge(client, ida, twin, family_name="there")
    assert stored(ida, twin) != before

    undo(client, made)

    assert stored(ida, twin) == before
    assert (made.undone_at, made.undone_by, made.undo_reason) == (NOW, admin, "Two people after all.")
    assert client.get(twin.get_absolute_url()).status_code == 200


def test_restriction_asked_for_since_holds_for_both_records_after_an_undo(client, admin, ida, twin):
    made = merge(client, ida, twin)
    ida.restrict(NOW, reason="The data are disputed")

    page = client.get(made.get_absolute_url()).content.decode()
    undo(client, made)

    assert "The restriction since the merge holds for both records." in page
    assert set(Patient.objects.values_list("restricted_at", "restriction_reason")) == {(NOW, "The data are disputed")}


@pytest.mark.parametrize("chosen", ["here", "there"])
def test_no_to_messages_said_since_holds_for_both_records_after_an_undo(client, admin, ida, twin, chosen):
    Patient.objects.filter(pk=twin.pk).update(contact_permission=True)
    if chosen == "here":
        ida.note(contact_permission=True)
    made = merge(client, ida, twin, contact_permission=chosen)
    with time_machine.travel(NOW + timedelta(days=1)):
        choose_messages(ida, wants=False, now=NOW + timedelta(days=1))

    page = client.get(made.get_absolute_url()).content.decode()
    undo(client, made)

    assert "The no to messages since the merge holds for both records." in page
    assert set(Patient.objects.values_list("contact_permission", flat=True)) == {False}


def test_yes_to_messages_that_a_merge_put_aside_comes_back_with_the_undo(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(contact_permission=True)
    Patient.objects.filter(pk=ida.pk).update(contact_permission=False)

    undo(client, merge(client, ida, twin))

    assert Patient.objects.get(pk=twin.pk).contact_permission


def test_undo_writes_the_history_of_every_row(client, admin, ida, twin):
    rows = full(twin)

    undo(client, merge(client, ida, twin))

    for name in ("course", "screening", "consent", "allergy", "appointment"):
        last = rows[name].history.first()
        assert last.patient == twin, name
        assert "was undone" in last.history_change_reason


def test_record_that_was_archived_before_stays_so_after_an_undo(client, admin, ida, twin):
    twin.archive(NOW - timedelta(days=30))

    undo(client, merge(client, ida, twin))

    assert Patient.objects.get(pk=twin.pk).archived_at == NOW - timedelta(days=30)


def test_value_that_somebody_changed_since_stays_and_is_named(client, admin, ida, twin):
    made = merge(client, ida, twin, family_name="there")
    Patient.objects.get(pk=ida.pk).note(family_name="Newname")

    page = client.get(made.get_absolute_url())
    undo(client, made)

    assert page.context["undoing"].kept == ["Last name"]
    ida.refresh_from_db()
    assert (ida.family_name, ida.email) == ("Newname", "")


def test_what_was_added_since_is_named_and_stays(client, admin, ida, twin):
    made = merge(client, ida, twin)
    consent = ConsentFactory(patient=ida)
    allergy = AllergyFactory(patient=ida, substance="Latex")

    page = client.get(made.get_absolute_url())
    undo(client, made)

    assert [(later.label, later.count) for later in page.context["undoing"].later] == [
        ("Consents", 1),
        ("Allergies", 1),
    ]
    assert "Latex" in page.content.decode()
    assert [owner(consent), owner(allergy)] == [ida, ida]


def test_what_was_added_since_to_a_course_that_goes_back_goes_along(client, admin, ida, twin):
    course = CourseFactory(patient=twin)
    made = merge(client, ida, twin)
    course = Course.objects.get(pk=course.pk)
    session = SessionFactory(course=course, signed=True, given=True)
    booked = AppointmentFactory(course=course, patient=ida, starts_at=NOW + timedelta(days=3))
    reminder = ReminderFactory(follow_up=FollowUpFactory(course=course), patient=ida)

    page = client.get(made.get_absolute_url())
    undo(client, made)

    assert page.context["undoing"].later == []
    assert [owner(row) for row in (session, session.screening, booked, reminder)] == [twin] * 4


def test_visit_that_was_used_since_for_a_course_that_stays_stays_with_it(client, admin, here, ida, twin):
    visit = AppointmentFactory(patient=twin, course=None, location=here)
    own = CourseFactory(patient=ida)
    made = merge(client, ida, twin)
    SessionFactory(course=own, appointment=visit, signed=True)

    undo(client, made)

    assert owner(visit) == ida


def test_merge_of_a_merge_is_undone_from_the_last_on(client, admin, here, ida, twin):
    third = PatientFactory(location=here)
    consent = ConsentFactory(patient=twin)
    first = merge(client, ida, twin)
    second = merge(client, third, ida)
    assert owner(consent) == third

    response = client.post(first.get_absolute_url(), undo_form(client, first))
    assert "was itself merged into another record since. Undo that merge first." in str(response.content.decode())
    assert owner(consent) == third

    undo(client, second)
    assert owner(consent) == ida
    undo(client, first)
    assert owner(consent) == twin


def test_merge_is_not_undone_while_an_erasure_of_both_records_waits(client, admin, ida, twin):
    made = merge(client, ida, twin)
    erasure = decide_erasure(
        Patient.objects.get(pk=ida.pk), ground="withdrawn", by=admin, now=NOW, today=ida.location.today(NOW)
    )
    words = f"{ida.record_number} is being erased, and both records with it. Withdraw the erasure first."
    form = undo_form(client, made)

    assert words in client.get(made.get_absolute_url()).content.decode()
    client.post(made.get_absolute_url(), form)
    made.refresh_from_db()
    assert not made.is_undone

    withdraw_erasure(erasure, reason="A slip.", by=admin, now=NOW)
    assert undo(client, made).is_undone


def test_chain_of_merges_leads_to_the_last_record(client, admin, here, ida, twin):
    third = PatientFactory(location=here)
    merge(client, ida, twin)
    merge(client, third, ida)

    assert client.get(twin.get_absolute_url()).url == third.get_absolute_url()


def test_undone_merge_can_be_made_again(client, admin, ida, twin):
    course = CourseFactory(patient=twin)
    undo(client, merge(client, ida, twin))

    merge(client, ida, twin)

    assert owner(course) == ida
    assert MergeOfRecords.objects.standing().count() == 1


def test_merge_is_undone_once(client, admin, ida, twin):
    made = merge(client, ida, twin)
    form = undo_form(client, made)
    client.post(made.get_absolute_url(), form)

    response = client.post(made.get_absolute_url(), form, follow=True)

    assert "This merge was undone already." in told(response)
    assert MergeOfRecords.history.filter(id=made.pk).count() == 2


def test_undo_of_what_changed_since_the_page_was_opened_is_refused(client, admin, ida, twin):
    made = merge(client, ida, twin)
    form = undo_form(client, made)
    ConsentFactory(patient=ida)

    response = client.post(made.get_absolute_url(), form)

    assert "Something changed since you opened this page." in str(response.context["form"].errors)
    assert not MergeOfRecords.objects.get().is_undone
    assert client.post(made.get_absolute_url(), undo_form(client, made)).status_code == 302


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 301])
def test_undo_needs_a_reason_that_can_be_read(client, admin, ida, twin, reason):
    made = merge(client, ida, twin)

    response = client.post(made.get_absolute_url(), undo_form(client, made, reason=reason))

    assert "reason" in response.context["form"].errors
    assert not MergeOfRecords.objects.get().is_undone


def test_seal_is_of_the_own_number_again_after_an_undo(client, admin, ida, twin):
    consent = ConsentFactory(patient=twin)
    undo(client, merge(client, ida, twin))

    found = Consent.objects.get(pk=consent.pk)
    assert found.is_intact()
    assert not found.is_under_other_number


# As often for one as for three


@pytest.mark.parametrize("count", [1, 3])
def test_page_of_a_merge_asks_as_often_for_three_of_everything_as_for_one(
    client, admin, ida, twin, count, django_assert_num_queries
):
    for number in range(count):
        filled(twin, number)
    made = merge(client, ida, twin)
    for number in range(count):
        filled(ida, number + count)
    client.get(made.get_absolute_url())

    with django_assert_num_queries(33):
        client.get(made.get_absolute_url())
