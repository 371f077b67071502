import hashlib
import secrets
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from clinic.models import User


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def of_user(self, user: "User") -> "CalendarFeedQuerySet":
        return self.filter(user=user, revoked_at=None)

    def opened_by(self, token: str) -> "CalendarFeed | None":
        """Return the feed of a secret address, None for one that is unknown, withdrawn, or of somebody who left."""
        given = self.filter(token_hash=hashed(token), revoked_at=None, user__is_active=True)
        return given.select_related("user").first()


class CalendarFeed(models.Model):
    """A practitioner's appointments for a calendar program, under a secret address. Only its hash is kept."""

    class Shows(models.TextChoices):
        RECORD_NUMBER = "number", _("Record numbers")
        INITIALS = "initials", _("Initials")
        NAME = "name", _("Names")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("practitioner"),
        on_delete=models.PROTECT,
        related_name="calendar_feeds",
    )
    token_hash = models.CharField(_("hash of the address"), max_length=64, unique=True, editable=False)
    shows = models.CharField(_("patients shown as"), max_length=8, choices=Shows, default=Shows.RECORD_NUMBER)
    made_at = models.DateTimeField(_("made at"))
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(revoked_at=None),
                name="calendar_feed_one_a_person",
                violation_error_message=_("This person has a feed already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.made_at:%Y-%m-%d}"

    @classmethod
    def make(cls, user: "User", *, shows: str, now: datetime) -> str:
        """Give a person a feed in the place of the one there was, and return its token: nobody can read it again."""
        cls.objects.of_user(user).update(revoked_at=now)
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, token_hash=hashed(token), shows=shows, made_at=now)
        return token
