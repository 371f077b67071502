"""Who may do what. This module is the one home of that: a role is a group's name, and its acts are listed here.

An act ("treatments.sign_session") is what a page asks for. The model permissions of the Django admin ("add_location")
are another thing: an admin has those, as far as `may_manage` says.
"""

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    STAFF = "Staff"
    CLINICIAN = "Clinician"
    ADMIN = "Admin"


ROLE_NAMES = {Role.STAFF: _("Staff"), Role.CLINICIAN: _("Clinician"), Role.ADMIN: _("Admin")}

# What everyone at the desk does.
DESK = frozenset(
    {
        "patients.register_patient",
        "patients.edit_patient",
        "treatments.book_appointment",
        "treatments.call_patient",
    }
)

# What everyone does with stock. Using it is treating.
STOCK = frozenset({"treatments.receive_lot", "treatments.change_stock"})

# What the people who treat do.
TREATING = frozenset(
    {
        "patients.open_in_emergency",
        "patients.record_allergy",
        "patients.record_screening",
        "patients.record_consent",
        "treatments.plan_course",
        "treatments.log_session",
        "treatments.log_side_effect",
        "treatments.give_aftercare",
        "treatments.record_assessment",
        "treatments.mix_preparation",
        "treatments.see_own_feed",
        "treatments.see_photo",
        "treatments.take_photo",
    }
)

ACTS: dict[Role, frozenset[str]] = {
    Role.STAFF: DESK | STOCK | TREATING,
    Role.CLINICIAN: DESK
    | STOCK
    | TREATING
    | {
        "treatments.sign_session",
        "treatments.correct_patient",
        "treatments.review_side_effect",
        "treatments.review_milestone",
        "treatments.hold_lot",
        "treatments.see_safety",
        "treatments.review_signal",
    },
    Role.ADMIN: DESK
    | STOCK
    | {
        "clinic.manage_staff",
        "clinic.see_audit",
        "clinic.reset_second_factor",
        "clinic.see_backups",
        "patients.erase_patient",
        "patients.export_dossier",
        "patients.import_patients",
        "patients.review_emergencies",
        "patients.merge_patients",
        "treatments.correct_patient",
        "patients.restrict_patient",
        "patients.see_retention",
        "treatments.hold_lot",
        "treatments.see_safety",
        "treatments.see_data_quality",
    },
}


def may_manage(permission: str) -> bool:
    """Say whether an admin has this model permission ("app.action_model") in the Django admin.

    An admin sees, adds and changes; nothing is deleted there, for nothing clinical ever is.
    """
    action = permission.partition(".")[2].partition("_")[0]
    return action in {"view", "add", "change"}


def create_groups(**kwargs: Any) -> None:
    """Make the group of each role after a migration, so that a new database can give its first account a role."""
    from django.contrib.auth.models import Group  # noqa: PLC0415 -- needs the app registry

    for role in Role:
        Group.objects.using(kwargs["using"]).get_or_create(name=role.value)
