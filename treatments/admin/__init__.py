from treatments.admin import assessments, catalogue, courses, follow_ups, sessions, side_effects, stock

__all__ = ["assessments", "catalogue", "courses", "follow_ups", "sessions", "side_effects", "stock"]
