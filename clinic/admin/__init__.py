from django.contrib import admin
from django.contrib.auth.models import Group

from clinic.admin import audit, backups, heartbeats, locations, staff

# A role is more than a group of permissions: see clinic/roles.py. It is chosen with the account.
admin.site.unregister(Group)

__all__ = ["audit", "backups", "heartbeats", "locations", "staff"]
