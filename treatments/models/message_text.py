import re
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from simple_history.models import HistoricalRecords

from clinic.models import Location
from clinic.sms import Template
from clinic.validators import validate_plain_text
from patients.models.patient import SOURCE_LANGUAGE, languages
from treatments.models.reminder import Reminder
from treatments.rules.reminding import Occasion
from treatments.rules.sms import length
from treatments.rules.wording import PLACE, fill, places, stray_braces, unknown

STOP = "stop"
MOST_PARTS = 4  # of one SMS; a default of ours: each part is paid, and a longer text is an e-mail
MOST_IN_TEMPLATE = 1024  # letters that a template's text may have (Meta, Cloud API)
TEMPLATE_NAME = re.compile(r"[a-z0-9_]+")
COMMON = ("first_name", "name", "place", "address", "phone", STOP)
OF_WINDOW = (*COMMON, "opens", "closes")
OF_APPOINTMENT = (*COMMON, "day", "time")
WINDOW_OCCASIONS = (Occasion.OPENS, Occasion.MIDDLE, Occasion.CLOSES)
# An invented person, for the preview and for counting: names as long as most.
EXAMPLE = {
    "first_name": "Alexandra",
    "name": "Alexandra Lindqvist",
    "place": "Harbour Street",
    "address": "12 Harbour Street, Long Beach",
    "phone": "+1 415-555-0100",
    "opens": "2 September 2026",
    "closes": "2 November 2026",
    "day": "Wednesday 9 September 2026",
    "time": "15:30",
    "stop": "https://clinic.example/stop/" + "x" * 38,
}


def fillable(occasion: str) -> tuple[str, ...]:
    """Return the places that a text for this occasion may have."""
    return OF_WINDOW if occasion in WINDOW_OCCASIONS else OF_APPOINTMENT


def faults_of_template(text: str) -> list[str]:
    """Return why WhatsApp would not take a text as a template."""
    faults = []
    if PLACE.match(text.strip()) or re.search(r"\}$", text.strip()):
        faults.append(_("WhatsApp wants words at the beginning and at the end, not a place to fill in."))
    if len(fill(text, EXAMPLE)) > MOST_IN_TEMPLATE:
        faults.append(
            _("Filled in, this is longer than the %(most)s letters of WhatsApp.") % {"most": MOST_IN_TEMPLATE}
        )
    return faults


class MessageTextQuerySet(models.QuerySet["MessageText"]):
    def nearest(self, occasion: str, channel: str, location: Location, language: str) -> "MessageText | None":
        """Return a patient's text: the language before English, the location's own before the common one."""
        base = language.partition("-")[0]
        fits = self.filter(occasion=occasion, channel=channel, language__in=[language, base, SOURCE_LANGUAGE])
        found: list[MessageText] = list(fits.filter(models.Q(location=location) | models.Q(location=None)))
        wanted = [language, base, SOURCE_LANGUAGE]
        return min(found, key=lambda text: (wanted.index(text.language), text.location_id is None), default=None)


