"""Sending photos, saying what they show, moving and withdrawing them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import VersionedForm, choices_of_rows, choices_of_words
from clinic.models import User
from clinic.validators import validate_not_in_future, validate_plain_text, validate_year
from clinic.widgets import DateTimeInput, UnitInput
from patients.identifiers import parse_record_number
from patients.models import Patient
from treatments.actions import photos as actions
from treatments.forms.wall_time import WallTimeField
from treatments.models import Course, Photo, Session, Shot, TreatmentArea
from treatments.models.photo import shot_choices
from treatments.photo_consent import PhotoRefusal, refusal_of_photos

NO_SESSION = gettext_lazy("None: before the first, or between two")


class SessionField(forms.ModelChoiceField):
    """A session of the course by its number and day."""

    def label_from_instance(self, obj: Any) -> str:
        return session_in_words(obj)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:  # also of what is no public id at all
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice") from None


def session_in_words(session: Session) -> str:
    day = date_format(session.course.location.local(session.performed_at), "j M Y")
    if session.number is None:
        return _("Follow-up treatment, %(day)s") % {"day": day}
    return _("Session %(number)s, %(day)s") % {"number": session.number, "day": day}


def sessions_of(course: Course, *, also: int | None = None) -> Any:
    """Return the sessions that a photo may belong to, the latest first; `also` is the key of one in error."""
    return (
        Session.objects.filter(course=course)
        .filter(Q(entered_in_error_at=None) | Q(pk=also))
        .with_number()
        .select_related("course__location")
        .order_by("-performed_at", "-pk")
    )


class FilesInput(forms.ClearableFileInput):
    """Many files at once; phones offer the camera as well as the pictures that are there."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"multiple": True, "accept": "image/*,.heic,.heif"} | (attrs or {}))


class FilesField(forms.FileField):
    """The files of one sending, at least one where it is required. What is in them is asked of each by itself."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        files = [file for file in data or [] if file]
        if not files and self.required:
            raise ValidationError(_("Choose at least one photo."), code="required")
        return files


class PhotoUploadForm(forms.Form):
    """Files, and what is said of all of them."""

    photos = FilesField(label=gettext_lazy("Photos"))
    session = SessionField(
        Session.objects.none(),
        required=False,
        label=gettext_lazy("Session"),
        empty_label=NO_SESSION,
        to_field_name="public_id",
    )
    shot = forms.ChoiceField(required=False, label=gettext_lazy("View"))
    area = forms.ModelChoiceField(
        TreatmentArea.objects.none(), required=False, label=gettext_lazy("Area"), empty_label=gettext_lazy("All areas")
    )
    consent_scope = forms.ChoiceField(
        choices=Photo.Scope, initial=Photo.Scope.RECORD, label=gettext_lazy("May be used for")
    )
    taken_at = WallTimeField(
        required=False,
        widget=DateTimeInput,
        validators=[validate_not_in_future, validate_year],
        label=gettext_lazy("Taken at"),
        help_text=gettext_lazy("Empty: by the camera's clock."),
    )
    camera_distance_cm = forms.IntegerField(
        required=False,
        min_value=10,
        max_value=1000,
        widget=UnitInput(unit="cm"),
        label=gettext_lazy("Distance of the camera"),
    )
    light = forms.CharField(
        required=False, max_length=100, validators=[validate_plain_text], label=gettext_lazy("Light")
    )

    def __init__(self, *args: Any, course: Course, now: datetime, **kwargs: Any) -> None:
        self.course, self.now = course, now
        self.refusal: PhotoRefusal | None = None
        super().__init__(*args, **kwargs)
        choices_of_rows(self, "session").queryset = sessions_of(course)
        choices_of_rows(self, "area").queryset = TreatmentArea.objects.of_plan(course.protocol, course)
        choices_of_words(self, "shot").choices = [
            ("", _("Say it afterwards")),
            *shot_choices(Shot.objects.of_course(course)),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        scope = cleaned.get("consent_scope")
        self.refusal = refusal_of_photos(self.course.patient, Photo.Scope(scope), self.now) if scope else None
        if self.refusal:
            raise ValidationError(self.refusal.__html__())
        return cleaned

    def facts(self) -> dict[str, Any]:
        """Return what was said of all the files, as fields of a photo."""
        data = self.cleaned_data
        view, _slash, posture = data["shot"].partition("/")
        said = {name: data[name] for name in ("session", "area", "consent_scope", "taken_at", "camera_distance_cm")}
        return said | {"light": data["light"], "view": view, "posture": posture or None}


class PhotoForm(VersionedForm):
    session = SessionField(
        Session.objects.none(), required=False, label=gettext_lazy("Session"), empty_label=NO_SESSION
    )

    class Meta:
        model = Photo
        fields = [
            "view",
            "posture",
            "area",
            "session",
            "taken_at",
            "consent_scope",
            "camera_distance_cm",
            "focal_length_mm",
            "light",
        ]
        field_classes = {"taken_at": WallTimeField}
        widgets = {
            "taken_at": DateTimeInput,
            "camera_distance_cm": UnitInput(unit="cm"),
            "focal_length_mm": UnitInput(unit="mm"),
        }

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        self.now = now
        super().__init__(*args, **kwargs)
        course = self.instance.course
        choices_of_rows(self, "session").queryset = sessions_of(course, also=self.instance.session_id)
        areas = choices_of_rows(self, "area")
        areas.queryset = TreatmentArea.objects.of_plan(course.protocol, course)
        areas.empty_label = _("All areas")
        self.fields["posture"].required = True

    def build_kwargs(self) -> dict[str, Any]:
        return {"now": self.now}

    def clean_consent_scope(self) -> str:
        scope = self.cleaned_data["consent_scope"]
        wider = Photo.Scope.values.index(scope) > Photo.Scope.values.index(self.initial["consent_scope"])
        if wider and (refusal := refusal_of_photos(self.instance.course.patient, Photo.Scope(scope), self.now)):
            raise ValidationError(refusal.__html__())
        return scope


class SortForm(forms.Form):
    """What photos without a view show, one question for each."""

    def __init__(self, *args: Any, course: Course, photos: list[Photo], **kwargs: Any) -> None:
        self.photos = photos
        super().__init__(*args, **kwargs)
        choices = [("", _("Not said")), *shot_choices(Shot.objects.of_course(course))]
        for photo in photos:
            self.fields[self.name_of(photo)] = forms.ChoiceField(choices=choices, required=False, label=_("View"))

    @staticmethod
    def name_of(photo: Photo) -> str:
        return f"shot-{photo.public_id}"

    def __iter__(self) -> Iterator[Any]:
        """Yield (photo, its question)."""
        return ((photo, self[self.name_of(photo)]) for photo in self.photos)

    def save(self) -> int:
        answers = [(photo, self.cleaned_data[self.name_of(photo)].split("/")) for photo in self.photos]
        return actions.sort((photo, *answer) for photo, answer in answers if len(answer) == 2)


class _StepForm(forms.Form):
    """A step with its reason, on the version that was read. Several stand on one page, each with ids of its own."""

    reason = forms.CharField(
        max_length=300,
        validators=[validate_plain_text],
        widget=forms.Textarea(attrs={"rows": 2}),
        label=gettext_lazy("Reason"),
        error_messages={"required": gettext_lazy("Say why. It stays with the photo.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, photo: Photo, **kwargs: Any) -> None:
        self.photo = photo
        kwargs["initial"] = {"version": photo.version, **kwargs.get("initial", {})}
        kwargs["auto_id"] = f"id_{type(self).__name__.lower()}_%s"
        super().__init__(*args, **kwargs)


class ErrorForm(_StepForm):
    """Why a photo is an error."""


class MoveForm(_StepForm):
    """To whom a photo belongs, by a record number, whose last digit catches a slip."""

    record_number = forms.CharField(
        max_length=20,
        label=gettext_lazy("Record number of the right patient"),
        help_text=gettext_lazy("For example MT-003917-4."),
    )
    course = forms.ModelChoiceField(
        Course.objects.none(), required=False, label=gettext_lazy("Course"), widget=forms.RadioSelect, empty_label=None
    )
    field_order = ["record_number", "course", "reason"]

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        self.user, self.now = user, now
        super().__init__(*args, **kwargs)
        patient = self._patient(self.data.get("record_number", "")) if self.is_bound else None
        self.patient = patient
        if patient:
            others = Course.objects.visible_to(user).of_patient(patient).exclude(pk=self.photo.course_id)
            choices_of_rows(self, "course").queryset = others.select_related("protocol", "patient", "location")
        self.asks_for_course = patient is not None and self.fields["course"].queryset.count() > 1  # type: ignore[attr-defined]

    def _patient(self, text: str) -> Patient | None:
        number = parse_record_number(text)
        patients = Patient.objects.visible_to(self.user).select_related("location")
        found = patients.filter(record_number=number).first() if number else None
        return found.surviving if found else None

    def clean_record_number(self) -> str:
        if self.patient is None:
            raise ValidationError(_("There is no patient of this record number here. Check each digit."))
        return self.patient.record_number

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.patient is None or self.errors:
            return cleaned
        if cleaned.get("course") is None:
            cleaned["course"] = self._only_course(self.patient)
        scope = Photo.Scope(self.photo.consent_scope)
        if cleaned["course"] and (refusal := refusal_of_photos(self.patient, scope, self.now)):
            self.add_error("record_number", refusal.__html__())
        return cleaned

    def _only_course(self, patient: Patient) -> Course | None:
        courses = list(self.fields["course"].queryset[:2])  # type: ignore[attr-defined]
        if len(courses) == 1:
            return courses[0]
        if courses:
            words = _("%(name)s has several courses. Choose one.")
            self.add_error("course", words % {"name": patient.full_name})
        else:
            words = _("%(name)s has no other course. Start one first.")
            self.add_error("record_number", words % {"name": patient.full_name})
        return None

    def save(self) -> Photo:
        """Move the photo. Raises `ValidationError` when it is in that course already."""
        data = self.cleaned_data
        try:
            return actions.move(self.photo, data["course"], reason=data["reason"], version=data["version"])
        except IntegrityError:
            raise ValidationError(_("This photo is in that course already.")) from None
