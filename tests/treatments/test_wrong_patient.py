"""A session that was logged for the wrong patient: in error in the one record, a draft to sign in the other."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AllergyFactory,
    AppointmentFactory,
    AssessmentFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    PatientFactory,
    PhotoFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    make_ready,
)
from tests.searching import find
from tests.treatments.session_forms import NOW, form_of, new_url, signed_in, told
from treatments.aftercare import find_open
from treatments.aftercare import token_of as aftercare_token
from treatments.models import (
    AskBack,
    Course,
    Injection,
    Lot,
    Photo,
    Session,
    SessionCorrection,
    SideEffect,
)

pytestmark = pytest.mark.django_db

REASON = "Two patients of one name that day."


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def course(here):
    return make_ready(CourseFactory(patient__location=here))


@pytest.fixture
def right(here):
    """The course of the patient who was treated."""
    return make_ready(CourseFactory(patient__location=here, patient__given_name="Bela"))


@pytest.fixture
def lot(here):
    return LotFactory(location=here, received_ml=Decimal("2.000"))


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def session(client, clinician, course, lot):
    """Let all that the lot holds have been given, signed, with a burning seen at once."""
    client.post(new_url(course), form_of(course, action="sign", reactions=["burning"], note="Calm."))
    return Session.objects.latest("performed_at")


def url_of(session, course=None):
    url = reverse("session-wrong-patient", args=[session.public_id])
    return f"{url}?to={course.patient.public_id}&course={course.public_id}" if course else url


def form_for(session, course, /, **changes):
    return {
        "to": str(course.patient.public_id),
        "course": str(course.public_id),
        "version": session.version,
        "reason": REASON,
        **changes,
    }


def correct(client, session, course, /, **changes):
    response = client.post(url_of(session), form_for(session, course, **changes))
    assert response.status_code == 302, response.context["form"].errors
    return Session.objects.get(provenance__wrong=session)


def left_of(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml


# In the wrong record


def test_session_in_the_wrong_record_is_in_error_with_the_reason_and_where_it_stands_now(
    client, clinician, course, right, session
):
    now_at = correct(client, session, right)

    wrong = Session.objects.get(pk=session.pk)
    assert (wrong.entered_in_error_at, wrong.entered_in_error_by) == (NOW, clinician)
    assert wrong.entered_in_error_reason == f"Logged for the wrong patient. {REASON}"
    page = client.get(wrong.get_absolute_url()).content.decode()
    assert f"It stands in record {right.patient.record_number} now" in page
    assert now_at.get_absolute_url() in page
    assert not Session.objects.counting().filter(course=course).exists()


def test_signature_stays_on_the_session_in_error_as_it_was(client, clinician, right, session):
    correct(client, session, right)

    wrong = Session.objects.get(pk=session.pk)
    assert (wrong.signed_at, wrong.signed_by) == (session.signed_at, clinician)


def test_aftercare_link_of_the_wrong_patient_leads_nowhere(client, clinician, right, session):
    link = session.aftercare_links.get()
    assert find_open(aftercare_token(link), NOW)

    correct(client, session, right)

    link.refresh_from_db()
    assert (link.revoked_at, link.revoked_by) == (NOW, clinician)
    assert find_open(aftercare_token(link), NOW) is None


def test_follow_up_of_the_wrong_patient_is_withdrawn(client, course, right, session):
    assert course.follow_ups.exists()

    correct(client, session, right)

    assert not course.follow_ups.exists()
    assert not right.follow_ups.exists()  # a draft opens none


def test_reaction_that_the_other_patient_said_is_gone_is_open_again(client, clinician, course, right):
    earlier = SessionFactory(course=course, signed=True)
    effect = SideEffectFactory(session=earlier)
    wrong = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1))
    gone_at = NOW - timedelta(hours=2)
    AskBack.objects.create(session=wrong, side_effect=effect, answer="gone", gone_at=gone_at)
    SideEffect.objects.filter(pk=effect.pk).update(resolved_at=gone_at)

    page = client.get(url_of(wrong, right)).content.decode()
    correct(client, wrong, right)

    effect.refresh_from_db()
    assert effect.resolved_at is None
    assert "was said: gone." in page


def test_end_that_somebody_else_gave_a_reaction_stays(client, clinician, course, right):
    effect = SideEffectFactory(session=SessionFactory(course=course, signed=True), resolved_at=NOW - timedelta(days=1))
    wrong = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1))
    AskBack.objects.create(session=wrong, side_effect=effect, answer="gone", gone_at=NOW - timedelta(hours=2))

    correct(client, wrong, right)

    effect.refresh_from_db()
    assert effect.resolved_at == NOW - timedelta(days=1)


# In the right record


def test_right_record_gets_it_as_a_draft_with_all_that_was_done(client, right, session):
    now_at = correct(client, session, right)

    names = ("performed_at", "performed_by", "technique", "needle", "weight_kg", "pain", "reactions_asked", "note")
    assert [getattr(now_at, name) for name in names] == [getattr(session, name) for name in names]
    assert set(now_at.areas.all()) == set(session.areas.all())
    assert (now_at.course, now_at.signed_at, now_at.is_signed) == (right, None, False)
    said = {answer.question.code: answer.answer for answer in now_at.screening.answers.select_related("question")}
    assert now_at.screening.patient == right.patient
    assert set(said.values()) == {"no"}
    assert not Session.objects.get(pk=session.pk).screening.is_in_force


def test_nobody_was_asked_about_earlier_reactions_of_the_right_patient(client, right, session):
    SessionFactory(course=right, signed=True)

    now_at = correct(client, session, right)

    assert now_at.asked_back == Session.Asked.NOT_ASKED
    page = client.get(now_at.get_absolute_url())
    assert "asked_back" in page.context["record"].missing


def test_new_session_says_who_put_it_there_and_that_the_old_signature_does_not_count(
    client, clinician, course, right, session
):
    now_at = correct(client, session, right)

    page = client.get(now_at.get_absolute_url()).content.decode()
    assert f"First logged for another patient; put here by {clinician.get_full_name()}" in page
    assert "that signature does not count here" in page
    assert REASON in page
    assert course.patient.full_name not in page


def test_clinician_signs_it_in_the_right_record_and_it_counts_there(client, clinician, right, session):
    now_at = correct(client, session, right)

    client.post(reverse("session-sign", args=[now_at.public_id]), {"version": now_at.version})

    assert list(Session.objects.counting()) == [now_at]
    assert right.follow_ups.count() == 1


def test_stock_is_not_drawn_twice(client, right, session, lot):
    assert left_of(lot) == 0

    now_at = correct(client, session, right)

    assert left_of(lot) == 0
    facts = ("area", "lot", "volume_ml", "points")
    before, after = (list(Injection.objects.filter(session=each).values(*facts)) for each in (session, now_at))
    assert before == after != []


def test_photos_go_along_and_are_of_the_new_session(client, course, right, session):
    photo = PhotoFactory(course=course, session=session, taken_at=session.performed_at)

    now_at = correct(client, session, right)

    photo = Photo.objects.get(pk=photo.pk)
    assert (photo.course, photo.session) == (right, now_at)
    assert REASON in photo.history.first().history_change_reason


def test_photos_that_go_along_without_a_consent_are_named(client, course, right, session):
    PhotoFactory(course=course, session=session, taken_at=session.performed_at)

    assert "The photos go along without a consent." in client.get(url_of(session, right)).content.decode()


def test_reaction_of_the_right_patient_is_logged_anew_and_reviewed_anew(client, right, session):
    effect = session.side_effects.get()

    now_at = correct(client, session, right, effects=[str(effect.public_id)])

    anew = now_at.side_effects.get()
    assert (anew.kind, anew.severity, anew.onset_at) == (effect.kind, effect.severity, effect.onset_at)
    assert anew.reviewed_at is None
    assert list(SideEffect.objects.standing()) == [anew]


def test_reaction_not_ticked_stays_with_the_session_in_error(client, right, session):
    now_at = correct(client, session, right)

    assert not now_at.side_effects.exists()
    assert session.side_effects.exists()


def test_reactions_noted_on_the_day_are_proposed_and_later_ones_are_not(client, course, right, session):
    later = SideEffectFactory(session=session, onset_at=session.performed_at + timedelta(minutes=1))
    SideEffect.objects.filter(pk=later.pk).update(recorded_at=NOW + timedelta(days=2))

    form = client.get(url_of(session, right)).context["form"]

    assert len(form.offered) == 2
    assert form["effects"].value() == [str(session.side_effects.exclude(pk=later.pk).get().public_id)]


def test_scores_of_the_day_that_are_ticked_go_along(client, course, right, session):
    scores = AssessmentFactory(course=course, assessed_on=date(2026, 3, 10))
    other_day = AssessmentFactory(course=course, assessed_on=date(2026, 3, 2))

    correct(client, session, right, scores=[str(scores.public_id)])

    scores.refresh_from_db()
    other_day.refresh_from_db()
    assert (scores.course, other_day.course) == (right, course)


# What it looks like beforehand


def test_gate_of_the_right_patient_is_judged_by_the_day_of_the_session(client, here, session):
    unready = CourseFactory(patient__location=here)
    page = client.get(url_of(session, unready))
    codes = [problem.code for problem in page.context["correction"].against]
    assert {"consent", "screening-missing"} <= set(codes)
    assert "There is no consent to the treatment." in page.content.decode()

    make_ready(unready, by=NOW + timedelta(days=3))  # signed after the session: it did not stand before it
    with time_machine.travel(NOW + timedelta(days=5), tick=False):
        client.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))
        later = client.get(url_of(session, unready)).context["correction"].against
    assert codes == [problem.code for problem in later]


def test_allergy_of_the_right_patient_is_shown(client, right, session):
    AllergyFactory(patient=right.patient, substance="Lidocaine")

    page = client.get(url_of(session, right)).content.decode()

    assert "Lidocaine" in page


def test_session_too_early_in_the_right_course_needs_its_reason(client, right, session):
    SessionFactory(course=right, performed_at=session.performed_at - timedelta(days=1), signed=True)

    response = client.post(url_of(session), form_for(session, right))
    assert "Say why this one is earlier." in str(response.context["form"].errors["early_reason"])
    assert not SessionCorrection.objects.exists()
    assert not Session.objects.get(pk=session.pk).is_in_error

    assert correct(client, session, right, early_reason="Holiday.").early_reason == "Holiday."


def test_session_before_the_course_began_is_not_offered_that_course(client, here, session):
    later = CourseFactory(patient__location=here, started_on=date(2026, 3, 11))

    page = client.get(url_of(session) + f"?to={later.patient.public_id}")

    assert page.context["courses"] == []
    assert not page.context["may_begin_anew"]


def test_session_after_the_patient_died_is_refused(client, right, session):
    right.patient.note(deceased_on=date(2026, 3, 5))

    response = client.post(url_of(session), form_for(session, right))

    assert "The patient died on 5 March 2026." in str(response.context["form"].errors)
    assert not SessionCorrection.objects.exists()


def test_new_course_begins_with_the_session_where_there_is_none(client, here, course, session):
    patient = make_ready(CourseFactory(patient__location=here, status=Course.Status.COMPLETED)).patient
    page = client.get(url_of(session) + f"?to={patient.public_id}")
    assert page.context["may_begin_anew"]
    assert client.get(url_of(session) + f"?to={patient.public_id}&course=new").status_code == 200

    data = {"to": str(patient.public_id), "course": "new", "version": session.version, "reason": REASON}
    client.post(url_of(session), data)

    made = Course.objects.latest("pk")
    assert (made.patient, made.protocol, made.price, made.started_on) == (
        patient,
        course.protocol,
        course.price,
        date(2026, 3, 10),
    )
    assert set(made.areas.all()) == set(course.areas.all())
    assert made.status == Course.Status.PLANNED
    assert made.sessions.count() == 1


# Back, twice, and by whom


def test_correcting_back_gives_it_to_the_first_patient_again(client, clinician, course, right, session, lot):
    moved = correct(client, session, right)
    back = correct(client, moved, course)

    client.post(reverse("session-sign", args=[back.public_id]), {"version": back.version})

    assert list(Session.objects.counting()) == [back]
    assert back.course == course
    assert left_of(lot) == 0
    assert SessionCorrection.objects.count() == 2


def test_double_tap_corrects_once_and_leads_to_where_it_stands(client, right, session):
    form = form_for(session, right)
    client.post(url_of(session), form)

    response = client.post(url_of(session), form, follow=True)

    assert SessionCorrection.objects.count() == 1
    assert "This session was corrected already. Here it stands now." in told(response)
    assert response.context["session"].course == right


def test_session_that_somebody_amended_meanwhile_is_not_corrected_unseen(client, right, session):
    form = form_for(session, right, reason="Kept as typed.")
    session.pain = 9
    session.save_over(session.version)

    response = client.post(url_of(session), form)

    assert "Somebody changed it meanwhile." in str(response.context["form"].errors)
    assert response.context["form"]["reason"].value() == "Kept as typed."
    assert not SessionCorrection.objects.exists()


def test_staff_correct_drafts_and_no_signed_session(client, course, right, session):
    draft = SessionFactory(course=course, performed_at=NOW - timedelta(days=5), given=True)
    signed_in(client, course, Role.STAFF)

    assert client.get(url_of(session)).status_code == 403
    assert client.post(url_of(session), form_for(session, right)).status_code == 403
    assert correct(client, draft, right, early_reason="Holiday.").course == right


def test_admin_corrects_a_signed_session(client, course, right, session):
    signed_in(client, course, Role.ADMIN)

    assert correct(client, session, right).course == right


@pytest.mark.parametrize("part", ["to", "course", "effects", "scores"])
def test_nothing_of_another_place_or_another_session_is_taken(client, course, right, session, part):
    """T6: no form names a record that is not offered."""
    elsewhere = CourseFactory()
    foreign = SideEffectFactory(session__course=right)
    changes = {
        "to": {"to": str(elsewhere.patient.public_id)},
        "course": {"course": str(elsewhere.public_id)},
        "effects": {"effects": [str(foreign.public_id)]},
        "scores": {"scores": [str(AssessmentFactory(course=right).public_id)]},
    }[part]

    response = client.post(url_of(session), form_for(session, right, **changes))

    assert response.status_code in {200, 404}
    assert not SessionCorrection.objects.exists()
    assert not Session.objects.get(pk=session.pk).is_in_error


def test_fields_that_the_form_does_not_ask_for_change_nothing(client, clinician, right, session):
    """T6: neither the signature nor the time, the person or the patient is read from the form."""
    other = UserFactory()
    extra = {
        "signed_by": other.pk,
        "performed_by": other.pk,
        "signed_at": "2026-03-01",
        "patient": 1,
        "id": session.pk,
    }

    now_at = correct(client, session, right, **extra)

    assert (now_at.performed_by, now_at.signed_by, now_at.course) == (session.performed_by, None, right)
    assert now_at.pk != session.pk


def test_reader_who_may_not_see_the_other_record_learns_no_number(client, here, course, session):
    far = make_ready(CourseFactory(patient__location=LocationFactory()))
    signed_in(client, course, Role.ADMIN)
    correct(client, session, far)
    signed_in(client, course, Role.CLINICIAN)

    page = client.get(session.get_absolute_url()).content.decode()

    assert "It stands in the record of another patient now." in page
    assert far.patient.record_number not in page


@pytest.mark.parametrize("reason", ["", "  ", "a\x00b", "x" * 251])
def test_correction_needs_a_reason_that_can_be_read(client, right, session, reason):
    response = client.post(url_of(session), form_for(session, right, reason=reason))

    assert "reason" in response.context["form"].errors
    assert not SessionCorrection.objects.exists()


@pytest.mark.parametrize("to", ["nobody", "1", "9" * 50])
def test_patient_who_is_none_is_not_there(client, session, to):
    assert client.get(url_of(session) + f"?to={to}").status_code == 404


def test_appointment_of_the_wrong_patient_stays_and_is_named(client, clinician, course, right):
    visit = AppointmentFactory(course=course, starts_at=NOW - timedelta(hours=1), status="done")
    session = SessionFactory(course=course, performed_at=NOW - timedelta(hours=1), appointment=visit, given=True)

    page = client.get(url_of(session, right)).content.decode()
    correct(client, session, right)

    visit.refresh_from_db()
    assert "stays as it is, done: set it right" in page
    assert (visit.status, visit.patient) == ("done", course.patient)


def test_visit_of_the_right_patient_of_that_day_is_done(client, clinician, right, session):
    visit = AppointmentFactory(course=right, starts_at=NOW - timedelta(hours=1), status="in-room")

    now_at = correct(client, session, right)

    visit.refresh_from_db()
    assert (now_at.appointment, visit.status) == (visit, "done")


def test_number_of_a_merged_record_leads_to_the_courses_of_the_one_that_goes_on(client, here, session):
    survivor = CourseFactory(patient__location=here).patient
    old = PatientFactory(location=here, merged_into=survivor, archived_at=NOW)

    page = find(client, url_of(session), old.record_number)
    assert f"merged into {survivor.record_number}" in page.content.decode()
    assert client.get(url_of(session), {"to": str(old.public_id)}).context["patient"] == survivor


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_for_three_reactions_and_photos_as_for_one(
    client, course, right, session, count, django_assert_num_queries
):
    for _number in range(count):
        SideEffectFactory(session=session)
        PhotoFactory(course=course, session=session, taken_at=session.performed_at)
        AssessmentFactory(course=course, assessed_on=date(2026, 3, 10))
    client.get(url_of(session, right))

    with django_assert_num_queries(37):
        client.get(url_of(session, right))
