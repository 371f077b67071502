"""A patient's courses as the record shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from treatments.areas import areas_in_words
from treatments.models import Course
from treatments.progress import Progress, progress


@dataclass(frozen=True)
class CourseCard:
    course: Course
    areas: str
    progress: Progress


def course_cards(courses: Iterable[Course], today: date) -> tuple[list[CourseCard], list[CourseCard]]:
    """Return (running, ended) courses as cards."""
    cards = [
        CourseCard(course, areas_in_words(course.areas.all(), short=True), progress(course, today))
        for course in courses
    ]
    return [card for card in cards if card.course.is_running], [card for card in cards if card.course.has_ended]
