"""How a patient stands: the last full screening, how long it holds, and what the newest answers say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.models import VersionConflictError
from clinic.roles import Role
from patients.models import Screening, ScreeningAnswer, ScreeningQuestion
from patients.screening import standing
from tests.factories import (
    LocationFactory,
    PatientFactory,
    ScreeningAnswerFactory,
    ScreeningFactory,
    UserFactory,
    question,
)

pytestmark = pytest.mark.django_db

MARCH_2 = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def patient():
    return PatientFactory()


def found(patient, **kwargs):
    return [answer.question.code for answer in standing(patient, **kwargs).findings]


class TestCatalogue:
    def test_every_question_of_it_is_sound(self):
        for each in ScreeningQuestion.objects.all():
            each.full_clean()

    @pytest.mark.parametrize(
        ("code", "rank", "scope", "may_override"),
        [
            ("pregnancy", "absolute", "person", False),
            ("site_infection", "absolute", "area", False),
            ("component_allergy", "absolute", "product", False),
            ("anticoagulant", "absolute", "person", True),
            ("idd", "absolute", "person", True),
            ("stroke", "absolute", "person", True),
            ("thrombosis", "absolute", "person", True),
            ("cancer_active", "absolute", "person", False),
            ("keloid", "relative", "person", False),
        ],
    )
    def test_question_weighs_as_the_glossary_says(self, code, rank, scope, may_override):
        asked = question(code)

        assert (asked.rank, asked.scope, asked.may_override) == (rank, scope, may_override)

    def test_nothing_relative_needs_to_be_overridden(self):
        assert not ScreeningQuestion.objects.filter(rank="relative", may_override=True).exists()

    def test_session_asks_four_and_the_full_screening_thirty(self):
        short = ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT)

        assert [asked.code for asked in short] == [
            "pregnancy",
            "new_medicines",
            "fever_infection",
            "unwell_after_last",
        ]
        assert ScreeningQuestion.objects.asked_in(Screening.Kind.FULL).count() == 30

    def test_question_no_longer_asked_is_left_out(self):
        ScreeningQuestion.objects.filter(code="pregnancy").update(is_active=False)

        codes = [asked.code for asked in ScreeningQuestion.objects.asked_in(Screening.Kind.SHORT)]
        assert "pregnancy" not in codes


class TestStanding:
    def test_of_somebody_never_asked(self, patient):
        now_at = standing(patient)

        assert (now_at.full, now_at.findings) == (None, [])

    def test_yes_is_a_finding_and_no_is_none(self, patient):
        screening = ScreeningFactory(patient=patient, answers={"pregnancy": "yes", "keloid": "yes", "idd": "no"})

        now_at = standing(patient)

        assert now_at.full == screening
        assert [answer.question.code for answer in now_at.absolute] == ["pregnancy"]
        assert [answer.question.code for answer in now_at.relative] == ["keloid"]

    def test_later_no_in_a_short_screening_clears_a_yes(self, patient):
        full = ScreeningFactory(patient=patient, answers={"pregnancy": "yes", "keloid": "yes"})
        ScreeningFactory(patient=patient, kind="short", answered_at=MARCH_2 + DAY, answers={"pregnancy": "no"})

        assert found(patient) == ["keloid"]
        assert standing(patient).full == full

    def test_later_yes_in_a_short_screening_counts(self, patient):
        ScreeningFactory(patient=patient, answers={"pregnancy": "no"})
        ScreeningFactory(patient=patient, kind="short", answered_at=MARCH_2 + DAY, answers={"pregnancy": "yes"})

        assert found(patient) == ["pregnancy"]

    def test_of_two_answers_in_one_moment_the_second_counts(self, patient):
        ScreeningFactory(patient=patient, answers={"pregnancy": "yes"})
        ScreeningFactory(patient=patient, kind="short", answers={"pregnancy": "no"})

        assert found(patient) == []

    def test_what_was_not_asked_again_stands(self, patient):
        ScreeningFactory(patient=patient, answers={"keloid": "yes"})
        ScreeningFactory(patient=patient, kind="short", answered_at=MARCH_2 + DAY, answers={"pregnancy": "no"})

        assert found(patient) == ["keloid"]

    def test_short_screening_is_no_full_one(self, patient):
        ScreeningFactory(patient=patient, kind="short", answers={"pregnancy": "no"})

        assert standing(patient).full is None

    def test_screening_in_error_counts_no_more_and_what_it_cleared_stands_again(self, patient):
        first = ScreeningFactory(patient=patient, answers={"pregnancy": "yes"})
        wrong = ScreeningFactory(patient=patient, answered_at=MARCH_2 + DAY, answers={"pregnancy": "no"})

        wrong.mark_entered_in_error(reason="Another patient", by=wrong.recorded_by, now=MARCH_2 + 2 * DAY, version=1)

        assert found(patient) == ["pregnancy"]
        assert standing(patient).full == first

    def test_as_it_was_known_by_a_moment(self, patient):
        ScreeningFactory(patient=patient, answers={"pregnancy": "yes"})
        ScreeningFactory(patient=patient, answered_at=MARCH_2 + DAY, answers={"pregnancy": "no"})

        assert found(patient, before=MARCH_2 - DAY) == []
        assert found(patient, before=MARCH_2) == ["pregnancy"]
        assert found(patient, before=MARCH_2 + DAY) == []

    def test_answers_of_another_patient_say_nothing(self, patient):
        ScreeningFactory(answers={"pregnancy": "yes"})

        assert found(patient) == []

    @pytest.mark.parametrize("times", [1, 3])
    def test_asks_the_database_as_often_for_three_screenings_as_for_one(
        self, patient, times, django_assert_num_queries
    ):
        for number in range(times):
            ScreeningFactory(
                patient=patient, answered_at=MARCH_2 + number * DAY, answers={"pregnancy": "yes", "keloid": "yes"}
            )

        with django_assert_num_queries(2):
            now_at = standing(patient)
            assert [(answer.question.name, answer.screening.kind) for answer in now_at.findings]


class TestExpiry:
    @pytest.mark.parametrize(
        ("today", "expired"),
        [(date(2026, 3, 2), False), (date(2026, 5, 31), False), (date(2026, 6, 1), True)],
    )
    def test_full_screening_holds_for_90_days_the_ninetieth_included(self, patient, today, expired):
        ScreeningFactory(patient=patient)
        now_at = standing(patient)

        assert now_at.expires_on(90, patient.location) == date(2026, 5, 31)
        assert now_at.is_expired(today, 90, patient.location) is expired

    def test_the_day_is_that_of_the_place(self):
        # 2 March, 05:00 in London is 1 March, 21:00 in Los Angeles.
        patient = PatientFactory(location=LocationFactory(time_zone="America/Los_Angeles"))
        ScreeningFactory(patient=patient, answered_at=datetime(2026, 3, 2, 5, 0, tzinfo=UTC))

        assert standing(patient).expires_on(90, patient.location) == date(2026, 5, 30)

    def test_what_never_was_has_not_expired(self, patient):
        now_at = standing(patient)

        assert now_at.expires_on(90, patient.location) is None
        assert now_at.is_expired(date(2026, 3, 2), 90, patient.location) is False


class TestRows:
    def test_question_is_answered_once_a_screening(self):
        answer = ScreeningAnswerFactory()

        with pytest.raises(IntegrityError), transaction.atomic():
            ScreeningAnswerFactory(screening=answer.screening, answer="yes")

    @pytest.mark.parametrize("answer", ["", "yep"])
    def test_answer_is_yes_or_no(self, answer):
        with pytest.raises(IntegrityError), transaction.atomic():
            ScreeningAnswerFactory(answer=answer)

    def test_screening_is_not_half_in_error(self):
        ScreeningFactory()

        with pytest.raises(IntegrityError), transaction.atomic():
            Screening.objects.update(entered_in_error_at=MARCH_2)

    def test_screening_is_marked_in_error_once(self):
        screening = ScreeningFactory()
        facts = {"reason": "Twice", "by": screening.recorded_by, "now": MARCH_2, "version": 1}
        Screening.objects.get().mark_entered_in_error(**facts)

        with pytest.raises(VersionConflictError):
            screening.mark_entered_in_error(**facts)

    def test_answers_are_not_of_tomorrow(self):
        screening = ScreeningFactory.build(
            patient=PatientFactory(), recorded_by=UserFactory(), answered_at=datetime(2199, 1, 1, tzinfo=UTC)
        )

        with pytest.raises(ValidationError, match="future"):
            screening.full_clean()

    def test_screenings_of_other_places_are_not_seen(self):
        here = LocationFactory()
        screening = ScreeningFactory(patient=PatientFactory(location=here))
        ScreeningFactory()

        assert list(Screening.objects.visible_to(UserFactory(role=Role.STAFF, locations=[here]))) == [screening]

    def test_words(self):
        answer = ScreeningAnswer(question=question("keloid"), answer="yes")

        assert (str(answer), str(answer.question), str(Screening(kind="full"))) == (
            "Keloids: Yes",
            "Keloids",
            "Full screening",
        )
