from datetime import UTC, datetime, time

from factory import SelfAttribute, Sequence, SubFactory
from factory.django import DjangoModelFactory

from clinic.models import Closure, Invitation, Location, Room, User, WorkingHours
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
