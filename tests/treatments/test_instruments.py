"""Scales and measures as data: what the catalogue brings holds together, and an admin cannot break it."""

import uuid
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic.roles import Role
from tests.factories import CourseFactory, InstrumentFactory, ProtocolFactory, ScoreFactory, TreatmentAreaFactory
from tests.treatments.session_forms import NOW, errors, signed_in
from treatments.models import Instrument, Protocol, Score
from treatments.models.instrument import validate_anchors, validate_bands
from treatments.rules.measuring import Span

pytestmark = pytest.mark.django_db


def scale(code):
    return Instrument.objects.prefetch_related("items").get(code=code)


def test_catalogue_holds_together():
    instruments = list(Instrument.objects.prefetch_related("items"))
    assert len(instruments) > 20
    for instrument in instruments:
        instrument.full_clean()
        items = list(instrument.items.all())
        for item in items:
            item.full_clean()
            assert len(item.anchors) in {0, len(item.values())}
        if instrument.is_scale:
            assert instrument.span(photo_based=False) == Span(
                sum(item.least for item in items), sum(item.most for item in items)
            )
        else:
            assert (items, bool(instrument.unit)) == ([], True)


def test_every_protocol_is_measured_by_a_scale_of_its_indication():
    for protocol in Protocol.objects.select_related("instrument"):
        assert protocol.indication in protocol.instrument.indications.all()


def test_hexsel_without_palpation_is_another_scale():
    hexsel = scale("hexsel-css")

    assert hexsel.span(photo_based=False) == Span(Decimal(0), Decimal(15))
    assert hexsel.span(photo_based=True) == Span(Decimal(0), Decimal(12))
    assert [item.code for item in hexsel.items_for(photo_based=True)] == ["a", "b", "c", "d"]
    assert [hexsel.word(Decimal(total)) for total in (0, 5, 6, 11)] == ["none", "mild", "moderate", "severe"]
    assert hexsel.word(Decimal(11), photo_based=True) == ""


def test_scale_of_one_item_is_said_by_its_anchor():
    assert scale("gais-clinician").word(Decimal(2)) == "much improved"
    assert scale("headache-days").word(Decimal(2)) == ""


@pytest.mark.parametrize(
    "bands",
    [
        "mild",
        [{"from": 1, "to": 5}],
        [{"from": "1", "to": 5, "word": "mild"}],
        [{"from": True, "to": 5, "word": "mild"}],
        [{"from": 5, "to": 1, "word": "mild"}],
        [{"from": 1, "to": 5, "word": "mild"}, {"from": 4, "to": 6, "word": "moderate"}],
    ],
)
def test_bands_rise_without_overlap(bands):
    with pytest.raises(ValidationError):
        validate_bands(bands)


@pytest.mark.parametrize("anchors", ["none", [0, 1], [None], {}])
def test_anchors_are_words_in_a_list(anchors):
    with pytest.raises(ValidationError):
        validate_anchors(anchors)


@pytest.mark.parametrize(
    "changes",
    [
        {"least": Decimal(20)},
        {"usual_least": Decimal(10), "usual_most": Decimal(95)},
        {"usual_most": None},
        {"asked_change_days": None},
    ],
)
def test_limits_that_contradict_each_other_are_refused(changes):
    girth = scale("girth-thigh-upper")
    girth.most = Decimal(20) if "least" in changes else girth.most
    for name, value in changes.items():
        setattr(girth, name, value)

    with pytest.raises(ValidationError):
        girth.full_clean()


@pytest.mark.parametrize("value", ["15.5", "16", "-1"])
def test_no_score_outside_its_scale_is_kept(value):
    score = ScoreFactory()
    score.value = Decimal(value)

    with pytest.raises(ValidationError):
        score.full_clean()


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("typed", "words"), [("18", ""), ("45", "less than or equal to 44"), ("3.5", "step"), ("x", "number")]
)
def test_scale_of_many_values_is_typed(client, typed, words):
    course = CourseFactory(protocol=ProtocolFactory(name="Acne"), areas=[TreatmentAreaFactory(code="face")])
    nurse = signed_in(client, course, Role.STAFF)
    form = {"form_token": str(uuid.uuid4()), "assessed_on": "2026-03-10", "assessed_by": nurse.pk}

    response = client.post(reverse("assessment-new", args=[course.public_id]), form | {"gags--person--total": typed})

    if words:
        assert words in errors(response)["gags--person--total"][0]
    else:
        assert (Score.objects.get().value, Score.objects.get().label) == (18, "mild")


def test_scale_that_is_not_offered_is_not_asked(client):
    InstrumentFactory(code="hexsel-css", is_active=False)
    course = CourseFactory()

    assert "hexsel-css" not in [each.code for each in Instrument.objects.for_protocol(course.protocol)]
