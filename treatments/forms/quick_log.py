"""Logging a reaction with few taps: what it is and how severe; all else is inferred from the session, and shown."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundWidget
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.forms import OnceForm, RowsField, choices_of_rows, choices_of_words
from clinic.models import User
from clinic.widgets import Chips, ChoiceCards, Segmented
from patients.banner import short_day
from treatments.actions.photos import receive
from treatments.actions.side_effects import token_of
from treatments.forms.photos import FilesField
from treatments.forms.side_effects import FactsForm, LastedMixin, not_before
from treatments.forms.suspects import SuspectsForm
from treatments.models import Photo, Session, SideEffect, SideEffectKind, TreatmentArea
from treatments.photo_consent import refusal_of_photos
from treatments.rules.late_infection import days_after, is_watched
from treatments.rules.reaction import may_be_there
from treatments.suspects import given_in
from treatments.words import ago, duration

KEPT = "kept_photos"  # by public id, those that came with a sending that was refused
MOST_KEPT = 100
FEW = 4  # sessions that are offered at once; older ones are folded away
LATE = timedelta(days=1)  # after the session: what begins by then is no reaction of the treatment room


class SideEffectLogForm(FactsForm, SuspectsForm, LastedMixin, OnceForm):
    """One reaction after a session, in one area or several: each area becomes a row of its own.

    `sessions` are those of the patient, the latest first, loaded by `SessionQuerySet.for_log`; `session` is the one
    that is taken unless the form names another of them; `by` is who logs it.
    """

    AT_SESSION, NOW, OTHER_TIME = "at-session", "now", "other-time"
    STILL_THERE, GONE = "still-there", "gone"

    after = forms.ChoiceField(
        label=gettext_lazy("After which session"),
        required=False,
        widget=ChoiceCards(attrs={"class": "hidden-input"}),
        error_messages={"invalid_choice": gettext_lazy("That is no session of this patient. Choose another.")},
    )
    kind = forms.ModelChoiceField(
        SideEffectKind.objects.all(),
        label=gettext_lazy("What"),
        widget=forms.RadioSelect(attrs={"class": "hidden-input"}),
        empty_label=None,
        error_messages={"required": gettext_lazy("Choose what it is.")},
    )
    areas = RowsField(
        TreatmentArea.objects.none(),
        label=gettext_lazy("Where"),
        required=False,
        widget=Chips,
        help_text=gettext_lazy("Several areas are logged as one reaction each. None: the whole body."),
        error_messages={"invalid_choice": gettext_lazy("That area was not treated at this session. Choose again.")},
    )
    photos = FilesField(
        label=gettext_lazy("Photos of it"),
        required=False,
        help_text=gettext_lazy("Taken now or chosen; every area that is logged gets them."),
    )
    began = forms.ChoiceField(label=gettext_lazy("Began"), initial=AT_SESSION, widget=Segmented)
    state = forms.ChoiceField(
        label=gettext_lazy("Now"),
        choices=[(STILL_THERE, gettext_lazy("Still there")), (GONE, gettext_lazy("Gone"))],
        initial=STILL_THERE,
        widget=Segmented,
    )

    def __init__(
        self, *args: Any, sessions: Sequence[Session], session: Session, now: datetime, by: User, **kwargs: Any
    ) -> None:
        data = kwargs.get("data") or (args[0] if args else None)
        asked = (data or kwargs.get("initial") or {}).get("after")
        self.sessions, self.now = sessions, now
        self.session = next((each for each in sessions if str(each.public_id) == asked), session)
        kwargs["instance"] = SideEffect(session=self.session, recorded_by=by)  # the database asks who recorded it
        super().__init__(*args, **kwargs)
        self.kept: list[Photo] = self._photos_sent_before()
        self._offer_sessions()
        self._offer_areas()
        self.offer_lots(given_in(self.session))
        choices_of_words(self, "began").choices = [
            (
                self.AT_SESSION,
                _("At the session, %(moment)s")
                % {"moment": date_format(self.session.course.location.local(self.session.performed_at), "j M, H:i")},
            ),
            (self.NOW, _("Just now")),
            (self.OTHER_TIME, _("Another time")),
        ]
        self.fields["onset_at"].required = False
        self.initial["reported_by"] = SideEffect.Reporter.PATIENT

    def _photos_sent_before(self) -> list[Photo]:
        """Return the photos that came with an earlier sending of this form, which was refused."""
        keys = cast(QueryDict, self.data).getlist(KEPT) if self.is_bound else []
        found = [key for key in map(uuid_or_none, keys[:MOST_KEPT]) if key]
        photos = Photo.objects.of_patient(self.session.course.patient).usable()
        return list(photos.filter(public_id__in=found).order_by("received_at", "pk")) if found else []

    def take_in(self, *, by: User) -> None:
        """Keep the files that came, whatever else stands against the form: a browser does not send them again.

        Those that are no photos, or may not be kept, are named at their field.
        """
        files = self.cleaned_data.get("photos") or []
        course = self.session.course
        if not files:
            return
        if refusal := refusal_of_photos(course.patient, Photo.Scope.RECORD, self.now):
            self.add_error("photos", refusal.__html__())
            return
        areas = list(self.cleaned_data.get("areas") or ())
        is_of_day = course.day_of(self.session.performed_at) == course.day_of(self.now)
        facts = {"session": self.session if is_of_day else None, "area": areas[0] if len(areas) == 1 else None}
        arrival = receive(course, files, facts=facts, by=by, now=self.now)
        self.kept += arrival.photos
        for each in arrival.refusals:
            if each.twin is None:
                self.add_error("photos", str(each))
            elif each.twin not in self.kept:
                self.kept.append(each.twin)

    def _offer_sessions(self) -> None:
        field = choices_of_words(self, "after")
        field.choices = [(str(session.public_id), self._name(session)) for session in self.sessions]
        field.widget.lines = {str(session.public_id): self._line(session) for session in self.sessions}
        self.initial["after"] = str(self.session.public_id)

    def _name(self, session: Session) -> str:
        """Return "Session 6, 25 Nov", with the year once it is another."""
        place = session.course.location
        day = short_day(place.today(session.performed_at), place.today(self.now))
        if session.number is None:
            return _("Follow-up treatment, %(day)s") % {"day": day}
        return _("Session %(number)s, %(day)s") % {"number": session.number, "day": day}

    def _line(self, session: Session) -> str:
        """Return "Cellulite, 11 days ago"; a draft says so."""
        place = session.course.location
        when = ago(place.today(session.performed_at), place.today(self.now))
        words = {"course": session.course.protocol, "ago": when}
        return _("%(course)s, %(ago)s") % words if session.is_signed else _("%(course)s, %(ago)s, draft") % words

    def _offer_areas(self) -> None:
        areas = self.session.areas.all()
        choices_of_rows(self, "areas").queryset = areas
        asked = self.initial.get("areas")
        keys = {str(key) for key in asked or ()}
        self.initial["areas"] = [area.pk for area in areas if len(areas) == 1 or str(area.pk) in keys]

    def clean(self) -> dict[str, Any]:
        self._ask_since_when()
        self._ask_whether_another()
        cleaned = super().clean()
        onset = cleaned["onset_at"] = self._onset(cleaned)
        if cleaned.get("state") != self.GONE:
            cleaned["resolved_at"] = None
            return cleaned
        if onset is None or {"resolved_at", "lasted"} & self.errors.keys():
            return cleaned
        cleaned["resolved_at"] = self.moment_gone(onset, self.now)
        if cleaned["resolved_at"] is None and "lasted" not in self.errors:
            self.add_error("resolved_at", _("Say since when it is gone, or how long it lasted."))
        return cleaned

    def _ask_since_when(self) -> None:
        """Ask back what would hide a late infection: its sign, there weeks after the session, begun at the session."""
        kind = self.cleaned_data.get("kind")
        untouched = self.cleaned_data.get("began") == self.AT_SESSION
        if kind and untouched and self.cleaned_data.get("state") == self.STILL_THERE and self._is_watched(kind):
            words = _(
                "%(kind)s, there since the session %(days)s days ago? One that came later may be an infection, and is"
                " watched by the day it began. Is that day meant?"
            )
            self.ask(words % {"kind": kind.name, "days": days_after(self.session.performed_at, self.now)})

    def _ask_whether_another(self) -> None:
        """Ask back what is there already: the same kind in the same place, logged before and not gone."""
        kind, token = self.cleaned_data.get("kind"), self.cleaned_data.get("form_token")
        if kind is None or token is None or self.cleaned_data.get("state") != self.STILL_THERE:
            return
        places: list[TreatmentArea | None] = [*(self.cleaned_data.get("areas") or ())] or [None]
        mine = {token_of(token, place) for place in places}  # a second tap asks nothing
        known = SideEffect.objects.of_course(self.session.course).standing().open().filter(kind=kind)
        for effect in known.select_related("kind", "area").order_by("onset_at", "pk"):
            if effect.form_token not in mine and effect.area in places:
                day = date_format(self.session.course.location.local(effect.recorded_at), "j M")
                words = _("%(what)s was logged already on %(day)s and is not gone. Is this another one?")
                self.ask(words % {"what": effect.title, "day": day})

    def _onset(self, cleaned: dict[str, Any]) -> datetime | None:
        performed = self.session.performed_at
        if cleaned.get("began") == self.AT_SESSION:
            return performed
        if cleaned.get("began") == self.NOW:
            return self.now
        onset = cleaned.get("onset_at")
        if onset is None and not {"began", "onset_at"} & self.errors.keys():
            self.add_error("onset_at", _("Say when it began."))
        return not_before(onset, performed) if onset else None

    @property
    def few_sessions(self) -> list[BoundWidget]:
        """Return the latest ones, and the one that is taken."""
        return [option for i, option in enumerate(self["after"]) if i < FEW or option.data["selected"]]

    @property
    def older_sessions(self) -> list[BoundWidget]:
        return [option for i, option in enumerate(self["after"]) if i >= FEW and not option.data["selected"]]

    @cached_property
    def kinds(self) -> list[BoundWidget]:
        return list(self["kind"])

    def usual_kinds(self) -> list[BoundWidget]:
        """Return those asked at a session and those that come late; what fits the time since the session is first."""
        usual = [option for option in self.kinds if self._is_usual(kind_of(option))]
        return sorted(usual, key=lambda option: not self._is_due(kind_of(option)))

    def more_kinds(self) -> list[BoundWidget]:
        return [option for option in self.kinds if not self._is_usual(kind_of(option))]

    def _is_usual(self, kind: SideEffectKind) -> bool:
        comes_late = kind.onset_from is not None and kind.onset_from >= LATE and not kind.is_urgent
        return kind.is_immediate or (comes_late and self._is_due(kind)) or self._is_watched(kind)

    def _is_due(self, kind: SideEffectKind) -> bool:
        elapsed = self.now - self.session.performed_at
        if elapsed < LATE:
            return kind.is_immediate
        return self._is_watched(kind) or may_be_there(elapsed, kind.onset_from, kind.onset_to, kind.expected_max)

    def _is_watched(self, kind: SideEffectKind) -> bool:
        """Say whether this would be a sign of a late infection now: it is not folded away while it may be one."""
        return kind.is_late_infection_sign and is_watched(self.session.performed_at, self.now)

    @property
    def more_is_open(self) -> bool:
        """Say whether the chosen kind is one of those that are folded away."""
        return any(option.data["selected"] for option in self.more_kinds())

    def kind_facts(self) -> dict[str, dict[str, str]]:
        """Return what the page says of each kind once it is chosen, by its key."""
        doctor = self.session.course.clinician.get_full_name()
        return {str(kind.pk): {"clock": clock_in_words(kind, doctor)} for kind in map(kind_of, self.kinds)}


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def kind_of(option: BoundWidget) -> SideEffectKind:
    kind: SideEffectKind = option.data["value"].instance
    return kind


def clock_in_words(kind: SideEffectKind, doctor: str) -> str:
    """Return "Swelling is usually gone within 5 days." and who reviews it."""
    words = _("%(kind)s has no expected end.") % {"kind": kind.name}
    if kind.expected_max:
        words = _("%(kind)s is usually gone within %(length)s.") % {
            "kind": kind.name,
            "length": duration(kind.expected_max),
        }
    if kind.always_review or kind.is_urgent:
        return _("%(words)s It always goes to %(name)s for review.") % {"words": words, "name": doctor}
    return words
