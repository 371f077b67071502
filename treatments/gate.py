"""What stands against signing a session, and who can resolve it (design rules 8 and 9)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Max, Q
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.consents import State as ConsentStanding
from patients.consents import consent_state
from patients.models import Allergy, Patient, Screening, ScreeningAnswer, ScreeningQuestion
from patients.screening import Standing, standing
from treatments.drawn import Drawn, Line, limits_of
from treatments.models import Injection, Lot, Product, Restriction, Session, SideEffect, TreatmentArea
from treatments.photos import BEFORE, SessionPhotos, milestone_of, session_photos
from treatments.rules.allergy import allergy_conflict
from treatments.rules.dose import Measure, Passed, passed
from treatments.rules.stock import Fault

PHOTOS = "photos"  # the code of what is said about photos
ADULT, OLD = 18, 75  # years: an absolute and a relative limit, a default of ours


@dataclass(frozen=True)
class Problem:
    """One thing that stands against signing, or only has to be seen.

    `field` is the part of the session's form it is about, `url` the page that resolves it, `code` what an override
    is kept under.
    """

    code: str
    words: str
    way_out: str
    stops: bool = True
    may_override: bool = False
    field: str = ""
    url: str = ""


@dataclass(frozen=True)
class Screened:
    """What the screenings of a patient say: how they stand, and which areas and products each yes rules out."""

    known: Standing
    restrictions: Mapping[int, Restriction]

    def blocked_areas(self, areas: Iterable[TreatmentArea]) -> dict[int, str]:
        """Return which of these areas must not be treated, by key, with the reason in words."""
        blocked: dict[int, str] = {}
        for finding in self.known.findings:
            question, restriction = finding.question, self.restrictions.get(finding.pk)
            if question.scope != ScreeningQuestion.Scope.AREA or not question.is_absolute:
                continue
            ruled_out = set(restriction.areas.all()) if restriction else set()
            blocked |= {area.pk: question.name for area in areas if not ruled_out or area in ruled_out}
        return blocked


def judged_at(drawn: Drawn, now: datetime) -> datetime:
    """Return the moment by which consent and screening have to hold: now, of an older session the end of its day.

    What was asked or signed after the injections did not stand before them, and what ended since did.
    """
    place, day = drawn.course.location, drawn.course.day_of(drawn.performed_at)
    midnight = datetime.combine(day + timedelta(days=1), time(0), tzinfo=place.tz)
    return min(now, midnight - timedelta(microseconds=1))


def screened(patient: Patient, moment: datetime) -> Screened:
    """Return what the patient's screenings say by a moment, in a constant number of queries."""
    known = standing(patient, before=moment)
    keys = [finding.pk for finding in known.findings if finding.question.scope != ScreeningQuestion.Scope.PERSON]
    rows = Restriction.objects.filter(answer__in=keys).prefetch_related("areas", "products") if keys else []
    return Screened(known, {row.answer_id: row for row in rows})


def problems(
    drawn: Drawn, now: datetime, *, known: Screened | None = None, photos: SessionPhotos | None = None
) -> list[Problem]:
    """Return everything that stands against signing this now, the gravest kind first; warnings are among it.

    `known` and `photos` are what a page has asked for already.
    """
    moment = judged_at(drawn, now)
    return [
        *_of_restriction(drawn.patient),
        *_of_consent(drawn.patient, moment, now),
        *_of_screening(drawn, known or screened(drawn.patient, moment)),
        *problems_of_products(drawn),
        *_of_photos(drawn, photos, now),
    ]


def problems_of_products(drawn: Drawn) -> list[Problem]:
    """Return what stands against the lots, the products and the doses alone: what an amendment is judged by."""
    day = drawn.course.day_of(drawn.performed_at)
    return [
        *(problem for line in drawn.lines for problem in _of_line(line, drawn, day)),
        *_of_allergies(drawn),
        *_of_doses(drawn, day),
    ]


