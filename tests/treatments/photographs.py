"""Sending photos as a browser does, and the pages they are on."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.factories import ConsentFactory
from tests.factories.patients import first_form
from tests.pictures import picture


def file(name="IMG_0001.jpg", data=None, **facts):
    return SimpleUploadedFile(name, picture(**facts) if data is None else data)


def send(client, course, *files, **fields):
    """Post files as the form without a script does; `script=True` as the script does."""
    headers = {"Accept": "application/json"} if fields.pop("script", False) else {}
    form = {"photos": list(files), "consent_scope": "record", **fields}
    return client.post(page(course), form, headers=headers)


def page(course):
    return reverse("course-photos", args=[course.public_id])


def address(photo, size="320"):
    return reverse("photo", args=[photo.public_id, size])


def agree(course, *purposes):
    """Let the course's patient have agreed to photos, for the record unless it is said for what; return the course."""
    for purpose in purposes or ["photo-record"]:
        sign_for(course.patient, purpose)
    return course


def sign_for(patient, purpose):
    return ConsentFactory(patient=patient, form=first_form(purpose), expires_on=None)
