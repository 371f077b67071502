from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.fields import NormalizedCharField
from clinic.models.identity import Identified
from clinic.models.location import Location
from clinic.roles import ROLE_NAMES, Role

if TYPE_CHECKING:
    from clinic.models.letter import Letter

VALID_FOR = timedelta(hours=72)  # a default of ours: over a weekend


class InvitationState(StrEnum):
    ON_ITS_WAY = "on-its-way"
    STUCK = "stuck"  # on its way for longer than that takes: nobody sends
    REFUSED = "refused"  # by the mail server, which is asked again
    PERHAPS = "perhaps"  # sent: nobody knows how far it came
    WAITING = "waiting"
    UNSENT = "unsent"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ACCEPTED = "accepted"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationQuerySet":
        """Return those that nobody accepted or withdrew; some of them may have run out."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(Identified):
    """Somebody is asked to work here: who, in which role, where. The account is made when they accept.

    The link is mailed and not kept: here is only the digest of its secret. Sending it again makes another, and the one
    before leads nowhere.
    """

    title = NormalizedCharField(
        _("title"), max_length=20, blank=True, help_text=_("Dr, Nurse, … as colleagues say it.")
    )
    first_name = NormalizedCharField(_("first name"), max_length=100)
    last_name = NormalizedCharField(_("last name"), max_length=100)
    email = models.EmailField(_("e-mail"))
    role = models.CharField(
        _("role"), max_length=20, choices=[(role.value, name) for role, name in ROLE_NAMES.items()]
    )
    locations = models.ManyToManyField(Location, verbose_name=_("locations"), related_name="+")
    form_token = models.UUIDField(null=True, editable=False, unique=True)
    secret_digest = models.CharField(_("digest of the link's secret"), max_length=64, blank=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("invited by"), on_delete=models.PROTECT, related_name="+"
    )
    invited_at = models.DateTimeField(_("invited at"))
    sent_at = models.DateTimeField(_("link sent at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        on_delete=models.PROTECT,
        related_name="invitation",
        null=True,
        blank=True,
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-invited_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_one_open_an_address",
                violation_error_message=_(
                    "This address is invited already. Send that invitation again, or withdraw it."
                ),
            ),
            models.UniqueConstraint(
                fields=["secret_digest"],
                condition=~Q(secret_digest=""),
                name="invitation_one_a_link",
                violation_error_message=_("Another invitation has this link."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, user=None) | Q(accepted_at__isnull=False, user__isnull=False),
                name="invitation_accepted_has_account",
                violation_error_message=_("An accepted invitation has an account, and no other has."),
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None),
                name="invitation_accepted_or_withdrawn",
                violation_error_message=_("An invitation is accepted or withdrawn, not both."),
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.title, self.first_name, self.last_name]))

    @property
    def role_name(self) -> str:
        return str(ROLE_NAMES[Role(self.role)])

    @property
    def letter(self) -> "Letter | None":
        """Return the latest letter, which says how the link fares on its way."""
        return max(self.letters.all(), key=lambda letter: letter.pk, default=None)

    @property
    def expires_at(self) -> datetime | None:
        return self.sent_at + VALID_FOR if self.sent_at else None

    def standing(self, now: datetime) -> InvitationState:
        """Return how it stands for whoever invited: where the link works, by how its letter fares."""
        state = self.state(now)
        letter = self.letter if state is InvitationState.WAITING else None
        if letter is None or letter.state == letter.State.SENT:
            return state
        if letter.state == letter.State.UNKNOWN:
            return InvitationState.PERHAPS
        if letter.is_tried_again:
            return InvitationState.REFUSED
        return InvitationState.STUCK if letter.is_stuck(now) else InvitationState.ON_ITS_WAY

    def state(self, now: datetime) -> InvitationState:
        """Return how its link stands, whether or not the letter with it arrived."""
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.withdrawn_at:
            return InvitationState.WITHDRAWN
        if self.expires_at is None:
            return InvitationState.UNSENT
        return InvitationState.WAITING if now < self.expires_at else InvitationState.EXPIRED