def unanswered(session: Session) -> dict[str, str]:
    """Return what a stored session lacks beside its own row before it can be signed, as field name to what to do."""
    missing = session.missing_for_signing(has_areas=session.areas.exists())
    if not session.injections.exists():
        missing["source-0"] = _("Say what was injected.")
    if session.asked_back == Session.Asked.NOT_ASKED and not session.is_first():
        missing["asked_back"] = _("Ask whether anything is new since the last session.")
    asked = set(session.ask_backs.values_list("side_effect", flat=True))
    earlier = SideEffect.objects.of_patient(session.course.patient).standing().open().before(session.performed_at)
    for effect in earlier.exclude(session=session).exclude(pk__in=asked).select_related("kind", "area"):
        missing[f"back-{effect.public_id}"] = _("Ask whether this is gone: %(reaction)s.") % {"reaction": effect.title}
    screening = session.screening_in_force
    answered = {row.question_id for row in screening.answers.all()} if screening else set()
    for question in ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT).exclude(pk__in=answered):
        missing[f"screening-{question.code}"] = _("Ask before the session: %(name)s.") % {"name": question.name}
    return missing


def open_stops(found: Iterable[Problem], overrides: Mapping[str, str]) -> list[Problem]:
    """Return what still stops signing: stops that nobody may pass over, or for which no reason is given."""
    return [
        problem
        for problem in found
        if problem.stops and not (problem.may_override and overrides.get(problem.code, "").strip())
    ]


def _of_restriction(patient: Patient) -> Iterator[Problem]:
    """Yield that the record is only kept, not used (GDPR Art. 18(2)): a clinician says which vital reason there is."""
    if patient.is_restricted:
        words = _("The record is restricted: %(reason)s.") % {"reason": patient.restriction_reason.rstrip(".")}
        yield Problem("restricted", words, _("A clinician says the vital reason"), may_override=True)


def _of_consent(patient: Patient, moment: datetime, now: datetime) -> Iterator[Problem]:
    """Yield why no consent stood by the moment of the session, or that it was withdrawn since."""
    consent = consent_state(patient, moment)
    if consent.is_in_force and moment < now:
        since = consent_state(patient, now)
        consent = since if since.state is ConsentStanding.WITHDRAWN else consent
    if consent.is_in_force:
        return
    words = {
        ConsentStanding.MISSING: _("There is no consent to the treatment."),
        ConsentStanding.WITHDRAWN: _("The consent to the treatment was withdrawn."),
        ConsentStanding.EXPIRED: _("The consent to the treatment has expired."),
    }[consent.state]
    url = f"{reverse('consent-new', args=[patient.public_id])}?purpose=treatment"
    yield Problem("consent", words, _("Let the patient sign it"), may_override=True, url=url)


def _of_screening(drawn: Drawn, said: Screened) -> Iterator[Problem]:
    known = said.known
    yield from _of_full_screening(drawn, known)
    yield from _of_age(drawn.patient, drawn.course.day_of(drawn.performed_at))
    today = dict(drawn.answers)
    for finding in known.findings:
        if today.get(finding.question, True):
            yield from _of_finding(finding, said.restrictions.get(finding.pk), drawn)
    already = {finding.question for finding in known.findings}
    for question, is_yes in drawn.answers:
        if is_yes and question not in already:
            yield _said(question, "")


def _of_full_screening(drawn: Drawn, known: Standing) -> Iterator[Problem]:
    """Yield why the full screening does not hold: it has to on the day of the session, however late it is signed."""
    course, day = drawn.course, drawn.course.day_of(drawn.performed_at)
    days, place = course.protocol.screening_days, course.location
    code, words = "", ""
    if known.full is None:
        code, words = "screening-missing", _("The patient was never screened.")
    elif known.is_expired(day, days, place):
        last_day = known.expires_on(days, place)
        code = "screening-expired"
        words = _("The screening was valid to %(day)s.") % {"day": date_format(last_day, "j F Y") if last_day else ""}
    elif course.needs_screening_anew(place.local(known.full.answered_at).date(), day):
        code, words = "screening-before-pause", _("The screening is from before the pause.")
    if code:
        url = reverse("screening-new", args=[drawn.patient.public_id])
        yield Problem(code, words, _("Screen now"), may_override=True, url=url)


