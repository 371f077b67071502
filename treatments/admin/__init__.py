from treatments.admin import catalogue, courses, follow_ups, sessions, stock

__all__ = ["catalogue", "courses", "follow_ups", "sessions", "stock"]
