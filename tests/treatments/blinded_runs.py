"""A rater who scores the photos of a course blindly, as a browser does."""

from django.urls import reverse

from tests.factories import PhotoFactory, SessionFactory
from tests.factories.treatments import FIRST_SESSION
from tests.treatments.courses_with_sessions import WEEK
from treatments.models import BlindedRun

NOW = FIRST_SESSION + 30 * WEEK


def photos_of(course, count):
    found = []
    for number in range(count):
        taken = FIRST_SESSION + number * WEEK
        session = SessionFactory(course=course, performed_at=taken, signed=True)
        found.append(PhotoFactory(course=course, session=session, taken_at=taken))
    return found


def page(course):
    return reverse("blinded-scoring", args=[course.public_id])


def started(client, course, **fields):
    response = client.post(page(course), {"shot": "posterior/relaxed", "instrument": "hexsel-css", **fields})
    assert response.status_code == 302
    return BlindedRun.objects.get(finished_at=None)


def keys(photo, left="2111", right=""):
    """Return the form of one photo: the values of the items by area, of which the pinch is none."""
    form = {"photo": photo.public_id}
    for side, values in (("left", left), ("right", right)):
        form |= {f"hexsel-css--thigh-back-{side}--{item}": value for item, value in zip("abcd", values, strict=False)}
    return form


def shown(client, run):
    return client.get(run.get_absolute_url()).context["turn"].photo


def score_all(client, run, left="2111"):
    while photo := shown(client, run):
        client.post(run.get_absolute_url(), keys(photo, left))
    client.post(reverse("blinded-finish", args=[run.public_id]))
