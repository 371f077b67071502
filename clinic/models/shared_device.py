from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from clinic.fields import NormalizedCharField
from clinic.models.identity import Identified

MOST_TRIES = 5  # a default of ours: of a million PINs, so many may be tried before the password is asked for


class SharedDevice(Identified):
    """A tablet that several people use in turn. Its browser keeps a secret, of which only the digest is here."""

    name = NormalizedCharField(_("name"), max_length=60, help_text=_("As colleagues call it: “Tablet, room 2”."))
    secret_digest = models.CharField(_("digest of its secret"), max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("made at"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("shared device")
        verbose_name_plural = _("shared devices")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class DevicePersonQuerySet(models.QuerySet["DevicePerson"]):
    def near(self, now: datetime) -> "DevicePersonQuerySet":
        """Return those who may come back with their PIN: signed in in full lately, active, with a PIN not used up."""
        return self.filter(
            signed_in_at__gt=now - timedelta(hours=settings.SESSION_HOURS),
            device__withdrawn_at=None,
            user__is_active=True,
            user__pin__failed_count__lt=MOST_TRIES,
        )


class DevicePerson(Identified):
    """Somebody who signed in in full on a shared device, and so may come back there with a PIN for some hours."""

    device = models.ForeignKey(SharedDevice, verbose_name=_("device"), on_delete=models.CASCADE, related_name="people")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="devices"
    )
    signed_in_at = models.DateTimeField(_("signed in in full at"))
    password_mark = models.CharField(
        _("mark of the password"), max_length=64, editable=False, help_text=_("Another password makes this void.")
    )

    objects = DevicePersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person of a shared device")
        verbose_name_plural = _("people of shared devices")
        ordering = ["-signed_in_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["device", "user"], name="device_person_once")]

    def __str__(self) -> str:
        return f"{self.user}, {self.device}"


class PinQuerySet(models.QuerySet["Pin"]):
    def take_try(self) -> bool:
        """Use up one try before it is judged, so that many at once get no more than one after the other."""
        return bool(self.filter(failed_count__lt=MOST_TRIES).update(failed_count=F("failed_count") + 1))

    def forgive(self) -> None:
        """Give all tries back: somebody typed the right one, or signed in in full."""
        self.filter(failed_count__gt=0).update(failed_count=0)


class Pin(models.Model):
    """The digits by which somebody comes back to a shared device. They open nothing anywhere else."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="pin"
    )
    digits = models.CharField(_("hash of the digits"), max_length=128, editable=False)
    set_at = models.DateTimeField(_("set at"))
    failed_count = models.PositiveSmallIntegerField(_("wrong tries"), default=0, editable=False)

    objects = PinQuerySet.as_manager()

    class Meta:
        verbose_name = _("PIN")
        verbose_name_plural = _("PINs")

    def __str__(self) -> str:
        return str(self.user)

    def set_digits(self, digits: str) -> None:
        self.digits = make_password(digits)

    def opens_with(self, digits: str) -> bool:
        return check_password(digits, self.digits)

    @property
    def is_used_up(self) -> bool:
        return self.failed_count >= MOST_TRIES
