"""The form of an invitation, and what the trail says of what was done with it."""

from clinic.models import AuditEvent

TOKEN = "8f0f2a54-64a2-4c2b-9c43-0d4cf6a4f0a1"


def invitation_form(here, **changes):
    form = {"title": "", "first_name": "Noor", "last_name": "Haddad", "email": "noor@clinic.example"}
    return form | {"role": "Clinician", "locations": [here.pk], "form_token": TOKEN} | changes


def said(act):
    """Return of each event of this act who did what, about which kind of record, and from where."""
    events = AuditEvent.objects.filter(act=act, detail__has_key="what").order_by("pk")
    return [(event.by, event.detail["what"], event.record_type, event.address) for event in events]
