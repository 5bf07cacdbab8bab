"""Reports of platforms, read from the files that people download there."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from services.streaming_bridge.adapters.reports.documents import read_document
from services.streaming_bridge.adapters.reports.tables import read_table
from services.streaming_bridge.domain.reports import Report, ReportTrouble, UnreadableReportError

__all__ = ["read_report"]

_MARK: Final = b"\xef\xbb\xbf"


def read_report(raw: bytes, *, zone: ZoneInfo, around: datetime) -> Report:
    """What a file says, be it JSON, CSV or XLSX; `zone` and `around` as of `read_table`.

    Raises:
        UnreadableReportError: if it is no report that is known.
    """
    text = raw.removeprefix(_MARK)
    is_document = text.lstrip()[:1] in {b"{", b"["}
    report = read_document(text) if is_document else read_table(raw, zone=zone, around=around)
    if not report.stays:
        raise UnreadableReportError(ReportTrouble.NOTHING_READ)
    return report