def _of_age(patient: Patient, day: date) -> Iterator[Problem]:
    age = patient.age(day)
    if age < ADULT:
        yield Problem(
            "under18", _("The patient is %(age)s years old.") % {"age": age}, _("Nobody under 18 is treated")
        )
    elif age > OLD:
        words = _("The patient is %(age)s years old.") % {"age": age}
        yield Problem("over75", words, _("A clinician decides"), stops=False)


def _of_finding(finding: ScreeningAnswer, restriction: Restriction | None, drawn: Drawn) -> Iterator[Problem]:
    """Yield a yes that concerns this session: of the person always, of an area or product where it is treated."""
    question = finding.question
    if question.scope == ScreeningQuestion.Scope.PERSON:
        yield _said(question, finding.detail)
        return
    url = reverse("screening-restrict", args=[finding.screening.public_id])
    if question.scope == ScreeningQuestion.Scope.AREA:
        ruled_out = set(restriction.areas.all()) if restriction else set()
        touched = [str(share.area) for share in drawn.shares if not ruled_out or share.area in ruled_out]
        field = "areas"
    else:
        barred = set(restriction.products.all()) if restriction else set()
        touched = [str(product) for product, _given in drawn.by_product() if not barred or product in barred]
        field = "source-0"
    if touched:
        yield _said(question, ", ".join(touched), field=field, url=url)


def _said(question: ScreeningQuestion, detail: str, *, field: str = "", url: str = "") -> Problem:
    words = f"{question.name}: {detail}" if detail else question.name
    return Problem(
        f"screening:{question.code}",
        f"{words}.".replace("..", "."),
        question.action,
        stops=question.is_absolute,
        may_override=question.may_override,
        field=field,
        url=url,
    )


def _of_line(line: Line, drawn: Drawn, day: date) -> Iterator[Problem]:
    for lot in line.lots:
        fault = lot.fault(day)
        if fault is not None:
            yield _of_fault(fault, lot, drawn)
    if not isinstance(line.source, Lot):
        where = {"name": line.source.name}
        if line.source.discarded_at:
            yield Problem(
                f"discarded:{line.source.public_id}",
                _("%(name)s was thrown away.") % where,
                _("Choose another"),
                field="source-0",
            )
        elif line.source.use_by_at < drawn.performed_at:
            yield Problem(
                f"past-use-by:{line.source.public_id}",
                _("%(name)s is past its use-by.") % where,
                _("Choose another"),
                field="source-0",
            )


def _of_fault(fault: Fault, lot: Lot, drawn: Drawn) -> Problem:
    facts = {
        "product": lot.product,
        "lot": lot.number,
        "day": date_format(lot.expires_on, "j F Y"),
        "reason": lot.hold_reason or lot.product.blocked_reason,
    }
    words = {
        Fault.BLOCKED: _("%(product)s is blocked: %(reason)s"),
        Fault.HELD: _("Lot %(lot)s of %(product)s is on hold: %(reason)s"),
        Fault.EXPIRED: _("Lot %(lot)s of %(product)s expired on %(day)s."),
    }[fault] % facts
    # What was injected before anybody held the lot is a fact, and has to be kept as one.
    was_earlier = fault is Fault.HELD and lot.held_at is not None and drawn.performed_at < lot.held_at
    return Problem(
        f"lot-{fault}:{lot.public_id}", words, _("Choose another lot"), may_override=was_earlier, field="source-0"
    )


def _of_allergies(drawn: Drawn) -> Iterator[Problem]:
    products = [product for product, _given in drawn.by_product() if product.allergy_words]
    if not products:
        return
    allergies = list(Allergy.objects.filter(patient=drawn.patient).in_force())
    for product in products:
        for allergy in allergies:
            if allergy_conflict(product.allergy_words, [allergy.substance]):
                yield Problem(
                    f"allergy:{product.code}",
                    _("The patient is allergic to %(substance)s, and %(product)s is injected.")
                    % {"substance": allergy.substance, "product": product},
                    _("Leave it out"),
                    may_override=True,
                    field="source-0",
                )
                break


