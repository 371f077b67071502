"""What a session's page shows beside its fields: what is ready to sign, what stands against it, what it comes to."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.forms.utils import ErrorDict
from django.utils.formats import date_format
from django.utils.functional import Promise, cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.units import show_ml
from treatments.bodymap import AreaRow
from treatments.drawn import Drawn, drawn_of, limits_of
from treatments.forms.session import OVERRIDE, SessionParts
from treatments.gate import PHOTOS, Problem, Screened, figure, judged_at, problems, problems_of_products, screened
from treatments.models import Appointment, Course, Product, Session
from treatments.photos import SessionPhotos, session_photos
from treatments.progress import Progress, WeightChange, progress, weight_change
from treatments.rules.course import DateRange, next_session
from treatments.rules.dose import Given, most_mg
from treatments.session_words import compared

QUARTER, SUNDAY = 15, 6
# What has to be answered: its name, how the names of its fields begin, and the id of the place on the page.
PARTS: list[tuple[str | Promise, tuple[str, ...], str]] = [
    (gettext_lazy("Asked about last time"), ("back-", "gone-", "asked_back", "new_"), "since"),
    (gettext_lazy("Screening asked"), ("screening-", "detail-"), "screening"),
    (gettext_lazy("Weight"), ("weight_kg",), "div_id_weight_kg"),
    (gettext_lazy("Products and lots"), ("source-", "drawn-"), "products"),
    (gettext_lazy("Areas and volumes"), ("areas", "ml-", "points-"), "areas"),
    (gettext_lazy("Reaction now"), ("reactions", "severity-", "lasted-"), "div_id_reactions"),
    (gettext_lazy("Pain asked"), ("pain",), "div_id_pain"),
]
AMENDED: tuple[str | Promise, tuple[str, ...], str] = (
    gettext_lazy("Why it is amended"),
    ("reason",),
    "div_id_reason",
)


@dataclass(frozen=True)
class Check:
    """One line of “Ready to sign”; `target` is the id of what it is about.

    One that does not `stop` is signed without; one that is not even `wanted` is said for whoever has the time.
    """

    label: str
    target: str
    is_done: bool
    stops: bool = True
    wanted: bool = True

    @property
    def tone(self) -> str:
        if self.is_done:
            return "is-in-time"
        return "is-prolonged" if self.wanted else "is-resolved"


@dataclass(frozen=True)
class Against:
    """A problem as the page shows it, with the reason already given for passing over it."""

    problem: Problem
    reason: str

    @property
    def field_name(self) -> str:
        return f"{OVERRIDE}{self.problem.code}"

    @property
    def is_passed(self) -> bool:
        return self.problem.may_override and bool(self.reason)


@dataclass(frozen=True)
class Dose:
    """What the session gives of one product, and the most that is known to be safe."""

    product: str
    said: str


@dataclass
class SessionPage:
    """One session's form on one course at one moment. Reads the other sessions of the course once."""

    form: SessionParts
    course: Course
    now: datetime
    amending: bool = False
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = self.form.instance.pk
        self.sessions = [each for each in self.course.sessions.standing().for_course_page() if each.pk != own]
        self.left: ErrorDict = self.form.stand()
        self.overrides = self.form.overrides()

    @cached_property
    def drawn(self) -> Drawn:
        return self.form.drawn()

    @cached_property
    def last(self) -> Session | None:
        """Return the session before this one; of one that is edited later, not the newest of all."""
        return next(iter(self.earlier), None)

    @cached_property
    def earlier(self) -> list[Session]:
        """Return the sessions before this one, newest first."""
        performed_at = self.form.instance.performed_at or self.now
        return [each for each in self.sessions if each.performed_at <= performed_at]

    @cached_property
    def last_drawn(self) -> Drawn | None:
        if self.last is None:
            return None
        self.last.course = self.course
        return drawn_of(self.last)

    @cached_property
    def progress(self) -> Progress:
        return progress(self.course, self.course.location.today(self.now))

    @cached_property
    def weight(self) -> WeightChange | None:
        return weight_change(self.course, self.earlier)

    @cached_property
    def compared(self) -> str:
        return compared(self.drawn, self.last_drawn, number=self.last.number) if self.last and self.last_drawn else ""

    @cached_property
    def screened(self) -> Screened:
        return screened(self.course.patient, judged_at(self.drawn, self.now))

    @cached_property
    def against(self) -> list[Against]:
        if self.amending:
            found = problems_of_products(self.drawn)
        else:
            found = problems(self.drawn, self.now, known=self.screened, photos=self.photos)
        return [Against(problem, self.overrides.get(problem.code, "")) for problem in found]

    @property
    def problems(self) -> list[Problem]:
        return [each.problem for each in self.against]

    @property
    def stops(self) -> list[Against]:
        return [each for each in self.against if each.problem.stops]

    @property
    def warnings(self) -> list[Against]:
        """Return what only has to be seen. Photos have a line of their own among the checks."""
        return [each for each in self.against if not each.problem.stops and each.problem.code != PHOTOS]

    @cached_property
    def checks(self) -> list[Check]:
        asks_back = self.form.last is not None or self.form.asked_about
        parts = [part for part in PARTS if part[2] != "since" or asks_back]
        if "reason" in self.form.fields:
            parts.append(AMENDED)
        asked = [Check(str(label), target, self._is_done(names)) for label, names, target in parts]
        return asked if self.amending or not self.photos.slots else [*asked, self._check_of_photos()]

    @cached_property
    def photos(self) -> SessionPhotos:
        stored = self.form.instance if self.form.instance.pk else None
        return session_photos(self.course, stored, self.drawn.performed_at, self.now)

    def _check_of_photos(self) -> Check:
        photos = self.photos
        if photos.is_complete:
            return Check(_("Photos"), "photos", is_done=True, stops=False)
        if photos.milestone is None:
            return Check(_("Photos, optional"), "photos", is_done=False, stops=False, wanted=False)
        words = ngettext(
            "Milestone photos, %(count)s view left", "Milestone photos, %(count)s views left", photos.missing
        )
        return Check(words % {"count": photos.missing}, "photos", is_done=False, stops=False)

    def _lacks(self, names: tuple[str, ...]) -> bool:
        return any(name.startswith(names) for name in self.left)

    @property
    def count_left(self) -> int:
        """Return how many things are left before signing: open checks, open stops, and what no check is about."""
        unresolved = [each for each in self.unresolved if not each.problem.field]
        checked = tuple(name for _label, names, _target in (*PARTS, AMENDED) for name in names)
        others = [name for name in self.left if not name.startswith(checked)]
        return sum(check.stops and not check.is_done for check in self.checks) + len(unresolved) + len(others)

    @property
    def unresolved(self) -> list[Against]:
        return [each for each in self.stops if not each.is_passed]

    def _is_done(self, names: tuple[str, ...]) -> bool:
        """Say whether a part of the form is answered, and nothing that it says stands against signing."""
        spoken_against = any(each.problem.field.startswith(names) for each in self.unresolved if each.problem.field)
        return not self._lacks(names) and not spoken_against

    @property
    def doses(self) -> list[Dose]:
        return [Dose(str(product), self._dose(product, given)) for product, given in self.drawn.by_product()]

    @staticmethod
    def _dose(product: Product, given: Given) -> str:
        limits = limits_of(product)
        most = most_mg(given, limits)
        if given.mg is not None and most is not None:
            return _("%(mg)s of %(most)s mg") % {"mg": figure(given.mg), "most": figure(most)}
        if limits.ml is not None:
            return _("%(ml)s of %(most)s") % {"ml": show_ml(given.ml), "most": show_ml(limits.ml)}
        return _("%(ml)s, no published limit") % {"ml": show_ml(given.ml)}

    def area_rows(self) -> list[AreaRow]:
        reacting = {
            question.effect.area_id
            for question in self.form.questions()
            if question.effect.area_id and question.effect.resolved_at is None
        }
        return self.form.area_rows(
            self.last_drawn, reacting=reacting, blocked=self.screened.blocked_areas(self.form.offered)
        )

    @property
    def last_name(self) -> str:
        """Return what the map calls the session before: "session 4"."""
        if self.last is None:
            return ""
        number = self.last.number
        return _("session %(number)s") % {"number": number} if number else _("last time")

    @property
    def last_points(self) -> str:
        """Return the volume of a point at the session before, to hold today's against it: "Session 4: 0.05"."""
        each = self.last_drawn.ml_a_point if self.last_drawn else None
        return f"{capfirst(self.last_name)}: {figure(each)}." if each else ""

    @property
    def screening_said(self) -> str:
        """Return until when the full screening holds."""
        days, place = self.course.protocol.screening_days, self.course.location
        last_day = self.screened.known.expires_on(days, place)
        if last_day is None:
            return _("Never screened in full.")
        if last_day < place.today(self.now):
            return _("The full screening was valid to %(day)s.") % {"day": date_format(last_day, "j F")}
        return _("Full screening valid to %(day)s.") % {"day": date_format(last_day, "j F")}

    @property
    def suggested(self) -> DateRange | None:
        """Return when the next session is wanted, counted from this one."""
        performed_on = self.course.day_of(self.form.instance.performed_at or self.now)
        return next_session(performed_on, self.course.protocol.interval)

    @property
    def books_next(self) -> bool:
        """Say whether signing may book the next session in the same tap."""
        return self.course.is_running and not self.amending and self.booked is None

    @cached_property
    def booked(self) -> Appointment | None:
        """Return the next appointment of the course that is booked already, on a day after this session."""
        place = self.course.location
        today = place.today(self.form.instance.performed_at or self.now)
        ahead = Appointment.objects.of_patient(self.course.patient).booked_ahead(self.now).filter(course=self.course)
        return next((each for each in ahead[:2] if place.today(each.starts_at) > today), None)


def next_proposal(course: Course, performed_at: datetime) -> datetime:
    """Return when the next session is proposed: the same hour, the fewest days later, on no Sunday."""
    start = course.location.local(performed_at)
    start = start.replace(minute=start.minute // QUARTER * QUARTER, second=0, microsecond=0)
    proposed = start + timedelta(days=course.protocol.interval_days_min)
    return proposed + timedelta(days=1) if proposed.weekday() == SUNDAY else proposed
