"""How long what is kept, and by which law: rows that the admin edits."""

from datetime import date

from dateutil.relativedelta import relativedelta
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.models import HistoricalRecords

from clinic.models import Location, Versioned
from clinic.validators import validate_plain_text


class Subject(models.TextChoices):
    """What a rule is about. The first three may be kept against a patient's wish, where the law says so.

    Who read and changed what has none: that trail is only ever added to, and kept.
    """

    CLINICAL = "clinical", _("Clinical record")
    PHOTOS = "photos", _("Photos")
    CONSENTS = "consents", _("Consents")
    CONTACT = "contact", _("Name and contact of somebody never treated")
    MESSAGES = "messages", _("Messages sent")
    COPIES = "copies", _("Unfinished typing")


KEPT_BY_LAW = (Subject.CLINICAL, Subject.PHOTOS, Subject.CONSENTS)
# What a time may be counted from: of a record what was last done, of anything else its own making.
OF_TREATMENT, OF_MAKING = ("treatment", "signature"), ("made",)


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def at(self, location: Location) -> dict[str, "RetentionRule"]:
        """Return the rule of each subject at a location: its own, else its country's, else the general one."""
        here = Q(location=location) | Q(location=None, country_code__in=["", location.country_code])
        found: dict[str, RetentionRule] = {}
        for rule in self.filter(here).order_by(F("location").asc(nulls_first=True), "country_code"):
            found[rule.subject] = rule
        return found


class RetentionRule(Versioned):
    """How long one kind of data is kept, from which event on, and why."""

    class Unit(models.TextChoices):
        DAYS = "days", _("days")
        MONTHS = "months", _("months")
        YEARS = "years", _("years")

    class Event(models.TextChoices):
        LAST_TREATMENT = "treatment", _("the last treatment")
        LAST_SIGNATURE = "signature", _("the last signature or treatment")
        MADE = "made", _("its making")

    subject = models.CharField(_("what"), max_length=8, choices=Subject)
    country_code = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("ISO 3166, for example DE. Empty: everywhere else.")
    )
    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        on_delete=models.PROTECT,
        related_name="retention_rules",
        null=True,
        blank=True,
        help_text=_("Empty: every location of the country."),
    )
    keeps_for = models.PositiveSmallIntegerField(_("kept for"))
    unit = models.CharField(_("unit"), max_length=6, choices=Unit, default=Unit.YEARS)
    counted_from = models.CharField(_("counted from"), max_length=9, choices=Event, default=Event.LAST_TREATMENT)
    binds = models.BooleanField(
        _("kept against the patient's wish"),
        default=False,
        help_text=_("The law asks for it: an erasure leaves it, without a name, until its time is over."),
    )
    source = models.CharField(_("source"), max_length=200, validators=[validate_plain_text])
    history = HistoricalRecords()

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["subject", "country_code", "location", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "country_code"],
                condition=Q(location=None),
                name="retention_once_a_country",
                violation_error_message=_("There is a rule for this country already."),
            ),
            models.UniqueConstraint(
                fields=["subject", "location"],
                name="retention_once_a_location",
                violation_error_message=_("There is a rule for this location already."),
            ),
            models.CheckConstraint(
                condition=Q(keeps_for__gte=1, keeps_for__lte=1000),
                name="retention_of_some_time",
                violation_error_message=_("Between 1 and 1000, of its unit."),
            ),
            models.CheckConstraint(
                condition=Q(binds=False) | Q(subject__in=KEPT_BY_LAW),
                name="retention_binds_what_is_clinical",
                violation_error_message=_("Only records, photos and consents can be kept against a wish."),
            ),
            models.CheckConstraint(
                condition=Q(subject__in=KEPT_BY_LAW, counted_from__in=OF_TREATMENT)
                | (~Q(subject__in=KEPT_BY_LAW) & Q(counted_from__in=OF_MAKING)),
                name="retention_counts_from_what_it_has",
                violation_error_message=_(
                    "Records, photos and consents count from a treatment or signature, all else from its making."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="retention_names_its_source",
                violation_error_message=_("Say where the time comes from: a law, or a decision of yours."),
            ),
        ]

    def __str__(self) -> str:
        return str(_("%(what)s: %(time)s") % {"what": self.get_subject_display(), "time": self.time_in_words})

    @property
    def time_in_words(self) -> str:
        """Return "10 years"."""
        words = {
            self.Unit.DAYS: ngettext("%(n)s day", "%(n)s days", self.keeps_for),
            self.Unit.MONTHS: ngettext("%(n)s month", "%(n)s months", self.keeps_for),
            self.Unit.YEARS: ngettext("%(n)s year", "%(n)s years", self.keeps_for),
        }
        return words[self.Unit(self.unit)] % {"n": self.keeps_for}

    @property
    def event_in_words(self) -> str:
        """Return "the last treatment": what the time is counted from."""
        if self.subject == Subject.CONTACT:
            return str(_("the registration or the last appointment"))
        return self.get_counted_from_display()

    @property
    def period(self) -> relativedelta:
        return {
            self.Unit.DAYS: relativedelta(days=self.keeps_for),
            self.Unit.MONTHS: relativedelta(months=self.keeps_for),
            self.Unit.YEARS: relativedelta(years=self.keeps_for),
        }[self.Unit(self.unit)]

    def last_day(self, event_on: date) -> date:
        """Return the last day on which it is kept; what would end after the calendar does ends with it."""
        try:
            return event_on + self.period
        except (OverflowError, ValueError):
            return date.max

    def cutoff(self, today: date) -> date:
        """Return the day before which an event has to be for its time to be over today."""
        try:
            return today - self.period
        except (OverflowError, ValueError):
            return date.min