def _of_doses(drawn: Drawn, day: date) -> Iterator[Problem]:
    amounts = drawn.by_product()
    last = _last_given([product for product, _given in amounts if product.min_days_between], drawn)
    for product, given in amounts:
        days_since = (day - last[product.pk]).days if product.pk in last else None
        for limit in passed(replace(given, days_since=days_since), limits_of(product)):
            yield Problem(
                f"dose:{product.code}:{limit.measure.name.lower()}",
                _in_words(product, limit),
                product.limit_source,
                stops=product.limit_acts == Product.LimitActs.STOP,
                may_override=True,
                field="source-0",
            )


def _of_photos(drawn: Drawn, photos: SessionPhotos | None, now: datetime) -> Iterator[Problem]:
    """Yield the photos that a milestone wants and lacks. Nobody is kept from signing: the patient may refuse them."""
    session = drawn.session if drawn.session is not None and drawn.session.pk else None
    if photos is None:
        if milestone_of(drawn.course, session, drawn.performed_at) is None:
            return
        photos = session_photos(drawn.course, session, drawn.performed_at, now)
    if photos.milestone is None or photos.is_complete:
        return
    words = ngettext(
        "Milestone %(number)s: %(count)s view is not photographed.",
        "Milestone %(number)s: %(count)s views are not photographed.",
        photos.missing,
    ) % {"number": photos.milestone, "count": photos.missing}
    if photos.refusal:
        words, way_out, url = f"{words} {photos.refusal}", photos.refusal.way_out, photos.refusal.url
    else:
        way_out, url = _("Take them"), f"{reverse('course-photos', args=[drawn.course.public_id])}?session="
        url += str(session.public_id) if session else BEFORE
    yield Problem(PHOTOS, words, way_out, stops=False, url=url)


def _last_given(products: list[Product], drawn: Drawn) -> dict[int, date]:
    """Return when each product was given to the patient last before this session, by its key."""
    if not products:
        return {}
    earlier = Injection.objects.standing().filter(
        session__course__patient=drawn.patient, session__performed_at__lt=drawn.performed_at
    )
    if drawn.session is not None and drawn.session.pk:
        earlier = earlier.exclude(session=drawn.session)
    found: dict[int, date] = {}
    for path in ("lot__product", "preparation__ingredients__lot__product"):
        rows = earlier.filter(Q((f"{path}__in", products))).order_by().values_list(path)
        for key, moment in rows.annotate(last=Max("session__performed_at")):
            day = drawn.course.day_of(moment)
            found[key] = max(day, found.get(key, day))
    return found


def _in_words(product: Product, limit: Passed) -> str:
    words = {
        Measure.ML_A_POINT: _("%(product)s: %(used)s ml a point, the limit is %(limit)s ml."),
        Measure.POINTS: _("%(product)s: %(used)s points, the limit is %(limit)s."),
        Measure.ML: _("%(product)s: %(used)s ml, the limit is %(limit)s ml a session."),
        Measure.MG: _("%(product)s: %(used)s mg, the limit is %(limit)s mg a session."),
        Measure.MG_BY_WEIGHT: _("%(product)s: %(used)s mg, by weight the limit is %(limit)s mg."),
        Measure.NO_WEIGHT: _("%(product)s: the limit is %(limit)s mg per kg, and the patient was not weighed."),
        Measure.DAYS: _("%(product)s was given %(used)s days ago, the least are %(limit)s."),
    }[limit.measure]
    return words % {"product": product, "used": figure(limit.used), "limit": figure(limit.limit)}


def figure(number: Decimal) -> str:
    """Return a quantity as people read it: at most three decimals, no zeros at the end."""
    return number_format(f"{number:.3f}".rstrip("0").rstrip("."))
