"""Forms that ask back before they keep what is unusual."""

from django import forms

from clinic.asking import AskingForm


class Weighing(AskingForm, forms.Form):
    kilograms = forms.IntegerField()

    def clean(self):
        if self.cleaned_data.get("kilograms", 0) > 100:
            self.ask(f"{self.cleaned_data['kilograms']} kg is unusual.")
        self.wait_for_answer()
        return self.cleaned_data


def test_what_is_usual_is_not_asked():
    assert Weighing({"kilograms": "70"}).is_valid()


def test_what_is_unusual_waits_for_an_answer_to_that_very_question():
    asked = Weighing({"kilograms": "170"})
    assert not asked.is_valid()
    assert asked.asked == ["170 kg is unusual."]

    assert Weighing({"kilograms": "170", "meant": asked.mark}).is_valid()
    assert not Weighing({"kilograms": "171", "meant": asked.mark}).is_valid()
    assert not Weighing({"kilograms": "170", "meant": "on"}).is_valid()
