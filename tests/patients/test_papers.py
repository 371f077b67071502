"""The consent on paper says what the page says."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from patients.models import Consent
from patients.papers import consent_paper
from tests.factories import ConsentFactory, ConsentFormFactory, LocationFactory, PatientFactory, UserFactory

pypdf = pytest.importorskip("pypdf", reason="reading papers needs requirements-dev.txt")

NOW = datetime(2026, 3, 10, 18, 30, tzinfo=UTC)
DRAWN = [[[0.1, 0.5], [0.3, 0.4]], [[0.6, 0.6]]]

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return LocationFactory(name="Harbour Street", country_code="US", time_zone="America/Los_Angeles")


def read(paper):
    return pypdf.PdfReader(io.BytesIO(paper))


def words(paper):
    return " ".join(" ".join(page.extract_text() for page in read(paper).pages).split())


def test_paper_has_the_exact_text_and_all_that_belongs_to_the_signature(here):
    patient = PatientFactory(location=here, given_name="Zoë", family_name="Ōkonkwo")
    consent = ConsentFactory(patient=patient, method="drawn", strokes=DRAWN)

    paper = consent_paper(consent, NOW)

    text = words(paper)
    for paragraph in consent.form.paragraphs:
        assert paragraph in text
    assert "Zoë Ōkonkwo" in text
    assert patient.record_number in text
    assert "2 March 2026, 06:00 PST" in text
    assert "Valid to 2 March 2027" in text
    assert "Signed on the screen" in text
    assert "as they were at the moment of signing" in text
    assert consent.digest in text
    assert "Harbour Street. Printed 10 March 2026, 11:30 PDT." in text
    assert f"Page 1 of {len(read(paper).pages)}" in text


def test_paper_is_tagged_titled_and_of_the_countrys_size(here):
    paper = read(consent_paper(ConsentFactory(patient=PatientFactory(location=here)), NOW))

    assert paper.metadata.title == "Consent to treatment by injections (mesotherapy)"
    assert paper.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert paper.trailer["/Root"]["/Lang"].startswith("en")
    assert [round(float(side)) for side in paper.pages[0].mediabox[2:]] == [612, 792]


def test_withdrawal_and_change_are_on_the_paper(here):
    consent = ConsentFactory(patient=PatientFactory(location=here), signer_relation="guardian")
    consent.withdraw(reason="Moves away", by=consent.recorded_by, now=NOW - timedelta(days=1), version=1)
    Consent.objects.update(signer_name="Somebody Else")

    text = words(consent_paper(Consent.objects.for_page().get(), NOW))

    assert "Moves away" in text
    assert "Somebody Else, guardian" in text
    assert "has been changed since it was signed" in text


def test_long_text_goes_on_over_pages_and_each_is_numbered(here):
    form = ConsentFormFactory(text="\n\n".join(f"Paragraph {n}. " + "Word and word. " * 40 for n in range(30)))
    paper = consent_paper(ConsentFactory(patient=PatientFactory(location=here), form=form), NOW)

    pages = read(paper).pages
    assert len(pages) > 2
    assert f"Page {len(pages)} of {len(pages)}" in pages[-1].extract_text()


@pytest.mark.parametrize("language", ["de", "pt-br", "zh-hans", "ar", "sr-latn", "hsb"])
def test_text_of_any_language_has_its_paper(here, language):
    form = ConsentFormFactory(language=language)

    assert consent_paper(ConsentFactory(patient=PatientFactory(location=here), form=form), NOW).startswith(b"%PDF")


def test_paper_is_fetched_from_the_page_and_not_kept_by_a_browser(client, here):
    consent = ConsentFactory(patient=PatientFactory(location=here))
    client.force_login(UserFactory(locations=[here]))

    response = client.get(reverse("consent-pdf", args=[consent.public_id]))

    assert (response["Content-Type"], response["Cache-Control"]) == ("application/pdf", "private, no-store")
    assert response.content.startswith(b"%PDF-")
