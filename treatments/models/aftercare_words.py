"""What patients read, in their language: the text after a session, and their own words for kinds and places."""

from functools import partial

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from clinic.models import Location
from clinic.validators import validate_plain_text
from patients.models.patient import SOURCE_LANGUAGE, languages
from treatments.models.catalogue import Indication, SideEffectKind, TreatmentArea
from treatments.models.session import Session

TEXT_TWICE = _("There is a text for this language, location and indication already.")


class AftercareTextQuerySet(models.QuerySet["AftercareText"]):
    def closest(self, session: Session, language: str) -> "AftercareText | None":
        """Return the text for a session: of this language before English, of its place and indication before any."""
        course = session.course
        fitting = self.filter(
            Q(location=None) | Q(location=course.location),
            Q(indication=None) | Q(indication=course.protocol.indication),
            language__in={language, SOURCE_LANGUAGE},
        )
        texts: list[AftercareText] = list(fitting)
        return max(texts, key=partial(AftercareText.closeness, language=language), default=None)


class AftercareText(models.Model):
    """What the clinic tells people to do after a session, in one language; for one place or indication, or for all."""

    language = models.CharField(_("language"), max_length=12, choices=languages, default=SOURCE_LANGUAGE)
    location = models.ForeignKey(
        Location,
        verbose_name=_("location"),
        on_delete=models.PROTECT,
        related_name="aftercare_texts",
        null=True,
        blank=True,
        help_text=_("Empty: for every location that has no text of its own."),
    )
    indication = models.ForeignKey(
        Indication,
        verbose_name=_("indication"),
        on_delete=models.PROTECT,
        related_name="aftercare_texts",
        null=True,
        blank=True,
        help_text=_("Empty: for every indication that has no text of its own."),
    )
    body = models.TextField(
        _("text"),
        max_length=6000,
        validators=[validate_plain_text],
        help_text=_("Plain words in plain paragraphs, an empty line between two. It is shown as it is typed."),
    )
    emergency = models.CharField(
        _("in an emergency"),
        max_length=300,
        validators=[validate_plain_text],
        help_text=_("Whom to call at once, with the number. Shown first when somebody reports a danger sign."),
    )
    history = HistoricalRecords()

    objects = AftercareTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("aftercare text")
        verbose_name_plural = _("aftercare texts")
        ordering = ["language", "location", "indication", "pk"]
        constraints = [
            # One for each case: in a plain one, an empty column is never the same as another empty column.
            models.UniqueConstraint(
                fields=["language"],
                condition=Q(location=None, indication=None),
                name="aftercare_text_for_all_once",
                violation_error_message=TEXT_TWICE,
            ),
            models.UniqueConstraint(
                fields=["language", "location"],
                condition=Q(indication=None),
                name="aftercare_text_of_location_once",
                violation_error_message=TEXT_TWICE,
            ),
            models.UniqueConstraint(
                fields=["language", "indication"],
                condition=Q(location=None),
                name="aftercare_text_of_indication_once",
                violation_error_message=TEXT_TWICE,
            ),
            models.UniqueConstraint(
                fields=["language", "location", "indication"],
                name="aftercare_text_of_both_once",
                violation_error_message=TEXT_TWICE,
            ),
        ]

    def __str__(self) -> str:
        where = [str(part) for part in (self.location, self.indication) if part]
        return ", ".join([self.get_language_display(), *where])

    def closeness(self, language: str) -> tuple[bool, bool, bool]:
        """Return how close it is to what is looked for, the most important first."""
        return self.language == language, self.location_id is not None, self.indication_id is not None


class PatientWordsQuerySet(models.QuerySet["PatientWords"]):
    def spoken(self, language: str) -> "PatientWordsQuerySet":
        """Return the words of a language and of English, which stands in for what it lacks and so comes first."""
        return self.filter(language__in={language, SOURCE_LANGUAGE}).order_by(
            models.Case(models.When(language=SOURCE_LANGUAGE, then=0), default=1)
        )


class PatientWords(models.Model):
    """How patients call a kind of reaction or a part of the body, in one language.

    A kind without such words is one that patients are not offered: it takes a clinician to name it. Nor are the
    urgent ones, which danger signs become.
    """

    kind = models.ForeignKey(
        SideEffectKind,
        verbose_name=_("kind of side effect"),
        on_delete=models.PROTECT,
        related_name="patient_words",
        null=True,
        blank=True,
    )
    area = models.ForeignKey(
        TreatmentArea,
        verbose_name=_("treatment area"),
        on_delete=models.PROTECT,
        related_name="patient_words",
        null=True,
        blank=True,
    )
    language = models.CharField(_("language"), max_length=12, choices=languages, default=SOURCE_LANGUAGE)
    words = models.CharField(_("in a patient's words"), max_length=80, validators=[validate_plain_text])
    history = HistoricalRecords()

    objects = PatientWordsQuerySet.as_manager()

    class Meta:
        verbose_name = _("words for patients")
        verbose_name_plural = _("words for patients")
        ordering = ["kind__order", "area__order", "language", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "language"],
                name="patient_words_of_kind_once",
                violation_error_message=_("This kind has words in this language already."),
            ),
            models.UniqueConstraint(
                fields=["area", "language"],
                name="patient_words_of_area_once",
                violation_error_message=_("This area has words in this language already."),
            ),
            models.CheckConstraint(
                condition=Q(kind=None, area__isnull=False) | Q(kind__isnull=False, area=None),
                name="patient_words_of_one_thing",
                violation_error_message=_("Words are those of a kind or of an area: one of both."),
            ),
        ]

    def __str__(self) -> str:
        return self.words