class MessageText(models.Model):
    """The words of one occasion, channel and language, for one location or for all."""

    occasion = models.CharField(gettext_lazy("occasion"), max_length=9, choices=Reminder.OCCASIONS)
    channel = models.CharField(gettext_lazy("channel"), max_length=8, choices=Reminder.Channel)
    language = models.CharField(gettext_lazy("language"), max_length=12, choices=languages, default=SOURCE_LANGUAGE)
    location = models.ForeignKey(
        Location,
        verbose_name=gettext_lazy("location"),
        on_delete=models.PROTECT,
        related_name="message_texts",
        null=True,
        blank=True,
        help_text=gettext_lazy("Empty: for every location that has no text of its own."),
    )
    subject = models.CharField(
        gettext_lazy("subject"),
        max_length=150,
        blank=True,
        validators=[validate_plain_text],
        help_text=gettext_lazy(
            "Of the e-mail, in one line. Others see it: name no treatment. Of WhatsApp, the template's name there."
        ),
    )
    body = models.TextField(
        gettext_lazy("text"),
        max_length=3000,
        validators=[validate_plain_text],
        help_text=gettext_lazy(
            "Plain words. {first_name}, {day} and the like are filled in; a line for which there is nothing to fill "
            "in is left out. {stop} is the link by which people stop these messages, and every text has it."
        ),
    )
    history = HistoricalRecords()

    objects = MessageTextQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("message text")
        verbose_name_plural = gettext_lazy("message texts")
        ordering = ["occasion", "channel", "language", "location__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["occasion", "channel", "language", "location"],
                name="message_text_once_at_a_location",
                violation_error_message=gettext_lazy("This location has such a text already."),
            ),
            models.UniqueConstraint(
                fields=["occasion", "channel", "language"],
                condition=models.Q(location=None),
                name="message_text_once_for_all",
                violation_error_message=gettext_lazy("There is such a text for all locations already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_occasion_display()}, {self.get_channel_display()}, {self.language}"

    def clean(self) -> None:
        """Refuse what could not be sent as it is meant, in words that say which part of it."""
        errors = {name: found for name in ("subject", "body") if (found := self._faults(name))}
        if self.channel == Reminder.Channel.EMAIL and not self.subject.strip():
            errors["subject"] = [_("An e-mail needs a subject.")]
        if len(self.subject.splitlines()) > 1:
            errors["subject"] = [_("A subject is one line.")]
        if self.channel == Reminder.Channel.SMS and self.subject:
            errors["subject"] = [_("An SMS has no subject.")]
        if self.channel == Reminder.Channel.WHATSAPP and not TEMPLATE_NAME.fullmatch(self.subject):
            errors["subject"] = [_("Give the template's name at WhatsApp: small letters, digits and _.")]
        if errors:
            raise ValidationError(errors)

    def _faults(self, name: str) -> list[str]:
        text, known = getattr(self, name), fillable(self.occasion)
        faults = [
            _("{%(place)s} cannot be filled in here. What can: %(known)s.")
            % {"place": place, "known": ", ".join(f"{{{each}}}" for each in known)}
            for place in unknown(text, known)
        ]
        if stray_braces(text):
            faults.append(_("A brace stands alone: a place to fill in looks like {first_name}."))
        if name == "body":
            faults += self._faults_of_body(text)
        return faults

    def _faults_of_body(self, text: str) -> list[str]:
        faults = []
        if STOP not in places(text):
            faults.append(_("The text needs {stop}, the link by which people stop these messages."))
        if self.channel == Reminder.Channel.WHATSAPP:
            faults += faults_of_template(text)
        counted = length(fill(text, EXAMPLE))
        if self.channel == Reminder.Channel.SMS and counted.parts > MOST_PARTS:
            faults.append(
                ngettext(
                    "Filled in, this SMS has %(units)s character (%(encoding)s), which is %(parts)s messages. "
                    "At most %(most)s.",
                    "Filled in, this SMS has %(units)s characters (%(encoding)s), which is %(parts)s messages. "
                    "At most %(most)s.",
                    counted.units,
                )
                % {
                    "units": counted.units,
                    "encoding": counted.encoding,
                    "parts": counted.parts,
                    "most": MOST_PARTS,
                }
            )
        return faults

    def template(self, values: Mapping[str, str]) -> Template:
        """Return the message by WhatsApp: the template's name there, and what stands in its places, in their order."""
        base, _dash, region = self.language.partition("-")
        language = f"{base}_{region.upper()}" if region else base
        return Template(self.subject, language, tuple(values.get(name) or "–" for name in places(self.body)))

    @property
    def registered(self) -> str:
        """Return the text as WhatsApp is to be told it, with {{1}} and so on for its places."""
        numbers = {name: f"{{{{{number}}}}}" for number, name in enumerate(places(self.body), start=1)}
        return PLACE.sub(lambda place: numbers[place[1]], self.body)

    def filled(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Return subject and text for a patient."""
        return re.sub(r"[ \t\r\n]+", " ", fill(self.subject, values)).strip(), fill(self.body, values)
