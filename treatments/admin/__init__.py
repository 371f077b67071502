from treatments.admin import aftercare, assessments, catalogue, courses, follow_ups, sessions, side_effects, stock

__all__ = ["aftercare", "assessments", "catalogue", "courses", "follow_ups", "sessions", "side_effects", "stock"]
