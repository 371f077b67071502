from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from clinic.models.identity import Identified
from clinic.wall_clock import on_the_wall

MOST_OF_A_BROWSER = 200  # characters of what it says of itself


class SignInQuerySet(models.QuerySet["SignIn"]):
    def live(self, now: datetime) -> "SignInQuerySet":
        """Return those that still open pages: used lately, not too old, and not ended."""
        session = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now)
        return self.filter(
            Exists(session),
            seen_at__gt=now - timedelta(minutes=settings.SESSION_IDLE_MINUTES),
            started_at__gt=now - timedelta(hours=settings.SESSION_HOURS),
        )

    def end(self) -> int:
        """End them: whatever their browsers ask for next leads to the sign-in. Return how many there were."""
        keys = list(self.values_list("session_key", flat=True))
        Session.objects.filter(session_key__in=keys).delete()
        return self.filter(session_key__in=keys).delete()[0]


class SignIn(Identified):
    """A person signed in on one browser, from where, and used when; what a person sees of their own sessions."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("person"), on_delete=models.CASCADE, related_name="sign_ins"
    )
    session_key = models.CharField(_("session"), max_length=40, unique=True, editable=False)
    started_at = models.DateTimeField(_("signed in at"))
    seen_at = models.DateTimeField(_("last used at"))
    address = models.GenericIPAddressField(_("address"), null=True)
    browser = models.CharField(_("browser"), max_length=MOST_OF_A_BROWSER, blank=True)

    objects = SignInQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in")
        verbose_name_plural = _("sign-ins")
        ordering = ["-seen_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.user}, {on_the_wall(self.started_at)}"
