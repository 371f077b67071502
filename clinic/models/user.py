import uuid
from functools import cached_property
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import Group, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models.location import Location
from clinic.roles import ROLE_NAMES, Role


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> "UserQuerySet":
        return self.filter(is_active=True)

    def admins(self) -> "UserQuerySet":
        """Return the active people who can open the admin: who treats as well does not."""
        treating = Group.objects.filter(user=models.OuterRef("pk"), name__in=[Role.STAFF, Role.CLINICIAN])
        managing = Group.objects.filter(user=models.OuterRef("pk"), name=Role.ADMIN)
        is_admin = Q(is_superuser=True) | (models.Exists(managing) & ~models.Exists(treating))
        return self.active().filter(is_admin)

    def treating_at(self, location: Location, *, also: int | None = None) -> "UserQuerySet":
        """Return the staff and clinicians of a location, and the person `also` (a key) whom a record names already."""
        return self._of_roles_at([Role.STAFF, Role.CLINICIAN], location, also)

    def clinicians_at(self, location: Location, *, also: int | None = None) -> "UserQuerySet":
        """Return the clinicians of a location, and the person `also` (a key) whom a record names already."""
        return self._of_roles_at([Role.CLINICIAN], location, also)

    def _of_roles_at(self, roles: list[Role], location: Location, also: int | None) -> "UserQuerySet":
        here = Q(is_active=True, groups__name__in=roles, locations=location)
        return self.filter(here | Q(pk=also)).distinct()


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(
        self, email: str, password: str | None = None, *, role: Role | None = None, **fields: Any
    ) -> "User":
        """Make an account with one role. Raises `ValueError` without an e-mail address."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        if role:
            user.groups.add(Group.objects.get(name=role))
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, role=Role.ADMIN, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """Someone who works at the clinic and signs in."""

    class Theme(models.TextChoices):
        SYSTEM = "system", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(
        _("e-mail"), unique=True, error_messages={"unique": _("Someone already signs in with this e-mail.")}
    )
    title = NormalizedCharField(
        _("title"), max_length=20, blank=True, help_text=_("Dr, Nurse, … as colleagues say it.")
    )
    first_name = NormalizedCharField(_("first name"), max_length=100)
    last_name = NormalizedCharField(_("last name"), max_length=100)
    locations = models.ManyToManyField(Location, verbose_name=_("locations"), related_name="users", blank=True)
    theme = models.CharField(_("theme"), max_length=6, choices=Theme, default=Theme.SYSTEM)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Someone who has left is made inactive, never deleted.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    # Patients of other locations, by key, whose records are open in an emergency: set for one request.
    patients_in_emergency: frozenset[int] = frozenset()
    history = HistoricalRecords(excluded_fields=["password", "last_login"], m2m_fields=[locations])

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name", "last_name"]

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["last_name", "first_name", "pk"]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """Return the name in full: "Dr Ines Moreau"."""
        return " ".join(filter(None, [self.title, self.first_name, self.last_name])) or self.email

    def get_short_name(self) -> str:
        """Return the name as colleagues say it: "Dr Moreau", or "Ines" for someone without a title."""
        return f"{self.title} {self.last_name}" if self.title else self.first_name or self.email

    @property
    def initials(self) -> str:
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:1].upper()

    @cached_property
    def role(self) -> Role | None:
        """Return the person's role; someone in several groups has the one that may do most of the treating."""
        names = {group.name for group in self.groups.all()}
        return next((role for role in (Role.CLINICIAN, Role.STAFF, Role.ADMIN) if role in names), None)

    @property
    def role_name(self) -> str:
        return str(ROLE_NAMES[self.role]) if self.role else str(_("No role"))

    @cached_property
    def own_locations(self) -> list[Location]:
        """Return the locations this person works at, by name, read once a request."""
        return list(self.locations.all())

    @cached_property
    def places(self) -> list[Location]:
        """Return the locations this person may choose to work at: the own; for an admin all, the own first."""
        if not self.sees_all_locations:
            return self.own_locations
        is_own = models.Exists(User.locations.through.objects.filter(user=self, location=models.OuterRef("pk")))
        return list(Location.objects.order_by(is_own.desc(), "name", "pk"))

    @property
    def is_staff(self) -> bool:
        """Say whether this person may open the Django admin: practice managers only."""
        return self.is_active and (self.is_superuser or self.role is Role.ADMIN)

    @property
    def sees_all_locations(self) -> bool:
        return self.is_active and (self.is_superuser or self.role is Role.ADMIN)
