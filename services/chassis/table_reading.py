"""Tables read from files that people bring: CSV of any usual encoding and separator, and XLSX."""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from services.chassis.spreadsheets import FORMULA_MARKS

MOST_LINES: Final = 10_000
MOST_COLUMNS: Final = 100
_LONGEST_CELL: Final = 2000
_MOST_UNPACKED: Final = 50 * 1024 * 1024
"""Bytes: what a small archive that was made to fill the memory grows to is more."""
_ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
"""How books of Excel begin that are locked, or older than XLSX."""
_SEPARATORS: Final = (";", ",", "\t", "|")
_TITLE_LINES: Final = 20
_ENCODINGS: Final = ["cp1252", "mac_roman", "cp850"]
"""What the spreadsheets of western Europe have written, beside UTF-8 and UTF-16."""


class TableTrouble(StrEnum):
    """What keeps a file from being read as a table."""

    EMPTY = "empty"
    NO_TABLE = "no_table"
    ENCODING = "encoding"
    LOCKED = "locked"
    TOO_LONG = "too_long"


class UnreadableTableError(Exception):
    """A file cannot be read as a table."""

    def __init__(self, trouble: TableTrouble) -> None:
        """Keep what is wrong with it."""
        super().__init__(trouble)
        self.trouble = trouble


def read_rows(raw: bytes) -> dict[int, list[str]]:
    """The rows of a file (of a book: of its first sheet) under the numbers of their lines; empty ones are left out.

    Raises:
        UnreadableTableError: if there is no table in it, or one of more than `MOST_LINES` lines below the first.
    """
    if raw.startswith(_OLD_OFFICE):
        raise UnreadableTableError(TableTrouble.LOCKED)
    rows = _rows_of_book(raw) if raw.startswith(_ZIP) else _rows_of_text(_text(raw))
    kept: dict[int, list[str]] = {}
    for number, cells in enumerate(rows, start=1):
        row = [_bare(cell) for cell in cells]
        while row and not row[-1]:
            row.pop()
        if not row:
            continue
        if len(row) > MOST_COLUMNS or len(kept) > MOST_LINES:
            raise UnreadableTableError(TableTrouble.TOO_LONG)
        kept[number] = row
    return kept


def _text(raw: bytes) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return _decoded(raw, encoding)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes  # noqa: PLC0415  (large, and rarely needed)

        best = from_bytes(raw, cp_isolation=_ENCODINGS).best()
        if best is None:
            raise UnreadableTableError(TableTrouble.ENCODING) from None
        text = str(best)
    if "\0" in text:
        raise UnreadableTableError(TableTrouble.NO_TABLE)
    return text


def _decoded(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableTableError(TableTrouble.ENCODING) from None


def _rows_of_text(text: str) -> Iterator[list[str]]:
    # Old Macs end lines with a mere carriage return, and some spreadsheets still do.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first, _, rest = text.lstrip().partition("\n")
    if first.lower().startswith("sep="):
        # Excel's own way to say which separator follows.
        text = rest
    separator = _separator(text)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error:
        raise UnreadableTableError(TableTrouble.NO_TABLE) from None


def _separator(text: str) -> str:
    """What makes most columns of the first line that has several: some files begin with a title."""
    lines = [line for line in text.split("\n", _TITLE_LINES)[:_TITLE_LINES] if line.strip()]
    for line in lines:
        columns = {each: _columns(line, each) for each in _SEPARATORS}
        if max(columns.values()) > 1:
            return max(_SEPARATORS, key=columns.__getitem__)
    return _SEPARATORS[0]


def _columns(line: str, separator: str) -> int:
    """How many there are, if that is what separates them."""
    try:
        return len(next(csv.reader([line], delimiter=separator, strict=True), []))
    except csv.Error:
        return 0


def _rows_of_book(raw: bytes) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError  # noqa: PLC0415  (rarely needed)

    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _MOST_UNPACKED:
                raise UnreadableTableError(TableTrouble.TOO_LONG)
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        for row in book.get_sheet_by_index(0).iter_rows():
            yield [_shown(cell) for cell in row]
    except PasswordError:
        raise UnreadableTableError(TableTrouble.LOCKED) from None
    except (zipfile.BadZipFile, CalamineError):
        raise UnreadableTableError(TableTrouble.NO_TABLE) from None


def _shown(cell: object) -> str:
    """A cell as who looks at the sheet would write it."""
    match cell:
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date():
            return cell.isoformat()
        case _:
            return str(cell)


def _bare(cell: str) -> str:
    """Without the apostrophe that keeps a text from being taken for a formula, and cut where no cell is so long."""
    text = cell.strip()[:_LONGEST_CELL]
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_MARKS) else text
