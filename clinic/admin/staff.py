"""Accounts: who works here, where, and in which role. Leaving is becoming inactive."""

from typing import Any

from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.actions.invitations import withdraw_invitations_of
from clinic.actions.sign_ins import end_sign_ins
from clinic.actions.staff import hold_admins, require_another_admin
from clinic.admin.records import HistoryAdmin, ManagedAdmin, ReadOnly
from clinic.models import DevicePerson, Invitation, Letter, Pin, SharedDevice, SignIn, User
from clinic.roles import ROLE_NAMES, Role
from clinic.second_factor.need import factors_of, name_of

PERSON = ("title", "first_name", "last_name")


class RoleForm(forms.ModelForm):
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=list(ROLE_NAMES.items()),
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Staff log sessions, clinicians sign and review as well, admins manage records."),
    )

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Someone already signs in with this e-mail."), code="unique")
        return email


class AccountForm(RoleForm, UserChangeForm):
    class Meta:
        model = User
        fields = ["email", "password", *PERSON, "locations", "theme", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["role"] = self.instance.role
        self.was_admin = self.instance.is_staff  # before the form puts what was typed into it

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.was_admin:
            hold_admins()
            if cleaned.get("role") not in {None, Role.ADMIN}:
                self._require_another_admin("role")
            if not cleaned.get("is_active", True):
                self._require_another_admin("is_active")
        return cleaned

    def _require_another_admin(self, field: str) -> None:
        try:
            require_another_admin(User.objects.get(pk=self.instance.pk))
        except ValidationError as error:
            self.add_error(field, error)


class RoleFilter(admin.SimpleListFilter):
    title = gettext_lazy("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ROLE_NAMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(HistoryAdmin, ManagedAdmin, DjangoUserAdmin):
    """Accounts are corrected here. A new one begins with an invitation, whose password nobody else ever knew."""

    form = AccountForm
    list_display = ["get_full_name", "email", "role_name", "places", "is_active", "last_login"]
    list_filter = ["is_active", RoleFilter, "locations"]
    list_select_related = False
    search_fields = ["first_name", "last_name", "email"]
    ordering = ["last_name", "first_name", "pk"]
    filter_horizontal = ["locations"]
    readonly_fields = ["second_step"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (gettext_lazy("Who"), {"fields": PERSON}),
        (gettext_lazy("What and where"), {"fields": ["role", "locations", "is_active"]}),
        (gettext_lazy("Second step of signing in"), {"fields": ["second_step"]}),
        (gettext_lazy("Display"), {"fields": ["theme"]}),
    ]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Lead to the one door through which somebody new comes in."""
        return redirect("staff-invite")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).prefetch_related("groups", "locations")

    @admin.display(description=gettext_lazy("locations"))
    def places(self, user: User) -> str:
        return ", ".join(location.name for location in user.locations.all())

    @admin.display(description=gettext_lazy("set up"))
    def second_step(self, user: User) -> str:
        names = ", ".join(map(name_of, factors_of(user))) or _("none")
        where = reverse("staff-second-factor", args=[user.public_id])
        return format_html('{} · <a href="{}">{}</a>', names, where, _("Phone lost?"))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 -- Django's
        before, after = obj.role if change else None, form.cleaned_data.get("role")
        if after and after != before:
            # The role is a group, and groups have no history of their own.
            reason = _("Role: %(role)s") % {"role": ROLE_NAMES[Role(after)]}
            obj._change_reason = reason  # type: ignore[attr-defined]  # simple-history reads it
        # What the first account of a clinic may beyond its role goes with the role of an admin.
        obj.is_superuser = obj.is_superuser and after == Role.ADMIN
        super().save_model(request, obj, form, change)
        # What signing in noted of an earlier address would let that one in as well.
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001
        super().save_related(request, form, formsets, change)
        groups = Group.objects.filter(name=form.cleaned_data["role"])
        is_same = list(form.instance.groups.all()) == list(groups)
        form.instance.groups.set(groups)
        if change and not (is_same and form.instance.is_active):
            end_sign_ins(form.instance)
            withdraw_invitations_of(form.instance, now=timezone.now(), request=request)


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, ManagedAdmin):
    """Who was asked to join; invited, sent again and withdrawn on the staff page."""

    list_display = [
        "__str__",
        "email",
        "role_name",
        "invited_by",
        "invited_at",
        "sent_at",
        "accepted_at",
        "withdrawn_at",
    ]
    list_select_related = ["invited_by"]
    search_fields = ["first_name", "last_name", "email"]


@admin.register(Letter)
class LetterAdmin(ReadOnly, ManagedAdmin):
    """Letters about accounts, and how they fared. What they said is not kept."""

    list_display = ["kind", "invitation", "state", "written_at", "ended_at", "attempts", "error"]
    list_filter = ["state"]
    list_select_related = ["invitation"]


@admin.register(SignIn)
class SignInAdmin(ReadOnly, ManagedAdmin):
    """Who is signed in where. Ended by whom it belongs to, or by closing the account."""

    list_display = ["user", "started_at", "seen_at", "address", "browser"]
    list_select_related = ["user"]
    search_fields = ["user__first_name", "user__last_name", "user__email"]


@admin.register(SharedDevice)
class SharedDeviceAdmin(ReadOnly, ManagedAdmin):
    list_display = ["name", "made_by", "made_at", "withdrawn_at"]
    list_select_related = ["made_by"]
    search_fields = ["name"]


@admin.register(DevicePerson)
class DevicePersonAdmin(ReadOnly, ManagedAdmin):
    """Who may come back to which shared device with a PIN."""

    list_display = ["user", "device", "signed_in_at"]
    list_select_related = ["user", "device"]
    search_fields = ["user__first_name", "user__last_name", "device__name"]


@admin.register(Pin)
class PinAdmin(ReadOnly, ManagedAdmin):
    """Who has a PIN. Which one it is, nobody can see."""

    list_display = ["user", "set_at", "failed_count"]
    list_select_related = ["user"]
    search_fields = ["user__first_name", "user__last_name"]
