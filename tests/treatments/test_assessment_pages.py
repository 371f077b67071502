"""Scoring and measuring: everything on one page, each kind of slip caught, one row of two taps."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    AssessmentFactory,
    CourseFactory,
    InstrumentFactory,
    LocationFactory,
    ScoreFactory,
    SessionFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.treatments.session_forms import FIRST, NOW, errors, signed_in, told
from treatments.models import Assessment, Instrument, Score

pytestmark = pytest.mark.django_db

ITEMS = {"a": "3", "b": "2", "c": "2", "d": "2", "e": "2"}  # 11 in all


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def course():
    return CourseFactory(patient__location=LocationFactory(name="Harbour Street"))


@pytest.fixture
def nurse(client, course):
    return signed_in(client, course, Role.STAFF)


def url(course):
    return reverse("assessment-new", args=[course.public_id])


def hexsel(place="thigh-back-left", **items):
    return {f"hexsel-css--{place}--{code}": value for code, value in (ITEMS | items).items()}


def thigh(side="left", *readings):
    return {f"girth-thigh-upper--{side}--{number}": reading for number, reading in enumerate(readings, 1)}


def form(nurse, **values):
    return {
        "form_token": str(uuid.uuid4()),
        "assessed_on": "2026-03-10",
        "assessed_by": nurse.pk,
        "note": "",
        **values,
    }


def values():
    scores = Score.objects.standing().select_related("instrument", "area")
    return {str(score).lower(): score.value for score in scores}


def test_scores_and_girths_are_saved_in_one_go(client, nurse, course):
    course.areas.add(TreatmentAreaFactory(code="thigh-back-right"))
    typed = hexsel() | hexsel("thigh-back-right", a="0") | thigh("left", "59.2", "59.6")
    typed |= {"satisfaction--person--level": "4"}

    response = client.post(url(course), form(nurse, **typed))

    assert response.url == reverse("course-progress", args=[course.public_id])
    assert values() == {
        "hexsel score, back thigh, left": 11,
        "hexsel score, back thigh, right": 8,
        "thigh girth, left": Decimal("59.40"),
        "satisfaction": 4,
    }
    score = Score.objects.get(instrument__code="hexsel-css", area__code="thigh-back-left")
    assert (score.items, score.label) == (ITEMS, "severe")
    assert Score.objects.get(instrument__code="girth-thigh-upper").readings == ["59.20", "59.60"]
    assert Score.objects.get(instrument__code="satisfaction").label == "satisfied"
    assert Assessment.objects.get().recorded_by == nurse


def test_photographs_leave_out_what_has_to_be_felt(client, nurse, course):
    client.post(url(course), form(nurse, photo_based="on", **hexsel()))

    score = Score.objects.get()
    assert (score.value, sorted(score.items), score.label) == (9, ["a", "b", "c", "d"], "")


def test_last_value_stands_beside_the_keys(client, nurse, course):
    ScoreFactory(assessment__course=course, items=ITEMS)

    page = client.get(url(course)).content.decode()

    assert "last 11, 2 Mar" in page
    assert page.count("was-last") == 5


def test_last_value_is_of_before_the_day_that_is_scored(client, nurse, course):
    ScoreFactory(assessment__course=course, assessment__assessed_on=date(2026, 3, 9), items=ITEMS)

    assert "was-last" not in client.get(url(course) + "?on=2026-03-02").content.decode()
    assert "last 11, 9 Mar" in client.get(url(course)).content.decode()

    again = client.post(url(course), form(nurse, assessed_on="2026-03-03")).content.decode()
    assert "last 11" not in again
    assert "last 11, 9 Mar" in client.post(url(course), form(nurse, assessed_on="x")).content.decode()


def test_page_scores_from_photographs_when_an_address_says_so(client, nurse, course):
    def is_of_photographs(query):
        return bool(client.get(url(course) + query).context["form"]["photo_based"].value())

    assert is_of_photographs("?from=photographs")
    assert not is_of_photographs("")


def test_page_proposes_today_and_the_day_an_address_names(client, nurse, course):
    def proposed(query):
        return client.get(url(course) + query).context["form"]["assessed_on"].value()

    assert proposed("") == date(2026, 3, 10)
    assert proposed("?on=2026-03-02") == date(2026, 3, 2)
    assert {proposed(f"?on={day}") for day in ("2026-03-01", "2026-03-11", "2026-02-30", "x")} == {date(2026, 3, 10)}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"assessed_on": "2026-03-01"}, "assessed_on", "The course starts on 2 March 2026. A scoring is not before"),
        ({"assessed_on": "2026-03-11"}, "assessed_on", "11 March 2026 is in the future."),
        ({"assessed_on": "yesterday"}, "assessed_on", "Enter a valid date."),
        (hexsel(a="4"), "hexsel-css--thigh-back-left--a", "Select a valid choice."),
        (hexsel(a="NaN"), "hexsel-css--thigh-back-left--a", "Select a valid choice."),
        (hexsel(a="", c=""), "hexsel-css--thigh-back-left--a", "2 items of this area are missing."),
        (thigh("left", "19.9", "19.9"), "girth-thigh-upper--left--1", "This is between 20.0 and 150.0 cm."),
        (thigh("left", "150.1", "60"), "girth-thigh-upper--left--1", "This is between 20.0 and 150.0 cm."),
        (thigh("left", "NaN", "60"), "girth-thigh-upper--left--1", "Enter a number."),
        (thigh("left", "inf", "60"), "girth-thigh-upper--left--1", "Enter a number."),
        (thigh("left", "-60", "60"), "girth-thigh-upper--left--1", "This is between 20.0 and 150.0 cm."),
        (thigh("left", "59 cm", "60"), "girth-thigh-upper--left--1", "Enter a number."),
        (thigh("left", "9" * 400, "60"), "girth-thigh-upper--left--1", "Ensure that there are no more than 6 digits"),
        (thigh("left", "59.4"), "girth-thigh-upper--left--2", "A girth is read twice."),
        (thigh("left", "", "59.4"), "girth-thigh-upper--left--1", "A girth is read twice."),
        (thigh("left", "59.0", "60.0"), "girth-thigh-upper--left--3", "The two readings differ by 1.7 %"),
        ({"satisfaction--person--level": "6"}, "satisfaction--person--level", "Select a valid choice."),
        ({}, "__all__", "Nothing is scored or measured yet."),
        ({"note": "a\x00b"} | hexsel(), "note", "Null characters are not allowed."),
        ({"assessed_by": "999999"} | hexsel(), "assessed_by", "Select a valid choice."),
    ],
)
def test_what_cannot_be_is_refused_and_stays_typed(client, nurse, course, changes, field, words):
    response = client.post(url(course), form(nurse) | changes)

    assert words in errors(response)[field][0]
    assert "Nothing you typed is lost." in response.content.decode()
    assert Assessment.objects.count() == 0
    for name, value in changes.items():
        assert response.context["form"][name].value() == value


def test_list_of_what_needs_a_look_says_where(client, nurse, course):
    half = hexsel(b="") | thigh("right", "60")

    page = client.post(url(course), form(nurse, **half)).content.decode()

    assert ">Back thigh, left: Depressions, depth</a>" in page
    assert ">Right: Second reading</a>" in page
    assert ">Depressions, depth</span>" in page


def test_third_reading_makes_the_median(client, nurse, course):
    client.post(url(course), form(nurse, **thigh("left", "59.0", "60.0", "59.8")))

    assert values() == {"thigh girth, left": Decimal("59.80")}


def test_inches_at_a_metric_place_are_asked_and_kept_only_when_meant(client, nurse, course):
    typed = form(nurse, **thigh("left", "22.5", "22.5"))

    asked = client.post(url(course), typed)

    assert "Were these inches, which are 57.2 cm?" in asked.content.decode()
    assert errors(asked)["__all__"] == ["Something unusual was typed. Look again, then save."]
    assert asked.context["form"]["girth-thigh-upper--left--1"].value() == "22.5"
    client.post(url(course), typed | {"meant": asked.context["form"].mark})
    assert values() == {"thigh girth, left": Decimal("22.50")}


def test_inches_at_an_imperial_place_are_converted(client):
    course = CourseFactory(patient__location__unit_system="imperial")
    nurse = signed_in(client, course, Role.STAFF)

    client.post(url(course), form(nurse, **thigh("left", "22.5", "22.6")))

    assert values() == {"thigh girth, left": Decimal("57.28")}  # the mean of 57.15 and 57.40
    page = client.get(Assessment.objects.get().get_absolute_url()).content.decode()
    assert "22.6\N{NO-BREAK SPACE}in" in page
    assert "Readings 22.5 and 22.6" in page


def test_centimetres_at_an_imperial_place_are_asked(client):
    course = CourseFactory(patient__location__unit_system="imperial")
    nurse = signed_in(client, course, Role.STAFF)

    asked = client.post(url(course), form(nurse, **thigh("left", "57", "57")))

    assert asked.context["form"].asked == ["Thigh girth, left: 57.0 in is unusual. Were these centimetres?"]


def test_change_of_over_five_centimetres_in_a_fortnight_is_asked(client, nurse, course):
    girth = InstrumentFactory(code="girth-thigh-upper")
    ScoreFactory(assessment__course=course, instrument=girth, area=None, side="left", value=Decimal("60.0"))

    asked = client.post(url(course), form(nurse, **thigh("left", "54.9", "54.9")))
    kept = client.post(url(course), form(nurse, **thigh("left", "55.0", "55.0")))

    assert asked.context["form"].asked == [
        "Thigh girth, left: 54.9\N{NO-BREAK SPACE}cm now, 60.0\N{NO-BREAK SPACE}cm on 2 March, 8 days before."
    ]
    assert kept.status_code == 302


def test_double_tap_makes_one_scoring(client, nurse, course):
    typed = form(nurse, **hexsel())

    first, second = client.post(url(course), typed), client.post(url(course), typed)

    assert (first.url, second.url) == (reverse("course-progress", args=[course.public_id]),) * 2
    assert Assessment.objects.count() == 1


def test_other_scores_under_the_token_of_a_scoring_are_asked(client, nurse, course):
    typed = form(nurse, **hexsel())
    client.post(url(course), typed)

    response = client.post(url(course), typed | hexsel(a="0"))

    assert "made the scoring of 10 March 2026" in errors(response)["__all__"][0]
    assert values() == {"hexsel score, back thigh, left": 11}


def test_correction_keeps_what_stood_there_before(client, nurse, course):
    client.post(url(course), form(nurse, **hexsel(), **{"satisfaction--person--level": "4"}))
    assessment = Assessment.objects.get()
    edit = reverse("assessment-edit", args=[assessment.public_id])
    shown = client.get(edit).context["form"]
    assert [shown[f"hexsel-css--thigh-back-left--{code}"].value() for code in "abcde"] == list("32222")

    client.post(edit, form(nurse, version=1, **hexsel(a="1")))

    assert values() == {"hexsel score, back thigh, left": 9}
    score = Score.objects.get(instrument__code="hexsel-css")
    assert [record.value for record in score.history.all()] == [9, 11]
    withdrawn = Score.objects.get(instrument__code="satisfaction")
    assert (withdrawn.value, withdrawn.history.count()) == (None, 2)
    assessment.refresh_from_db()
    assert assessment.version == 2


def test_correction_of_nothing_writes_no_history_of_scores(client, nurse, course):
    client.post(url(course), form(nurse, **hexsel()))
    edit = reverse("assessment-edit", args=[Assessment.objects.get().public_id])

    client.post(edit, form(nurse, version=1, note="Cold room.", **hexsel()))

    assert Score.objects.get().history.count() == 1
    assert Assessment.objects.get().note == "Cold room."


def test_two_tabs_save_over_each_other_only_knowingly(client, nurse, course):
    client.post(url(course), form(nurse, **hexsel()))
    assessment = Assessment.objects.get()
    edit = reverse("assessment-edit", args=[assessment.public_id])
    client.post(edit, form(nurse, version=1, **hexsel(a="1")))

    refused = client.post(edit, form(nurse, version=1, **hexsel(a="0")))

    rows = {row.label: (row.theirs, row.mine) for row in refused.context["form"].conflict.differing}
    assert rows == {"Back thigh, left: Depressions, number": ("1", "0")}
    assert values() == {"hexsel score, back thigh, left": 9}
    client.post(edit, form(nurse, version=refused.context["form"]["version"].value(), **hexsel(a="0")))
    assert values() == {"hexsel score, back thigh, left": 8}


def test_what_is_no_longer_offered_can_still_be_corrected(client, nurse, course):
    client.post(url(course), form(nurse, **{"satisfaction--person--level": "4"}))
    Instrument.objects.filter(code="satisfaction").update(is_active=False)
    edit = reverse("assessment-edit", args=[Assessment.objects.get().public_id])

    client.post(edit, form(nurse, version=1, **{"satisfaction--person--level": "5"}))

    assert values() == {"satisfaction": 5}
    assert "satisfaction--person--level" not in client.get(url(course)).context["form"].fields


def error(client, assessment, **data):
    return client.post(reverse("assessment-error", args=[assessment.public_id]), data)


def test_entered_in_error_needs_a_reason_and_counts_no_more(client, nurse, course):
    score = ScoreFactory(assessment__course=course)
    assessment = score.assessment

    assert errors(error(client, assessment, reason=" ", version=1)) == {"reason": ["This field is required."]}
    error(client, assessment, reason="Another patient's.", version=1)

    assessment.refresh_from_db()
    assert (assessment.error_reason, assessment.error_by) == ("Another patient's.", nurse)
    assert values() == {}
    assert "Another patient&#x27;s." in client.get(assessment.get_absolute_url()).content.decode()
    edit = reverse("assessment-edit", args=[assessment.public_id])
    assert told(client.get(edit, follow=True)) == ["This scoring was entered in error, so it changes no more."]


def test_entered_in_error_is_said_once_and_over_the_newest_version_only(client, nurse, course):
    assessment = AssessmentFactory(course=course)

    stale = error(client, assessment, reason="Wrong day.", version=7)
    error(client, assessment, reason="Wrong day.", version=1)
    again = error(client, assessment, reason="Wrong day.", version=2)
    other = error(client, assessment, reason="Wrong person.", version=2)

    assert errors(stale)["__all__"] == ["Somebody changed this scoring meanwhile. Read it again, then decide."]
    assert again.status_code == 302
    assert errors(other)["__all__"] == [f"{nurse.get_full_name()} said so already."]
    assessment.refresh_from_db()
    assert (assessment.error_reason, assessment.version) == ("Wrong day.", 2)


def test_archived_record_takes_no_scoring_and_loses_nothing_typed(client, nurse, course):
    course.patient.archive(NOW)

    opened = client.get(url(course), follow=True)
    sent = client.post(url(course), form(nurse, note="Typed.", **hexsel()))

    assert told(opened) == errors(sent)["__all__"] == ["The record is archived. Restore it first."]
    assert "Typed." in sent.content.decode()


def test_nobody_is_scored_after_death(client, nurse, course):
    course.patient.note(deceased_on=date(2026, 3, 9))

    response = client.post(url(course), form(nurse, **hexsel()))

    assert errors(response) == {"assessed_on": ["The patient died on 9 March 2026."]}


def test_day_is_that_of_the_place(client, nurse):
    # 23:30 of the day before in Los Angeles is the next day in Berlin.
    course = CourseFactory(patient__location__time_zone="Europe/Berlin")
    nurse.locations.add(course.location)
    with time_machine.travel("2026-03-10T23:30:00Z", tick=False):
        response = client.post(
            url(course), form(nurse, assessed_on="2026-03-11", assessed_by=course.clinician.pk) | hexsel()
        )

    assert response.status_code == 302


@pytest.mark.parametrize("protocol", ["Acne", "Stretch marks", "Scars", "Wrinkles", "Headache", "Backache"])
def test_every_indication_has_a_scale_of_its_own(client, nurse, course, protocol):
    own = type(course.protocol).objects.get(name=protocol)
    other = CourseFactory(patient=course.patient, protocol=own, areas=[TreatmentAreaFactory(code="face")])

    first, *_rest = client.get(url(other)).context["sections"]

    assert first.instrument == own.instrument
    assert own.indication in first.instrument.indications.all()
    assert first.is_open


QUERIES = {"new": 18}


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_after_three_scorings_as_after_one(client, nurse, course, count, django_assert_num_queries):
    SessionFactory(course=course, performed_at=FIRST, signed=True)
    for _number in range(count):
        ScoreFactory(assessment__course=course)
    client.get("/search/")

    with django_assert_num_queries(QUERIES["new"]):
        client.get(url(course))


def test_scoring_of_a_colleague_of_another_place_is_not_offered(client, nurse, course):
    stranger = UserFactory(locations=[LocationFactory()])

    response = client.post(url(course), form(nurse, **hexsel()) | {"assessed_by": stranger.pk})

    assert "assessed_by" in errors(response)
