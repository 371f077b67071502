"""The patients of the clinic as sets: who may be seen, reached, found by what was typed, or is there twice."""

from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Upper
from django.db.models.lookups import In, IsNull

from clinic.fields import fold
from patients.models.address import Channel, comes_back
from patients.search import SHORT, understand

if TYPE_CHECKING:
    from clinic.models import User
    from patients.models.patient import Patient


class Judged(models.Func):
    """A column that is only compared, never searched by: SQLite takes its table last, not first.

    Without statistics SQLite believes that a location has a handful of patients, and starts every list with them.
    """

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **extra)


def seen_by(user: "User", path: str = "") -> Q:
    """Return the condition that this person may see the patient at the end of a path: one of their locations, or one
    whose record they have open in an emergency.

    A path is followed by joins. `patient__in=Patient.objects.visible_to(user)` says the same, and makes a database
    collect half of all patients, or of all sessions, before it looks at the first row of the page.
    """
    if user.sees_all_locations:
        return Q()
    own = [location.pk for location in user.own_locations]
    theirs = Q(In(Judged(F(f"{path}__location")), own)) if path else Q(location__in=own)
    opened = user.patients_in_emergency
    return theirs | Q(**{f"{path}__in" if path else "pk__in": opened}) if opened else theirs


class PatientQuerySet(models.QuerySet["Patient"]):
    def visible_to(self, user: "User") -> "PatientQuerySet":
        """Return the patients of the person's locations."""
        return self.filter(seen_by(user))

    def active(self) -> "PatientQuerySet":
        """Leave out the archived and the deceased."""
        return self.filter(archived_at=None, deceased_on=None)

    def with_messages(self) -> "PatientQuerySet":
        """Return those who agreed to messages and can be sent some by the channel they chose.

        Where messages came back none are sent, until somebody corrects or confirms the address.
        """
        by_mail = Q(preferred_channel=Channel.EMAIL) & ~Q(email="")
        by_phone = Q(preferred_channel__in=[Channel.SMS, Channel.WHATSAPP]) & ~Q(phone="")
        able = self.active().filter(
            by_mail | by_phone, contact_permission=True, restricted_at=None, erasure_decided_at=None
        )
        return able.exclude(comes_back("preferred_channel"))

    def unmerged(self) -> "PatientQuerySet":
        """Leave out the records that became part of another."""
        # Judged, not searched by: nearly every record is none of those.
        return self.filter(IsNull(Judged(F("merged_into")), True))  # noqa: FBT003 -- Django's signature

    def gone(self) -> "PatientQuerySet":
        """Return the archived and the deceased."""
        return self.exclude(archived_at=None, deceased_on=None)

    def search(self, text: str) -> "PatientQuerySet":
        """Return the patients whom every word fits: a name, a record number, digits of a phone, or a birth date.

        Nothing typed finds nobody.
        """
        query = understand(text)
        if not query:
            return self.none()
        fits = Q()
        for word in query.words:
            fits &= _word_q(word)
        if query.record_number:
            fits |= Q(record_number=query.record_number)
        if query.birth_dates:
            fits &= Q(birth_date__in=query.birth_dates)
        return self.filter(fits)

    def hold(self, patient: "Patient") -> "Patient":
        """Return the patient as stored now; nobody else saves the record until the transaction ends.

        Raises `RecordMergedError` when it was merged into another meanwhile.
        """
        return self.select_for_update().get(pk=patient.pk).refuse_merged()

    def by_name(self) -> "PatientQuerySet":
        return self.order_by("sort_name", "pk")

    def likely_duplicates(
        self, *, given_name: str, family_name: str, birth_date: date | None, phone: str = "", email: str = ""
    ) -> "PatientQuerySet":
        """Return the people who may be this one.

        Two of three agree: the name (folded, given and family in either order), the birth date, the phone or e-mail.
        """
        given, family = fold(given_name), fold(family_name)
        names = Q(sort_name__in=[f"{family} {given}".strip(), f"{given} {family}".strip()])
        births = Q(birth_date=birth_date) if birth_date else Q(pk=None)
        contacts = Q(pk=None)
        if phone:
            contacts |= Q(phone=phone)
        if email:
            contacts |= Q(email__iexact=email)
        similar = Q(sort_name__startswith=family) & births if family else Q(pk=None)
        return self.filter((names & births) | (names & contacts) | (births & contacts) | similar).by_name()

    def with_twins(self) -> "PatientQuerySet":
        """Return those who have a later record that may be of the same person, unless somebody told the two apart.

        The phone agrees, or the birth date and the folded name, or the former system's number but for capitals. What
        occurs twice is collected from an index each, so that a twin is looked for of few.
        """
        found = self.unmerged().annotate(former=Upper("external_id"))
        return found.filter(
            Q(phone__in=self._twice(~Q(phone=""), "phone")) & self._has_twin(~Q(phone=""), "phone")
            | Q(sort_name__in=self._twice(Q(), "sort_name")) & self._has_twin(Q(), "sort_name", "birth_date")
            | Q(former__in=self._twice(~Q(external_id=""), "former")) & self._has_twin(~Q(external_id=""), "former")
        )

    def _twice(self, known: Q, name: str) -> "PatientQuerySet":
        """Return the values of a field that more than one record has."""
        rows = self.model.objects.annotate(former=Upper("external_id")).filter(known).order_by()
        return rows.values(name).annotate(n=Count("pk")).filter(n__gt=1).values(name)

    def _has_twin(self, known: Q, *names: str) -> Q:
        """Return the condition that a later record agrees in these fields and was not told apart from this one."""
        from patients.models.merge import DistinctPair  # noqa: PLC0415 -- merge imports patient

        apart = DistinctPair.objects.standing().filter(first=OuterRef(OuterRef("pk")), second=OuterRef("pk"))
        others = self.model.objects.annotate(former=Upper("external_id"))
        later = others.filter(known, pk__gt=OuterRef("pk")).unmerged()
        return Q(Exists(later.filter(~Exists(apart), **{name: OuterRef(name) for name in names})))


def _word_q(word: str) -> Q:
    if len(word) < SHORT:
        return Q(sort_name__startswith=word) | Q(search_text__startswith=word)
    return Q(search_text__contains=word)
