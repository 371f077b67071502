import datetime as dt
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from crispy_forms.templatetags.crispy_forms_filters import as_crispy_form
from django import forms

from clinic.widgets import Chips, ChoiceCards, DateInput, DateTimeInput, PainKeys, Segmented, Stepper, UnitInput

ANSWERS = [("gone", "Gone"), ("still", "Still there"), ("worse", "Worse")]


class Inputs(HTMLParser):
    """Collect the attributes of every input."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(str(html))

    def handle_starttag(self, tag, attrs):
        if tag == "input":
            self.found.append(dict(attrs))


def inputs(html):
    return Inputs(html).found


def chosen(html):
    return [attrs["value"] for attrs in inputs(html) if "checked" in attrs]


class Answers(forms.Form):
    swelling = forms.ChoiceField(choices=ANSWERS, widget=Segmented(amber=["still"]), help_text="Since session 4.")
    pain = forms.IntegerField(widget=PainKeys())
    now = forms.MultipleChoiceField(choices=[("none", "None"), *ANSWERS], widget=Chips(exclusive="none"))
    decision = forms.ChoiceField(choices=ANSWERS, widget=ChoiceCards(lines={"gone": "nothing to do"}))
    volume_ml = forms.DecimalField(widget=Stepper(unit="ml"))
    weight_kg = forms.DecimalField(widget=UnitInput(unit="kg"), label="Weight")
    born_on = forms.DateField(widget=DateInput())
    starts_at = forms.DateTimeField(widget=DateTimeInput())


def test_a_question_not_yet_asked_has_nothing_chosen():
    form = Answers()
    assert not any(chosen(form[name]) for name in ["swelling", "pain", "now", "decision"])


@pytest.mark.parametrize(
    ("name", "data", "values"),
    [
        ("swelling", "still", ["still"]),
        ("pain", "0", ["0"]),
        ("now", ["gone", "worse"], ["gone", "worse"]),
        ("decision", "gone", ["gone"]),
    ],
)
def test_what_was_answered_stays_chosen(name, data, values):
    assert chosen(Answers({name: data})[name]) == values


def test_each_answer_has_a_label_and_a_native_input():
    html = str(Answers()["swelling"])
    assert html.count("<label") == 3
    assert {attrs["type"] for attrs in inputs(html)} == {"radio"}


def test_an_answer_past_the_maximum_can_turn_amber():
    assert str(Answers()["swelling"]).count("is-prolonged") == 1


def test_the_dashes_of_a_blank_choice_are_left_out():
    widget = Segmented(choices=[("", "---------"), *ANSWERS])
    assert [attrs["value"] for attrs in inputs(widget.render("swelling", ""))] == ["gone", "still", "worse"]


def test_a_filter_may_offer_an_empty_value_in_words():
    widget = Segmented(choices=[("", "Any"), *ANSWERS])
    assert chosen(widget.render("swelling", "")) == [""]


def test_pain_has_eleven_keys():
    assert [attrs["value"] for attrs in inputs(Answers()["pain"])] == [str(number) for number in range(11)]


def test_chips_name_the_answer_that_excludes_the_others():
    assert 'data-exclusive="none"' in str(Answers()["now"])


def test_a_choice_card_explains_itself():
    assert "nothing to do" in str(Answers()["decision"])


def test_a_stepper_keeps_its_value_unit_and_step():
    html = str(Answers(initial={"volume_ml": Decimal("2.4")})["volume_ml"])
    (number,) = inputs(html)
    assert (number["value"], number["step"], number["min"], number["type"]) == ("2.4", "0.1", "0", "number")
    assert '<span class="unit">ml</span>' in html


def test_a_stepper_can_start_below_zero():
    assert inputs(Stepper(minimum="-5").render("change", None))[0]["min"] == "-5"


def test_dates_are_iso_whatever_the_language(settings):
    settings.LANGUAGE_CODE = "de"
    form = Answers(initial={"born_on": dt.date(1980, 3, 12), "starts_at": dt.datetime(2026, 12, 3, 10, 0)})  # noqa: DTZ001
    assert inputs(form["born_on"])[0]["value"] == "1980-03-12"
    assert inputs(form["starts_at"])[0]["value"] == "2026-12-03T10:00"


def test_what_the_browser_sends_for_a_moment_is_understood():
    form = Answers({"starts_at": "2026-12-03T10:00"})
    form.is_valid()
    assert form.cleaned_data["starts_at"].hour == 10


def test_a_group_of_answers_has_a_legend_and_names_its_hint_and_error():
    html = as_crispy_form(Answers({"swelling": "lost"}))
    assert '<legend class="form-label">Swelling' in html
    assert 'aria-describedby="id_swelling_helptext id_swelling_error"' in html
    assert 'id="id_swelling_error"' in html


def test_a_wrong_number_is_marked_and_explained():
    html = as_crispy_form(Answers({"weight_kg": "heavy"}))
    weight = next(attrs for attrs in inputs(html) if attrs["name"] == "weight_kg")
    assert weight["aria-invalid"] == "true"
    assert weight["aria-describedby"] == "id_weight_kg_error"
    assert weight["value"] == "heavy"


def test_a_required_field_says_so_to_everyone():
    html = as_crispy_form(Answers())
    assert '<span class="required" aria-hidden="true">*</span><span class="visually-hidden">required</span>' in html


def test_a_unit_can_stand_beside_any_input():
    class Depth(forms.Form):
        depth_mm = forms.DecimalField(widget=forms.NumberInput(attrs={"data-unit": "mm"}))

    assert '<span class="unit">mm</span>' in as_crispy_form(Depth())
