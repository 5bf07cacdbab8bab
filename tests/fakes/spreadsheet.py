"""A reader of the books that Passerelle writes, without the library that wrote them."""

import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree import ElementTree as ET

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_EPOCH: Final = datetime(1899, 12, 30, tzinfo=UTC)

Cell = str | float | bool | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a reader of the book sees, and the XML behind it."""

    rows: list[list[Cell]]
    xml: str
    styles: str


def read_sheet(book: bytes, *, number: int = 1) -> Sheet:
    """A sheet, the first by default; a row ends with its last cell that is there, or where the header ends."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        xml = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    rows: list[list[Cell]] = []
    for row in ET.fromstring(xml).iter(f"{_MAIN}row"):  # noqa: S314  (our own file)
        cells = {_column(cell): _value(cell) for cell in row}
        width = len(rows[0]) if rows else len(cells)
        rows.append([cells.get(column) for column in range(width)])
    return Sheet(rows=rows, xml=xml, styles=styles)


def _column(cell: ET.Element) -> int:
    """From 0; no sheet of ours goes beyond column Z."""
    return ord(cell.attrib["r"][0]) - ord("A")


def _value(cell: ET.Element) -> Cell:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext())
    if cell.get("t") == "b":
        return cell.findtext(f"{_MAIN}v") == "1"
    number = float(cell.findtext(f"{_MAIN}v") or "nan")
    if cell.get("s") is None:
        return number
    return _EPOCH + timedelta(milliseconds=round(number * 86_400_000))
