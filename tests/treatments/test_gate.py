"""What stands against signing a session: consent, screening, age and allergies, and what a clinician may pass over."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AllergyFactory,
    ConsentFactory,
    CourseFactory,
    LocationFactory,
    LotFactory,
    ProductFactory,
    ProtocolFactory,
    ScreeningAnswerFactory,
    ScreeningFactory,
    SessionFactory,
    TreatmentAreaFactory,
    question,
)
from tests.treatments.session_forms import NOW, errors, form_of, new_url, signed_in, told
from treatments.models import Override, Restriction, Session

pytestmark = pytest.mark.django_db

SCREENED = datetime(2026, 3, 1, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory(name="Harbour Street"))


@pytest.fixture
def clinician(client, course):
    return signed_in(client, course, Role.CLINICIAN)


@pytest.fixture
def screening(course):
    """Let the patient have been screened in full, with no finding yet."""
    return ScreeningFactory(patient=course.patient, answered_at=SCREENED)


@pytest.fixture
def consent(course):
    return ConsentFactory(patient=course.patient, signed_at=SCREENED)


def sign(client, course, **changes):
    """Sign a session of the course as it stands, without making the patient ready."""
    changes.setdefault("action", "sign")
    return client.post(new_url(course), form_of(course, **changes))


def form_without_papers(course, **changes):
    """Return a form for a patient who lacks a consent or a screening: `form_of` would bring both."""
    form = form_of(CourseFactory(patient__location=course.location), action="sign", **changes)
    return form | {"performed_by": course.clinician.pk, "areas": [area.pk for area in course.areas.all()]}


def stops(response):
    """Return what the page says stands against signing."""
    return [each.problem.words for each in response.context["page"].stops]


def warnings(response):
    return [each.problem.words for each in response.context["page"].warnings]


def is_signed():
    return Session.objects.signed().exists()


# Consent.


def test_session_is_not_signed_without_a_consent_and_the_page_says_who_can_give_it(
    client, clinician, course, screening
):
    response = client.post(new_url(course), form_without_papers(course))

    assert stops(response) == ["There is no consent to the treatment."]
    assert errors(response) == {"__all__": ["There is no consent to the treatment."]}
    url = f"{reverse('consent-new', args=[course.patient.public_id])}?purpose=treatment"
    assert f'href="{url}">Let the patient sign it' in response.content.decode()
    assert not is_signed()


def test_consent_withdrawn_between_opening_and_signing_stops_it(client, clinician, course, screening, consent):
    opened = client.get(new_url(course))
    consent.withdraw(reason="Changed plans.", by=clinician, now=NOW - timedelta(minutes=1), version=consent.version)

    response = sign(client, course)

    assert stops(opened) == []
    assert stops(response) == ["The consent to the treatment was withdrawn."]
    assert not is_signed()


def test_consent_withdrawn_since_the_draft_stops_the_one_tap_signature(client, clinician, course, screening, consent):
    session = SessionFactory(course=course, given=True)
    consent.withdraw(reason="Changed plans.", by=clinician, now=NOW, version=consent.version)

    response = client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})

    assert response.url == reverse("session-edit", args=[session.public_id])
    assert told(client.get(response.url)) == ["The consent to the treatment was withdrawn."]
    assert not is_signed()


@pytest.mark.parametrize(("expires_on", "stands"), [(date(2026, 3, 9), True), (date(2026, 3, 10), False)])
def test_consent_holds_on_its_last_day_and_not_after(client, clinician, course, screening, expires_on, stands):
    ConsentFactory(patient=course.patient, signed_at=SCREENED, expires_on=expires_on)

    response = sign(client, course)

    assert is_signed() is not stands
    assert (stops(response) if stands else []) == (["The consent to the treatment has expired."] if stands else [])


# Screening.


def test_patient_who_was_never_screened_is_not_signed_for(client, clinician, course, consent):
    response = sign(client, course)

    assert stops(response) == ["The patient was never screened."]
    assert not is_signed()


@pytest.mark.parametrize(("days", "signs"), [(0, True), (90, True), (91, False)])
def test_screening_holds_for_ninety_days(client, clinician, course, consent, days, signs):
    ScreeningFactory(patient=course.patient, answered_at=NOW - timedelta(days=days, hours=1))

    response = sign(client, course)

    assert is_signed() is signs
    if not signs:
        assert stops(response) == ["The screening was valid to 9 March 2026."]


@pytest.mark.parametrize(("days", "signs"), [(30, True), (31, False)])
def test_screening_holds_for_as_long_as_the_protocol_says(client, clinician, course, consent, days, signs):
    ProtocolFactory(screening_days=30)
    ScreeningFactory(patient=course.patient, answered_at=NOW - timedelta(days=days, hours=1))

    sign(client, course)

    assert is_signed() is signs


def test_short_screening_of_the_day_is_no_full_one(client, clinician, course, consent):
    ScreeningFactory(patient=course.patient, kind="short", answered_at=SCREENED, answers={"pregnancy": "no"})

    assert stops(sign(client, course)) == ["The patient was never screened."]


def test_absolute_finding_stops_signing_and_nobody_may_pass_over_it(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(screening=screening, question=question("heart_severe"), answer="yes")

    response = sign(client, course, **{"override-screening:heart_severe": "It will be all right."})

    assert stops(response) == ["Severe heart disease or arrhythmia."]
    assert 'name="override-screening:heart_severe"' not in response.content.decode()
    assert not is_signed()


def test_absolute_finding_that_may_be_taken_on_stops_without_a_reason(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(
        screening=screening, question=question("anticoagulant"), answer="yes", detail="Apixaban, since 2024"
    )

    response = sign(client, course, **{"override-screening:anticoagulant": "   "})

    assert stops(response) == ["Blood thinners: Apixaban, since 2024."]
    assert 'name="override-screening:anticoagulant"' in response.content.decode()
    assert not is_signed()


def test_reason_for_passing_over_a_finding_is_kept_and_shown(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(screening=screening, question=question("anticoagulant"), answer="yes")

    response = sign(client, course, **{"override-screening:anticoagulant": "Paused by the cardiologist."})

    kept = Override.objects.get()
    assert (kept.code, kept.words, kept.reason) == (
        "screening:anticoagulant",
        "Blood thinners.",
        "Paused by the cardiologist.",
    )
    assert (kept.made_by, kept.made_at, kept.session.is_signed) == (clinician, NOW, True)
    page = client.get(response.url).content.decode()
    assert "Signed all the same" in page
    assert "Paused by the cardiologist." in page


def test_reason_typed_for_what_does_not_stand_in_the_way_is_not_kept(client, clinician, course, screening, consent):
    sign(client, course, **{"override-screening:anticoagulant": "No blood thinner any more."})

    assert is_signed()
    assert not Override.objects.exists()


def test_reason_typed_for_one_thing_passes_over_no_other(client, clinician, course, screening, consent):
    for code in ("anticoagulant", "stroke"):
        ScreeningAnswerFactory(screening=screening, question=question(code), answer="yes")

    response = sign(client, course, **{"override-screening:anticoagulant": "Paused."})

    assert errors(response) == {"__all__": ["Stroke or TIA."]}
    assert 'value="Paused."' in response.content.decode()


def test_relative_finding_warns_and_does_not_stop(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(screening=screening, question=question("keloid"), answer="yes")

    opened = client.get(new_url(course))
    sign(client, course)

    assert (stops(opened), warnings(opened)) == ([], ["Keloids."])
    assert is_signed()
    assert not Override.objects.exists()


def test_finding_that_a_later_no_took_back_stands_in_nobodys_way(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(screening=screening, question=question("breastfeeding"), answer="yes")
    ScreeningFactory(patient=course.patient, answered_at=NOW - timedelta(days=1), answers={"breastfeeding": "no"})

    sign(client, course)

    assert is_signed()


def test_no_of_today_takes_back_the_yes_of_the_full_screening(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(screening=screening, question=question("pregnancy"), answer="yes")

    sign(client, course, **{"screening-pregnancy": "no"})

    assert is_signed()


def test_pregnancy_told_of_today_stops_signing(client, clinician, course, screening, consent):
    response = sign(client, course, **{"screening-pregnancy": "yes"})

    assert stops(response) == ["Pregnant or trying."]
    assert not is_signed()


def test_draft_of_a_pregnant_patient_is_kept_and_not_signed_either(client, clinician, course, screening, consent):
    sign(client, course, action="draft", **{"screening-pregnancy": "yes"})
    session = Session.objects.get()

    client.post(reverse("session-sign", args=[session.public_id]), {"version": session.version})

    assert not is_signed()
    assert session.screening.answers.get(question__code="pregnancy").answer == "yes"
    assert "Pregnant or trying." in client.get(session.get_absolute_url()).content.decode()


def test_fever_of_today_warns_with_what_was_said_and_has_to_be_explained(
    client, clinician, course, screening, consent
):
    unexplained = sign(client, course, **{"screening-fever_infection": "yes"})
    assert errors(unexplained) == {"detail-fever_infection": ["Say what exactly."]}

    sign(client, course, **{"screening-fever_infection": "yes", "detail-fever_infection": "A cold, since Monday"})

    assert is_signed()


# Age.


@pytest.mark.parametrize(
    ("birth_date", "stopped", "warned"),
    [
        (date(2008, 3, 11), ["The patient is 17 years old."], []),
        (date(2008, 3, 10), [], []),
        (date(1950, 3, 11), [], []),
        (date(1950, 3, 10), [], ["The patient is 76 years old."]),
    ],
)
def test_nobody_under_eighteen_is_treated_and_over_seventy_five_a_clinician_decides(
    client, clinician, course, screening, consent, birth_date, stopped, warned
):
    course.patient.birth_date = birth_date
    course.patient.save()

    opened = client.get(new_url(course))
    sign(client, course, **{"override-under18": "Nearly eighteen."})

    assert (stops(opened), warnings(opened)) == (stopped, warned)
    assert is_signed() is not bool(stopped)


# What is ruled out for an area or a product alone.


def restricted(screening, code, *, areas=(), products=()):
    answer = ScreeningAnswerFactory(screening=screening, question=question(code), answer="yes")
    restriction = Restriction.objects.create(answer=answer)
    restriction.areas.set(areas)
    restriction.products.set(products)


def test_infection_rules_out_the_area_it_is_in_and_no_other(client, clinician, course, screening, consent):
    left, right = (TreatmentAreaFactory(code=f"thigh-back-{side}") for side in ("left", "right"))
    course.areas.set([left, right])
    restricted(screening, "site_infection", areas=[left])

    refused = sign(client, course, areas=[left.pk, right.pk])
    assert errors(refused) == {"areas": ["Infection or wound at the site: Back thigh, left."]}

    sign(client, course, areas=[right.pk])
    assert is_signed()


def test_infection_of_nowhere_in_particular_rules_out_every_area(client, clinician, course, screening, consent):
    ScreeningAnswerFactory(screening=screening, question=question("site_infection"), answer="yes")

    assert errors(sign(client, course)) == {"areas": ["Infection or wound at the site: Back thigh, left."]}


def test_product_that_is_ruled_out_stops_and_another_does_not(client, clinician, course, screening, consent):
    soya = LotFactory(location=course.location, product=ProductFactory(code="soya", name="Soya lecithin"))
    other = LotFactory(location=course.location)
    restricted(screening, "component_allergy", products=[soya.product])

    refused = sign(client, course, **{"source-0": f"lot:{soya.public_id}"})
    assert errors(refused)["source-0"] == ["Allergy to a component: Soya lecithin 10 mg/ml."]

    sign(client, course, **{"source-0": f"lot:{other.public_id}"})
    assert is_signed()


# Allergies.


def test_allergy_against_the_product_stops_until_a_clinician_says_why(client, clinician, course, screening, consent):
    ProductFactory(allergy_words="lidocaine, lignocaine")
    AllergyFactory(patient=course.patient, substance="Lignocaine")

    refused = sign(client, course)
    words = "The patient is allergic to Lignocaine, and Vitamin mixture 10 mg/ml is injected."
    assert stops(refused) == [words]
    assert not is_signed()

    sign(client, course, **{"override-allergy:test-vitamins": "Tested negative in January."})
    assert is_signed()
    assert Override.objects.get().words == words


def test_allergy_to_something_else_stands_in_nobodys_way(client, clinician, course, screening, consent):
    ProductFactory(allergy_words="lidocaine, lignocaine")
    AllergyFactory(patient=course.patient, substance="Penicillin")

    sign(client, course)

    assert is_signed()


# Who.


def test_nurse_can_neither_sign_nor_pass_over(client, course, screening):
    signed_in(client, course, Role.STAFF)
    form = form_without_papers(course, **{"override-consent": "They will sign tomorrow."})

    client.post(new_url(course), form)

    assert Session.objects.filter(signed_at=None).count() == 1
    assert not Override.objects.exists()
    url = reverse("session-sign", args=[Session.objects.get().public_id])
    assert client.post(url, {"version": 1}).status_code == 403


def test_nurse_sees_that_a_clinician_may_pass_over_and_gets_no_field_for_it(client, course, screening):
    signed_in(client, course, Role.STAFF)

    page = client.get(new_url(course)).content.decode()

    assert "There is no consent to the treatment." in page
    assert "A clinician may sign all the same, with a reason." in page
    assert "override-consent" not in page
