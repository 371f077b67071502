"""The addresses of the site, one of every record at a place, and somebody to try them."""

from urllib.parse import urlencode

from django.apps import apps
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from clinic.models import AuditEvent, SignIn
from clinic.roles import Role
from tests.factories import (
    PASSWORD,
    AllergyFactory,
    AppointmentFactory,
    AssessmentFactory,
    BlindedRunFactory,
    ConsentFactory,
    CourseFactory,
    DossierFactory,
    EmergencyAccessFactory,
    ErasureFactory,
    FollowUpFactory,
    InvitationFactory,
    LotFactory,
    MergeFactory,
    PatientFactory,
    PhoneAppFactory,
    PhotoFactory,
    PreparationFactory,
    ReminderFactory,
    ScreeningFactory,
    SessionFactory,
    SideEffectFactory,
    UserFactory,
    WaitingFactory,
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
        "person": doctor,
        "patient": patient,
        "allergy": AllergyFactory(patient=patient),
        "merge": MergeFactory(survivor=patient),
        "screening": ScreeningFactory(patient=patient, answers={"pregnancy": "no"}),
        "consent": ConsentFactory(patient=patient),
        "dossier": DossierFactory(patient=patient),
        "erasure": ErasureFactory(patient=patient),
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
        "waiting": WaitingFactory(course=course, joined_by=doctor),
        "lot": LotFactory(location=location),
        "preparation": PreparationFactory(location=location),
        "emergency": EmergencyAccessFactory(patient=patient, user=doctor),
        "invitation": InvitationFactory(invited_by=doctor),
    }


class HalfSignedIn(Client):
    """Someone who has given the password and not the code: anew for each address, since some end what was begun."""

    def __init__(self, user):
        super().__init__()
        self.user = user

    def generic(self, method, path, *args, **kwargs):
        self.cookies.clear()
        cache.clear()  # or the limit of sign-ins would be tried, and not the address
        form = {"login": self.user.email, "password": PASSWORD}
        super().generic("POST", "/accounts/login/", urlencode(form), "application/x-www-form-urlencoded")
        return super().generic(method, path, *args, **kwargs)


def client_of(who, here):
    """Return the browser of a role, or of a "stranger", someone "deactivated", "half" or "bare".

    Somebody half signed in has given the password and not the code. Somebody bare is a clinician without a second
    factor, where `MFA_REQUIRED_ROLES` asks for one.
    """
    if who == "half":
        return HalfSignedIn(PhoneAppFactory(user=UserFactory(role=Role.CLINICIAN, locations=[here])).user)
    client = Client()
    if who == "bare":
        client.force_login(UserFactory(role=Role.CLINICIAN, locations=[here]))
    elif who != "stranger":
        role = Role.STAFF if who == "deactivated" else Role(who.capitalize())
        user = UserFactory(role=role, locations=[here])
        client.force_login(user)
        if who == "deactivated":
            user.is_active = False
            user.save()
    return client


def snapshot():
    """Return every row of every table, but for who is signed in, who saw what, and the address that allauth copies."""
    models = apps.get_models(include_auto_created=True)
    models = [model for model in models if model._meta.app_label not in {"sessions", "account"}]
    models = [model for model in models if model not in {AuditEvent, SignIn}]
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}
