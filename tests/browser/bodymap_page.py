"""A page with the body map as a form, which tests serve beside the clinic's own: same frame, same policy."""

from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from treatments.bodymap import AreaRow, LastTime
from treatments.models import TreatmentArea

PAGE = """
{% extends "base.html" %}
{% load bodymap i18n static %}
{% block title %}Body map{% endblock %}
{% block scripts %}<script src="{% static "treatments/bodymap.js" %}" defer></script>{% endblock %}
{% block content %}
<div class="split">
  <div class="split-main">
    <form class="card" method="post" id="map-form">{% csrf_token %}
      <h1 class="card-title">Areas and points <small>Tap a zone to add it. Dashed is session 4.</small></h1>
      {% body_map_editor rows when="session 4" total_ml="7.4" before="Session 4: 0.05." %}
      <button class="btn btn-primary">Save draft</button>
    </form>
  </div>
  <div class="split-rail">
    <section class="card">
      <h2 class="card-title">Treated</h2>
      {% body_map rows when="session 4" today="Session 5" %}
    </section>
  </div>
</div>
{% endblock %}
"""

POINTS = [("back", 0.42, 0.48), ("back", 0.43, 0.5), ("back", 0.41, 0.52)]
CELLULITE = ("buttock", "thigh", "hip", "flank", "abdomen", "knee")


def rows() -> list[AreaRow]:
    """Return what session 5 of a cellulite course may offer, with every state that a zone can have."""
    states = {
        "buttock-left": {"chosen": True, "volume": "2.4"},
        "buttock-right": {"chosen": True, "volume": "2.4", "open_reaction": True},
        "thigh-back-left": {"chosen": True, "volume": "2.6"},
        "thigh-back-right": {"last": LastTime("2.6", "52")},
        "thigh-front-left": {"last": LastTime("1.2", "", [("front", 0.62, 0.6), ("front", 0.63, 0.62)])},
        "knee-right": {"blocked": "Varicose veins at the knee"},
    }
    offered = TreatmentArea.objects.all()
    return [AreaRow(area, **states.get(area.code, {})) for area in offered if area.code.startswith(CELLULITE)]


def page(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        return JsonResponse({name: request.POST.getlist(name) for name in request.POST})
    return TemplateResponse(request, engines["django"].from_string(PAGE), {"rows": rows()})


urlpatterns = [path("body-map/", page), path("", include("clinic.urls"))]
