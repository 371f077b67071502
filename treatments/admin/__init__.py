from treatments.admin import catalogue, courses, follow_ups, sessions

__all__ = ["catalogue", "courses", "follow_ups", "sessions"]
