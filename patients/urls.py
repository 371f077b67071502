from django.urls import path

from patients.views import addresses, allergies, audit, consents, emergencies, patients, screenings, search, stopping

urlpatterns = [
    path("stop/<str:token>/", stopping.stop, name="messages-stop"),
    path("search/", search.search, name="search"),
    path("emergencies/", emergencies.emergency_list, name="emergency-list"),
    path("emergencies/new/", emergencies.emergency_new, name="emergency-new"),
    path("emergencies/<uuid:public_id>/review/", emergencies.emergency_review, name="emergency-review"),
    path("patients/new/", patients.register, name="patient-register"),
    path("patients/<uuid:public_id>/edit/", patients.edit, name="patient-edit"),
    path("patients/<uuid:public_id>/archive/", patients.archive, name="patient-archive"),
    path("patients/<uuid:public_id>/address/", addresses.confirm, name="patient-address-confirm"),
    path("patients/<uuid:public_id>/allergies/", allergies.allergies, name="patient-allergies"),
    path("allergies/<uuid:public_id>/withdraw/", allergies.withdraw, name="allergy-withdraw"),
    path("patients/<uuid:public_id>/access/", audit.patient_access, name="patient-access"),
    path("audit/", audit.audit_list, name="audit-list"),
    path("patients/<uuid:public_id>/screening/new/", screenings.new, name="screening-new"),
    path("screenings/<uuid:public_id>/", screenings.screening, name="screening"),
    path("patients/<uuid:public_id>/consents/", consents.consents, name="patient-consents"),
    path("patients/<uuid:public_id>/consents/new/", consents.new, name="consent-new"),
    path("consents/<uuid:public_id>/", consents.consent, name="consent"),
    path("consents/<uuid:public_id>/consent.pdf", consents.consent_pdf, name="consent-pdf"),
]
