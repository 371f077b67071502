"""Photos of a reaction, taken where it is logged: kept by the same rules as any other, and shown with it."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.roles import Role
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PhotoFactory,
    ProtocolFactory,
    SessionFactory,
    SideEffectFactory,
    SideEffectKindFactory,
    TreatmentAreaFactory,
    UserFactory,
)
from tests.pictures import what_remains
from tests.treatments.photographs import agree, file
from treatments.actions.photos import move
from treatments.models import Photo, SideEffect
from treatments.photo_files import develop_all, path_of

PERFORMED = datetime(2026, 3, 2, 15, 0, 42, tzinfo=UTC)
NOW = datetime(2026, 3, 4, 18, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def here(db):
    return LocationFactory(name="Harbour")


@pytest.fixture
def session(here):
    areas = [TreatmentAreaFactory(), TreatmentAreaFactory(code="thigh-back-right")]
    course = CourseFactory(patient__location=here, areas=areas)
    return SessionFactory(course=course, signed=True, performed_at=PERFORMED)


@pytest.fixture
def nurse(client, here):
    user = UserFactory(role=Role.STAFF, locations=[here])
    client.force_login(user)
    return user


def address(session):
    return reverse("side-effect-new", args=[session.public_id])


def a_log(**changes):
    data = {
        "form_token": str(uuid.uuid4()),
        "kind": SideEffectKindFactory().pk,
        "severity": "mild",
        "began": "now",
        "state": "still-there",
        "reported_by": "staff",
    }
    return data | changes


def test_photos_belong_to_the_reaction_and_stand_on_its_page_and_in_the_record(client, nurse, session):
    agree(session.course)
    area = session.areas.first()
    photos = [file("one.jpg"), file("two.jpg", colour="#402020")]
    client.post(address(session), a_log(areas=[area.pk], photos=photos))
    effect = SideEffect.objects.get()
    assert list(effect.photos.values_list("file_name", flat=True).order_by("pk")) == ["one.jpg", "two.jpg"]
    assert {(photo.course, photo.area, photo.taken_by) for photo in effect.photos.all()} == {
        (session.course, area, nurse)
    }

    develop_all(lambda: NOW)
    for page in (effect.get_absolute_url(), session.course.patient.get_absolute_url()):
        text = client.get(page).content.decode()
        for photo in effect.photos.all():
            assert reverse("photo", args=[photo.public_id, "320"]) in text
    assert not what_remains(path_of(effect.photos.first(), "full").read_bytes())


def test_photo_of_another_day_is_of_no_session(client, nurse, session):
    agree(session.course)
    client.post(address(session), a_log(photos=[file()]))
    assert Photo.objects.get().session is None

    with time_machine.travel(PERFORMED + timedelta(hours=1), tick=False):
        client.post(address(session), a_log(photos=[file(colour="#402020")]))
    assert Photo.objects.order_by("pk").last().session == session


def test_every_area_that_is_logged_gets_the_photos(client, nurse, session):
    agree(session.course)
    areas = [area.pk for area in session.areas.all()]
    client.post(address(session), a_log(areas=areas, photos=[file()]))
    photo = Photo.objects.get()
    assert (photo.side_effects.count(), photo.area) == (2, None)


def test_bad_file_is_named_and_nothing_else_is_lost(client, nurse, session):
    agree(session.course)
    data = a_log(note="Warm and hard", photos=[file("good.jpg"), file("letter.pdf", data=b"%PDF-1.7")])
    response = client.post(address(session), data)
    form = response.context["form"]
    assert [error.partition(":")[0] for error in form.errors["photos"]] == ["letter.pdf"]
    assert (form["note"].value(), [photo.file_name for photo in form.kept]) == ("Warm and hard", ["good.jpg"])
    assert "good.jpg" in response.content.decode()
    assert not SideEffect.objects.exists()

    again = {name: value for name, value in data.items() if name != "photos"}
    client.post(address(session), again | {"kept_photos": [str(photo.public_id) for photo in form.kept]})
    assert [photo.file_name for photo in SideEffect.objects.get().photos.all()] == ["good.jpg"]


def test_photo_outlives_a_form_that_is_refused_for_something_else(client, nurse, session):
    agree(session.course)
    form = client.post(address(session), a_log(kind="", photos=[file("good.jpg")])).context["form"]
    assert list(form.errors) == ["kind"]
    client.post(address(session), a_log(kept_photos=[str(form.kept[0].public_id)]))
    assert SideEffect.objects.get().photos.get().file_name == "good.jpg"


def test_without_consent_no_photo_is_kept_and_the_form_says_who_resolves_it(client, nurse, session):
    page = client.get(address(session)).content.decode()
    assert "There is no consent to photographs for the record." in page
    form = client.post(address(session), a_log(note="Warm", photos=[file()])).context["form"]
    assert "There is no consent to photographs for the record." in str(form.errors["photos"])
    assert reverse("consent-new", args=[session.course.patient.public_id]) in str(form.errors["photos"])
    assert form["note"].value() == "Warm"
    assert not Photo.objects.exists()
    client.post(address(session), a_log(note="Warm"))
    assert SideEffect.objects.get().note == "Warm"


def test_double_tap_keeps_one_photo_of_one_reaction(client, nurse, session):
    agree(session.course)
    data = a_log()
    for _tap in range(2):
        client.post(address(session), data | {"photos": [file("one.jpg")]})
    assert SideEffect.objects.get().photos.get() == Photo.objects.get()


def test_photo_that_the_course_has_shows_the_reaction_too(client, nurse, session):
    agree(session.course)
    client.post(
        reverse("course-photos", args=[session.course.public_id]), {"photos": [file()], "consent_scope": "record"}
    )
    client.post(address(session), a_log(photos=[file()]))
    assert SideEffect.objects.get().photos.get() == Photo.objects.get()


@pytest.mark.parametrize("key", ["", "nonsense", "85fd8d6c-df59-4f26-8875-bc17ef72a2b5"])
def test_photo_that_is_none_is_no_photo_of_the_reaction(client, nurse, session, key):
    client.post(address(session), a_log(kept_photos=[key]))
    assert not SideEffect.objects.get().photos.exists()


def test_photo_of_another_patient_is_no_photo_of_the_reaction(client, nurse, session):
    other = PhotoFactory(course__patient__location=session.course.location)
    client.post(address(session), a_log(kept_photos=[str(other.public_id)]))
    assert not SideEffect.objects.get().photos.exists()


def test_photo_moved_to_another_patient_shows_the_reaction_no_longer(session):
    effect, photo = SideEffectFactory(session=session), PhotoFactory(course=session.course)
    effect.photos.add(photo)
    acne = CourseFactory(patient=session.course.patient, protocol=ProtocolFactory(name="Acne"))
    move(photo, acne, reason="The other course.", version=1)
    assert effect.photos.get() == photo
    move(photo, CourseFactory(), reason="Another patient.", version=2)
    assert not effect.photos.exists()


def test_photo_entered_in_error_is_shown_no_longer(client, nurse, session):
    effect, photo = SideEffectFactory(session=session), PhotoFactory(course=session.course)
    effect.photos.add(photo)
    Photo.objects.update(entered_in_error_at=NOW, error_reason="Blurred.")
    assert photo.get_absolute_url() not in client.get(effect.get_absolute_url()).content.decode()


def test_photo_of_a_reaction_is_not_asked_for_its_view(client, nurse, session):
    effect, photo = SideEffectFactory(session=session), PhotoFactory(course=session.course, view="")
    course_photos = reverse("course-photos", args=[session.course.public_id])
    assert client.get(course_photos).context["sort_form"]
    effect.photos.add(photo)
    page = client.get(course_photos)
    assert page.context["sort_form"] is None
    assert photo in list(page.context["page"])


@pytest.mark.parametrize("count", [1, 3])
def test_page_of_a_reaction_asks_as_often_for_three_photos_as_for_one(
    client, nurse, session, count, django_assert_num_queries
):
    effect = SideEffectFactory(session=session)
    effect.photos.add(*PhotoFactory.create_batch(count, course=session.course))
    with django_assert_num_queries(PAGE):
        client.get(effect.get_absolute_url())


PAGE = 25
