"""The private link that a patient gets after a session, and what came back through it."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.validators import validate_plain_text
from clinic.wall_clock import on_the_wall
from patients.models import Patient, seen_by
from treatments.danger_signs import SAID
from treatments.models.session import Session
from treatments.rules.red_flags import RedFlag

if TYPE_CHECKING:
    from clinic.models import User

TRIES_AT_ONCE = 5  # wrong birth dates, before the link rests for a while
TRIES_IN_ALL = 15  # since the last right one; then only the clinic opens the way again, by another link
REST = timedelta(minutes=15)


class AftercareLinkQuerySet(models.QuerySet["AftercareLink"]):
    def visible_to(self, user: "User") -> "AftercareLinkQuerySet":
        return self.filter(seen_by(user, "session__course__patient"))

    def given(self) -> "AftercareLinkQuerySet":
        """Leave out the withdrawn."""
        return self.filter(revoked_at=None)

    def for_patient(self) -> "AftercareLinkQuerySet":
        """Load what the patient's page needs to say whether the link is open, and whose it is."""
        return self.select_related(
            "session__course__patient__merged_into", "session__course__location", "session__course__protocol"
        )

    def hold(self, link: "AftercareLink") -> "AftercareLink":
        """Return the link as stored now; what else comes through it waits until the transaction ends."""
        return self.select_for_update(of=("self",)).for_patient().get(pk=link.pk)

    def to_mail(self) -> "AftercareLinkQuerySet":
        """Return those that somebody, or the location's setting, wants sent, whether or not they went out."""
        return self.given().filter(mail_wanted_at__isnull=False, session__entered_in_error_at=None)


class AftercareLink(models.Model):
    """A patient's private way to one session's aftercare page. Its address is signed and holds nothing but this id."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    session = models.ForeignKey(
        Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="aftercare_links"
    )
    given_at = models.DateTimeField(_("given at"))
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("given by"),
        on_delete=models.PROTECT,
        related_name="aftercare_links_given",
    )
    mail_wanted_at = models.DateTimeField(_("to be sent by e-mail since"), null=True, blank=True)
    opened_at = models.DateTimeField(
        _("first opened"), null=True, blank=True, help_text=_("When the right birth date was given first.")
    )
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("withdrawn by"),
        on_delete=models.PROTECT,
        related_name="aftercare_links_revoked",
        null=True,
        blank=True,
    )
    wrong_tries = models.PositiveSmallIntegerField(_("wrong birth dates since the last right one"), default=0)
    open_again_at = models.DateTimeField(_("open again at"), null=True, blank=True)

    objects = AftercareLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("aftercare link")
        verbose_name_plural = _("aftercare links")
        ordering = ["-given_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(revoked_at=None),
                name="aftercare_link_one_a_session",
                violation_error_message=_("This session has a link already."),
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="aftercare_link_revoked_by_someone",
                violation_error_message=_("A link is withdrawn by someone."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["mail_wanted_at"],
                condition=Q(mail_wanted_at__isnull=False, revoked_at=None),
                name="aftercare_link_to_mail",
            )
        ]

    def __str__(self) -> str:
        return f"{self.session}"

    @property
    def patient(self) -> Patient:
        """Return whose link it is: the record that goes on, where the session's was merged into another."""
        return self.session.course.patient.surviving

    @property
    def expires_at(self) -> datetime:
        return self.session.performed_at + timedelta(days=self.session.course.protocol.aftercare_days)

    def is_open(self, now: datetime) -> bool:
        """Say whether it leads anywhere: its session stands, its time runs, nobody withdrew it, the patient lives."""
        session = self.session
        return (
            self.revoked_at is None
            and session.is_signed
            and not session.is_in_error
            and self.patient.deceased_on is None
            and now < self.expires_at
        )

    @property
    def is_locked(self) -> bool:
        """Say whether so many birth dates were wrong that nothing but another link helps."""
        return self.wrong_tries >= TRIES_IN_ALL

    def rests(self, now: datetime) -> bool:
        return self.is_locked or (self.open_again_at is not None and now < self.open_again_at)

    def count_wrong_try(self, now: datetime) -> None:
        self.wrong_tries += 1
        if self.wrong_tries % TRIES_AT_ONCE == 0:
            self.open_again_at = now + REST
        self.save(update_fields=["wrong_tries", "open_again_at"])

    def count_right_one(self, now: datetime) -> None:
        self.wrong_tries, self.open_again_at = 0, None
        self.opened_at = self.opened_at or now
        self.save(update_fields=["wrong_tries", "open_again_at", "opened_at"])


