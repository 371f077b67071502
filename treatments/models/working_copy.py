"""What is typed of a session and not saved yet, kept so that nothing is lost."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.models import Versioned
from clinic.wall_clock import on_the_wall
from patients.models import seen_by
from treatments.models.course import Course
from treatments.models.session import Session

if TYPE_CHECKING:
    from clinic.models import User


class WorkingCopyQuerySet(models.QuerySet["WorkingCopy"]):
    def visible_to(self, user: "User") -> "WorkingCopyQuerySet":
        return self.filter(seen_by(user, "course__patient"))

    def open(self) -> "WorkingCopyQuerySet":
        """Return what is still to be finished."""
        return self.filter(closed_at=None)

    def of(self, course: Course, session: Session | None) -> "WorkingCopyQuerySet":
        """Return what is typed of a session, or of the course's next one."""
        return self.filter(course=course, session=session)

    def of_drafts(self) -> "WorkingCopyQuerySet":
        """Return those of sessions that nobody has signed: whoever logs sessions may go on with them."""
        return self.filter(Q(session=None) | Q(session__signed_at=None))

    def close(self, now: datetime) -> int:
        """Take them out of what is to be finished, whoever types in them at this moment; return how many."""
        return self.update(closed_at=now, version=F("version") + 1)

    def for_list(self) -> "WorkingCopyQuerySet":
        return self.select_related("course__patient", "course__protocol", "course__location", "session", "typed_by")


class WorkingCopy(Versioned):
    """A session's form as it is typed, at most one for each session and for the next of each course.

    It is no record: what it says has been judged by nobody. Saving the form closes it.
    """

    course = models.ForeignKey(
        Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="working_copies"
    )
    session = models.ForeignKey(
        Session,
        verbose_name=_("session"),
        on_delete=models.PROTECT,
        related_name="working_copies",
        null=True,
        blank=True,
    )
    typed = models.JSONField(_("as typed"), help_text=_("Field name to the list of its values."))
    typed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("typed by"), on_delete=models.PROTECT, related_name="working_copies"
    )
    started_at = models.DateTimeField(_("started at"), auto_now_add=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)

    objects = WorkingCopyQuerySet.as_manager()

    class Meta:
        verbose_name = _("working copy")
        verbose_name_plural = _("working copies")
        ordering = ["updated_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course"],
                condition=Q(session=None, closed_at=None),
                name="working_copy_one_open_a_course",
            ),
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(session__isnull=False, closed_at=None),
                name="working_copy_one_open_a_session",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course}, {on_the_wall(self.updated_at)}"

    def get_absolute_url(self) -> str:
        """Return the page on which it is gone on with."""
        if self.session is None:
            return reverse("session-new", args=[self.course.public_id])
        return reverse("session-amend" if self.session.is_signed else "session-edit", args=[self.session.public_id])
