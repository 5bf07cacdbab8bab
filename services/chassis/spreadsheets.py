"""Tables as files that spreadsheets open: CSV and XLSX."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

Cell: TypeAlias = str | int | float | bool | datetime | None
"""Instants are in the zone they are to be read in."""

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK: Final = "\ufeff"
_CHARACTERS_WIDE: Final = 22
_TEXTS: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_LONGEST_NAME: Final = 31
_NOT_IN_NAMES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table of a book; `heading` stands on each printed page of it."""

    name: str
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    heading: str = ""


def write_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, separator: str) -> bytes:
    """UTF-8 with the mark by which Excel knows it; a text that would be taken for a formula gets an apostrophe first.

    Excel in French expects `;` between cells, since the comma stands in numbers; so it does here then.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([_plain(cell, comma=separator == ";") for cell in row] for row in rows)
    return f"{_BYTE_ORDER_MARK}{out.getvalue()}".encode()


def write_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str) -> bytes:
    """One sheet under a frozen header with filters; a text is never a formula or a link, whatever it begins with."""
    from xlsxwriter import Workbook  # noqa: PLC0415  (large, and rarely needed)

    out = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as rows_written,
        Workbook(out, {**_TEXTS, "constant_memory": True, "tmpdir": rows_written, "remove_timezone": True}) as book,
    ):
        header, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        _fill(book.add_worksheet(name), headings, rows, header=header, moment=moment)
    return out.getvalue()


def write_book(sheets: Iterable[Sheet], *, title: str, created: datetime) -> bytes:
    """A book of several tables, each as `write_xlsx` has one; the same tables and instant give the same bytes."""
    from xlsxwriter import Workbook  # noqa: PLC0415  (large, and rarely needed)

    out = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as rows_written,
        Workbook(out, {**_TEXTS, "constant_memory": True, "tmpdir": rows_written, "remove_timezone": True}) as book,
    ):
        book.set_properties({"title": title, "created": created.astimezone(UTC).replace(tzinfo=None)})
        header, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        for sheet in sheets:
            written = book.add_worksheet(sheet.name.translate(_NOT_IN_NAMES)[:_LONGEST_NAME])
            if sheet.heading:
                written.set_header(f"&L{sheet.heading.replace('&', '&&')}")
            _fill(written, sheet.headings, sheet.rows, header=header, moment=moment)
    return out.getvalue()


def _fill(
    sheet: "Worksheet", headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, header: "Format", moment: "Format"
) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(headings) - 1, _CHARACTERS_WIDE)
    sheet.write_row(0, 0, headings, header)
    last = 0
    for last, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            match cell:
                case None:
                    pass
                case datetime():
                    sheet.write_datetime(last, column, cell, moment)
                case bool():
                    sheet.write_boolean(last, column, cell)
                case int() | float():
                    sheet.write_number(last, column, cell)
                case text:
                    sheet.write_string(last, column, text)
    sheet.autofilter(0, 0, last, len(headings) - 1)


def _plain(cell: Cell, *, comma: bool) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
        case bool():
            return "1" if cell else "0"
        case float() if comma:
            return str(cell).replace(".", ",")
        case str() if cell.startswith(FORMULA_MARKS):
            return f"'{cell}"
        case _:
            return str(cell)
