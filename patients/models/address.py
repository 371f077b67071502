"""By which channel a patient is reached, and where messages came back."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from patients.models.patient import Patient


ERASED = "–"  # what an erasure leaves in the place of an address


class Channel(models.TextChoices):
    PHONE = "phone", _("Phone")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    EMAIL = "email", _("E-mail")


class ReturnedAddressQuerySet(models.QuerySet["ReturnedAddress"]):
    def standing(self) -> "ReturnedAddressQuerySet":
        """Return those that nobody has confirmed since."""
        return self.filter(confirmed_at=None)

    def idle(self) -> "ReturnedAddressQuerySet":
        """Leave out what still keeps messages from an address in its patient's record."""
        is_current = Q(address=Lower("patient__email")) | Q(address=F("patient__phone"))
        return self.exclude(is_current, confirmed_at=None)

    def at(self, channel: str, address: str) -> "ReturnedAddressQuerySet":
        return self.filter(channel=channel, address=address.lower())

    def of(self, patient: "Patient") -> "ReturnedAddressQuerySet":
        """Return those that stand against the addresses in the record now; a corrected one is no longer among them."""
        by_mail = Q(channel=Channel.EMAIL, address=patient.email.lower()) & ~Q(address="")
        by_phone = Q(address=patient.phone) & ~Q(channel=Channel.EMAIL) & ~Q(address="")
        return self.standing().filter(by_mail | by_phone)


def comes_back(channel: str, path: str = "") -> Exists:
    """Return the condition that messages to a patient come back. `path` leads to the patient, `channel` is a field."""
    to = f"{path}__" if path else ""
    by_mail = Q(channel=Channel.EMAIL, address=Lower(OuterRef(f"{to}email")))
    by_phone = Q(address=OuterRef(f"{to}phone")) & ~Q(channel=Channel.EMAIL)
    return Exists(ReturnedAddress.objects.standing().filter(by_mail | by_phone, channel=OuterRef(channel)))


class ReturnedAddress(models.Model):
    """An address that takes no messages: one came back from it. It holds for everybody who has this address.

    It ends when somebody confirms that the address is right. A corrected address is another one.
    """

    patient = models.ForeignKey(
        "patients.Patient", verbose_name=_("patient"), on_delete=models.PROTECT, related_name="returned_addresses"
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    address = models.CharField(_("address"), max_length=254, help_text=_("In small letters."))
    reason = models.CharField(_("reason"), max_length=300, blank=True, help_text=_("In the server's words."))
    returned_at = models.DateTimeField(_("came back at"))
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("confirmed by"),
        on_delete=models.PROTECT,
        related_name="addresses_confirmed",
        null=True,
        blank=True,
    )

    objects = ReturnedAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address that came back")
        verbose_name_plural = _("addresses that came back")
        ordering = ["-returned_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "address"],
                condition=Q(confirmed_at=None) & ~Q(address=ERASED),
                name="returned_address_stands_once",
                violation_error_message=_("This address is known to come back."),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | Q(confirmed_at__isnull=False, confirmed_by__isnull=False),
                name="returned_address_confirmed_by_someone",
                violation_error_message=_("An address is confirmed by someone."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address}, {self.returned_at:%Y-%m-%d}"
