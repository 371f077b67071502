"""Every page in a browser: it keeps the policy, keeps nobody out, and is no wider than the screen."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.models import User
from clinic.search_words import query_of
from patients.models import Patient
from patients.stopping import token_of
from tests.factories import AllergyFactory, AmendmentFactory, CourseFactory, PatientFactory, UserFactory
from treatments.demo.load import load
from treatments.models import Appointment, Course, FollowUp, Lot, Preparation, Protocol, Session, SideEffect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

WIDTHS = (1440, 820, 390, 320)
GRAVE = {"serious", "critical"}
STAFF, CLINICIAN, ADMIN = "sam.adeyemi@demo.example", "ines.moreau@demo.example", "robin.park@demo.example"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture
def clinic(db):
    """The demo clinic: every state that a page can show, around now."""
    list(load(timezone.now()))


def pages_of_the_public():
    return ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/", "/nowhere/", stop_page()]


def stop_page():
    return reverse("messages-stop", args=[token_of(Patient.objects.first() or PatientFactory())])


def pages_for_all(person):
    """Return one address of every page about patients, on records that show the most."""
    course = Course.objects.filter(status="active", sessions__side_effects__isnull=False).order_by("pk").first()
    patient, session = course.patient, course.sessions.signed().first()
    effect = SideEffect.objects.prolonged(timezone.now()).first()
    follow_up = FollowUp.objects.first()
    booked = Appointment.objects.filter(status="booked").first()
    AllergyFactory(patient=patient)
    screening, consent = patient.screenings.first(), patient.consents.first()
    lot, mixture = Lot.objects.held().first(), Preparation.objects.first()
    return [
        "/",
        "/?list=mine",
        "/patients/",
        "/patients/new/",
        f"/search/?{query_of(patient.family_name, person)}",
        f"/search/?{query_of('nobody-of-this-name', person)}",
        patient.get_absolute_url(),
        reverse("patient-edit", args=[patient.public_id]),
        reverse("patient-archive", args=[patient.public_id]),
        reverse("patient-allergies", args=[patient.public_id]),
        screening.get_absolute_url(),
        reverse("patient-consents", args=[patient.public_id]),
        consent.get_absolute_url(),
        course.get_absolute_url(),
        reverse("course-progress", args=[course.public_id]),
        course.assessments.first().get_absolute_url(),
        session.get_absolute_url(),
        effect.get_absolute_url(),
        "/lots/",
        "/lots/new/",
        lot.get_absolute_url(),
        reverse("lot-change", args=[lot.public_id]),
        reverse("lot-recall", args=[lot.public_id]),
        "/preparations/",
        mixture.get_absolute_url(),
        "/follow-ups/",
        "/follow-ups/?state=upcoming",
        "/messages/",
        "/messages/?tab=sent",
        reverse("follow-up-contact", args=[follow_up.public_id]),
        f"{reverse('appointment-new')}?course={course.public_id}",
        booked.get_absolute_url(),
        reverse("course-book", args=[course.public_id]),
        "/calendar/",
        "/calendar/?by=room",
        "/calendar/?view=week",
        "/appointments/new/",
        "/accounts/password/change/",
        "/accounts/logout/",
    ]


def pages_of_those_who_treat():
    course = Course.objects.filter(status="active").order_by("pk").first()
    draft = Session.objects.drafts().first()
    protocol = Protocol.objects.get(name="Cellulite")
    effect = SideEffect.objects.urgent().first()
    patient = course.patient
    return [
        reverse("screening-new", args=[patient.public_id]),
        f"{reverse('consent-new', args=[patient.public_id])}?purpose=treatment",
        f"{reverse('consent-new', args=[patient.public_id])}?purpose=contact",
        f"{reverse('course-new', args=[course.patient.public_id])}?protocol={protocol.pk}",
        reverse("course-edit", args=[course.public_id]),
        f"{reverse('course-status', args=[course.public_id])}?to=paused",
        "/preparations/new/",
        "/feeds/",
        reverse("assessment-new", args=[course.public_id]),
        reverse("assessment-edit", args=[course.assessments.first().public_id]),
        reverse("assessment-error", args=[course.assessments.first().public_id]),
        reverse("session-new", args=[course.public_id]),
        draft.get_absolute_url(),
        reverse("session-edit", args=[draft.public_id]),
        reverse("session-error", args=[draft.public_id]),
        "/sessions/unsigned/",
        reverse("side-effect-new", args=[draft.public_id]),
        reverse("patient-side-effect-new", args=[patient.public_id]),
        reverse("side-effect-error", args=[SideEffect.objects.prolonged(timezone.now()).first().public_id]),
        reverse("allergy-withdraw", args=[course.patient.allergies.first().public_id])
        if course.patient.allergies.exists()
        else "/",
        "/side-effects/",
        "/side-effects/?tab=open",
        "/side-effects/?tab=resolved",
        effect.get_absolute_url(),
        reverse("side-effect-edit", args=[effect.public_id]),
    ]


def pages_of_those_who_sign():
    """Return the pages of a session that was amended, of one that is being amended, and the reports."""
    signed = Session.objects.signed().filter(follow_up=None).order_by("pk")
    amended, other = signed[0], signed[1]
    AmendmentFactory(session=amended)
    pages = [amended.get_absolute_url(), reverse("session-amend", args=[other.public_id])]
    return [*pages, "/reports/", "/reports/safety/", "/reports/safety/?by=lot", "/reports/safety/sessions/"]


def grave_faults(page):
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 -- a developer's tool: the suite runs without

    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {fault['id']} at {[node['target'] for node in fault['nodes'][:3]]}"
        for fault in found
        if fault["impact"] in GRAVE
    ]


def look_at(visitor, address, *, dark):
    """Open a page in the light at a desk and in the dark on a phone, or the other way round; return what is wrong."""
    page, wrong = visitor.page, []
    first, second = ("dark", "light") if dark else ("light", "dark")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme=first)
    visitor.go(address)
    wrong += grave_faults(page)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate(WIDE):
            wrong.append(f"{page.url} is wider than {width} pixels")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=second)
    return wrong + grave_faults(page)


def crawl(visitor, addresses, *, dark=False):
    return [fault for address in addresses for fault in look_at(visitor, address, dark=dark)]


def look_at_twice(visitor, addresses):
    """Crawl in both lights, at a desk and on a phone: all four ways."""
    return crawl(visitor, addresses) + crawl(visitor, addresses, dark=True)


def heard(visitor):
    """Return the complaints, but for the page that is not there on purpose."""
    return [words for words in visitor.complaints if "/nowhere/" not in words]


def test_pages_of_the_public(visit):
    stranger = visit(reduced_motion="reduce")

    assert crawl(stranger, pages_of_the_public()) == []
    assert heard(stranger) == []


def test_pages_of_the_clinician(visit, clinic):
    person = User.objects.get(email=CLINICIAN)
    doctor = visit(person, reduced_motion="reduce")

    pages = pages_for_all(person) + pages_of_those_who_treat() + pages_of_those_who_sign()
    assert look_at_twice(doctor, [*pages, reverse("milestone-list")]) == []
    assert heard(doctor) == []


def test_pages_of_the_staff(visit, clinic):
    person = User.objects.get(email=STAFF)
    nurse = visit(person, reduced_motion="reduce")

    assert crawl(nurse, pages_for_all(person) + pages_of_those_who_treat()) == []
    assert heard(nurse) == []


def test_pages_of_the_admin(visit, clinic):
    person = User.objects.get(email=ADMIN)
    boss = visit(person, reduced_motion="reduce")

    own = [
        "/reports/",
        "/reports/quality/",
        "/backups/",
        "/staff/",
        "/staff/invite/",
        "/emergencies/",
        "/account/sign-ins/",
    ]
    assert crawl(boss, pages_for_all(person) + own, dark=True) == []
    assert heard(boss) == []


def test_form_with_every_error(visit):
    course = CourseFactory()
    nurse = visit(UserFactory(locations=[course.location]), reduced_motion="reduce")
    nurse.go(reverse("session-new", args=[course.public_id]))
    nurse.page.locator("#id_performed_at").fill("2019-01-01T10:00")
    nurse.page.locator("#id_weight_kg").fill("2")
    nurse.page.get_by_role("button", name="Save for signing").click()
    nurse.page.locator(".error-summary").wait_for()

    assert nurse.page.evaluate("document.activeElement.classList.contains('error-summary')")
    assert grave_faults(nurse.page) == []
    assert heard(nurse) == []


def test_nothing_is_asked_of_another_site(visit):
    patient = PatientFactory()
    nurse = visit(UserFactory(locations=[patient.location]))
    asked = []
    nurse.page.on("request", lambda request: asked.append(request.url))
    for address in ("/", patient.get_absolute_url()):
        nurse.go(address)

    assert [url for url in asked if not url.startswith((nurse.base, "data:"))] == []
