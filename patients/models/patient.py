from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from dateutil.relativedelta import relativedelta
from django.conf.locale import LANG_INFO
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import FoldedField, NormalizedCharField, fold
from clinic.models import Location, Versioned
from clinic.phones import PhoneField
from clinic.validators import validate_birth_date, validate_not_in_future, validate_plain_text
from patients.models.address import Channel as HowReached
from patients.models.address import ReturnedAddress
from patients.models.patients_found import PatientQuerySet
from patients.models.record_numbers import RecordNumberSeries

if TYPE_CHECKING:
    from clinic.models import User

SOURCE_LANGUAGE = "en"  # which every text exists in


def languages() -> list[tuple[str, str]]:
    """Return (BCP 47 code, the language's own name) pairs, by name."""
    named = ((code, info["name_local"]) for code, info in LANG_INFO.items() if "name_local" in info)
    return sorted(named, key=lambda language: fold(language[1]))


class RecordMergedError(Exception):
    """A page is asked of a record, or something is about to be written of it, that is a part of another now."""

    def __init__(self, patient: "Patient") -> None:
        super().__init__()
        self.patient = patient


class Patient(Versioned):
    """A person who is treated here."""

    is_subject_of_care = True  # see clinic/subjects.py

    class Sex(models.TextChoices):
        """FHIR AdministrativeGender."""

        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Unknown")

    Channel = HowReached

    record_number = models.CharField(_("record number"), max_length=16, unique=True, editable=False)
    external_id = models.CharField(
        _("number in the former system"),
        max_length=100,
        blank=True,
        help_text=_("Kept from an import, so that importing again finds the same person."),
    )
    given_name = NormalizedCharField(_("first name"), max_length=200, blank=True, validators=[validate_plain_text])
    family_name = NormalizedCharField(_("last name"), max_length=200, validators=[validate_plain_text])
    birth_date = models.DateField(_("birth date"), validators=[validate_birth_date])
    sex = models.CharField(_("sex"), max_length=7, choices=Sex)
    deceased_on = models.DateField(_("died on"), null=True, blank=True, validators=[validate_not_in_future])
    location = models.ForeignKey(
        Location, verbose_name=_("location"), on_delete=models.PROTECT, related_name="patients"
    )
    phone = PhoneField(_("phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    address_line = NormalizedCharField(
        _("street and number"), max_length=200, blank=True, validators=[validate_plain_text]
    )
    city = NormalizedCharField(_("city"), max_length=100, blank=True, validators=[validate_plain_text])
    region = NormalizedCharField(_("state or region"), max_length=100, blank=True, validators=[validate_plain_text])
    postal_code = NormalizedCharField(_("postal code"), max_length=20, blank=True, validators=[validate_plain_text])
    country_code = models.CharField(
        _("country"),
        max_length=2,
        blank=True,
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Two capital letters (ISO 3166), for example US."))],
    )
    language = models.CharField(_("language"), max_length=12, choices=languages, default="en")
    preferred_channel = models.CharField(_("preferred channel"), max_length=8, choices=Channel, default=Channel.PHONE)
    contact_permission = models.BooleanField(_("agrees to appointment and follow-up messages"), default=False)
    emergency_name = NormalizedCharField(
        _("emergency contact"), max_length=200, blank=True, validators=[validate_plain_text]
    )
    emergency_phone = PhoneField(_("phone of the emergency contact"), blank=True)
    allergies_asked_on = models.DateField(
        _("allergies asked on"), null=True, blank=True, validators=[validate_not_in_future]
    )
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    restricted_at = models.DateTimeField(_("restricted at"), null=True, blank=True, editable=False)
    restriction_reason = models.CharField(
        _("why it is restricted"), max_length=300, blank=True, validators=[validate_plain_text], editable=False
    )
    erasure_decided_at = models.DateTimeField(
        _("erasure decided at"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("While a decided erasure waits: nothing new is added."),
    )
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("merged into"),
        on_delete=models.PROTECT,
        related_name="merged_from",
        null=True,
        blank=True,
        editable=False,
        help_text=_("The record that goes on, where two were of one person."),
    )
    registered_at = models.DateTimeField(_("registered at"), auto_now_add=True, editable=False)
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    sort_name = FoldedField(source=["family_name", "given_name"])
    search_text = FoldedField(
        source=["given_name", "family_name", "record_number", "phone", "external_id"], max_length=800
    )
    history = HistoricalRecords(excluded_fields=["sort_name", "search_text", "form_token"])

    objects = PatientQuerySet.as_manager()

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["external_id"],
                condition=~Q(external_id=""),
                name="patient_external_id_unique",
                violation_error_message=_("Another patient already has this number of the former system."),
            ),
            models.CheckConstraint(
                condition=~Q(family_name=""),
                name="patient_has_family_name",
                violation_error_message=_("A patient needs a last name."),
            ),
            models.CheckConstraint(
                condition=Q(deceased_on=None) | Q(deceased_on__gte=F("birth_date")),
                name="patient_dies_after_birth",
                violation_error_message=_("The day of death is before the birth date."),
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="patient_merges_into_another",
                violation_error_message=_("A record merges into another, not into itself."),
            ),
            models.CheckConstraint(
                condition=Q(restricted_at=None, restriction_reason="")
                | (Q(restricted_at__isnull=False) & ~Q(restriction_reason="")),
                name="patient_restricted_for_a_reason",
                violation_error_message=_("A restriction says why."),
            ),
        ]
        indexes = [
            models.Index(fields=["sort_name", "id"], name="patient_by_name"),
            models.Index(fields=["location", "sort_name", "id"], name="patient_by_location_and_name"),
            models.Index(fields=["birth_date"], name="patient_by_birth_date"),
            models.Index(fields=["phone"], name="patient_by_phone", condition=~Q(phone="")),
            models.Index(Upper("external_id"), name="patient_by_former_number", condition=~Q(external_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.full_name}, {self.record_number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.record_number:
            self.record_number = RecordNumberSeries.take()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("patient-record", args=[self.public_id])

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    def age(self, today: date) -> int:
        """Return the age in full years, at death for someone who has died."""
        return relativedelta(self.deceased_on or today, self.birth_date).years

    @property
    def refusal_to_add(self) -> str:
        """Say why nothing new comes into this record, of an erasure that is done or waits; empty when it may.

        What was given before is written all the same: a session of before is logged and signed, a reaction noted.
        """
        if self.erased_at:
            return str(_("The patient was erased. Nothing is added to this record."))
        if self.erasure_decided_at:
            return str(_("The patient is being erased. Nothing is added to this record."))
        return ""

    def refuse_additions(self) -> "Patient":
        """Return the patient, whose row is held. Raises `ValidationError` where nothing new comes into the record."""
        if refusal := self.refusal_to_add:
            raise ValidationError(refusal, code="erasing")
        return self

    @property
    def refusal_to_treat(self) -> str:
        """Say why nothing is planned or booked for this person; empty when it may be."""
        if refusal := self.refusal_to_add:
            return refusal
        if self.merged_into_id:
            return str(_("This record was merged into another."))
        if self.deceased_on:
            return _("The patient died on %(day)s.") % {"day": date_format(self.deceased_on, "j F Y")}
        if self.archived_at:
            return str(_("The record is archived. Restore it first."))
        if self.restricted_at:
            return _("The record is restricted: %(reason)s. An admin lifts that.") % {
                "reason": self.restriction_reason.rstrip(".")
            }
        return ""

    @property
    def can_be_contacted(self) -> bool:
        """Say whether messages may be sent: the patient agreed, lives, is and stays a patient here, unrestricted."""
        gone = self.deceased_on or self.archived_at or self.erasure_decided_at
        return self.contact_permission and not gone and self.restricted_at is None

    def address_by(self, channel: str) -> str:
        """Return where messages by a channel go, empty for nowhere."""
        return self.email if channel == self.Channel.EMAIL else self.phone

    def comes_back_by(self, channel: str) -> bool:
        """Say whether messages by a channel come back; `comes_back` is the same in SQL."""
        return ReturnedAddress.objects.standing().at(channel, self.address_by(channel)).exists()

    def is_lent_to(self, user: "User") -> bool:
        """Say whether this person sees the record in an emergency only: it is of none of their locations."""
        if self.pk not in user.patients_in_emergency or user.sees_all_locations:
            return False
        return all(location.pk != self.location_id for location in user.own_locations)

    @property
    def surviving(self) -> "Patient":
        """Return the record that goes on: this one, or what it was merged into, over any number of merges."""
        found, seen = self, {self.pk}
        while found.merged_into and found.merged_into_id not in seen:
            found = found.merged_into
            seen.add(found.pk)
        return found

    def merged_records(self) -> list["Patient"]:
        """Return all records that became part of this one, over any number of merges."""
        found: list[Patient] = []
        level, seen = [self.pk], {self.pk}
        while level:
            merged = Patient.objects.filter(merged_into__in=level).exclude(pk__in=seen).order_by("pk")
            level = [each.pk for each in merged]
            seen.update(level)
            found += merged
        return found

    def refuse_merged(self) -> "Patient":
        """Return the patient. Raises `RecordMergedError` for a record that was merged into another."""
        if self.merged_into_id:
            raise RecordMergedError(self)
        return self

    @property
    def is_restricted(self) -> bool:
        return self.restricted_at is not None

    @property
    def is_erased(self) -> bool:
        return self.erased_at is not None

    def whole_family(self) -> list["Patient"]:
        """Return every record of this person: the one that goes on first, then all that were merged into it."""
        found = [self.surviving]
        for record in found:
            known = [each.pk for each in found]
            merged = Patient.objects.filter(merged_into=record).select_related("location")
            found.extend(merged.exclude(pk__in=known).order_by("pk"))
        return found

    def archive(self, now: datetime) -> None:
        self.note(archived_at=now)

    def restore(self) -> None:
        self.note(archived_at=None)

    def restrict(self, now: datetime, *, reason: str) -> None:
        """Let the record be kept but not used: no messages, no treatment (GDPR Art. 18). The reason stands on it."""
        self.note(because=f"Restricted: {reason}", restricted_at=self.restricted_at or now, restriction_reason=reason)

    def lift_restriction(self, *, reason: str) -> None:
        """Let the record be used again; the history keeps why."""
        self.note(because=f"Restriction lifted: {reason}", restricted_at=None, restriction_reason="")

    @transaction.atomic
    def note(self, *, because: str = "", **facts: Any) -> None:
        """Set facts that hold whatever somebody else saved since this was read; nothing of theirs is undone."""
        stored = Patient.objects.hold(self)
        if because:
            stored.because(because)
        for patient in (stored, self):
            for name, value in facts.items():
                setattr(patient, name, value)
        stored.save_over(stored.version)
        self.version = stored.version
