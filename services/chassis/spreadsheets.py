"""Tables as files that spreadsheets open: CSV and XLSX."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | bool | datetime | None
"""Instants are in the zone they are to be read in."""

CSV_TYPE: Final = "text/csv"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK: Final = "\ufeff"
_CHARACTERS_WIDE: Final = 22


def write_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, separator: str) -> bytes:
    """UTF-8 with the mark by which Excel knows it; a text that would be taken for a formula gets an apostrophe first.

    Excel in French expects `;` between cells, since the comma stands in numbers.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    writer.writerow(headings)
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return f"{_BYTE_ORDER_MARK}{out.getvalue()}".encode()


def write_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]], *, name: str) -> bytes:
    """One sheet under a frozen header with filters; a text is never a formula or a link, whatever it begins with."""
    from xlsxwriter import Workbook  # noqa: PLC0415  (large, and rarely needed)

    out = io.BytesIO()
    texts = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with (
        tempfile.TemporaryDirectory() as rows_written,
        Workbook(out, {**texts, "constant_memory": True, "tmpdir": rows_written, "remove_timezone": True}) as book,
    ):
        header, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet(name)
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
                    case int():
                        sheet.write_number(last, column, cell)
                    case text:
                        sheet.write_string(last, column, text)
        sheet.autofilter(0, 0, last, len(headings) - 1)
    return out.getvalue()


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
        case bool():
            return "1" if cell else "0"
        case str() if cell.startswith(FORMULA_MARKS):
            return f"'{cell}"
        case _:
            return str(cell)
