"""What is taken for a photo, what is not, and what is left of it when it is drawn anew."""

from datetime import datetime
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from clinic.images import ImageRefusedError, inspect, redraw
from tests.pictures import CANARY, bomb, film, opened, picture, quarters, what_remains

KINDS = ["JPEG", "PNG", "WEBP", "HEIF"]
SIZES = {"full": None, "40": 40, "20": 20}
NO_PHOTO = "This is not a photo. JPEG, PNG, WebP and HEIC are taken."
DAMAGED = "The photo is damaged or cut off. Send it again."


def why(data, act=inspect):
    with pytest.raises(ImageRefusedError) as refusal:
        act(data)
    return str(refusal.value)


@pytest.mark.parametrize("kind", KINDS)
def test_head_tells_the_size_and_what_the_camera_said(kind):
    head = inspect(picture(kind))

    assert (head.width_px, head.height_px, head.focal_length_mm) == (80, 60, 26)
    assert head.taken_at == datetime(2026, 3, 2, 7, 11, 12)  # noqa: DTZ001 -- a camera knows no time zone


@pytest.mark.parametrize("kind", KINDS)
def test_picture_drawn_anew_says_nothing_of_where_when_and_with_what(kind):
    data = picture(kind)
    assert CANARY in data

    drawn = redraw(data, SIZES).files

    assert [what_remains(file) for file in drawn.values()] == [{}, {}, {}]


def test_sizes_are_of_the_longest_side_and_never_larger_than_the_picture():
    drawn = redraw(picture(size=(30, 15)), SIZES)

    assert (drawn.width_px, drawn.height_px) == (30, 15)
    assert {name: opened(file).size for name, file in drawn.files.items()} == {
        "full": (30, 15),
        "40": (30, 15),
        "20": (20, 10),
    }
    assert {name: opened(file).format for name, file in drawn.files.items()} == {
        "full": "JPEG",
        "40": "WEBP",
        "20": "WEBP",
    }


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "corner"),
    [(1, (80, 60), (5, 5)), (3, (80, 60), (75, 55)), (6, (60, 80), (55, 5)), (8, (60, 80), (5, 75))],
)
def test_picture_stands_upright_however_the_phone_was_held(kind, orientation, size, corner):
    drawn = redraw(quarters(kind, orientation=orientation), {"full": None})

    image = opened(drawn.files["full"])
    red, green, _blue = image.getpixel(corner)
    assert image.size == size
    assert red > 200 > 100 > green


@pytest.mark.parametrize(
    "data",
    [
        b"Dear diary",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html></html>",
        b"\x7fELF" + bytes(99),
        bytes(99),
        picture("GIF"),
    ],
    ids=["text", "SVG", "HTML", "program", "zeros", "GIF"],
)
def test_what_is_no_photo_is_refused_whatever_its_name(data):
    assert why(data) == NO_PHOTO


def test_empty_file_is_refused():
    assert why(b"") == "The file is empty."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_photo_that_is_cut_off_is_refused(kind, share):
    data = picture(kind)

    assert why(data[: int(len(data) * share)]) == DAMAGED


def test_jpeg_whose_preview_alone_has_an_end_is_cut_off():
    preview = picture(size=(8, 8), with_exif=False)
    inner = b"\xff\xe2" + (len(preview) + 2).to_bytes(2, "big") + preview
    data = picture(with_exif=False)
    whole = data[:2] + inner + data[2:]

    inspect(whole)
    assert why(whole[:-2]) == DAMAGED


@pytest.mark.parametrize(("width", "height"), [(40_000, 40_000), (5001, 5000), (2_000_000, 13)])
def test_picture_too_large_is_refused_by_its_head_alone(width, height):
    assert why(bomb(width, height)) == (f"The photo has {width:,} × {height:,} pixels; up to 25 megapixels are taken.")


def test_largest_picture_is_that_of_the_setting(settings):
    settings.PHOTO_MAX_MEGAPIXELS = 1

    inspect(bomb(1000, 1000))
    assert "up to 1 megapixels" in why(bomb(1000, 1001))
    assert "up to 1 megapixels" in why(bomb(1000, 1001), lambda data: redraw(data, SIZES))


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
def test_film_is_refused(kind):
    assert why(film(kind)) == "This is a film, not a photo."


def test_first_of_the_pictures_of_one_file_is_taken():
    drawn = redraw(film("MPO"), {"full": None})

    assert opened(drawn.files["full"]).getpixel((5, 5)) == (0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tail", [b"PK\x03\x04 an archive", b"<script>alert(1)</script>", b"%PDF-1.7"])
def test_what_hides_behind_the_end_is_not_drawn(kind, tail):
    data = picture(kind) + tail
    inspect(data)

    files = redraw(data, SIZES).files

    assert [tail in file for file in files.values()] == [False] * 3


def test_pixels_that_break_off_are_refused_when_drawn():
    data = bomb(300, 300)  # with pixels for less than one row
    inspect(data)

    assert why(data, lambda data: redraw(data, SIZES)) == DAMAGED


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
def test_colours_of_every_kind_become_those_of_a_screen(mode):
    file = BytesIO()
    Image.new(mode, (10, 10)).save(file, "JPEG" if mode == "CMYK" else "PNG")

    assert opened(redraw(file.getvalue(), {"full": None}).files["full"]).mode == "RGB"


def test_colours_of_sixteen_bits_are_refused():
    file = BytesIO()
    Image.new("I;16", (10, 10)).save(file, "PNG")

    assert "Send it as JPEG" in why(file.getvalue(), lambda data: redraw(data, SIZES))


@pytest.mark.parametrize("profile", [ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), b"nonsense"])
def test_colour_profile_is_used_or_passed_over_and_never_kept(profile):
    file = BytesIO()
    Image.new("RGB", (10, 10), (200, 100, 50)).save(file, "JPEG", icc_profile=profile, quality=95)

    drawn = redraw(file.getvalue(), {"full": None}).files["full"]

    assert what_remains(drawn) == {}
    assert max(abs(a - b) for a, b in zip(opened(drawn).getpixel((5, 5)), (200, 100, 50), strict=True)) < 6


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", ""])
def test_camera_without_a_clock_tells_no_time(taken):
    assert inspect(picture(taken=taken)).taken_at is None
