"""The addresses of the site, one of every record at a place, and somebody to try them."""

from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from clinic.models import SignIn
from clinic.roles import Role
from tests.factories import (
    AllergyFactory,
    AppointmentFactory,
    AssessmentFactory,
    BlindedRunFactory,
    ConsentFactory,
    CourseFactory,
    EmergencyAccessFactory,
    FollowUpFactory,
    InvitationFactory,
    LotFactory,
    PatientFactory,
    PhotoFactory,
    PreparationFactory,
    ReminderFactory,
    ScreeningFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WorkingCopyFactory,
)
from tests.factories.treatments import FIRST_SESSION


def routes(resolver=None, prefix="", space=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, where, f"{space}{pattern.namespace}:" if pattern.namespace else space)
        elif isinstance(pattern, URLPattern):
            yield where, space + (pattern.name or "")


def records_at(location):
    """Make one of everything at a place: a patient, a draft session of a course, and what hangs on it."""
    doctor = UserFactory(role=Role.CLINICIAN, locations=[location])
    patient = PatientFactory(location=location)
    course = CourseFactory(patient=patient, clinician=doctor)
    return {
        "patient": patient,
        "allergy": AllergyFactory(patient=patient),
        "screening": ScreeningFactory(patient=patient, answers={"pregnancy": "no"}),
        "consent": ConsentFactory(patient=patient),
        "course": course,
        "session": SessionFactory(course=course),
        "copy": WorkingCopyFactory(course=course, typed_by=doctor),
        "effect": SideEffectFactory(session__course=course),
        "photo": PhotoFactory(course=course, view=""),
        "run": BlindedRunFactory(course=course, finished_at=FIRST_SESSION),
        "follow_up": (follow_up := FollowUpFactory(course=course)),
        "message": ReminderFactory(follow_up=follow_up),
        "assessment": AssessmentFactory(course=course),
        "appointment": AppointmentFactory(course=course, practitioner=doctor),
        "lot": LotFactory(location=location),
        "preparation": PreparationFactory(location=location),
        "emergency": EmergencyAccessFactory(patient=patient, user=doctor),
        "member": UserFactory(locations=[location]),
        "invitation": InvitationFactory(invited_by=doctor),
    }


def client_of(who, here):
    client = Client()
    if who != "stranger":
        role = Role.STAFF if who == "deactivated" else Role(who.capitalize())
        user = UserFactory(role=role, locations=[here])
        client.force_login(user)
        if who == "deactivated":
            user.is_active = False
            user.save()
    return client


def snapshot():
    """Return every row of every table, but for who is signed in and the address that allauth copies at first sight."""
    models = apps.get_models(include_auto_created=True)
    models = [model for model in models if model._meta.app_label not in {"sessions", "account"}]
    models.remove(SignIn)
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}
