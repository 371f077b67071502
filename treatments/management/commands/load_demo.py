"""Fill an empty database with the demo clinic and print who can sign in."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from clinic.models import User
from clinic.roles import ROLE_NAMES
from patients.models import Patient
from treatments.aftercare import address_of
from treatments.demo.load import ACCOUNTS, PASSWORD, load
from treatments.demo.people import HARBOUR_STREET, LINDENHOF
from treatments.models import AftercareLink


class Command(BaseCommand):
    help = "Load the demo clinic into an empty database; do nothing where it is loaded already."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo clinic has known passwords: it is never loaded in production.")
        if not User.objects.filter(email=ACCOUNTS[0][0]).exists():
            if Patient.objects.exists():
                raise CommandError("This database holds patients already. The demo wants one of its own.")
            people = load(timezone.now())
            total = len(HARBOUR_STREET) + len(LINDENHOF)
            for _name in tqdm(people, total=total, desc="Demo clinic", unit=" people", disable=None, leave=False):
                pass
        for email, title, first, last, role in ACCOUNTS:
            name = " ".join(filter(None, [title, first, last]))
            self.stdout.write(f"  {ROLE_NAMES[role]!s:<10} {email:<26} {PASSWORD}   ({name})")
        link = AftercareLink.objects.given().filter(session__course__patient__language="fr").first()
        if link:
            born = link.session.course.patient.birth_date
            self.stdout.write(f"  {'Patient':<10} {address_of(link)}   (in French, born {born:%d %B %Y})")
