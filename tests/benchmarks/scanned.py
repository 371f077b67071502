"""The demo clinic as a scanner meets it: somebody signed in, an address of every page, a log of who asked."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string

from clinic.models import User
from clinic.search_words import query_of
from patients.models import Allergy, Consent, Patient, Screening
from tests.benchmarks.holes import REFUSED
from tests.clinic.access import routes
from treatments.demo.load import load
from treatments.models import (
    Appointment,
    Assessment,
    Course,
    FollowUp,
    Lot,
    Photo,
    Preparation,
    Reminder,
    Session,
    SideEffect,
    Waiting,
)

PEOPLE = {"staff": "sam.adeyemi", "clinician": "ines.moreau", "admin": "robin.park"}
RECORDS = {
    "patients": Patient,
    "allergies": Allergy,
    "screenings": Screening,
    "consents": Consent,
    "courses": Course,
    "sessions": Session,
    "side-effects": SideEffect,
    "photos": Photo,
    "follow-ups": FollowUp,
    "messages": Reminder,
    "appointments": Appointment,
    "assessments": Assessment,
    "lots": Lot,
    "preparations": Preparation,
    "waiting": Waiting,
    "staff": User,
}
# What a person types at the end of an address.
QUERIES = (
    "/patients/?course=running&standing=gone&sort=newest",
    "/patients/?sort=name&after=x",
    "/follow-ups/?state=upcoming",
    "/follow-ups/?format=csv",
    "/side-effects/?tab=open",
    "/messages/?tab=sent",
    "/calendar/?view=week&by=room&day=2026-11-26",
    "/reports/safety/?by=lot",
    "/accounts/login/?next=/lots/",
)


def prepare(role):
    """Load the demo clinic into a database that has none, and return its person of the role."""
    call_command("migrate", verbosity=0, interactive=False)
    if not User.objects.exists():
        list(load(timezone.now()))
    settings.MFA_REQUIRED_ROLES = set()
    return User.objects.get(email=f"{PEOPLE[role]}@demo.example")


def application(log):
    """Return the clinic with a log before all else: (method, address, status, whose) of each request."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    connection.settings_dict["CONN_MAX_AGE"] = 0  # each request has a thread and a connection of its own
    settings.MIDDLEWARE.insert(0, f"{__name__}.note")
    note.log = log
    return StaticFilesHandler(WSGIHandler())


def note(get_response):
    """Write down each request with the key of whoever was signed in when it had been answered."""

    def middleware(request):
        response = get_response(request)
        who = request.user.pk if hasattr(request, "user") else REFUSED
        note.log.append((request.method, request.get_full_path(), response.status_code, who))
        return response

    return middleware


def cookie_of(user):
    client = Client()
    client.force_login(user)
    secret = get_random_string(32)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={secret}"


def addresses(user):
    """Return an address of every page that asks for nothing or for a record, on the first record of its kind."""
    words = query_of("maria", user)
    found = [*QUERIES, f"/search/?{words}", f"/patients/?standing=gone&{words}"]
    for where, name in routes():
        if ":" in name:
            continue
        if "<" not in where:
            found.append(reverse(name))
        elif where.count("<") == 1 and "<uuid:public_id>" in where:
            record = first_of(RECORDS.get(where.split("/")[0]), user)
            found += [reverse(name, args=[record.public_id])] if record else []
    return found + (admin_pages(user) if user.is_staff else [])


def first_of(model, user):
    if model is None:
        return None
    rows = model.objects.all()
    return (rows.visible_to(user) if hasattr(rows, "visible_to") else rows).order_by("pk").first()


def admin_pages(user):
    """Return each list of the admin site that the user sees, and the form of its first row and of a new one."""
    found = []
    for model in admin.site._registry:
        name = f"admin:{model._meta.label_lower.replace('.', '_')}"
        if user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
            found.append(f"{reverse(f'{name}_changelist')}?q=maria&o=1")
            first = model._default_manager.order_by("pk").first()
            found += [reverse(f"{name}_change", args=[first.pk])] if first else []
        if user.has_perm(f"{model._meta.app_label}.add_{model._meta.model_name}"):
            found.append(reverse(f"{name}_add"))
    return found


def own_pages(user):
    """Return the addresses where an admin would change the account that the scanner is signed in with."""
    return [f"/staff/{user.public_id}/*", f"/admin/clinic/user/{user.pk}/*"]
