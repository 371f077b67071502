from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Versioned
from clinic.quantities import held
from clinic.validators import validate_not_in_future, validate_plain_text
from patients.models import Patient, seen_by
from treatments.models.catalogue import Protocol, TreatmentArea
from treatments.models.course import Course
from treatments.models.session import Session

if TYPE_CHECKING:
    from clinic.models import User

LEASE = timedelta(minutes=2)  # many times what the largest photo takes
TRIES = 3  # a photo that took its worker down three times is not tried a fourth time


class View(models.TextChoices):
    """From where the body is seen. Source: docs/glossary.md, "View"."""

    ANTERIOR = "anterior", _("Front")
    POSTERIOR = "posterior", _("Back")
    LATERAL_LEFT = "lateral-left", _("Left side")
    LATERAL_RIGHT = "lateral-right", _("Right side")
    POSTERIOR_OBLIQUE_LEFT = "posterior-oblique-left", _("Back, 45° left")
    POSTERIOR_OBLIQUE_RIGHT = "posterior-oblique-right", _("Back, 45° right")
    ANTERIOR_OBLIQUE_LEFT = "anterior-oblique-left", _("Front, 45° left")
    ANTERIOR_OBLIQUE_RIGHT = "anterior-oblique-right", _("Front, 45° right")
    FRONTAL = "frontal", _("Face, frontal")
    FACE_45_LEFT = "face-45-left", _("Face, 45° left")
    FACE_45_RIGHT = "face-45-right", _("Face, 45° right")
    FACE_90_LEFT = "face-90-left", _("Face, 90° left")
    FACE_90_RIGHT = "face-90-right", _("Face, 90° right")


class Posture(models.TextChoices):
    RELAXED = "relaxed", _("relaxed")
    CONTRACTED = "contracted", _("contracted")
    PRONE = "prone", _("lying prone")


def shot_in_words(view: str, posture: str) -> str:
    """Return a view and a posture as they are said: "Back, contracted". What is not said says so."""
    if not view:
        return str(_("View not said"))
    words = str(View(view).label)
    return words if posture in {"", Posture.RELAXED} else f"{words}, {Posture(posture).label}"


class ShotQuerySet(models.QuerySet["Shot"]):
    def of_course(self, course: Course) -> "ShotQuerySet":
        """Return the photos wanted of a course: those of its protocol, for all areas or for one of its own."""
        return (
            self.filter(protocol=course.protocol)
            .filter(Q(areas=None) | Q(areas__in=course.areas.all()))
            .distinct()
            .order_by("order", "pk")
        )


