"""Cells of the files that people open in a spreadsheet: text stays text."""

import csv
import io

import pytest
from django.urls import reverse
from import_export.formats.base_formats import XLSX
from openpyxl import load_workbook

from clinic.models import Location
from clinic.spreadsheets import FORMULA_STARTS, csv_file, safe_cell
from tests.clinic.access import client_of
from tests.factories import LocationFactory

STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠"]


@pytest.mark.parametrize("start", STARTS)
def test_cell_that_a_spreadsheet_would_compute_begins_with_an_apostrophe(start):
    assert safe_cell(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert start in FORMULA_STARTS


@pytest.mark.parametrize("text", ["Ana", "1.5", "", None, "a=b", "Zoë – 李", "2026-03-10"])
def test_cell_that_is_no_formula_stays_as_it_is(text):
    assert safe_cell(text) == ("" if text is None else text)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "\n", "\r\n"])
def test_delimiter_in_a_cell_begins_no_other_cell(start, delimiter):
    text = f"harmless{delimiter}{start}1+1"

    written = b"".join(csv_file(["Note", "Next"], [[text, "end"]], "a file").streaming_content).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows == [["Note", "Next"], [text, "end"]]
    if delimiter in ";\t":  # a spreadsheet of another country reads these as the end of a cell
        assert f'"{text}"' in written


@pytest.mark.django_db
@pytest.mark.parametrize("start", STARTS)
def test_workbook_of_the_admin_site_holds_text_and_no_formula(start):
    here = LocationFactory()
    Location.objects.filter(pk=here.pk).update(name=f"{start}1+1", address=f"x\t{start}1+1")
    client = client_of("admin", here)
    page = reverse("admin:clinic_location_export")
    formats = client.get(page).context["form"].fields["format"].choices
    number = next(key for key, label in formats if label == XLSX().get_title())
    fields = {
        f"{name}": "on" for name in client.get(page).context["form"].fields if name.startswith("locationresource")
    }

    response = client.post(page, {"format": number, "resource": "0", **fields})

    book = load_workbook(io.BytesIO(response.content))
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert [
        cell.value for cell in cells if isinstance(cell.value, str) and cell.value.startswith(FORMULA_STARTS)
    ] == []


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("lots 2026.csv", 'attachment; filename="lots-2026.csv"'),
        ('A"; filename="x.exe', r'attachment; filename="A\";-filename=\"x.exe"'),
        ("recall-李.csv", "attachment; filename*=utf-8''recall-%E6%9D%8E.csv"),
        ("a\r\nX: y.csv", 'attachment; filename="a-X:-y.csv"'),
    ],
)
def test_name_of_a_file_is_one_name_of_an_attachment_whatever_a_lot_is_called(name, header):
    assert csv_file(["Lot"], [], name).headers["Content-Disposition"] == header
