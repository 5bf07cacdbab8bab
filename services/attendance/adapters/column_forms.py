"""How answers in columns are named and written: apart, since DuckDB and Arrow are large and few processes need them."""

from enum import StrEnum
from typing import Final

TABLES: Final = ("presence_intervals", "minutes", "sessions", "switches", "agenda")
"""What analysts may ask of an event, by name."""


class Form(StrEnum):
    """How an answer is written."""

    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"


MEDIA_TYPES: Final = {
    Form.PARQUET: "application/vnd.apache.parquet",
    Form.CSV: "text/csv",
    Form.NDJSON: "application/x-ndjson",
}
