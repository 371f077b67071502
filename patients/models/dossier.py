import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.wall_clock import on_the_wall
from patients.models.patient import Patient
from patients.models.patients_found import seen_by

if TYPE_CHECKING:
    from clinic.models import User

LEASE = timedelta(minutes=2)  # renewed with each file; a worker that is silent for longer has died
TRIES = 3


class DossierQuerySet(models.QuerySet["Dossier"]):
    def visible_to(self, user: "User") -> "DossierQuerySet":
        return self.filter(seen_by(user, "patient"))

    def of_asker(self, user: "User") -> "DossierQuerySet":
        """Return those that this person asked for: nobody else fetches them."""
        return self.filter(asked_by=user)

    def to_make(self, now: datetime) -> "DossierQuerySet":
        return self.filter(Q(lease_ends_at=None) | Q(lease_ends_at__lt=now), state=Dossier.State.WAITING)

    def claim(self, now: datetime) -> "Dossier | None":
        """Return the one that waits longest, for the caller alone until its lease ends."""
        for pk in self.to_make(now).order_by("asked_at", "pk").values_list("pk", flat=True)[:10]:
            free = self.to_make(now).filter(pk=pk)
            if free.update(lease_ends_at=now + LEASE, tries=F("tries") + 1):
                return self.select_related("patient__location", "asked_by").get(pk=pk)
        return None

    def finish(self, dossier: "Dossier", **facts: object) -> bool:
        """Write the outcome, while the claim is still the caller's; say whether it was."""
        mine = self.filter(pk=dossier.pk, state=Dossier.State.WAITING, tries=dossier.tries)
        return bool(mine.update(lease_ends_at=None, **facts))

    def past(self, now: datetime) -> "DossierQuerySet":
        """Return those whose file has been there as long as it may."""
        kept = timedelta(hours=settings.DOSSIER_HOURS)
        return self.filter(state=Dossier.State.READY, ready_at__lte=now - kept)


class Dossier(models.Model):
    """All that is known of a patient, in one file for the patient. It waits for whoever asked, and then goes."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Removed")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, verbose_name=_("patient"), on_delete=models.PROTECT, related_name="dossiers")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="dossiers_asked"
    )
    asked_at = models.DateTimeField(_("asked at"))
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    stored_name = models.CharField(max_length=32, unique=True, editable=False)
    files_done = models.PositiveIntegerField(_("files done"), default=0)
    files_in_all = models.PositiveIntegerField(_("files in all"), default=0)
    ready_at = models.DateTimeField(_("ready at"), null=True, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("size (bytes)"), null=True, blank=True)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64, blank=True)
    fetched_at = models.DateTimeField(_("fetched at"), null=True, blank=True)
    gone_at = models.DateTimeField(_("removed at"), null=True, blank=True)
    lease_ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = DossierQuerySet.as_manager()

    class Meta:
        verbose_name = _("dossier")
        verbose_name_plural = _("dossiers")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "asked_by"],
                condition=Q(state="waiting"),
                name="dossier_one_at_a_time",
                violation_error_message=_("This dossier is being made already."),
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(ready_at__isnull=False),
                name="dossier_ready_says_when",
                violation_error_message=_("A dossier that is ready says since when."),
            ),
            models.CheckConstraint(
                condition=~Q(state="gone") | Q(gone_at__isnull=False),
                name="dossier_gone_says_when",
                violation_error_message=_("A dossier that was removed says when."),
            ),
        ]

    def __str__(self) -> str:
        return f"{on_the_wall(self.asked_at)}, {self.get_state_display()}"

    @property
    def goes_at(self) -> datetime | None:
        """Return when its file is removed; None while there is none."""
        return self.ready_at + timedelta(hours=settings.DOSSIER_HOURS) if self.ready_at else None

    def can_be_fetched(self, now: datetime) -> bool:
        """Say whether the file is there for its asker: ready, and its time not over, whether the sweep ran or not."""
        return self.state == self.State.READY and self.goes_at is not None and now < self.goes_at

    def waits_long(self, now: datetime) -> bool:
        """Say whether it waits so long that the worker is likely not to run."""
        silent_since = self.lease_ends_at or self.asked_at
        return self.state == self.State.WAITING and now - silent_since > timedelta(minutes=5)