def validate_red_flags(value: object) -> None:
    if not isinstance(value, list) or any(flag not in RedFlag for flag in value):
        raise ValidationError(_("Danger signs are a list of their names."))


class AftercareAnswerQuerySet(models.QuerySet["AftercareAnswer"]):
    def visible_to(self, user: "User") -> "AftercareAnswerQuerySet":
        return self.filter(seen_by(user, "link__session__course__patient"))

    def alarming(self) -> "AftercareAnswerQuerySet":
        """Return those with a danger sign."""
        return self.filter(is_alarming=True)

    def to_sent(self, token: uuid.UUID) -> "AftercareAnswer | None":
        """Return what an earlier sending of the same form made."""
        return self.filter(form_token=token).first()


class AftercareAnswer(models.Model):
    """What a patient answered to "how is it today", once: also that all is well. It is never changed."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    link = models.ForeignKey(AftercareLink, verbose_name=_("link"), on_delete=models.PROTECT, related_name="answers")
    answered_at = models.DateTimeField(_("answered at"))
    language = models.CharField(_("language"), max_length=12)
    all_well = models.BooleanField(_("all well"))
    red_flags = models.JSONField(_("danger signs"), default=list, blank=True, validators=[validate_red_flags])
    is_alarming = models.BooleanField(_("with a danger sign"), default=False, editable=False)
    note = models.TextField(_("in the patient's words"), max_length=1000, blank=True, validators=[validate_plain_text])
    form_token = models.UUIDField(editable=False, unique=True)

    objects = AftercareAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("aftercare answer")
        verbose_name_plural = _("aftercare answers")
        ordering = ["-answered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(all_well=False) | Q(is_alarming=False),
                name="aftercare_answer_not_well_with_a_danger_sign",
                violation_error_message=_("Somebody with a danger sign is not well."),
            )
        ]
        indexes = [models.Index(fields=["answered_at"], condition=Q(is_alarming=True), name="aftercare_alarming")]

    def __str__(self) -> str:
        return f"{self.link}, {on_the_wall(self.answered_at)}"

    @property
    def flags(self) -> list[RedFlag]:
        return [RedFlag(flag) for flag in self.red_flags]

    @property
    def ticked(self) -> list[str]:
        """Return the danger signs as they were ticked, in the language active."""
        return [str(SAID[flag]) for flag in self.flags]


class AftercareChange(models.Model):
    """What an answer says of a reaction that was known and open: gone, better, the same, worse."""

    class Said(models.TextChoices):
        GONE = "gone", _("Gone")
        BETTER = "better", _("Better")
        SAME = "same", _("The same")
        WORSE = "worse", _("Worse")

    answer = models.ForeignKey(
        AftercareAnswer, verbose_name=_("answer"), on_delete=models.PROTECT, related_name="changes"
    )
    side_effect = models.ForeignKey(
        "treatments.SideEffect",
        verbose_name=_("side effect"),
        on_delete=models.PROTECT,
        related_name="aftercare_changes",
    )
    said = models.CharField(_("said"), max_length=6, choices=Said)

    class Meta:
        verbose_name = _("what a patient said of a reaction")
        verbose_name_plural = _("what patients said of reactions")
        ordering = ["-answer__answered_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "side_effect"],
                name="aftercare_change_once_an_answer",
                violation_error_message=_("An answer says one thing of a reaction."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.side_effect}: {self.get_said_display()}"
