import base64
import hmac
from datetime import UTC, datetime, time

from allauth.mfa.models import Authenticator
from factory import LazyFunction, SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from clinic.field_keys import seal
from clinic.models import AuditEvent, Closure, Invitation, Location, Room, User, WorkingHours
from clinic.roles import Role

PASSWORD = "wave-harbour-lantern"


class LocationFactory(DjangoModelFactory):
    class Meta:
        model = Location

    name = Sequence(lambda n: f"Harbour Street {n + 1}")
    time_zone = "America/Los_Angeles"
    country_code = "US"
    currency = "USD"


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = Room

    location = SubFactory(LocationFactory)
    name = Sequence(lambda n: f"Room {n + 1}")


class UserFactory(DjangoModelFactory):
    """Someone of the staff: `UserFactory(locations=[here], role=Role.CLINICIAN)`."""

    class Meta:
        model = User

    email = Sequence(lambda n: f"person{n + 1}@clinic.example")
    first_name = "Ines"
    last_name = "Moreau"

    @classmethod
    def _create(cls, model_class, *args, role=Role.STAFF, locations=(), password=PASSWORD, **kwargs):
        user = model_class.objects.create_user(*args, password=password, role=role, **kwargs)
        user.locations.set(locations)
        return user


APP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class PhoneAppFactory(DjangoModelFactory):
    """The phone app of somebody: `PhoneAppFactory(user=nurse)`; `app_code(now)` is what it shows."""

    class Meta:
        model = Authenticator

    type = Authenticator.Type.TOTP
    data = LazyFunction(lambda: {"secret": seal(APP_SECRET)})
    created_at = datetime(2026, 1, 2, tzinfo=UTC)


class RecoveryCodesFactory(DjangoModelFactory):
    class Meta:
        model = Authenticator

    type = Authenticator.Type.RECOVERY_CODES
    data = LazyFunction(lambda: {"seed": seal("5eed" * 20), "used_mask": 0})


class PasskeyFactory(DjangoModelFactory):
    """A passkey as the list shows it. It opens nothing: tests/browser/test_second_factor.py makes real ones."""

    class Meta:
        model = Authenticator

    type = Authenticator.Type.WEBAUTHN
    data = LazyFunction(lambda: {"name": "Phone", "credential": {}})


def app_code(at, secret=APP_SECRET):
    """Return the six figures that an app shows at a moment, computed from RFC 6238 and nothing of ours."""
    digest = hmac.digest(base64.b32decode(secret), (int(at.timestamp()) // 30).to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


class WorkingHoursFactory(DjangoModelFactory):
    """The opening hours of a location on a Monday, 9 to 17; `practitioner=` makes them a person's."""

    class Meta:
        model = WorkingHours

    location = SubFactory(LocationFactory)
    weekday = 0
    from_time = time(9)
    to_time = time(17)


class ClosureFactory(DjangoModelFactory):
    """A location closed for a day: `ClosureFactory(location=here, first_on=…)`; `practitioner=` for who is away."""

    class Meta:
        model = Closure

    location = None
    last_on = SelfAttribute("first_on")
    reason = "Holiday"


class InvitationFactory(DjangoModelFactory):
    """Somebody asked to join as staff; `sent_at` and the secret are set by sending it."""

    class Meta:
        model = Invitation

    email = Sequence(lambda n: f"new{n + 1}@clinic.example")
    first_name = "Noor"
    last_name = "Haddad"
    role = Role.STAFF.value
    invited_by = SubFactory(UserFactory, role=Role.ADMIN)
    invited_at = datetime(2026, 11, 2, 9, tzinfo=UTC)


class AuditEventFactory(DjangoModelFactory):
    """That somebody opened a page: `AuditEventFactory(by=nurse, patient_public_id=patient.public_id)`."""

    class Meta:
        model = AuditEvent

    happened_at = datetime(2026, 11, 25, 18, tzinfo=UTC)
    act = AuditEvent.Act.READ
    view_name = "patient-record"
