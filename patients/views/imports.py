"""Importing patients in the admin: bring a file, see what would happen, confirm, take back what was not taken."""

from typing import Any

from django.contrib import admin, messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from clinic.access import may
from clinic.http import Request
from patients.forms.imports import ImportForm
from patients.imports.desk import Waiting, receive
from patients.imports.reading import UnusableFileError
from patients.models import Patient

SESSION = "patient_import"


def page(request: Request, template: str, context: dict[str, Any]) -> HttpResponse:
    frame = admin.site.each_context(request)
    return TemplateResponse(
        request,
        f"patients/imports/{template}.html",
        {**frame, "opts": Patient._meta, "title": _("Import patients"), **context},
    )


def waiting(request: Request) -> Waiting | None:
    found = request.session.get(SESSION)
    return Waiting(**found) if found else None


@may("patients.import_patients")
def upload(request: Request) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None, initial={"location": request.location})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            brought = receive(data["file"], data["mapping"], form.options())
        except UnusableFileError as error:
            form.add_error("mapping", str(error))
        else:
            request.session[SESSION] = brought.plain()
            return redirect("admin:patients_patient_import_preview")
    return page(request, "upload", {"form": form})


@may("patients.import_patients")
def preview(request: Request) -> HttpResponse:
    """Say what the file would do; on confirmation do it and say what was done."""
    brought = waiting(request)
    if brought is None:
        return redirect("admin:patients_patient_import")
    write = request.method == "POST"
    try:
        report = brought.run(write=write, user=request.user)
    except UnusableFileError as error:
        messages.error(request, str(error))
        return redirect("admin:patients_patient_import")
    return page(request, "report", {"report": report, "brought": brought, "written": write})


@may("patients.import_patients")
def rejects(request: Request) -> FileResponse:
    brought = waiting(request)
    if brought is None or not brought.rejects_path.exists():
        raise Http404
    return FileResponse(
        brought.rejects_path.open("rb"), as_attachment=True, filename="rejects.csv", content_type="text/csv"
    )
