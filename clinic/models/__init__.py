from clinic.models.heartbeat import Heartbeat
from clinic.models.location import Location, Room
from clinic.models.record import VersionConflictError, Versioned
from clinic.models.user import User

__all__ = ["Heartbeat", "Location", "Room", "User", "VersionConflictError", "Versioned"]
