"""Who has which second factor, and who took one away: read here, changed on pages of their own."""

from allauth.mfa.models import Authenticator
from django.contrib import admin

from clinic.admin.records import ManagedAdmin, ReadOnly
from clinic.models import SecondFactorReset


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnly, ManagedAdmin):
    """Without what is sealed, and without what a passkey is known by."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    search_fields = ["user__first_name", "user__last_name", "user__email"]
    ordering = ["user__last_name", "user__first_name", "pk"]
    fields = ["user", "type", "created_at", "last_used_at"]


@admin.register(SecondFactorReset)
class SecondFactorResetAdmin(ReadOnly, ManagedAdmin):
    list_display = ["reset_at", "user", "by", "reason", "removed"]
    search_fields = ["user__last_name", "user__email", "by__last_name", "reason"]
    ordering = ["-reset_at"]
