"""The texts of messages, and what an admin may not save."""

from importlib import import_module

import pytest
from django.core.exceptions import ValidationError

from tests.factories import LocationFactory
from treatments.models import MessageText, Reminder
from treatments.models.message_text import EXAMPLE, fillable

pytestmark = pytest.mark.django_db


def text(**fields):
    facts = {"occasion": "soon", "channel": "email", "subject": "Hello", "body": "{first_name}, {day}. {stop}"}
    return MessageText(**(facts | fields))


def faults(**fields):
    with pytest.raises(ValidationError) as caught:
        text(**fields).full_clean()
    return caught.value.message_dict


def test_clinic_starts_with_a_text_for_every_occasion_channel_and_language():
    shipped = MessageText.objects.all()

    assert shipped.count() == len(Reminder.OCCASIONS) * len(Reminder.Channel) * 3
    for each in shipped:
        each.full_clean()
        subject, body = each.filled(EXAMPLE)
        assert not any(brace in subject + body for brace in "{}")


def test_unknown_place_is_refused_in_words():
    assert faults(body="{nmae} {stop}")["body"] == [
        "{nmae} cannot be filled in here. What can: {first_name}, {name}, {place}, {address}, {phone}, {stop}, "
        "{day}, {time}."
    ]


def test_window_has_no_time_to_fill_in():
    assert "{time} cannot be filled in here." in faults(occasion="opens", body="{time} {stop}")["body"][0]
    assert "opens" in fillable("opens")
    assert "time" in fillable("soon")


def test_template_code_is_no_place():
    [first, *_rest] = faults(body="{{ settings.SECRET_KEY }} {stop}")["body"]

    assert first.startswith("{ settings.SECRET_KEY } cannot be filled in here.") or "settings" in first


def test_every_text_can_be_stopped():
    assert faults(body="Hello {name}")["body"] == [
        "The text needs {stop}, the link by which people stop these messages."
    ]


@pytest.mark.parametrize("subject", ["a\nBcc: evil@x.example", "a\r\nb"])
def test_subject_is_one_line(subject):
    assert "A subject is one line." in faults(subject=subject)["subject"]


def test_mail_has_a_subject_and_an_sms_none():
    assert faults(subject=" ")["subject"] == ["An e-mail needs a subject."]
    assert faults(channel="sms")["subject"] == ["An SMS has no subject."]


def test_sms_of_900_characters_is_refused_with_its_length():
    body = "{stop} " + "a" * 833  # the link of the invented patient is 66 letters long

    assert faults(channel="sms", subject="", body=body)["body"] == [
        "Filled in, this SMS has 900 characters (GSM-7), which is 6 messages. At most 4."
    ]


def test_own_text_of_the_location_comes_first_and_then_the_language():
    here, there = LocationFactory(), LocationFactory()
    own = MessageText.objects.create(
        occasion="soon", channel="sms", language="fr", location=here, body="Bonjour {stop}"
    )

    def found(location, language):
        return MessageText.objects.nearest("soon", "sms", location, language)

    assert found(here, "fr") == own
    assert (found(there, "fr").language, found(there, "fr").location) == ("fr", None)
    assert found(here, "fr-ca") == own
    assert found(here, "cy").language == "en"


def test_second_text_for_the_same_is_refused():
    assert faults(language="en")["__all__"] == ["There is such a text for all locations already."]


def test_every_language_says_the_same_occasions():
    shipped = import_module("treatments.migrations.0010_message_texts")

    assert {tuple(languages) for group in (shipped.WINDOW, shipped.APPOINTMENT) for languages in group.values()} == {
        ("en", "fr", "es")
    }
