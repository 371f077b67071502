"""What would be half of a session: each a question whose answer has to be nobody."""

from decimal import Decimal

from django.db.models import Count, Exists, F, OuterRef, Q, Sum

AREAS, SOURCES = 2, 2
VOLUME = Decimal("3.000")  # what each form draws up


def halves():
    """Return (what is half, the rows that are) for every way in which a signed session could be torn."""
    from patients.models import Screening  # noqa: PLC0415
    from treatments.models import (  # noqa: PLC0415
        AftercareLink,
        Course,
        FollowUp,
        Injection,
        Lot,
        Session,
        SideEffect,
    )

    sessions = Session.objects.order_by()
    of_session = {"session": OuterRef("pk")}
    written = Session.history.filter(id=OuterRef("pk"))
    return [
        ("session without a signature", sessions.filter(Q(signed_at=None) | Q(signed_by=None))),
        ("session without an area", sessions.annotate(n=Count("areas")).exclude(n=AREAS)),
        ("session without an injection", sessions.annotate(n=Count("injections")).exclude(n=AREAS * SOURCES)),
        ("session without its volume", sessions.annotate(ml=Sum("injections__volume_ml")).exclude(ml=VOLUME)),
        ("session without its reaction", sessions.annotate(n=Count("side_effects")).exclude(n=1)),
        ("session without its screening", sessions.filter(screening=None)),
        ("screening without its answers", screenings_without_answers()),
        ("screening without a session", Screening.objects.filter(kind="short", session=None)),
        ("session without an aftercare link", sessions.exclude(Exists(AftercareLink.objects.filter(**of_session)))),
        ("session without history", sessions.exclude(Exists(written.filter(version=OuterRef("version"))))),
        ("session whose history lacks an area", histories_without_areas()),
        ("injection without history", without_history(Injection)),
        ("reaction without history", without_history(SideEffect)),
        ("history of a session that is none", without_row(Session)),
        ("history of an injection that is none", without_row(Injection)),
        ("history of a reaction that is none", without_row(SideEffect)),
        ("course with a session that is only planned", Course.objects.filter(status="planned", sessions__gt=0)),
        ("course that is active without a session", Course.objects.filter(status="active", sessions=None)),
        ("course whose history is behind", courses_ahead_of_history()),
        ("course without its follow-up window", Course.objects.filter(sessions__gt=0, follow_ups=None)),
        ("follow-up window without a session", FollowUp.objects.filter(course__sessions=None)),
        ("course with the same session twice", Course.objects.annotate(n=Count("sessions")).filter(n__gt=1)),
        ("lot with another stock than what was injected of it", drifted(Lot)),
    ]


def screenings_without_answers():
    from patients.models import Screening, ScreeningQuestion  # noqa: PLC0415

    asked = ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT).count()
    return Screening.objects.filter(kind="short").annotate(n=Count("answers")).exclude(n=asked)


def without_history(model):
    return model.objects.order_by().exclude(Exists(model.history.filter(id=OuterRef("pk"))))


def without_row(model):
    return model.history.order_by().exclude(Exists(model.objects.filter(pk=OuterRef("id"))))


def histories_without_areas():
    from treatments.models import Session  # noqa: PLC0415

    last = Session.history.filter(
        id=OuterRef("pk"), version=OuterRef("version"), historicalsession_areas__isnull=False
    )
    return Session.objects.order_by().exclude(Exists(last))


def courses_ahead_of_history():
    from treatments.models import Course  # noqa: PLC0415

    kept = Course.history.filter(id=OuterRef("pk"), version=OuterRef("version"))
    return Course.objects.filter(version__gt=1).exclude(Exists(kept))


def drifted(lot):
    """Return the lots whose stock is not what they held less what was injected of them."""
    return (
        lot.objects.with_stock()
        .annotate(out_ml=Sum("injections__volume_ml"))
        .filter(out_ml__isnull=False)
        .exclude(remaining_ml=F("received_ml") - F("out_ml"))
    )


def torn():
    """Return the torn, as {what: how many}."""
    return {what: count for what, rows in halves() if (count := rows.count())}
