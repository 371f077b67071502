import hashlib
import json
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.fields import NormalizedCharField
from clinic.models import Location, Versioned
from clinic.validators import validate_not_in_future, validate_plain_text
from patients.models.patient import Patient, languages
from patients.models.patients_found import seen_by

if TYPE_CHECKING:
    from clinic.models import User

# What a person signs under: none of it changes once the form is published.
SIGNED_UNDER = ("purpose", "language", "number", "title", "text", "published_at")


class ConsentFormQuerySet(models.QuerySet["ConsentForm"]):
    def published(self) -> "ConsentFormQuerySet":
        return self.filter(published_at__isnull=False)

    def in_use(self, now: datetime) -> "ConsentFormQuerySet":
        """Return the published versions whose time has come, of each purpose and language the newest first."""
        return self.filter(published_at__lte=now).order_by("purpose", "language", "-number")


class ConsentForm(models.Model):
    """A text that patients sign, for one purpose, in one language. Another wording is another version of it."""

    class Purpose(models.TextChoices):
        TREATMENT = "treatment", _("Treatment")
        PHOTO_RECORD = "photo-record", _("Photographs for the record")
        PHOTO_TEACHING = "photo-teaching", _("Photographs for teaching")
        PHOTO_MARKETING = "photo-marketing", _("Photographs for marketing")
        CONTACT = "contact", _("Messages")

    purpose = models.CharField(_("purpose"), max_length=15, choices=Purpose)
    language = models.CharField(_("language"), max_length=12, choices=languages, default="en")
    number = models.PositiveSmallIntegerField(_("version"), default=1)
    title = NormalizedCharField(_("title"), max_length=150, validators=[validate_plain_text])
    text = models.TextField(
        _("text"), max_length=20000, validators=[validate_plain_text], help_text=_("An empty line parts paragraphs.")
    )
    valid_months = models.PositiveSmallIntegerField(
        _("valid for months"), null=True, blank=True, help_text=_("Empty: until it is withdrawn.")
    )
    published_at = models.DateTimeField(
        _("published at"),
        null=True,
        blank=True,
        help_text=_("Patients sign it from then on, and its text never changes again. Empty: it is being written."),
    )
    history = HistoricalRecords()

    objects = ConsentFormQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent form")
        verbose_name_plural = _("consent forms")
        ordering = ["purpose", "language", "-number", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "language", "number"],
                name="consent_form_version_once",
                violation_error_message=_("This version exists already in this language. Give it the next number."),
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1),
                name="consent_form_numbered_from_1",
                violation_error_message=_("Versions are numbered from 1."),
            ),
        ]

    def __str__(self) -> str:
        return str(
            _("%(title)s, version %(number)s (%(language)s)")
            % {"title": self.title, "number": self.number, "language": self.language}
        )

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refuse_new_wording()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        self.refuse_new_wording()

    def refuse_new_wording(self) -> None:
        """Raise `ValidationError` when a published form is about to be reworded; the database refuses it, too."""
        stored = type(self).objects.published().filter(pk=self.pk).first() if self.pk else None
        if stored and any(getattr(stored, name) != getattr(self, name) for name in SIGNED_UNDER):
            raise ValidationError(
                _("Version %(number)s is published, and people may have signed it. Write the next version.")
                % {"number": stored.number},
                code="published",
            )

    @property
    def is_published(self) -> bool:
        return self.published_at is not None

    @property
    def paragraphs(self) -> list[str]:
        """Return the text's paragraphs; a line break inside one is a space."""
        blocks = self.text.replace("\r\n", "\n").split("\n\n")
        return [" ".join(block.split()) for block in blocks if block.strip()]


class ConsentQuerySet(models.QuerySet["Consent"]):
    def visible_to(self, user: "User") -> "ConsentQuerySet":
        return self.filter(seen_by(user, "patient"))

    def of_patient(self, patient: Patient) -> "ConsentQuerySet":
        return self.filter(patient=patient)

    def for_purpose(self, purpose: str) -> "ConsentQuerySet":
        return self.filter(form__purpose=purpose)

    def in_force(self, now: datetime) -> "ConsentQuerySet":
        """Return those that hold at a moment: signed by then, not withdrawn by then, and not past their last day.

        The day is that of the place where the patient is treated; the world has two or three days at a time.
        """
        by_day: dict[Any, list[int]] = {}
        for place in Location.objects.all():
            by_day.setdefault(place.today(now), []).append(place.pk)
        lasting = [Q(patient__location__in=places, expires_on__gte=day) for day, places in by_day.items()]
        return self.filter(
            reduce(or_, lasting, Q(expires_on=None)),
            Q(withdrawn_at=None) | Q(withdrawn_at__gt=now),
            signed_at__lte=now,
        )

    def for_list(self) -> "ConsentQuerySet":
        return self.select_related("form", "recorded_by", "withdrawn_by")

    def for_page(self) -> "ConsentQuerySet":
        """Load what a consent's own page shows."""
        return self.for_list().select_related("patient__location")


