"""Correcting a session that was logged for the wrong patient, as a browser does."""

from django.urls import reverse

from treatments.models import Lot, Session

REASON = "Two patients of one name that day."


def url_of(session, course=None):
    url = reverse("session-wrong-patient", args=[session.public_id])
    return f"{url}?to={course.patient.public_id}&course={course.public_id}" if course else url


def form_for(session, course, /, **changes):
    return {
        "to": str(course.patient.public_id),
        "course": str(course.public_id),
        "version": session.version,
        "reason": REASON,
        **changes,
    }


def correct(client, session, course, /, **changes):
    response = client.post(url_of(session), form_for(session, course, **changes))
    assert response.status_code == 302, response.context["form"].errors
    return Session.objects.get(provenance__wrong=session)


def left_of(lot):
    return Lot.objects.with_stock().get(pk=lot.pk).remaining_ml
