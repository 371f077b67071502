"""The sheets of the pages: each room has its own, one list links them, and no page for patients takes the staff's."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string

from clinic.bootstrap import BASE_DIR

MOST_LINES = 900
APPS = ("clinic", "patients", "treatments")
LIST = BASE_DIR / "templates" / "_styles.html"
ALL_ROOMS = "forms entrance patients treatments"
# Linked by the pages that need them: the admin site, and the calendar's rows of five minutes.
BY_ONE_PAGE = {"clinic/admin.css", "treatments/calendar_rows.css"}
SHEET = re.compile(r"""(?:static/|static\s+['"])((?:clinic|patients|treatments)/\w+\.css)""")


def sheets():
    return {f"{app}/{path.name}": path for app in APPS for path in (BASE_DIR / app / "static" / app).rglob("*.css")}


def linked(rooms=""):
    return SHEET.findall(render_to_string("_styles.html", {"rooms": rooms}))


def test_every_sheet_is_linked_and_stands_once_in_the_list():
    names = SHEET.findall(LIST.read_text(encoding="utf-8"))
    assert sorted(names) == sorted(sheets().keys() - BY_ONE_PAGE)


def test_no_template_links_a_sheet_beside_the_list():
    templates = [page for page in Path(BASE_DIR, "templates").rglob("*.html") if page != LIST]
    assert {name for page in templates for name in SHEET.findall(page.read_text(encoding="utf-8"))} == BY_ONE_PAGE


def test_a_sheet_can_be_read_at_one_sitting():
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in sheets().items()}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_a_page_of_the_staff_has_every_room_and_the_printed_page_comes_last():
    names = linked(ALL_ROOMS)
    rooms_of_patients = {"patients/stopping.css", "treatments/aftercare.css"}
    assert set(names) == sheets().keys() - BY_ONE_PAGE - rooms_of_patients
    assert names[-1] == "clinic/print.css"


@pytest.mark.parametrize("name", ["500.html", "503.html"])
def test_a_page_without_records_has_what_every_page_needs_alone(name):
    names = SHEET.findall(render_to_string(name))
    assert names == linked()
    assert {name.partition("/")[0] for name in names} == {"clinic"}


def test_a_page_for_patients_takes_none_of_the_staffs_rooms():
    staff = {name for name in linked(ALL_ROOMS) if not name.startswith("clinic/")}
    assert staff.isdisjoint(linked("forms aftercare"))
    assert staff.isdisjoint(linked("stopping"))
