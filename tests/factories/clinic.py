from factory import Sequence, SubFactory
from factory.django import DjangoModelFactory

from clinic.models import Location, Room, User
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
