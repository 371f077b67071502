"""One person, two records: one goes on, the other becomes part of it, and nothing is lost, doubled or deleted."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.urls import reverse

from clinic.models import AuditEvent
from clinic.roles import Role
from patients.actions import choose_messages, record_allergy, record_screening, write_for
from patients.models import (
    Allergy,
    Consent,
    DistinctPair,
    MergeOfRecords,
    MessageChoice,
    Patient,
    RecordMergedError,
    Screening,
)
from patients.stopping import token_of as stop_token
from tests.factories import (
    AftercareLinkFactory,
    AllergyFactory,
    AppointmentFactory,
    AssessmentFactory,
    ConsentFactory,
    CourseFactory,
    FollowUpFactory,
    LocationFactory,
    PatientFactory,
    PhotoFactory,
    ReminderFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WaitingFactory,
    make_ready,
    question,
)
from tests.searching import find
from treatments.actions.appointments import refuse_overlap
from treatments.actions.sessions import Written, keep
from treatments.aftercare import find_open
from treatments.aftercare import token_of as aftercare_token
from treatments.drawn import Drawn
from treatments.merging import MOVES, STAYS, Pair
from treatments.models import Appointment, Course, Photo, Reminder, Session, SideEffect, Waiting

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)

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
    return PatientFactory(
        given_name="Ida",
        family_name="Twofold",
        birth_date=date(1990, 5, 4),
        phone="+14155550177",
        location=here,
    )


@pytest.fixture
def twin(here):
    return PatientFactory(
        given_name="Ida",
        family_name="Twofold-Sample",
        birth_date=date(1990, 5, 4),
        phone="+14155550177",
        email="ida@patient.example",
        location=here,
    )


def waits_for(patient, clinician, days_ago, **facts):
    return WaitingFactory(
        patient=patient,
        course=None,
        kind="consultation",
        joined_at=NOW - timedelta(days=days_ago),
        joined_by=clinician,
        **facts,
    )


def on_the_list(patient):
    return list(Waiting.objects.with_facts().waiting(NOW, NOW.date()).filter(patient=patient))


def merge_url(patient, other=None):
    url = reverse("patient-merge", args=[patient.public_id])
    return f"{url}?with={other.public_id}" if other else url


def form_of(patient, other, **changes):
    """Return the form as the preview offers it now, with the proposals taken."""
    pair = Pair(Patient.objects.get(pk=patient.pk), Patient.objects.get(pk=other.pk))
    return {
        "with": str(other.public_id),
        "mark": pair.mark,
        "form_token": str(uuid.uuid4()),
        "reason": "Asked at the desk.",
        **{value.name: value.proposed for value in pair.differing},
        **changes,
    }


def merge(client, patient, other, **changes):
    response = client.post(merge_url(patient), form_of(patient, other, **changes))
    assert response.status_code == 302, response.context["form"].errors
    return MergeOfRecords.objects.latest("pk")


def told(response):
    return [str(message) for message in response.context["messages"]]


def numbers(page):
    return {row.label: (row.here, row.there) for row in page.context["pair"].moving}


# What moves


def test_everything_that_names_a_patient_moves_or_is_said_to_stay():
    naming = {relation.related_model for relation in Patient._meta.related_objects}

    assert naming == {*MOVES, *STAYS}, "say in treatments/merging.py whether it moves when two records are merged"


def full(patient):
    """Give a patient one of everything."""
    course = CourseFactory(patient=patient)
    session = SessionFactory(course=course, signed=True, given=True)
    follow_up = FollowUpFactory(course=course)
    return {
        "course": course,
        "session": session,
        "screening": session.screening,
        "effect": SideEffectFactory(session=session),
        "photo": PhotoFactory(course=course, session=session),
        "assessment": AssessmentFactory(course=course),
        "follow_up": follow_up,
        "appointment": AppointmentFactory(course=course),
        "consent": ConsentFactory(patient=patient),
        "allergy": AllergyFactory(patient=patient),
        "reminder": ReminderFactory(follow_up=follow_up, patient=patient),
        "choice": MessageChoice.objects.create(patient=patient, wants_messages=True, made_at=NOW),
        "link": AftercareLinkFactory(session=session),
    }


def owner(row):
    row = type(row).objects.get(pk=row.pk)
    for path in ("patient", "course", "session"):
        if hasattr(row, path) and path == "patient" and isinstance(row.patient, Patient):
            return row.patient
        if path != "patient" and getattr(row, path, None) is not None:
            return owner(getattr(row, path))
    raise AssertionError(row)


def test_all_that_one_record_holds_stands_in_the_other(client, admin, ida, twin):
    rows = full(twin)

    merge(client, ida, twin)

    assert {name: owner(row) for name, row in rows.items()} == dict.fromkeys(rows, ida)
    twin.refresh_from_db()
    assert (twin.merged_into, twin.archived_at) == (ida, NOW)


def test_nothing_is_deleted_and_nothing_is_made_but_the_merge(client, admin, ida, twin):
    full(twin)
    counts = {model: model._default_manager.count() for model in apps.get_models() if keeps_count(model)}

    merge(client, ida, twin)

    found = {model: model._default_manager.count() for model in counts}
    assert {model for model in counts if counts[model] != found[model]} == {MergeOfRecords, AuditEvent}


def keeps_count(model):
    own = model._meta.app_label in {"clinic", "patients", "treatments"}
    return own and not model.__name__.startswith("Historical")


def test_every_row_that_moved_says_so_in_its_history(client, admin, ida, twin):
    rows = full(twin)

    merge(client, ida, twin)

    for name in ("course", "screening", "consent", "allergy", "appointment"):
        last = rows[name].history.first()
        assert last.patient == ida, name
        assert last.history_change_reason.startswith(f"{twin.record_number} was merged into {ida.record_number}")
        assert last.history_user == admin
    assert Patient.history.filter(id=twin.pk).first().merged_into == ida


def test_record_numbers_and_numbers_of_the_former_system_never_move(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(external_id="OLD-7")
    before = (ida.record_number, twin.record_number)

    merge(client, ida, twin)

    ida.refresh_from_db()
    twin.refresh_from_db()
    assert (ida.record_number, twin.record_number) == before
    assert (ida.external_id, twin.external_id) == ("", "OLD-7")


def test_history_of_the_merged_record_stays_its_own(client, admin, ida, twin):
    before = set(Patient.history.filter(id=twin.pk).values_list("history_id", flat=True))

    merge(client, ida, twin)

    assert before < set(Patient.history.filter(id=twin.pk).values_list("history_id", flat=True))


# Whose values stay


def test_values_chosen_of_the_other_record_stay_and_the_rest_is_as_it_was(client, admin, ida, twin):
    merge(client, ida, twin, family_name="there")

    ida.refresh_from_db()
    assert (ida.family_name, ida.given_name, ida.email) == ("Twofold-Sample", "Ida", "ida@patient.example")
    assert Patient.history.filter(id=ida.pk).first().family_name == "Twofold-Sample"


def test_preview_proposes_what_is_there_over_nothing(client, admin, ida, twin):
    page = client.get(merge_url(ida, twin))

    proposed = {value.name: value.proposed for value in page.context["pair"].differing}
    assert proposed == {"family_name": "here", "email": "there"}


def test_no_to_messages_is_proposed_where_the_two_differ(client, admin, ida, twin):
    Patient.objects.filter(pk=ida.pk).update(contact_permission=True)
    merge(client, ida, twin)

    ida.refresh_from_db()
    assert not ida.contact_permission


def test_death_in_one_record_alone_has_to_be_chosen(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(deceased_on=date(2026, 2, 1))

    response = client.post(merge_url(ida), form_of(ida, twin))

    assert response.context["form"].errors["deceased_on"] == ["Choose which is true."]
    assert "One record says that the patient died" in response.content.decode()
    merge(client, ida, twin, deceased_on="here")
    ida.refresh_from_db()
    assert ida.deceased_on is None


def test_day_of_death_before_the_birth_date_chosen_is_refused(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(deceased_on=date(1985, 2, 1), birth_date=date(1950, 1, 1))

    response = client.post(merge_url(ida), form_of(ida, twin, deceased_on="there"))

    assert response.context["form"].errors["__all__"] == ["The day of death is before the birth date."]
    assert not MergeOfRecords.objects.exists()
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_channel_chosen_has_an_address(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(preferred_channel="email")

    response = client.post(merge_url(ida), form_of(ida, twin, preferred_channel="there", email="here"))

    assert response.context["form"].errors["preferred_channel"] == ["There is no e-mail address to write to."]


@pytest.mark.parametrize("value", ["", "elsewhere", "here there", "a\x00"])
def test_value_that_is_neither_is_refused(client, admin, ida, twin, value):
    response = client.post(merge_url(ida), form_of(ida, twin, family_name=value))

    assert "family_name" in response.context["form"].errors
    assert not MergeOfRecords.objects.exists()


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 301])
def test_merge_needs_a_reason_that_can_be_read(client, admin, ida, twin, reason):
    response = client.post(merge_url(ida), form_of(ida, twin, reason=reason))

    assert "reason" in response.context["form"].errors
    assert not MergeOfRecords.objects.exists()


# Allergies


def test_allergy_that_both_name_stands_once_and_the_graver_is_proposed(client, admin, ida, twin):
    mild = AllergyFactory(patient=ida, substance="Lidocaine", severity="mild", reaction="hives")
    grave = AllergyFactory(patient=twin, substance="lidocaine", severity="severe", reaction="swelling of lips")

    merge(client, ida, twin)

    standing = Allergy.objects.filter(patient=ida).in_force()
    assert [(each.pk, each.severity, each.reaction) for each in standing] == [(mild.pk, "severe", "swelling of lips")]
    assert owner(grave) == twin


def test_none_known_against_a_named_allergy_is_said_and_the_named_one_stays(client, admin, ida, twin):
    Patient.objects.filter(pk=ida.pk).update(allergies_asked_on=date(2026, 1, 5))
    AllergyFactory(patient=twin, substance="Latex")

    page = client.get(merge_url(ida, twin))
    merge(client, ida, twin)

    assert f"{ida.record_number} says that no allergy is known, the other names Latex." in page.content.decode()
    assert [each.substance for each in Allergy.objects.filter(patient=ida).in_force()] == ["Latex"]


def test_later_day_of_asking_for_allergies_stays(client, admin, ida, twin):
    Patient.objects.filter(pk=ida.pk).update(allergies_asked_on=date(2026, 1, 5))
    Patient.objects.filter(pk=twin.pk).update(allergies_asked_on=date(2026, 2, 5))

    merge(client, ida, twin)

    ida.refresh_from_db()
    assert ida.allergies_asked_on == date(2026, 2, 5)


# What stands against it


def refused(client, ida, twin, words):
    page = client.get(merge_url(ida, twin))
    assert words in page.content.decode()
    response = client.post(merge_url(ida), form_of(ida, twin))
    assert words in str(response.context["form"].errors)
    assert not MergeOfRecords.objects.exists()
    assert not Patient.objects.exclude(merged_into=None).exists()


def test_records_of_two_places_are_brought_to_one_first(client, admin, ida):
    far = PatientFactory(location=LocationFactory(name="Lindenhof"))

    refused(client, ida, far, "One record is of Harbour Street, the other of Lindenhof.")


def test_two_running_courses_of_one_protocol_stop_it(client, admin, ida, twin):
    CourseFactory(patient=ida)
    CourseFactory(patient=twin)

    refused(client, ida, twin, "Both records have a course of Cellulite that goes on.")


def test_course_that_ended_stops_nothing(client, admin, ida, twin):
    CourseFactory(patient=ida)
    CourseFactory(patient=twin, status=Course.Status.COMPLETED)

    merge(client, ida, twin)

    assert Course.objects.filter(patient=ida).count() == 2


def test_two_appointments_at_once_stop_it(client, admin, ida, twin, here):
    for patient, minutes in ((ida, 0), (twin, 15)):
        AppointmentFactory(
            patient=patient, course=None, location=here, starts_at=NOW + timedelta(days=2, minutes=minutes)
        )

    refused(client, ida, twin, "Both records have an appointment at 12 March 2026, 18:45.")


def test_courses_of_two_protocols_on_one_area_are_named(client, admin, ida, twin):
    area = CourseFactory(patient=ida).areas.get()
    CourseFactory(patient=twin, protocol__name="Stretch marks", areas=[area])

    page = client.get(merge_url(ida, twin))

    assert f"A course in each record treats the same area: {area}." in page.content.decode()


def test_birth_dates_that_differ_are_named(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(birth_date=date(1991, 5, 4))

    assert "The birth dates differ." in client.get(merge_url(ida, twin)).content.decode()


def test_erased_record_is_merged_with_nothing(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(erased_at=NOW)

    refused(client, ida, twin, f"Record {twin.record_number} was erased.")


def test_restriction_of_one_record_is_not_lost_in_the_other(client, admin, ida, twin):
    Patient.objects.filter(pk=twin.pk).update(restricted_at=NOW, restriction_reason="Asked by the patient.")

    refused(client, ida, twin, f"Record {twin.record_number} is restricted, the other is not.")


# Read, then written: never over what nobody saw


@pytest.mark.parametrize("what", ["patient", "row", "new row"])
def test_stale_preview_is_refused_and_shown_anew(client, admin, ida, twin, what):
    course = CourseFactory(patient=twin)
    form = form_of(ida, twin, reason="Asked.")
    if what == "patient":
        twin.note(phone="+14155550178")
    elif what == "row":
        course.save_over(course.version)
    else:
        ConsentFactory(patient=twin)

    response = client.post(merge_url(ida), form)

    page = response.context["form"]
    assert "Something changed since you opened this page." in str(page.errors)
    assert page["reason"].value() == "Asked."
    assert not MergeOfRecords.objects.exists()
    again = {**form, "mark": page["mark"].value(), **{v.name: v.proposed for v in response.context["pair"].differing}}
    assert client.post(merge_url(ida), again).status_code == 302


def test_double_tap_merges_once(client, admin, ida, twin):
    form = form_of(ida, twin)
    client.post(merge_url(ida), form)

    response = client.post(merge_url(ida), form, follow=True)

    assert MergeOfRecords.objects.count() == 1
    assert f"Record {twin.record_number} was merged already." in told(response)
    assert response.context["patient"] == ida


def test_reading_the_preview_writes_nothing(client, admin, ida, twin):
    before = list(Patient.objects.order_by("pk").values())

    client.get(merge_url(ida, twin))

    assert list(Patient.objects.order_by("pk").values()) == before


def test_fields_that_the_form_does_not_ask_for_change_nothing(client, admin, ida, twin):
    """T6: no field of the form but the choices and the reason reaches a record."""
    other = PatientFactory()
    extra = {
        "merged_into": other.pk,
        "survivor": other.pk,
        "made_by": 1,
        "version": 99,
        "record_number": "MT-1",
        "id": 1,
    }

    made = merge(client, ida, twin, **extra)

    twin.refresh_from_db()
    assert (twin.merged_into, made.survivor, made.made_by) == (ida, ida, admin)
    assert Patient.objects.get(pk=ida.pk).record_number == ida.record_number


@pytest.mark.parametrize("text", ["nobody", "1", "%00", "9" * 40])
def test_other_record_that_is_none_is_not_there(client, admin, ida, text):
    assert client.get(f"{merge_url(ida)}?with={text}").status_code in {400, 404}


def test_record_is_not_merged_with_itself(client, admin, ida):
    assert client.get(merge_url(ida, ida)).status_code == 404
    assert client.post(merge_url(ida), {"with": str(ida.public_id)}).status_code == 404


@pytest.mark.parametrize("role", [Role.STAFF, Role.CLINICIAN])
def test_admins_alone_merge_and_undo(client, here, ida, twin, role, admin):
    made = merge(client, ida, twin)
    client.force_login(UserFactory(role=role, locations=[here]))

    for url in (merge_url(ida), reverse("patient-duplicates"), made.get_absolute_url()):
        assert client.get(url).status_code == 403
    assert client.post(made.get_absolute_url(), {"reason": "x"}).status_code == 403
    assert "This person has another record" not in client.get(ida.get_absolute_url()).content.decode()


# Afterwards


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

    assert Consent.objects.get(pk=consent.pk).signed_under == twin.record_number


def test_archived_record_that_was_merged_is_not_restored_by_its_old_page(client, admin, ida, twin):
    merge(client, ida, twin)

    client.post(reverse("patient-archive", args=[twin.public_id]), {"to": "restore"})

    assert Patient.objects.get(pk=twin.pk).archived_at == NOW


def test_who_saw_the_old_record_stands_in_the_patients_own_report(client, admin, ida, twin):
    client.get(twin.get_absolute_url())
    merge(client, ida, twin)

    events = client.get(reverse("patient-access", args=[ida.public_id])).context["page"].rows

    assert {event.patient_public_id for event in events} == {ida.public_id, twin.public_id}


# Undoing


def undo_form(client, made, **changes):
    page = client.get(made.get_absolute_url())
    return {"reason": "Two people after all.", "mark": page.context["undoing"].mark, **changes}


def undo(client, made, **changes):
    response = client.post(made.get_absolute_url(), undo_form(client, made, **changes))
    assert response.status_code == 302, response.context["form"].errors
    made.refresh_from_db()
    return made


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


# Likely duplicates


def listed(client):
    found = client.get(reverse("patient-duplicates")).context["likenesses"]
    return [(each.patient, [(twin.patient, twin.why) for twin in each.twins]) for each in found]


def test_records_with_the_same_phone_are_likely_duplicates(client, admin, ida, twin):
    assert listed(client) == [(ida, [(twin, "same phone")])]


@pytest.mark.parametrize("names", [("Zoë", "O'Brien"), ("ZOE", "o'brien")])
def test_same_name_and_birth_date_in_whatever_letters_is_likely(client, admin, here, names):
    one = PatientFactory(given_name="Zoë", family_name="O'Brien", location=here)
    other = PatientFactory(given_name=names[0], family_name=names[1], location=here)

    assert listed(client) == [(one, [(other, "same name and birth date")])]


def test_same_number_of_the_former_system_but_for_capitals_is_likely(client, admin, here):
    one = PatientFactory(external_id="ab-7", location=here)
    other = PatientFactory(external_id="AB-7", birth_date=date(1970, 1, 1), location=here)

    assert listed(client) == [(one, [(other, "same number in the former system")])]


def test_people_who_share_nothing_but_a_name_or_a_birth_date_are_not_listed(client, admin, here):
    PatientFactory(given_name="Amara", family_name="Same", birth_date=date(1980, 1, 1), location=here)
    PatientFactory(given_name="Amara", family_name="Same", birth_date=date(1981, 1, 1), location=here)
    PatientFactory(given_name="Bela", family_name="Other", birth_date=date(1981, 1, 1), location=here)

    assert listed(client) == []


def test_merged_record_is_no_duplicate_any_more(client, admin, ida, twin):
    merge(client, ida, twin)

    assert listed(client) == []


def tell_apart(client, one, other, **changes):
    data = {"with": str(other.public_id), "reason": "Mother and daughter.", **changes}
    return client.post(reverse("patient-distinct", args=[one.public_id]), data)


@pytest.mark.parametrize("turned", [False, True])
def test_two_people_are_remembered_with_who_and_why_and_listed_no_more(client, admin, ida, twin, turned):
    tell_apart(client, *((twin, ida) if turned else (ida, twin)))

    said = DistinctPair.objects.get()
    assert (said.first, said.second, said.reason, said.said_by, said.said_at) == (
        ida,
        twin,
        "Mother and daughter.",
        admin,
        NOW,
    )
    assert listed(client) == []
    page = client.get(merge_url(ida, twin)).content.decode()
    assert "said that these are two people: Mother and daughter." in page


def test_third_record_with_the_phone_is_listed_still(client, admin, here, ida, twin):
    third = PatientFactory(phone=ida.phone, location=here)
    tell_apart(client, ida, twin)

    assert listed(client) == [(third and ida, [(third, "same phone")]), (twin, [(third, "same phone")])]


def test_double_tap_tells_two_people_apart_once(client, admin, ida, twin):
    tell_apart(client, ida, twin)
    tell_apart(client, twin, ida)

    assert DistinctPair.objects.count() == 1


def test_that_they_are_two_people_can_be_taken_back(client, admin, ida, twin):
    tell_apart(client, ida, twin)
    tell_apart(client, ida, twin, take_back="1")

    assert DistinctPair.objects.get().taken_back_by == admin
    assert listed(client) == [(ida, [(twin, "same phone")])]


def test_two_people_are_told_apart_for_a_reason(client, admin, ida, twin):
    response = tell_apart(client, ida, twin, reason="")

    assert response.context["apart_form"].errors
    assert not DistinctPair.objects.exists()


def test_phone_that_many_share_shows_the_first_five(client, admin, here):
    for _number in range(8):
        PatientFactory(phone="+14155550199", location=here)

    assert len(listed(client)[0][1]) == 5


# As often for one as for three


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_duplicates_asks_as_often_for_three_as_for_one(client, admin, here, count, django_assert_num_queries):
    for number in range(count):
        for _twice in range(2):
            PatientFactory(phone=f"+1415555010{number}", location=here)
    client.get(reverse("patient-duplicates"))

    with django_assert_num_queries(12):
        assert len(listed(client)) == count


@pytest.mark.parametrize("count", [1, 3])
def test_preview_asks_as_often_for_three_of_everything_as_for_one(
    client, admin, ida, twin, count, django_assert_num_queries
):
    for number in range(count):
        filled(twin, number)
    client.get(merge_url(ida, twin))

    with django_assert_num_queries(31):
        client.get(merge_url(ida, twin))


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


def filled(patient, number):
    course = CourseFactory(patient=patient, status=Course.Status.COMPLETED)
    session = SessionFactory(course=course, signed=True, given=True)
    follow_up = FollowUpFactory(course=course)
    AppointmentFactory(course=course, patient=patient, starts_at=NOW + timedelta(days=number))
    ConsentFactory(patient=patient)
    AllergyFactory(patient=patient)
    ReminderFactory(follow_up=follow_up, patient=patient)
    MessageChoice.objects.create(patient=patient, wants_messages=True, made_at=NOW)
    return session


def test_preview_counts_what_both_hold(client, admin, ida, twin):
    full(twin)
    ConsentFactory(patient=ida)

    counted = numbers(client.get(merge_url(ida, twin)))

    assert counted["Consents"] == (1, 1)
    assert counted["Sessions"] == (0, Session.objects.count())
    assert counted["Photos"] == (0, Photo.objects.count())
    assert counted["Side effects"] == (0, SideEffect.objects.count())
    assert counted["Reminders"] == (0, Reminder.objects.count())
    assert counted["Appointments"] == (0, Appointment.objects.count())


# Waiting for the same in both records


@pytest.mark.parametrize("first", ["ida", "twin"])
def test_somebody_who_waits_in_both_records_waits_once_from_the_earlier_day(client, admin, ida, twin, first):
    longer, shorter = (ida, twin) if first == "ida" else (twin, ida)
    early = waits_for(longer, admin, 9, need=Waiting.Need.WISH)
    late = waits_for(shorter, admin, 2, need=Waiting.Need.CLINICAL, note="A clinician asked.")
    assert "The one that waits longer stays." in client.get(merge_url(ida, twin)).content.decode()

    merged = merge(client, ida, twin)

    assert on_the_list(ida) == [early]
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.joined_at, early.need) == (NOW - timedelta(days=9), Waiting.Need.CLINICAL)
    assert (late.patient, late.removed_at, late.removed_by) == (ida, NOW, admin)
    assert late.removed_reason == "Was on the list in both records when they were merged."

    undo(client, merged)

    assert (on_the_list(longer), on_the_list(shorter)) == ([early], [late])
    early.refresh_from_db()
    assert early.need == Waiting.Need.WISH


def test_waiting_of_the_one_record_that_an_hour_of_the_other_ended_does_not_end_the_others(client, admin, ida, twin):
    waits_for(twin, admin, 9)
    with time_machine.travel(NOW - timedelta(days=6), tick=False):
        AppointmentFactory(
            patient=ida, kind="consultation", course=None, status="done", starts_at=NOW - timedelta(days=5)
        )
    late = waits_for(ida, admin, 2)

    merge(client, ida, twin)

    assert on_the_list(ida) == [late]


def test_waiting_for_two_things_goes_on_for_both(client, admin, ida, twin):
    one = waits_for(ida, admin, 9)
    other = waits_for(twin, admin, 2)
    Waiting.objects.filter(pk=other.pk).update(kind="review")

    merge(client, ida, twin)

    assert on_the_list(ida) == [one, other]
