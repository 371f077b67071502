"""What the pages are measured against: the least that Django does for a list of 25 and for a record."""

from django.http import HttpResponse
from django.template import Context, Engine

from patients.models import Patient
from treatments.models import Appointment, Course, Session, SideEffect

ENGINE = Engine()
LIST = ENGINE.from_string(
    """<!DOCTYPE html>
<html lang="en">
  <head><title>Patients</title></head>
  <body>
    <header>{{ user.first_name }} {{ user.last_name }}</header>
    <table>
      <thead><tr><th>Patient</th><th>Phone</th><th>Location</th><th>Born</th><th>Registered</th></tr></thead>
      <tbody>
        {% for patient in patients %}
          <tr>
            <td>
              <a href="/patients/{{ patient.public_id }}/">{{ patient.full_name }}</a>
              <small>{{ patient.record_number }}</small>
            </td>
            <td>{% if patient.phone %}<a href="tel:{{ patient.phone }}">{{ patient.phone }}</a>{% endif %}</td>
            <td>{{ patient.location.name }}</td>
            <td>{{ patient.birth_date|date:"j M Y" }}</td>
            <td>{{ patient.registered_at|date:"j M Y" }}</td>
          </tr>
        {% endfor %}
      </tbody>
    </table>
  </body>
</html>"""
)
RECORD = ENGINE.from_string(
    """<!DOCTYPE html>
<html lang="en">
  <head><title>{{ patient.full_name }}</title></head>
  <body>
    <header>{{ user.first_name }} {{ user.last_name }}</header>
    <h1>{{ patient.full_name }}</h1>
    <p>{{ patient.record_number }}, {{ patient.birth_date|date:"j M Y" }}, {{ patient.phone }}</p>
    {% for course in courses %}
      <p>{{ course.protocol.name }}, {{ course.started_on|date:"j M Y" }}, {{ course.status }}</p>
    {% endfor %}
    {% for session in sessions %}
      <p>{{ session.performed_at|date:"j M Y H:i" }}, {{ session.technique }}, {{ session.weight_kg }} kg</p>
    {% endfor %}
    {% for effect in effects %}
      <p>{{ effect.kind.name }}, {{ effect.onset_at|date:"j M Y" }}, {{ effect.severity }}</p>
    {% endfor %}
    {% for visit in visits %}
      <p>{{ visit.starts_at|date:"j M Y H:i" }}, {{ visit.kind }}, {{ visit.status }}</p>
    {% endfor %}
  </body>
</html>"""
)
STEP = 20


def patient_list(request):
    patients = Patient.objects.select_related("location").order_by("sort_name", "pk")[:25]
    return HttpResponse(LIST.render(Context({"user": request.user, "patients": patients})))


def record(request, public_id):
    patient = Patient.objects.select_related("location").get(public_id=public_id)
    courses = Course.objects.filter(patient=patient).select_related("protocol")
    sessions = Session.objects.filter(course__patient=patient).order_by("-performed_at")[:STEP]
    effects = SideEffect.objects.filter(session__course__patient=patient).select_related("kind")[:STEP]
    visits = Appointment.objects.filter(patient=patient).order_by("-starts_at")[:STEP]
    context = {
        "user": request.user,
        "patient": patient,
        "courses": courses,
        "sessions": sessions,
        "effects": effects,
        "visits": visits,
    }
    return HttpResponse(RECORD.render(Context(context)))
