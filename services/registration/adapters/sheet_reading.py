"""The sheet of a file that somebody brought: headings on the first line with something in it, and rows below."""

from services.chassis.table_reading import UnreadableTableError, read_rows
from services.registration.domain.errors import FileTrouble, UnreadableFileError
from services.registration.domain.imports import Sheet


def read_sheet(raw: bytes) -> Sheet:
    """The first sheet of a file, in CSV or XLSX.

    Raises:
        UnreadableFileError: if there is no table in it, or one too long.
    """
    try:
        rows = read_rows(raw)
    except UnreadableTableError as error:
        raise UnreadableFileError(FileTrouble(error.trouble)) from None
    if len(rows) <= 1:
        raise UnreadableFileError(FileTrouble.EMPTY)
    width = max(map(len, rows.values()))
    padded = {number: row + [""] * (width - len(row)) for number, row in rows.items()}
    first = min(padded)
    return Sheet(headings=padded.pop(first), rows=padded)
