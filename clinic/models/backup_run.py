import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.wall_clock import on_the_wall

SILENT = timedelta(minutes=10)  # a run that works says so every half minute
STALE = timedelta(hours=26)  # once a day, and two hours of patience


class BackupRunQuerySet(models.QuerySet["BackupRun"]):
    def newest_first(self) -> "BackupRunQuerySet":
        return self.order_by("-started_at", "-pk")

    def backups(self) -> "BackupRunQuerySet":
        return self.filter(kind=BackupRun.Kind.BACKUP)

    def good(self) -> "BackupRunQuerySet":
        """Return those that ended well, and were tried."""
        return self.exclude(tried_at=None).filter(error="")

    def working(self, now: datetime) -> "BackupRunQuerySet":
        """Return those that are under way: not ended, and heard of lately."""
        return self.filter(finished_at=None, seen_at__gte=now - SILENT)

    def failed_since(self, good: "BackupRun | None", now: datetime) -> "BackupRunQuerySet":
        """Return those that failed or were cut off after the last good backup began, the newest first."""
        bad = ~Q(error="") | Q(finished_at=None, seen_at__lt=now - SILENT)
        found = self.filter(bad).newest_first()
        return found.filter(started_at__gt=good.started_at) if good else found

    def last_good_backup(self) -> "BackupRun | None":
        return self.backups().good().order_by("-finished_at").first()

    def last_tried(self) -> "BackupRun | None":
        """Return the run that last restored a backup into an empty place and found all of it."""
        return self.good().order_by("-tried_at").first()

    def finish(self, run: "BackupRun", now: datetime, **facts: Any) -> None:
        self.filter(pk=run.pk).update(finished_at=now, seen_at=now, **facts)


class BackupRun(models.Model):
    """One time that a backup was made, or one was tried. Written by the program alone, and nobody deletes it."""

    class Kind(models.TextChoices):
        BACKUP = "backup", _("backup")
        TRIAL = "trial", _("test restore")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.BACKUP)
    occasion = models.CharField(
        _("occasion"), max_length=40, blank=True, help_text=_("The worker's day and try; empty for one made by hand.")
    )
    started_at = models.DateTimeField(_("started at"))
    seen_at = models.DateTimeField(_("last heard of at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    tried_at = models.DateTimeField(_("restored and counted at"), null=True, blank=True)
    place = models.CharField(_("place"), max_length=500, blank=True)
    name = models.CharField(_("name"), max_length=255, blank=True)
    size_bytes = models.PositiveBigIntegerField(_("size (bytes)"), null=True, blank=True)
    row_count = models.PositiveBigIntegerField(_("rows"), null=True, blank=True)
    file_count = models.PositiveBigIntegerField(_("files"), null=True, blank=True)
    missing_count = models.PositiveBigIntegerField(_("files missing"), default=0)
    error = models.TextField(_("what went wrong"), blank=True)

    objects = BackupRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("backup run")
        verbose_name_plural = _("backup runs")
        constraints = [
            models.UniqueConstraint(
                fields=["occasion"],
                condition=~Q(occasion=""),
                name="backup_run_once_an_occasion",
                violation_error_message=_("Another worker has taken this backup."),
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="backup_run_ends_after_it_began",
                violation_error_message=_("A backup ends after it began."),
            ),
            models.CheckConstraint(
                condition=Q(tried_at=None) | Q(error=""),
                name="backup_run_tried_or_failed",
                violation_error_message=_("A backup that failed was not found good."),
            ),
        ]
        indexes = [models.Index(fields=["-started_at"], name="backup_run_newest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {on_the_wall(self.started_at)}"

    @property
    def is_good(self) -> bool:
        return self.tried_at is not None and not self.error

    @property
    def took(self) -> str:
        """Return how long it took, as minutes and seconds ("3:07")."""
        seconds = int((self.finished_at - self.started_at).total_seconds()) if self.finished_at else 0
        return f"{seconds // 60}:{seconds % 60:02}"

    def is_working(self, now: datetime) -> bool:
        return self.finished_at is None and self.seen_at >= now - SILENT

    def was_cut_off(self, now: datetime) -> bool:
        return self.finished_at is None and not self.is_working(now)
