from django.urls import path

from patients.views import allergies, patients, search

urlpatterns = [
    path("search/", search.search, name="search"),
    path("patients/new/", patients.register, name="patient-register"),
    path("patients/<uuid:public_id>/edit/", patients.edit, name="patient-edit"),
    path("patients/<uuid:public_id>/archive/", patients.archive, name="patient-archive"),
    path("patients/<uuid:public_id>/allergies/", allergies.allergies, name="patient-allergies"),
    path("allergies/<uuid:public_id>/withdraw/", allergies.withdraw, name="allergy-withdraw"),
]
