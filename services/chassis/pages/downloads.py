"""Tables that somebody takes along, as the spreadsheet program of their language opens them."""

import asyncio
import re
import unicodedata
from collections.abc import Sequence

from aiohttp import web

from services.chassis.pages import language_of
from services.chassis.spreadsheets import CSV_TYPE, XLSX_TYPE, Cell, write_csv, write_xlsx

_LONGEST_NAME = 80


def file_name(*parts: str, kind: str) -> str:
    """A name for a file that every system and every header takes: `presence-colloque-d-ete-2026-07-04.csv`."""
    plain = unicodedata.normalize("NFKD", " ".join(parts)).encode("ascii", "ignore").decode().lower()
    return f"{re.sub(r'[^a-z0-9]+', '-', plain)[:_LONGEST_NAME].strip('-') or 'passerelle'}.{kind}"


async def table_file(
    request: web.Request,
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    name: str,
    sheet: str,
    for_people: bool = True,
) -> web.Response:
    """The table as what `name` ends in, `.csv` or `.xlsx`; `for_people` with the separator of their language."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if name.endswith(".xlsx"):
        body = await asyncio.to_thread(write_xlsx, headings, rows, name=sheet)
        return web.Response(body=body, content_type=XLSX_TYPE, headers=headers)
    separator = ";" if for_people and language_of(request) == "fr" else ","
    body = await asyncio.to_thread(write_csv, headings, rows, separator=separator)
    return web.Response(body=body, content_type=CSV_TYPE, charset="utf-8", headers=headers)
