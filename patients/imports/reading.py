"""A CSV file of unknown making: its encoding, its delimiter, and its rows with the line each starts on."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from clinic.spreadsheets import FORMULA_STARTS

DELIMITERS = ",;\t"
BOMS = [(codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")]
CHUNK = 1 << 20
ERRORS = "errors"  # the column that a file of rejects has beside those of the original


class UnusableFileError(Exception):
    """The whole file cannot be taken: it cannot be read, or a column is missing. The message is for the person."""


@dataclass(frozen=True)
class Row:
    """One record of the file. `problem` says why it could not even be taken apart."""

    line: int
    cells: list[str]
    problem: str = ""


@dataclass(frozen=True)
class Source:
    """A CSV file that was looked at: how to read it, and its head."""

    path: Path
    encoding: str
    delimiter: str
    head: list[str]

    def rows(self) -> Iterator[Row]:
        """Yield the rows below the head, one at a time, blank lines left out."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            next(reader, None)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(
                        line, [], _("The quotation marks of this line do not close (%(error)s).") % {"error": error}
                    )
                    continue
                if any(cell.strip() for cell in cells):
                    yield self._row(line, [plain(cell) for cell in cells])

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) == len(self.head):
            return Row(line, cells)
        counts = {"cells": len(cells), "head": len(self.head)}
        return Row(line, cells, _("This line has %(cells)s cells, the head has %(head)s.") % counts)


def look_at(path: Path) -> Source:
    """Find out how to read a file. Raises `UnusableFileError`."""
    try:
        encoding = encoding_of(path)
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline()
    except OSError as error:
        raise UnusableFileError(_("The file cannot be opened: %(error)s.") % {"error": error.strerror}) from error
    if not first.strip():
        raise UnusableFileError(_("The file is empty."))
    delimiter = max(DELIMITERS, key=first.count)
    try:
        head = next(csv.reader([first], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UnusableFileError(_("The first line is no head of columns: %(error)s.") % {"error": error}) from error
    return Source(path, encoding, delimiter, [plain(name).strip() for name in head])


def encoding_of(path: Path) -> str:
    """Return the encoding: by its mark, else UTF-8 if all of it is, else Windows-1252. Raises `UnusableFileError`."""
    with path.open("rb") as file:
        start = file.read(4)
    for bom, name in BOMS:
        if start.startswith(bom):
            encodings = [name]
            break
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        if decodes(path, encoding):
            return encoding
    raise UnusableFileError(_("The file is no text in UTF-8, UTF-16 or Windows-1252."))


def decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def plain(cell: str) -> str:
    """Return a cell without the apostrophe that kept it from being a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell
