"""What was asked about an open reaction at a later session."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from treatments.models.session import Session
from treatments.models.side_effect import SideEffect


class AskBack(models.Model):
    """The answer about one reaction, asked at a session after it. A reaction nobody asked about has no row."""

    class Answer(models.TextChoices):
        GONE = "gone", _("Gone")
        STILL_THERE = "still-there", _("Still there")
        WORSE = "worse", _("Worse")

    session = models.ForeignKey(Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="ask_backs")
    side_effect = models.ForeignKey(
        SideEffect, verbose_name=_("side effect"), on_delete=models.PROTECT, related_name="ask_backs"
    )
    answer = models.CharField(_("answer"), max_length=11, choices=Answer)
    gone_at = models.DateTimeField(
        _("gone since"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The end that this answer gave the reaction. Empty where it gave none."),
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("answer about a reaction")
        verbose_name_plural = _("answers about reactions")
        ordering = ["session", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "side_effect"],
                name="ask_back_once_a_session",
                violation_error_message=_("This reaction was asked about at this session."),
            ),
            models.CheckConstraint(
                condition=models.Q(gone_at=None) | models.Q(answer="gone"),
                name="ask_back_ends_what_is_gone",
                violation_error_message=_("Only what is gone has an end."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side_effect}: {self.get_answer_display()}"
