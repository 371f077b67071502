from datetime import date, datetime, time, timedelta, tzinfo
from typing import ClassVar
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.models.location import Location
from clinic.models.user import User
from clinic.roles import ROLE_NAMES, Role
from clinic.wall_clock import on_the_wall


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def newest_first(self) -> "AuditEventQuerySet":
        return self.order_by("-happened_at", "-pk")

    def for_list(self) -> "AuditEventQuerySet":
        """Fetch what a line says, with whom and where."""
        return self.select_related("by", "location")

    def of_patient(self, *public_ids: UUID) -> "AuditEventQuerySet":
        """Return the events about one patient, who may have had several records."""
        return self.filter(patient_public_id__in=public_ids)

    def on_days(self, first: date | None, last: date | None, zone: tzinfo) -> "AuditEventQuerySet":
        """Return the events from one day to another, both included, by the clocks of a zone."""
        found = self
        if first:
            found = found.filter(happened_at__gte=datetime.combine(first, time.min, zone))
        if last:
            found = found.filter(happened_at__lt=datetime.combine(last + timedelta(days=1), time.min, zone))
        return found


class AuditEvent(models.Model):
    """That somebody read, changed or took out something, signed in, or was refused. Only ever added to.

    No name of a patient and nothing typed stands here: a patient and a record are named by their public ids.
    """

    class Act(models.TextChoices):
        READ = "read", _("read")
        CHANGE = "change", _("changed")
        DOWNLOAD = "download", _("opened a file")
        EXPORT = "export", _("exported")
        PRINT = "print", _("opened a page to print")
        DENIED = "denied", _("was refused")
        BREAK_GLASS = "break-glass", _("broke the glass")
        SIGN_IN = "sign-in", _("signed in")
        SIGN_OUT = "sign-out", _("signed out")
        SIGN_IN_FAILED = "sign-in-failed", _("failed to sign in")
        LOCKED = "locked", _("was locked out")
        CREDENTIALS = "credentials", _("changed how they sign in")
        DOOR = "door", _("opened the history")
        ERASURE = "erasure", _("erased")

    ABOUT_NOTHING = frozenset({Act.SIGN_IN, Act.SIGN_OUT, Act.SIGN_IN_FAILED, Act.LOCKED, Act.CREDENTIALS, Act.DOOR})

    happened_at = models.DateTimeField(_("at"))
    act = models.CharField(_("act"), max_length=20, choices=Act)
    by = models.ForeignKey(
        User, models.PROTECT, verbose_name=_("person"), related_name="+", null=True, blank=True, db_index=False
    )
    role = models.CharField(_("role"), max_length=20, blank=True)
    location = models.ForeignKey(
        Location, models.PROTECT, verbose_name=_("location"), related_name="+", null=True, blank=True, db_index=False
    )
    address = models.GenericIPAddressField(_("network address"), null=True, blank=True)
    session_digest = models.CharField(
        _("digest of the sign-in"), max_length=32, blank=True, help_text=_("The same for all of one sign-in.")
    )
    view_name = models.CharField(_("page"), max_length=100, blank=True)
    request_id = models.UUIDField(_("request"), null=True, blank=True)
    record_type = models.CharField(_("kind of record"), max_length=60, blank=True)
    record_key = models.CharField(
        _("record"), max_length=40, blank=True, help_text=_("Its public id where it has one.")
    )
    patient_public_id = models.UUIDField(_("patient"), null=True, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        constraints = [
            models.CheckConstraint(
                condition=Q(id__gt=0),  # so that the door, which names event 0, can never stay open
                name="audit_event_is_numbered",
                violation_error_message=_("Events are numbered from 1."),
            ),
        ]
        indexes = [
            models.Index(fields=["happened_at", "id"], name="audit_event_by_day"),
            models.Index(fields=["by", "happened_at", "id"], name="audit_event_of_person"),
            models.Index(
                fields=["patient_public_id", "happened_at", "id"],
                condition=Q(patient_public_id__isnull=False),
                name="audit_event_of_patient",
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.happened_at):%Y-%m-%d %H:%M:%S} {self.get_act_display()}"

    @property
    def role_name(self) -> str | Promise:
        return ROLE_NAMES[Role(self.role)] if self.role in set(Role) else self.role

    @property
    def who(self) -> str:
        if self.by:
            return self.by.get_full_name()
        if self.patient_public_id and self.view_name:
            return gettext("Through a patient's own link")
        return gettext("Not signed in") if self.view_name else gettext("The program")

    @property
    def thing(self) -> str:
        """Return what it was about, in words: the kind of record, else the page; empty for signing in."""
        if self.record_type:
            return kind_of_record(self.record_type)
        return "" if self.act in self.ABOUT_NOTHING else self._view_in_words

    @property
    def page(self) -> str:
        """Return on which page it was done ("patient erasure"), empty where the kind of record says the same."""
        return "" if self._view_in_words == self.thing else self._view_in_words

    @property
    def _view_in_words(self) -> str:
        return self.view_name.rpartition(":")[2].replace("-", " ").replace("_", " ")

    @property
    def sentence(self) -> str:
        """Return what was done: "read: session"."""
        return ": ".join(filter(None, [str(self.get_act_display()), self.thing]))

    @property
    def said(self) -> str:
        """Return the detail as one line: "filter: state due, tab open"."""
        return "; ".join(f"{name}: {plain(value)}" for name, value in self.detail.items())


def kind_of_record(label: str) -> str:
    """Return what a kind of record is called ("treatments.session": session), its label where it is no more."""
    try:
        return str(apps.get_model(label)._meta.verbose_name)
    except LookupError:
        return label


def plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return str(value)


class AuditSeal(models.Model):
    """What a closed range of events looked like, chained to the seal before it. Only ever added to."""

    first_id = models.PositiveBigIntegerField(_("first event"))
    last_id = models.PositiveBigIntegerField(_("last event"))
    event_count = models.PositiveBigIntegerField(_("events"))
    digest = models.CharField(_("digest of the events"), max_length=64)
    key_id = models.CharField(_("key"), max_length=16, help_text=_("Which key it was sealed with; not the key."))
    mac = models.CharField(_("seal"), max_length=64)
    sealed_at = models.DateTimeField(_("sealed at"))

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        constraints = [
            models.CheckConstraint(
                condition=Q(first_id__lte=models.F("last_id"), event_count__gte=1),
                name="audit_seal_range",
                violation_error_message=_("A seal closes a range of at least one event."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id}–{self.last_id}"


class AuditCheck(models.Model):
    """One time that the seals were compared with the events. A finding is a range and one of the words below."""

    WORDS: ClassVar = {
        "changed": _("An event was changed."),
        "removed": _("Events were removed."),
        "inserted": _("Events were put in afterwards."),
        "seal": _("The seal itself was changed, or one before it is gone."),
        "key": _("It was sealed with a key that is not known here."),
        "gone": _("The last seal that was checked is gone."),
    }

    checked_at = models.DateTimeField(_("checked at"))
    event_count = models.PositiveBigIntegerField(_("events"), default=0)
    seal_count = models.PositiveBigIntegerField(_("seals"), default=0)
    last_mac = models.CharField(_("last seal"), max_length=64, blank=True)
    findings = models.JSONField(_("findings"), default=list, blank=True)

    class Meta:
        verbose_name = _("audit check")
        verbose_name_plural = _("audit checks")
        get_latest_by = "checked_at"
        indexes = [models.Index(fields=["-checked_at"], name="audit_check_newest")]

    def __str__(self) -> str:
        return on_the_wall(self.checked_at)

    @property
    def is_good(self) -> bool:
        return not self.findings

    @property
    def sentences(self) -> list[str]:
        """Return what was found, a sentence for each range."""
        said = gettext("Events %(first)s to %(last)s: %(words)s")
        return [
            said % {"first": each["first_id"], "last": each["last_id"], "words": self.WORDS[each["what"]]}
            for each in self.findings
        ]


class AppendOnlyDoor(models.Model):
    """A row while history may be rewritten: see `clinic.append_only`, which alone writes it.

    `shut` names an event that cannot be, and is compared when the transaction ends: no row is ever committed.
    """

    NEVER = 0

    event = models.ForeignKey(AuditEvent, models.DO_NOTHING, verbose_name=_("event"), related_name="+")
    shut = models.ForeignKey(AuditEvent, models.DO_NOTHING, verbose_name=_("shut"), related_name="+", default=NEVER)

    class Meta:
        verbose_name = _("door to the history")
        verbose_name_plural = _("doors to the history")
        constraints = [
            models.CheckConstraint(
                condition=Q(shut=0), name="append_only_door_shuts", violation_error_message=_("The door must shut.")
            ),
        ]

    def __str__(self) -> str:
        return str(self.event_id)
