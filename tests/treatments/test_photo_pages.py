"""The pages of photos: what is wanted, one photo, to whom it belongs, and the file itself."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from clinic.roles import Role
from tests.clinic.access import client_of
from tests.factories import (
    CourseFactory,
    LocationFactory,
    PatientFactory,
    PhotoFactory,
    ProtocolFactory,
    SessionFactory,
    TreatmentAreaFactory,
)
from tests.treatments.photographs import address, page
from treatments.models import Photo, Shot
from treatments.photo_files import SIZES, path_of

pytestmark = pytest.mark.django_db

FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def here():
    return LocationFactory()


@pytest.fixture
def nurse(here):
    return client_of("staff", here)


@pytest.fixture
def course(here):
    return CourseFactory(patient__location=here)


def form_of(photo, **changes):
    return {
        "version": photo.version,
        "view": photo.view,
        "posture": photo.posture,
        "taken_at": "2026-03-02T07:00",
        "consent_scope": "record",
    } | changes


# The file.


@pytest.mark.parametrize(("size", "kind"), [("320", "image/webp"), ("1280", "image/webp"), ("full", "image/jpeg")])
def test_file_is_private_and_kept_nowhere(nurse, course, size, kind):
    photo = PhotoFactory(course=course)

    response = nurse.get(address(photo, size))

    assert b"".join(response) == path_of(photo, size).read_bytes()
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith('inline; filename="photo-2026-03-02')
    assert not response.has_header("ETag")


def test_file_is_handed_out_by_the_proxy_where_the_setting_says_so(nurse, course, settings):
    settings.PHOTO_ACCEL_PREFIX = "/protected/photos/"
    photo = PhotoFactory(course=course)

    response = nurse.get(address(photo))

    name = photo.stored_name
    assert response.headers["X-Accel-Redirect"] == f"/protected/photos/{name[:2]}/{name}-320.webp"
    assert (response.content, response.headers["Cache-Control"]) == (b"", "private, no-store")


@pytest.mark.parametrize("size", ["640", "incoming", "..", "full.jpg"])
def test_other_sizes_are_not_there(nurse, course, size):
    photo = PhotoFactory(course=course)

    assert nurse.get(f"/photos/{photo.public_id}/{size}/").status_code == 404


def test_file_that_is_gone_is_not_there(nurse, course):
    photo = PhotoFactory(course=course)
    path_of(photo, "320").unlink()

    assert nurse.get(address(photo)).status_code == 404


@pytest.mark.parametrize(
    ("who", "answers"), [("stranger", 302), ("admin", 403), ("deactivated", 302), ("clinician", 200), ("staff", 200)]
)
def test_file_is_for_those_who_treat(here, course, who, answers):
    assert client_of(who, here).get(address(PhotoFactory(course=course))).status_code == answers


def test_file_of_another_place_is_not_there(nurse):
    assert [nurse.get(address(PhotoFactory(), size)).status_code for size in SIZES] == [404] * 3


def test_nothing_is_served_from_a_folder(nurse, course):
    name = PhotoFactory(course=course).stored_name

    for where in ("media", "photos", "protected", "static"):
        assert nurse.get(f"/{where}/{name[:2]}/{name}.jpg").status_code == 404


# What is wanted.


def slots(response):
    return {slot.shot.key: (slot.photo, slot.last) for slot in response.context["slots"]}


def test_session_wants_what_the_protocol_wants_of_its_areas(nurse, here):
    thigh = CourseFactory(patient__location=here, areas=[TreatmentAreaFactory(code="thigh-back-left")])
    belly = CourseFactory(patient__location=here, areas=[TreatmentAreaFactory(code="abdomen")])

    assert list(slots(nurse.get(page(thigh)))) == [
        "posterior/relaxed",
        "posterior-oblique-left/relaxed",
        "posterior-oblique-right/relaxed",
        "lateral-left/relaxed",
        "lateral-right/relaxed",
    ]
    assert "anterior-oblique-left/relaxed" in slots(nurse.get(page(belly)))
    assert "posterior/relaxed" not in slots(nurse.get(page(belly)))


def test_photo_taken_fills_its_place_and_the_last_of_its_view_stands_beside_it(nurse, course):
    first, second = (SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * n)) for n in range(2))
    old = PhotoFactory(course=course, session=first)
    new = PhotoFactory(course=course, session=second, taken_at=second.performed_at)
    PhotoFactory(course=course, session=second, posture="contracted", taken_at=second.performed_at)

    response = nurse.get(page(course))

    assert slots(response)["posterior/relaxed"] == (new, old)
    assert response.context["missing"] == 4
    earlier = nurse.get(page(course), {"session": first.public_id})
    assert slots(earlier)["posterior/relaxed"] == (old, new)


def test_before_the_first_session_all_is_wanted(nurse, course):
    response = nurse.get(page(course))

    assert (response.context["session"], response.context["missing"]) == (None, 5)
    assert "5 of 5 views are missing." in response.content.decode()


def test_photo_that_failed_or_was_an_error_leaves_its_view_wanted(nurse, course):
    PhotoFactory(course=course, state="failed", failure="The photo is damaged or cut off. Send it again.")
    PhotoFactory(course=course, entered_in_error_at=FIRST, error_reason="Of her sister.")

    response = nurse.get(page(course))

    assert response.context["missing"] == 5
    words = response.content.decode()
    assert "The photo is damaged or cut off. Send it again." in words
    assert "Of her sister." in words


def test_protocol_that_wants_no_photo_takes_them_all_the_same(nurse, here):
    headache = CourseFactory(patient__location=here, protocol=ProtocolFactory(name="Headache"))

    response = nurse.get(page(headache))

    assert "This protocol wants no photos of its own." in response.content.decode()


def test_admin_says_what_a_protocol_wants(here):
    boss = client_of("admin", here)
    headache = ProtocolFactory(name="Headache")

    response = boss.post(
        reverse("admin:treatments_shot_add"),
        {"protocol": headache.pk, "view": "frontal", "posture": "relaxed", "order": 1},
    )

    assert response.status_code == 302
    assert Shot.objects.get(protocol=headache).title == "Face, frontal"


@pytest.mark.parametrize("count", [1, 3])
def test_page_asks_as_often_for_three_photos_as_for_one(nurse, course, django_assert_num_queries, count):
    for number in range(count):
        session = SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * number))
        area = course.areas.get()
        PhotoFactory(course=course, session=session, area=area, view="")
        PhotoFactory(course=course, session=session, area=area)
        PhotoFactory(course=course, state="failed", failure="Damaged.")
        PhotoFactory(course=course, area=area, session=session, entered_in_error_at=FIRST, error_reason="Twin.")
        PhotoFactory(course=course, state="received", view="lateral-left", width_px=None)
    nurse.get(page(course))

    with django_assert_num_queries(26):
        nurse.get(page(course))


@pytest.mark.parametrize("count", [2, 4])
def test_comparison_asks_as_often_for_four_photos_as_for_two(nurse, course, django_assert_num_queries, count):
    for number in range(count):
        session = SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * number))
        PhotoFactory(course=course, session=session, area=course.areas.get())
    nurse.get(compare(course))

    with django_assert_num_queries(13):
        nurse.get(compare(course))


def test_photo_that_waits_for_long_says_that_the_worker_may_not_run(nurse, course):
    photo = PhotoFactory(course=course, state="received", width_px=None)

    assert "1 photo is being prepared." in nurse.get(page(course)).content.decode()
    Photo.objects.filter(pk=photo.pk).update(received_at=FIRST)
    assert "its worker does not run" in nurse.get(page(course)).content.decode()


# What they show.


def test_photos_without_a_view_are_said_in_one_go(nurse, course):
    first, second = PhotoFactory.create_batch(2, course=course, view="")

    nurse.post(
        reverse("photo-sort", args=[course.public_id]),
        {f"shot-{first.public_id}": "posterior/contracted", f"shot-{second.public_id}": ""},
    )

    assert list(Photo.objects.order_by("pk").values_list("view", "posture", "version")) == [
        ("posterior", "contracted", 2),
        ("", "relaxed", 1),
    ]


def test_view_that_somebody_said_meanwhile_stays(nurse, course):
    photo = PhotoFactory(course=course, view="lateral-left")

    nurse.post(reverse("photo-sort", args=[course.public_id]), {f"shot-{photo.public_id}": "posterior/relaxed"})

    photo.refresh_from_db()
    assert photo.view == "lateral-left"


def test_what_a_photo_shows_is_corrected_with_its_history(nurse, course):
    photo = PhotoFactory(course=course)
    session = SessionFactory(course=course)

    response = nurse.post(photo.get_absolute_url(), form_of(photo, view="lateral-left", session=session.pk))

    photo.refresh_from_db()
    assert response.status_code == 302
    assert (photo.view, photo.session, photo.state) == ("lateral-left", session, "ready")
    assert photo.history.count() == 2


def test_of_two_who_correct_a_photo_the_second_sees_both(nurse, course):
    photo = PhotoFactory(course=course)
    nurse.post(photo.get_absolute_url(), form_of(photo, view="lateral-left"))

    response = nurse.post(photo.get_absolute_url(), form_of(photo, view="lateral-right"))

    rows = {row.label: (row.theirs, row.mine) for row in response.context["form"].conflict.differing}
    assert rows == {"View": ("Left side", "Right side")}


# To whom they belong.


def move(client, photo, patient, **changes):
    form = {"record_number": patient.record_number, "reason": "Of the twin sister.", "version": photo.version}
    return client.post(reverse("photo-move", args=[photo.public_id]), form | changes)


@pytest.fixture
def twin(here):
    return PatientFactory(location=here, given_name="Chidi")


def test_photo_of_the_twin_is_moved_to_her_with_the_reason(nurse, course, twin):
    right = CourseFactory(patient=twin)
    photo = PhotoFactory(course=course, session=SessionFactory(course=course))

    response = move(nurse, photo, twin)

    photo.refresh_from_db()
    assert (response.status_code, response.url) == (302, page(course))
    assert (photo.course, photo.session, photo.view) == (right, None, "posterior")
    assert [record.history_change_reason for record in photo.history.all()] == ["Moved: Of the twin sister.", None]
    assert photo not in nurse.get(page(course)).context["page"].rows
    assert photo in nurse.get(page(right)).context["page"].rows


def test_of_several_courses_one_is_chosen(nurse, course, twin):
    first = CourseFactory(patient=twin, status="completed")
    CourseFactory(patient=twin)
    photo = PhotoFactory(course=course)

    response = move(nurse, photo, twin)
    assert "has several courses. Choose one." in response.content.decode()
    move(nurse, photo, twin, course=first.pk)

    photo.refresh_from_db()
    assert photo.course == first


def test_photo_is_moved_between_courses_of_one_patient(nurse, course):
    before = CourseFactory(patient=course.patient, status="completed")
    photo = PhotoFactory(course=course)

    move(nurse, photo, course.patient)

    photo.refresh_from_db()
    assert photo.course == before


@pytest.mark.parametrize("number", ["", "MT-000000-0", "Amara", "MT-9", "\u202e"])
def test_number_that_is_nobodys_moves_nothing(nurse, course, twin, number):
    photo = PhotoFactory(course=course)

    response = move(nurse, photo, twin, record_number=number)

    photo.refresh_from_db()
    assert (response.status_code, photo.course) == (200, course)
    assert "record_number" in response.context["move_form"].errors


def test_patient_of_another_place_gets_no_photo(nurse, course):
    photo = PhotoFactory(course=course)

    response = move(nurse, photo, CourseFactory().patient)

    assert "There is no patient of this record number here." in response.content.decode()


def test_patient_without_a_course_gets_no_photo(nurse, course, twin):
    assert "has no other course. Start one first." in move(nurse, PhotoFactory(course=course), twin).content.decode()


def test_move_needs_a_reason(nurse, course, twin):
    CourseFactory(patient=twin)

    response = move(nurse, PhotoFactory(course=course), twin, reason=" ")

    assert "Say why. It stays with the photo." in response.content.decode()


def test_photo_that_is_in_the_other_course_already_is_not_moved(nurse, course, twin):
    photo = PhotoFactory(course=course)
    PhotoFactory(course=CourseFactory(patient=twin), sha256=photo.sha256)

    response = move(nurse, photo, twin)

    photo.refresh_from_db()
    assert "This photo is in that course already." in response.content.decode()
    assert photo.course == course


def test_photo_that_somebody_changed_meanwhile_is_not_moved(nurse, course, twin):
    CourseFactory(patient=twin)

    response = move(nurse, PhotoFactory(course=course), twin, version=7)

    assert "Somebody changed this photo meanwhile." in response.content.decode()


# Entered in error.


def withdraw(client, photo, **changes):
    form = {"reason": "Blurred.", "version": photo.version} | changes
    return client.post(reverse("photo-error", args=[photo.public_id]), form)


def test_photo_entered_in_error_is_left_out_and_kept(nurse, course):
    photo = PhotoFactory(course=course)

    withdraw(nurse, photo)

    photo.refresh_from_db()
    assert (photo.is_in_error, photo.error_reason) == (True, "Blurred.")
    assert nurse.get(page(course)).context["page"].rows == []
    assert "Blurred." in nurse.get(photo.get_absolute_url()).content.decode()
    assert path_of(photo, "full").exists()


def test_error_needs_a_reason(nurse, course):
    photo = PhotoFactory(course=course)

    assert "Say why." in withdraw(nurse, photo, reason="").content.decode()


def test_photo_that_was_no_error_counts_again(nurse, course):
    photo = PhotoFactory(course=course, entered_in_error_at=FIRST, error_reason="Blurred.")

    withdraw(nurse, photo, step="back", reason="")

    assert nurse.get(page(course)).context["page"].rows == [photo]


def test_photo_that_came_again_meanwhile_does_not_count_twice(nurse, course):
    photo = PhotoFactory(course=course, entered_in_error_at=FIRST, error_reason="Blurred.")
    PhotoFactory(course=course, sha256=photo.sha256)

    response = withdraw(nurse, photo, step="back", reason="")

    photo.refresh_from_db()
    assert "This photo is in that course already." in response.content.decode()
    assert photo.is_in_error


# Two side by side.


def compare(course, **query):
    return reverse("photo-compare", args=[course.public_id], query=query or None)


@pytest.fixture
def weighed(course):
    return [
        PhotoFactory(
            course=course,
            session=SessionFactory(course=course, performed_at=FIRST + timedelta(days=7 * n), weight_kg=kilograms),
            taken_at=FIRST + timedelta(days=7 * n),
        )
        for n, kilograms in enumerate(["70", "71", "73.5"])
    ]


def test_first_and_last_of_a_view_stand_side_by_side_with_day_and_weight(nurse, course, weighed):
    response = nurse.get(compare(course))

    pair = response.context["pair"]
    assert (pair.before, pair.after, str(pair.change_kg), pair.is_over) == (weighed[0], weighed[2], "3.50", True)
    words = response.content.decode()
    assert "Session 1, 2 Mar 2026" in words
    assert "Session 3, 16 Mar 2026" in words


def test_others_are_chosen(nurse, course, weighed):
    chosen = {"before": weighed[1].public_id, "after": weighed[0].public_id, "mode": "opacity"}

    response = nurse.get(compare(course, **chosen))

    assert (response.context["pair"].before, response.context["pair"].after) == (weighed[1], weighed[0])
    assert (response.context["mode"], response.context["pair"].is_over) == ("opacity", False)


def test_views_and_postures_are_never_mixed(nurse, course, weighed):
    other = PhotoFactory(course=course, posture="contracted")
    PhotoFactory(course=course, view="lateral-left")

    response = nurse.get(compare(course, after=other.public_id))

    assert [(series.key, len(series.photos)) for series in response.context["all_series"]] == [
        ("posterior/relaxed", 3)
    ]
    assert response.context["pair"].after == weighed[2]


@pytest.mark.parametrize("query", [{"mode": "x"}, {"shot": "x"}, {"before": "x", "after": "\u202e"}, {"shot": "/"}])
def test_address_that_was_tampered_with_shows_the_first_pair(nurse, course, weighed, query):
    assert nurse.get(compare(course, **query)).context["pair"].before == weighed[0]


def test_one_photo_cannot_be_compared(nurse, course):
    PhotoFactory(course=course)

    assert "There are no two photos of the same view yet." in nurse.get(compare(course)).content.decode()


def test_photo_of_no_weight_says_so(nurse, course):
    PhotoFactory.create_batch(2, course=course)

    assert nurse.get(compare(course)).context["pair"].change_kg is None


def test_admin_sees_who_took_which_and_no_picture(here, course):
    photo = PhotoFactory(course=course)
    boss = client_of("admin", here)

    words = boss.get(reverse("admin:treatments_photo_change", args=[photo.pk])).content.decode()

    assert photo.sha256 in words
    assert str(photo.public_id) + "/320" not in words
    assert client_of(Role.ADMIN.lower(), here).get(photo.get_absolute_url()).status_code == 403
