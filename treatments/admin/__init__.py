from treatments.admin import (
    aftercare,
    assessments,
    catalogue,
    courses,
    follow_ups,
    messages,
    sessions,
    side_effects,
    stock,
    waiting,
)

__all__ = [
    "aftercare",
    "assessments",
    "catalogue",
    "courses",
    "follow_ups",
    "messages",
    "sessions",
    "side_effects",
    "stock",
    "waiting",
]
