from django.urls import path

from treatments.views import (
    appointments,
    courses,
    follow_ups,
    patients,
    records,
    sessions,
    side_effects,
    today,
)

urlpatterns = [
    path("", today.today, name="today"),
    path("patients/", patients.patient_list, name="patient-list"),
    path("patients/<uuid:public_id>/", records.patient_record, name="patient-record"),
    path("patients/<uuid:public_id>/courses/new/", courses.start, name="course-new"),
    path("courses/<uuid:public_id>/", courses.course, name="course"),
    path("courses/<uuid:public_id>/edit/", courses.edit, name="course-edit"),
    path("courses/<uuid:public_id>/status/", courses.status, name="course-status"),
    path("courses/<uuid:public_id>/sessions/new/", sessions.log, name="session-new"),
    path("sessions/unsigned/", sessions.unsigned, name="session-unsigned"),
    path("sessions/<uuid:public_id>/", sessions.session, name="session"),
    path("sessions/<uuid:public_id>/edit/", sessions.edit, name="session-edit"),
    path("sessions/<uuid:public_id>/sign/", sessions.sign, name="session-sign"),
    path("sessions/<uuid:public_id>/side-effects/new/", side_effects.log, name="side-effect-new"),
    path("side-effects/", side_effects.work_list, name="side-effect-list"),
    path("side-effects/<uuid:public_id>/", side_effects.side_effect, name="side-effect"),
    path("side-effects/<uuid:public_id>/edit/", side_effects.edit, name="side-effect-edit"),
    path("side-effects/<uuid:public_id>/resolve/", side_effects.resolve, name="side-effect-resolve"),
    path("side-effects/<uuid:public_id>/review/", side_effects.review, name="side-effect-review"),
    path("follow-ups/", follow_ups.call_list, name="follow-up-list"),
    path("follow-ups/<uuid:public_id>/contact/", follow_ups.contact, name="follow-up-contact"),
    path("appointments/new/", appointments.book, name="appointment-new"),
    path("appointments/<uuid:public_id>/", appointments.appointment, name="appointment"),
    path("appointments/<uuid:public_id>/status/", appointments.status, name="appointment-status"),
]