class Shot(models.Model):
    """One photo that a protocol wants of a session: a view and a posture. A row that an admin edits."""

    protocol = models.ForeignKey(Protocol, verbose_name=_("protocol"), on_delete=models.CASCADE, related_name="shots")
    view = models.CharField(_("view"), max_length=23, choices=View)
    posture = models.CharField(_("posture"), max_length=10, choices=Posture, default=Posture.RELAXED)
    areas = models.ManyToManyField(
        TreatmentArea,
        verbose_name=_("only for areas"),
        related_name="shots",
        blank=True,
        help_text=_("Wanted when a course treats one of these. None: always wanted."),
    )
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords(m2m_fields=[areas])

    objects = ShotQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo wanted")
        verbose_name_plural = _("photos wanted")
        ordering = ["protocol", "order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol", "view", "posture"],
                name="shot_once_in_a_protocol",
                violation_error_message=_("This protocol wants this photo already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.protocol}: {self.title}"

    @property
    def title(self) -> str:
        return shot_in_words(self.view, self.posture)

    @property
    def key(self) -> str:
        """Return view and posture as one value of a form."""
        return f"{self.view}/{self.posture}"


class PhotoQuerySet(models.QuerySet["Photo"]):
    def visible_to(self, user: "User") -> "PhotoQuerySet":
        return self.filter(seen_by(user, "course__patient"))

    def of_course(self, course: Course) -> "PhotoQuerySet":
        return self.filter(course=course)

    def of_patient(self, patient: Patient) -> "PhotoQuerySet":
        return self.filter(course__patient=patient)

    def of_session(self, session: Session) -> "PhotoQuerySet":
        return self.filter(session=session)

    def free_on(self, day: date, course: Course) -> "PhotoQuerySet":
        """Return the photos of a course taken on a calendar day of its place that belong to no session."""
        first, end = course.location.span(day)
        return self.filter(course=course, session=None, taken_at__gte=first, taken_at__lt=end)

    def counting(self) -> "PhotoQuerySet":
        """Leave out what was entered in error."""
        return self.filter(entered_in_error_at=None)

    def withdrawn(self) -> "PhotoQuerySet":
        return self.exclude(entered_in_error_at=None)

    def ready(self) -> "PhotoQuerySet":
        return self.filter(state=Photo.State.READY)

    def waiting(self) -> "PhotoQuerySet":
        """Return those whose files are still to be drawn, the longest waiting first."""
        return self.filter(state=Photo.State.RECEIVED).order_by("received_at", "pk")

    def usable(self) -> "PhotoQuerySet":
        """Return what counts and is drawn, or will be."""
        return self.counting().exclude(state=Photo.State.FAILED)

    def failed(self) -> "PhotoQuerySet":
        return self.filter(state=Photo.State.FAILED)

    def unsorted(self) -> "PhotoQuerySet":
        """Return those of which nobody said the view; one that shows a reaction needs none."""
        return self.filter(view="", side_effects=None)

    def comparable(self) -> "PhotoQuerySet":
        """Return those that can stand beside another: drawn, not in error, and of a view that was said."""
        return self.counting().ready().exclude(view="")

    def of_shot(self, view: str, posture: str) -> "PhotoQuerySet":
        return self.filter(view=view, posture=posture)

    def for_list(self) -> "PhotoQuerySet":
        """Load what a picture's caption shows: area, and session with its number and weight."""
        return self.select_related("area").prefetch_related(
            models.Prefetch("session", Session.objects.with_number()),
        )

    def for_page(self) -> "PhotoQuerySet":
        return (
            self.for_list()
            .select_related("taken_by")
            .prefetch_related(models.Prefetch("course", Course.objects.for_page()))
        )

    def claim(self, now: datetime) -> "Photo | None":
        """Take the photo that waits longest for one worker, and for a while from no other; None when none waits."""
        free = self.waiting().filter(Q(lease_ends_at=None) | Q(lease_ends_at__lt=now))
        for key in free.values_list("pk", flat=True)[:20]:
            mine = free.order_by().filter(pk=key)
            if mine.update(lease_ends_at=now + LEASE, tries=F("tries") + 1):
                return self.get(pk=key)
        return None

    def give_back(self, photo: "Photo") -> None:
        """Count a try not at all that failed by no fault of the photo. Its lease ends by itself: later is better."""
        self.filter(pk=photo.pk, tries=photo.tries).update(tries=F("tries") - 1)

    def finish(self, photo: "Photo", **facts: Any) -> bool:
        """Write what became of a claimed photo, unless another worker has meanwhile done so; say whether it was so."""
        mine = self.filter(pk=photo.pk, state=Photo.State.RECEIVED, tries=photo.tries)
        return bool(mine.update(lease_ends_at=None, **facts))


class Photo(Versioned):
    """A picture of a patient in a course. People say what it shows; the worker draws its files and says how that went.

    Whose it is follows from its course. Nothing of it is deleted: one that was entered in error says why.
    """

    class Scope(models.TextChoices):
        """What the patient agreed that it is used for."""

        RECORD = "record", _("The record")
        TEACHING = "teaching", _("The record and teaching")
        MARKETING = "marketing", _("The record, teaching and marketing")

    class State(models.TextChoices):
        RECEIVED = "received", _("Being prepared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Not usable")

    # What people say of it. The rest is the worker's, and a person's saving leaves it alone.
    SAID = (
        "course",
        "session",
        "area",
        "view",
        "posture",
        "taken_at",
        "camera_distance_cm",
        "focal_length_mm",
        "light",
        "consent_scope",
        "entered_in_error_at",
        "error_reason",
        "version",
        "updated_at",
    )

    course = models.ForeignKey(Course, verbose_name=_("course"), on_delete=models.PROTECT, related_name="photos")
    session = models.ForeignKey(
        Session, verbose_name=_("session"), on_delete=models.PROTECT, related_name="photos", null=True, blank=True
    )
    area = models.ForeignKey(
        TreatmentArea, verbose_name=_("area"), on_delete=models.PROTECT, related_name="photos", null=True, blank=True
    )
    view = models.CharField(_("view"), max_length=23, choices=View, blank=True)
    posture = models.CharField(_("posture"), max_length=10, choices=Posture, default=Posture.RELAXED, blank=True)
    taken_at = models.DateTimeField(_("taken at"), validators=[validate_not_in_future])
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("taken by"),
        on_delete=models.PROTECT,
        related_name="photos_taken",
        editable=False,
    )
    camera_distance_cm = models.PositiveSmallIntegerField(
        _("distance of the camera"),
        null=True,
        blank=True,
        validators=[MinValueValidator(10), MaxValueValidator(1000)],
    )
    focal_length_mm = models.PositiveSmallIntegerField(
        _("focal length, as of 35 mm film"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(2000)],
    )
    light = models.CharField(
        _("light"),
        max_length=100,
        blank=True,
        validators=[validate_plain_text],
        help_text=_("For example “lamp at knee height, right”. The same for each session."),
    )
    consent_scope = models.CharField(_("may be used for"), max_length=9, choices=Scope, default=Scope.RECORD)
    sha256 = models.CharField(_("SHA-256 of the file sent"), max_length=64, editable=False)
    file_name = models.CharField(_("name of the file sent"), max_length=100, blank=True, editable=False)
    stored_name = models.CharField(max_length=32, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RECEIVED, editable=False)
    failure = models.CharField(_("why it is not usable"), max_length=200, blank=True, editable=False)
    width_px = models.PositiveIntegerField(_("width"), null=True, editable=False)
    height_px = models.PositiveIntegerField(_("height"), null=True, editable=False)
    bytes = models.PositiveIntegerField(_("bytes"), help_text=_("Of the file sent."), editable=False)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True, editable=False)
    lease_ends_at = models.DateTimeField(null=True, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    entered_in_error_at = models.DateTimeField(_("entered in error at"), null=True, blank=True, editable=False)
    error_reason = models.CharField(
        _("why it is an error"), max_length=300, blank=True, validators=[validate_plain_text], editable=False
    )
    history = HistoricalRecords(
        excluded_fields=["stored_name", "state", "failure", "width_px", "height_px", "lease_ends_at", "tries"]
    )

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["-taken_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "sha256"],
                condition=Q(entered_in_error_at=None) & ~Q(state="failed"),
                name="photo_once_in_a_course",
                violation_error_message=_("This photo is in that course already."),
            ),
            models.CheckConstraint(
                condition=Q(entered_in_error_at=None, error_reason="")
                | (Q(entered_in_error_at__isnull=False) & ~Q(error_reason="")),
                name="photo_in_error_says_why",
                violation_error_message=_("A photo entered in error says why."),
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(width_px__gte=1, height_px__gte=1),
                name="photo_ready_has_a_size",
                violation_error_message=_("A photo that is ready has a width and a height."),
            ),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(failure=""),
                name="photo_failed_says_why",
                violation_error_message=_("A photo that is not usable says why."),
            ),
            models.CheckConstraint(
                condition=held("camera_distance_cm", 10, 1000) & held("focal_length_mm", 5, 2000),
                name="photo_taken_from_somewhere",
                violation_error_message=_("A camera is 10 cm to 10 m away, with a focal length of 5 to 2000 mm."),
            ),
        ]
        indexes = [
            models.Index(fields=["course", "-taken_at", "-id"], name="photo_by_course_latest"),
            models.Index(fields=["received_at", "id"], condition=Q(state="received"), name="photo_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.title}, {self.taken_at:%Y-%m-%d}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            kwargs.setdefault("update_fields", self.SAID)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("photo-page", args=[self.public_id])

    @property
    def title(self) -> str:
        """Return view, posture and area: "Back, contracted, buttock, left"."""
        words = shot_in_words(self.view, self.posture)
        return f"{words}, {str(self.area).lower()}" if self.area else words

    @property
    def shot_key(self) -> str:
        return f"{self.view}/{self.posture}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_in_error(self) -> bool:
        return self.entered_in_error_at is not None


def shot_choices(shots: Iterable[Shot]) -> list[tuple[str, str]]:
    """Return (key, words) of the shots wanted, then of every other view, relaxed."""
    wanted = [(shot.key, shot.title) for shot in shots]
    known = {key for key, _words in wanted}
    others = [(f"{view}/{posture}", shot_in_words(view, posture)) for view in View for posture in Posture]
    return wanted + [choice for choice in others if choice[0] not in known]
