from clinic.models.audit_event import AppendOnlyDoor, AuditCheck, AuditEvent, AuditSeal
from clinic.models.backup_run import BackupRun
from clinic.models.heartbeat import Heartbeat
from clinic.models.hours import Closure, Weekday, WorkingHours
from clinic.models.invitation import Invitation, InvitationState
from clinic.models.letter import Letter
from clinic.models.location import Location, Room
from clinic.models.record import VersionConflictError, Versioned
from clinic.models.second_factor_reset import SecondFactorReset
from clinic.models.shared_device import DevicePerson, Pin, SharedDevice
from clinic.models.sign_in import SignIn
from clinic.models.user import User

__all__ = [
    "AppendOnlyDoor",
    "AuditCheck",
    "AuditEvent",
    "AuditSeal",
    "BackupRun",
    "Closure",
    "DevicePerson",
    "Heartbeat",
    "Invitation",
    "InvitationState",
    "Letter",
    "Location",
    "Pin",
    "Room",
    "SecondFactorReset",
    "SharedDevice",
    "SignIn",
    "User",
    "VersionConflictError",
    "Versioned",
    "Weekday",
    "WorkingHours",
]