class Consent(Versioned):
    """What a patient agreed to: the exact text, who signed it how, and whether it was taken back."""

    class Method(models.TextChoices):
        DRAWN = "drawn", _("Signed on the screen")
        TYPED = "typed", _("Name typed")

    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="consents")
    form = models.ForeignKey(ConsentForm, verbose_name=_("form"), on_delete=models.PROTECT, related_name="consents")
    signed_at = models.DateTimeField(_("signed at"), validators=[validate_not_in_future])
    # As long as a patient's own name may be: the first, a space, the last.
    signer_name = NormalizedCharField(_("name of the signer"), max_length=401, validators=[validate_plain_text])
    signer_relation = NormalizedCharField(
        _("relation to the patient"),
        max_length=100,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("Empty: the patient. Else for example guardian."),
    )
    method = models.CharField(_("how it was signed"), max_length=5, choices=Method)
    strokes = models.JSONField(
        _("signature"),
        default=list,
        blank=True,
        help_text=_("Strokes of points as fractions of the field; empty when the name was typed."),
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("witnessed by"),
        on_delete=models.PROTECT,
        related_name="consents_recorded",
    )
    expires_on = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("The last day. Empty: until it is withdrawn.")
    )
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("withdrawal recorded by"),
        on_delete=models.PROTECT,
        related_name="consents_withdrawn",
        null=True,
        blank=True,
        editable=False,
    )
    withdrawal_reason = models.CharField(_("reason"), max_length=300, blank=True, validators=[validate_plain_text])
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True, editable=False)
    history = HistoricalRecords(excluded_fields=["form_token"])

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-signed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at=None, withdrawn_by=None, withdrawal_reason="")
                | (Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawal_reason="")),
                name="consent_withdrawn_for_a_reason",
                violation_error_message=_("A withdrawal says who recorded it and why."),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("signed_at")),
                name="consent_withdrawn_after_signing",
                violation_error_message=_("It cannot be withdrawn before it was signed."),
            ),
            models.CheckConstraint(
                condition=~Q(signer_name=""),
                name="consent_has_a_signer",
                violation_error_message=_("A consent names who signed it."),
            ),
        ]
        indexes = [models.Index(fields=["patient", "-signed_at", "-id"], name="consent_by_patient")]

    def __str__(self) -> str:
        return str(_("%(title)s, version %(number)s") % {"title": self.form.title, "number": self.form.number})

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.digest:
            self.digest = self.compute_digest()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("consent", args=[self.public_id])

    def compute_digest(self, number: str = "") -> str:
        """Return the SHA-256, as 64 hexadecimal digits, of what was signed, by whom, when and how (ADR 0017)."""
        signed = [
            self.form.purpose,
            self.form.language,
            self.form.number,
            self.form.title,
            self.form.text,
            number or self.patient.record_number,
            self.signer_name,
            self.signer_relation,
            self.method,
            self.signed_at.astimezone(UTC).isoformat(timespec="seconds"),  # a dump cuts off what is finer
            [[[f"{x:.4f}", f"{y:.4f}"] for x, y in stroke] for stroke in self.strokes],
        ]
        return hashlib.sha256(json.dumps(signed, ensure_ascii=True).encode("ascii")).hexdigest()

    @cached_property
    def signed_under(self) -> str | None:
        """Return the record number that the seal binds, None when the record no longer holds what was signed.

        It is the patient's own, or that of a record that was merged into the patient's since.
        """
        if self.digest == self.compute_digest():
            return self.patient.record_number
        earlier = [each.record_number for each in self.patient.merged_records()]
        return next((number for number in earlier if self.digest == self.compute_digest(number)), None)

    def is_intact(self) -> bool:
        """Say whether the record still holds what was signed."""
        return self.signed_under is not None

    @property
    def is_under_other_number(self) -> bool:
        """Say whether it was signed under the number of a record that was merged into this patient's."""
        return self.signed_under not in {None, self.patient.record_number}

    def is_in_force(self, now: datetime) -> bool:
        """Say for one consent what `in_force` says for many."""
        withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= now
        return self.signed_at <= now and not withdrawn and not self.is_expired(now)

    def is_expired(self, now: datetime) -> bool:
        return self.expires_on is not None and self.expires_on < self.patient.location.today(now)

    def withdraw(self, *, reason: str, by: "User", now: datetime, version: int) -> None:
        """Take it back: nothing rests on it from now on. What was signed stays in the record.

        Raises `VersionConflictError` when somebody changed it since `version` was read.
        """
        self.withdrawn_at, self.withdrawn_by, self.withdrawal_reason = now, by, reason
        self.save_over(version)
