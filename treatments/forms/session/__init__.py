"""The form of a session, in parts."""

from treatments.forms.session.form import OVERRIDE, AmendForm, SessionForm, SessionLogForm, SessionParts

__all__ = ["OVERRIDE", "AmendForm", "SessionForm", "SessionLogForm", "SessionParts"]
