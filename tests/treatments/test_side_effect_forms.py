from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from tests.factories import AftercareLinkFactory, SideEffectFactory
from treatments.forms.side_effects import ResolveForm, SideEffectForm
from treatments.models import AftercareAnswer


@pytest.mark.parametrize(
    ("kind", "unit"), [("burning", "minutes"), ("vasovagal", "hours"), ("swelling", "days"), ("nerve", "days")]
)
def test_length_of_a_reaction_is_asked_in_the_unit_of_its_kind(db, kind, unit):
    effect = SideEffectFactory(kind__code=kind)

    form = ResolveForm(effect=effect, now=effect.onset_at)

    assert form["lasted_unit"].value() == unit


def test_who_reported_a_reaction_through_the_link_is_not_corrected(db):
    link = AftercareLinkFactory()
    now = link.session.performed_at + timedelta(days=1)
    answer = AftercareAnswer.objects.create(
        link=link, answered_at=now, language="en", all_well=False, form_token="1" * 32
    )
    effect = SideEffectFactory(session=link.session, recorded_by=None, aftercare_answer=answer, reported_by="patient")
    typed = {
        "kind": effect.kind_id,
        "severity": "severe",
        "onset_at": effect.onset_at.isoformat(),
        "reported_by": "staff",
        "version": effect.version,
    }

    form = SideEffectForm(QueryDict(urlencode(typed)), instance=effect, by=link.given_by)

    assert form.is_valid(), form.errors
    assert (form.save().reported_by, effect.severity) == ("patient", "severe")
    assert "It came through the aftercare link." in str(form["reported_by"].help_text)
