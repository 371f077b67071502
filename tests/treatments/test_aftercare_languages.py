"""Every sentence a patient may read is there in every language, and the compiled files are as their sources."""

import gettext
import re
from ast import literal_eval

import pytest
from django.conf import settings
from django.utils.translation.template import templatize

from clinic.bootstrap import BASE_DIR
from treatments.aftercare import Vocabulary, offered_kinds
from treatments.models import AftercareText, PatientWords, TreatmentArea

OTHERS = [language for language in settings.PATIENT_LANGUAGES if language != settings.LANGUAGE_CODE]
TEMPLATES = [*(BASE_DIR / "templates/treatments/aftercare").glob("*.html")]
TEMPLATES += [*(BASE_DIR / "templates/treatments/mail").glob("aftercare*.txt")]
CALL = re.compile(r"""\b(?:gettext|gettext_lazy|_)\(\s*u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
STRING = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(rf"^msg(?P<what>id|id_plural|str(?:\[\d\])?) (?P<text>{STRING}(?:\n{STRING})*)", re.MULTILINE)


def folder(language):
    return BASE_DIR / "treatments/locale" / language / "LC_MESSAGES"


def sentences():
    sources = [templatize(path.read_text(encoding="utf-8")) for path in TEMPLATES]
    modules = ["treatments/forms/aftercare.py", "treatments/aftercare.py", "treatments/danger_signs.py"]
    sources += [(BASE_DIR / path).read_text(encoding="utf-8") for path in modules]
    return {literal_eval(found) for source in sources for found in CALL.findall(source)}


def source_of(language):
    """Return {msgid: [msgstr]} of a .po file."""
    entries, key = {}, None
    for found in ENTRY.finditer((folder(language) / "django.po").read_text(encoding="utf-8")):
        text = "".join(literal_eval(part) for part in re.findall(STRING, found["text"]))
        if found["what"] == "id":
            key = text
            entries[key] = []
        elif found["what"] != "id_plural":
            entries[key].append(text)
    return entries


def test_there_are_sentences():
    assert len(sentences()) > 60


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_and_none_is_left_over(language):
    source = source_of(language)
    assert sorted(sentence for sentence in sentences() if not all(source.get(sentence, [""]))) == []


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_are_those_of_the_original(language):
    held = re.compile(r"%\(\w+\)s")
    for sentence, said in source_of(language).items():
        for text in said:
            assert sorted(held.findall(text)) == sorted(held.findall(sentence)), sentence


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_file_is_as_its_source(language):
    with (folder(language) / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    flat = {key[0] if isinstance(key, tuple) else key: [] for key in compiled}
    for key, text in compiled.items():
        flat[key[0] if isinstance(key, tuple) else key].append(text)
    assert {key: sorted(said) for key, said in flat.items()} == {
        key: sorted(said) for key, said in source_of(language).items()
    }


@pytest.mark.django_db
def test_words_and_texts_are_there_in_every_language():
    for language in settings.PATIENT_LANGUAGES:
        words = PatientWords.objects.filter(language=language)
        assert set(words.exclude(area=None).values_list("area__code", flat=True)) == set(
            TreatmentArea.objects.values_list("code", flat=True)
        )
        assert words.exclude(kind=None).count() == 23
        assert AftercareText.objects.filter(language=language).count() == 1
    assert not [kind for kind in offered_kinds(Vocabulary("en")) if kind.is_urgent]
