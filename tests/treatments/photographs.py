"""Sending photos as a browser does, and the pages they are on."""

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

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
