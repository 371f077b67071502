"""The moment, the signature and the pages of a consent."""

from datetime import UTC, datetime

from django.urls import reverse

from tests.factories import ConsentFormFactory

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
DRAWN = [[[0.1, 0.5], [0.3, 0.4], [0.5, 0.6]], [[0.6, 0.6], [0.8, 0.5]]]


def list_url(patient):
    return reverse("patient-consents", args=[patient.public_id])


def publish(**facts):
    return ConsentFormFactory(**{"number": 2, "published_at": NOW, **facts})


def errors(response):
    return {name: list(said) for name, said in response.context["form"].errors.items()}


def told(response):
    return [str(message) for message in response.context["messages"]]
