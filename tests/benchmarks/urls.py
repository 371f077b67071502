"""The clinic's addresses and two bare pages beside them."""

from django.urls import include, path

from tests.benchmarks import bare

urlpatterns = [
    path("bare/list/", bare.patient_list),
    path("bare/record/<uuid:public_id>/", bare.record),
    path("", include("clinic.urls")),
]
