"""Photos as they come in: each file by itself, whatever it is, however often."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.clinic.access import client_of
from tests.factories import CourseFactory, LocationFactory, PatientFactory, PhotoFactory, SessionFactory
from tests.pictures import CANARY, bomb, film, picture, what_remains
from tests.treatments.photographs import address, agree, file, page, send
from treatments.actions.photos import shown_name
from treatments.models import Photo
from treatments.photo_files import SIZES, develop_all, path_of, vault

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 19, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def photo_root(settings, tmp_path):
    settings.PHOTO_ROOT = tmp_path / "photos"
    return settings.PHOTO_ROOT


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(here):
    return client_of("staff", here)


@pytest.fixture
def course(here):
    return agree(CourseFactory(patient__location=here))


def errors(response):
    return response.context["form"].errors.get("photos", [])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_photo_is_kept_and_nothing_beside_the_picture_is(nurse, course, photo_root, kind):
    data = picture(kind)

    response = send(nurse, course, file("IMG_1.jpg", data))
    assert response.status_code == 302
    develop_all(lambda: NOW)

    photo = Photo.objects.get()
    assert (photo.state, photo.sha256, photo.bytes) == ("ready", hashlib.sha256(data).hexdigest(), len(data))
    stored = [path.read_bytes() for path in photo_root.rglob("*") if path.is_file()]
    served = [b"".join(nurse.get(address(photo, size))) for size in SIZES]
    assert (len(stored), len(served)) == (3, 3)
    assert [what_remains(data) for data in stored + served] == [{}] * 6
    assert not any(CANARY in data for data in stored)


def test_camera_says_when_it_was_taken_in_the_time_of_the_place(nurse, course):
    send(nurse, course, file())

    photo = Photo.objects.get()
    assert course.location.local(photo.taken_at).isoformat() == "2026-03-02T07:11:12-08:00"
    assert photo.focal_length_mm == 26


@pytest.mark.parametrize("taken", ["2000:01:01 00:00:00", "2026:03:02 23:00:00", "nonsense"])
def test_camera_with_a_clock_that_cannot_be_right_is_not_believed(nurse, course, taken):
    send(nurse, course, file(taken=taken))

    assert Photo.objects.get().taken_at == NOW


def test_what_is_said_of_a_sending_holds_for_each_of_its_photos(nurse, course):
    session = SessionFactory(course=course)
    area = course.areas.get()

    send(
        nurse,
        course,
        file("a.jpg"),
        file("b.jpg", colour="red"),
        session=session.public_id,
        shot="posterior/contracted",
        area=area.pk,
        taken_at="2026-03-02T07:30",
        camera_distance_cm="150",
        light="lamp at knee height",
    )

    said = Photo.objects.values_list(
        "session", "view", "posture", "area", "camera_distance_cm", "light", "consent_scope"
    )
    assert set(said) == {
        (session.pk, "posterior", "contracted", area.pk, 150, "lamp at knee height", "record"),
    }
    assert Photo.objects.count() == 2


BAD = {
    "notes.jpg": (b"Dear diary", "This is not a photo."),
    "logo.jpg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "This is not a photo."),
    "page.png": (b"<!doctype html><script>alert(1)</script>", "This is not a photo."),
    "empty.jpg": (b"", "The file is empty."),
    "bomb.png": (bomb(40_000, 40_000), "40,000 × 40,000 pixels"),
    "cut.heic": (picture("HEIF")[:-50], "damaged or cut off"),
    "film.webp": (film(), "a film"),
}


def test_each_bad_file_is_named_with_its_reason_and_the_good_one_is_kept(nurse, course, photo_root):
    files = [SimpleUploadedFile(name, data) for name, (data, _why) in BAD.items()]

    response = send(nurse, course, file("good.jpg"), *files)

    said = errors(response)
    assert response.status_code == 200
    assert [name for name, (_data, why) in BAD.items() if not any(name in line and why in line for line in said)] == []
    assert [photo.file_name for photo in Photo.objects.all()] == ["good.jpg"]
    assert len([path for path in photo_root.rglob("*") if path.is_file()]) == 1
    assert "1 photo is received." in response.content.decode()


def test_file_that_is_too_large_is_named(nurse, course, settings):
    settings.PHOTO_MAX_BYTES = 2000

    response = send(nurse, course, file("large.jpg", picture() + bytes(3000)))

    assert "large.jpg: The file has" in errors(response)[0]
    assert not Photo.objects.exists()


def test_photo_with_a_second_file_behind_its_end_is_drawn_without_it(nurse, course, photo_root):
    send(nurse, course, file(data=picture() + b"PK\x03\x04 payload <script>"))
    develop_all(lambda: NOW)

    assert not any(b"payload" in path.read_bytes() for path in photo_root.rglob("*") if path.is_file())
    assert Photo.objects.get().state == "ready"


def test_same_photo_twice_is_said_so(nurse, course):
    send(nurse, course, file("a.jpg"), shot="posterior/relaxed")

    response = send(nurse, course, file("copy of a.jpg"))

    assert errors(response) == ["copy of a.jpg: This photo is in the course already: Back, 2 March 2026."]
    assert Photo.objects.count() == 1


def test_same_photo_twice_in_one_sending_is_kept_once(nurse, course):
    response = send(nurse, course, file("a.jpg"), file("b.jpg"))

    assert Photo.objects.count() == 1
    assert "b.jpg: This photo is in the course already" in errors(response)[0]


def test_photo_of_another_course_may_be_the_same(nurse, course, here):
    send(nurse, course, file())
    send(nurse, agree(CourseFactory(patient__location=here)), file())

    assert Photo.objects.count() == 2


@pytest.mark.parametrize(
    "facts", [{"state": "failed", "failure": "Damaged."}, {"entered_in_error_at": NOW, "error_reason": "Twin."}]
)
def test_photo_that_failed_or_was_an_error_may_come_again(nurse, course, facts):
    PhotoFactory(course=course, sha256=hashlib.sha256(picture()).hexdigest(), **facts)

    assert send(nurse, course, file()).status_code == 302
    assert Photo.objects.count() == 2


def test_script_sends_one_at_a_time_and_is_told_in_json(nurse, course):
    good = send(nurse, course, file("a.jpg"), script=True)
    again = send(nurse, course, file("a.jpg"), script=True)
    bad = send(nurse, course, SimpleUploadedFile("b.jpg", b"text"), script=True)

    assert (good.status_code, good.json()) == (200, {"received": 1, "refused": [], "way_out": None})
    assert (again.status_code, again.json()["received"]) == (422, 0)
    assert bad.json() == {
        "received": 0,
        "refused": ["This is not a photo. JPEG, PNG, WebP and HEIC are taken."],
        "way_out": None,
    }


def test_sending_without_a_file_asks_for_one(nurse, course):
    assert errors(nurse.post(page(course), {"consent_scope": "record"})) == ["Choose at least one photo."]


@pytest.mark.parametrize(
    "fields",
    [
        {"session": "999999"},
        {"session": str(uuid.UUID(int=9))},
        {"shot": "from-above/relaxed"},
        {"consent_scope": "everything"},
        {"area": "999999"},
        {"taken_at": "2036-01-01T10:00"},
        {"taken_at": "0206-01-01T10:00"},
        {"camera_distance_cm": "2"},
        {"light": "\u202etrap"},
        {"light": "x" * 101},
    ],
)
def test_what_cannot_be_said_of_a_photo_is_refused_and_nothing_is_kept(nurse, course, fields):
    response = send(nurse, course, file(), **fields)

    assert response.status_code == 200
    assert list(response.context["form"].errors) == list(fields)
    assert not Photo.objects.exists()


def test_session_of_another_course_is_not_one_of_this(nurse, course, here):
    other = SessionFactory(course__patient__location=here)

    response = send(nurse, course, file(), session=other.public_id)

    assert "session" in response.context["form"].errors


def test_no_photo_is_taken_of_somebody_who_died(nurse, here):
    course = CourseFactory(patient=PatientFactory(location=here, deceased_on=NOW.date() - timedelta(days=1)))

    response = send(nurse, course, file())

    assert "died" in response.content.decode()
    assert not Photo.objects.exists()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("CON.jpg", "CON.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"),
        ("a" * 300 + ".jpg", "a" * 96 + ".jpg"),
        ("Zoë 李.jpg", "Zoë 李.jpg"),
        ("..\\..\\windows\\win.jpg", "win.jpg"),
        ("a\r\nX: y.jpg", "aX: y.jpg"),
        ("<img src=x onerror=alert(7)>.jpg", "<img src=x onerror=alert(7)>.jpg"),
    ],
)
def test_name_of_a_file_is_shown_and_never_used(nurse, course, photo_root, name, shown):
    send(nurse, course, file(name))

    photo = Photo.objects.get()
    assert photo.file_name == shown
    assert [path.name for path in photo_root.rglob("*") if path.is_file()] == [f"{photo.stored_name}.incoming"]
    assert len(photo.stored_name) == 32


def test_characters_that_do_not_show_are_left_out_of_a_name():
    assert shown_name("a\x00b\x1b[31m\u202ec.jpg") == "ab[31mc.jpg"


def test_who_sent_it_took_it_and_its_history_begins(nurse, course):
    send(nurse, course, file())

    photo = Photo.objects.get()
    assert photo.history.count() == 1
    assert photo.taken_by.email.startswith("person")


def test_row_that_cannot_be_written_leaves_no_file(nurse, course, photo_root, monkeypatch):
    monkeypatch.setattr(Photo, "save", lambda self: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        send(nurse, course, file())

    assert [path for path in photo_root.rglob("*") if path.is_file()] == []


def test_waiting_file_is_read_by_nobody_but_the_program(nurse, course):
    send(nurse, course, file())
    photo = Photo.objects.get()

    assert [nurse.get(address(photo, size)).status_code for size in SIZES] == [404] * 3
    assert vault().path(photo.stored_name, ".incoming").stat().st_mode & 0o077 == 0
    assert not path_of(photo, "320").exists()


def test_course_of_nobody_takes_no_photo(nurse):
    somewhere = type("Course", (), {"public_id": uuid.uuid4()})

    assert send(nurse, somewhere, file()).status_code == 404
