from clinic.models.audit_event import AppendOnlyDoor, AuditCheck, AuditEvent, AuditSeal
from clinic.models.backup_run import BackupRun
from clinic.models.heartbeat import Heartbeat
from clinic.models.hours import Closure, Weekday, WorkingHours
from clinic.models.location import Location, Room
from clinic.models.record import VersionConflictError, Versioned
from clinic.models.second_factor_reset import SecondFactorReset
from clinic.models.user import User

__all__ = [
    "AppendOnlyDoor",
    "AuditCheck",
    "AuditEvent",
    "AuditSeal",
    "BackupRun",
    "Closure",
    "Heartbeat",
    "Location",
    "Room",
    "SecondFactorReset",
    "User",
    "VersionConflictError",
    "Versioned",
    "Weekday",
    "WorkingHours",
]
