from treatments.admin import assessments, catalogue, courses, follow_ups, sessions

__all__ = ["assessments", "catalogue", "courses", "follow_ups", "sessions"]
