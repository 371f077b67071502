"""Rows for people who open a CSV file in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

# What a spreadsheet may take for the start of a formula, in narrow and in wide characters.
FORMULA_STARTS = tuple("=+-@\t\r\n|＝＋－＠")


def safe_cell(value: object) -> str:
    """Return the value as text that no spreadsheet computes: what looks like a formula gets a leading apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


class Echo:
    """A file that hands back what is written to it, so that a CSV file can be sent row by row."""

    def write(self, text: str) -> str:
        return text


def csv_file(head: Iterable[object], rows: Iterable[Iterable[object]], name: str) -> StreamingHttpResponse:
    """Return rows as a file of this name, sent as they are read, each cell made safe."""
    # All in quotes: a spreadsheet of a country that parts cells by semicolons would begin a cell at one in a note.
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)

    named = "-".join(name.split())  # a lot is called by its maker, with whatever characters

    def lines() -> Iterator[str]:
        yield "\N{ZERO WIDTH NO-BREAK SPACE}"  # so that a spreadsheet reads it as UTF-8
        yield writer.writerow(safe_cell(cell) for cell in head)
        for row in rows:
            yield writer.writerow(safe_cell(cell) for cell in row)

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": str(content_disposition_header(as_attachment=True, filename=named))},
    )
