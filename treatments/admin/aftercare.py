from django.contrib import admin

from clinic.admin.records import CatalogueAdmin, ExportedAdmin, ReadOnly
from clinic.wall_clock import on_the_wall
from treatments.models import AftercareAnswer, AftercareChange, AftercareLink, AftercareText, PatientWords

PATIENT = ["sort_name", "record_number"]


@admin.register(AftercareText)
class AftercareTextAdmin(CatalogueAdmin):
    list_display = ["language", "location", "indication", "emergency"]
    list_select_related = ["location", "indication"]
    list_filter = ["language", "location", "indication"]
    search_fields = ["body", "emergency"]


@admin.register(PatientWords)
class PatientWordsAdmin(CatalogueAdmin):
    list_display = ["words", "language", "kind", "area"]
    list_select_related = ["kind", "area"]  # either may be empty, and what may be empty has to be named
    list_filter = ["language"]
    search_fields = ["words", "kind__name", "area__region"]


@admin.register(AftercareLink)
class AftercareLinkAdmin(ReadOnly, ExportedAdmin):
    list_display = ["given_at", "patient", "session", "opened_at", "wrong_tries", "revoked_at", "given_by"]
    list_filter = ["session__course__location"]
    list_select_related = ["session__course__patient", "session__course__protocol", "given_by"]
    search_fields = [f"session__course__patient__{name}" for name in PATIENT]
    date_hierarchy = "given_at"

    @admin.display(ordering="session__course__patient__sort_name")
    def patient(self, link: AftercareLink) -> str:
        return str(link.session.course.patient)


@admin.register(AftercareAnswer)
class AftercareAnswerAdmin(ReadOnly, ExportedAdmin):
    list_display = ["answered_at", "patient", "all_well", "red_flags", "language"]
    list_filter = ["is_alarming", "all_well", "language"]
    list_select_related = ["link__session__course__patient"]
    search_fields = [f"link__session__course__patient__{name}" for name in PATIENT]
    date_hierarchy = "answered_at"

    @admin.display(ordering="link__session__course__patient__sort_name")
    def patient(self, answer: AftercareAnswer) -> str:
        return str(answer.link.session.course.patient)


@admin.register(AftercareChange)
class AftercareChangeAdmin(ReadOnly, ExportedAdmin):
    list_display = ["answered_at", "side_effect", "said"]
    list_filter = ["said"]
    list_select_related = ["answer", "side_effect__kind", "side_effect__area"]
    search_fields = [f"side_effect__session__course__patient__{name}" for name in PATIENT]

    @admin.display(ordering="answer__answered_at")
    def answered_at(self, change: AftercareChange) -> str:
        return on_the_wall(change.answer.answered_at)
