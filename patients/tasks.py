"""What the worker does on this floor; `clinic.background` says how it gets there."""

from django.utils import timezone

from clinic.background import every_five_minutes, task
from patients.emergencies import tell_admins


@task
def tell_of_emergencies() -> None:
    """Tell the admins of the records that were opened in an emergency."""
    tell_admins(timezone.now())


def sweep_emergencies() -> None:
    """Tell of what no bell was heard for, or no mail server took."""
    tell_admins(timezone.now())


every_five_minutes(sweep_emergencies)
