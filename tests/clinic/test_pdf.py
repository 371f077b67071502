"""Papers: what is on them, who can read them, and what happens when a font lacks a character."""

import logging

import pytest

from clinic import pdf

FACTS = {
    "title": "Paper",
    "language": "en",
    "paper": "a4",
    "place": "Harbour Street",
    "printed": "Printed today.",
    "page": "Page {x} of {y}",
    "lacks": "Some characters are missing.",
    "about": [("Patient", "Amara Okonkwo")],
    "text": ["First.", "Second."],
    "signature": {"heading": "Signature", "name": "Amara", "words": "Signature", "drawing": "", "rows": []},
    "integrity": "Whole.",
    "digest": "0123",
}
CONSENT = "patients/consents/consent.typ"
NOBODYS_SCRIPT = "\U00012000\U00012001"  # cuneiform: no font of a clinic has it


@pytest.mark.parametrize("name", ["Zoë Ōkonkwo", "Ωμέγα", "Иван Петров", "Nguyễn Thị Hoa", "Łukasz Żółć"])
def test_paper_is_accessible_with_names_of_the_common_scripts(name, caplog):
    paper = pdf.render(CONSENT, FACTS | {"about": [("Patient", name)]})

    assert paper.startswith(b"%PDF-")
    assert b"pdfuaid" in paper
    assert caplog.records == []


def test_paper_lacking_a_character_is_made_all_the_same_and_warns(caplog):
    caplog.set_level(logging.WARNING)

    paper = pdf.render(CONSENT, FACTS | {"about": [("Patient", NOBODYS_SCRIPT)]})

    assert paper.startswith(b"%PDF-")
    assert b"pdfuaid" not in paper
    assert "Install a font" in caplog.text


@pytest.mark.parametrize("text", ['#panic("run")', "$ x $ = *bold* #let", "\\ ` // @preview", '"}{"'])
def test_nothing_in_the_facts_is_run(text):
    assert pdf.render(CONSENT, FACTS | {"text": [text], "title": text}).startswith(b"%PDF-")


def test_a_fault_in_a_template_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "broken.typ").write_text("#nothing-of-this-name", encoding="utf-8")
    monkeypatch.setattr(pdf, "TEMPLATES", tmp_path)

    with pytest.raises(RuntimeError, match="unknown variable"):
        pdf.render("broken.typ", {})


@pytest.mark.parametrize(
    ("country", "paper"), [("US", "us-letter"), ("CA", "us-letter"), ("DE", "a4"), ("GB", "a4"), ("", "a4")]
)
def test_paper_is_the_countrys(country, paper):
    assert pdf.paper_size(country) == paper
