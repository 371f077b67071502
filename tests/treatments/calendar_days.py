"""The Monday that the calendar shows, and a visit on it."""

from datetime import UTC, date, datetime

from tests.factories import AppointmentFactory, PatientFactory

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)  # a Tuesday, 11:30 in Los Angeles
DAY = date(2026, 3, 16)  # the Monday after
TEN = datetime(2026, 3, 16, 17, 0, tzinfo=UTC)  # 10:00 there


def visit(here, practitioner, **facts):
    patient = facts.pop("patient", None) or PatientFactory(location=here, family_name="Okonkwo")
    return AppointmentFactory(
        **{"patient": patient, "course": None, "kind": "consultation", "practitioner": practitioner, "starts_at": TEN}
        | facts
    )
