from treatments.admin import assessments, catalogue, courses, follow_ups, messages, sessions, stock

__all__ = ["assessments", "catalogue", "courses", "follow_ups", "messages", "sessions", "stock"]
