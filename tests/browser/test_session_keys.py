"""What one key may not do to a session: Enter in a field neither fills in last time nor saves."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.roles import Role
from tests.factories import CourseFactory, LocationFactory, SessionFactory, UserFactory
from treatments.models import Session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


@pytest.mark.parametrize("field", ["weight_kg", "needle", "drawn-0"])
def test_enter_in_a_field_neither_fills_in_last_time_nor_saves(visit, field):
    here = LocationFactory()
    doctor = UserFactory(role=Role.CLINICIAN, locations=[here])
    course = CourseFactory(patient__location=here, clinician=doctor)
    SessionFactory(course=course, performed_at=timezone.now() - timedelta(days=9), given=True, signed=True)
    visitor = visit(doctor)
    visitor.go(reverse("session-new", args=[course.public_id]))

    visitor.page.fill(f"[name='{field}']", "3")
    visitor.page.press(f"[name='{field}']", "Enter")
    visitor.page.locator("#session-status", has_text="Draft kept").wait_for()

    assert visitor.page.input_value("[name='source-0']") == ""
    assert visitor.page.input_value(f"[name='{field}']") == "3"
    assert Session.objects.drafts().count() == 0
    assert visitor.complaints == []
