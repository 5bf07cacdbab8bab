"""The control "as known at" of the pages: the instant that a reader types, in the time of the event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiohttp import web

from schemas.envelope import to_milliseconds
from services.attendance.web.moments import CLOCK
from services.chassis.pages import texts_of
from services.chassis.pages.languages import mark


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAt:
    """What was asked: the instant, None if the page shows what is known now; `error` is what is wrong with it.

    `query` is what a link to another page of the event carries, so that it shows the same instant.
    """

    text: str = ""
    moment: datetime | None = None
    error: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """Of the answer that says so."""
        return 400 if self.error else 200


def asked_moment(request: web.Request, text: str, *, timezone: str) -> KnownAt:
    """The instant of a form field: with an offset, or else in the time of the event; empty is none."""
    typed = text.strip()
    if not typed:
        return KnownAt()
    gettext = texts_of(request).gettext
    try:
        read = datetime.fromisoformat(typed)
        moment = to_milliseconds(read if read.tzinfo else read.replace(tzinfo=ZoneInfo(timezone)))
    except (ValueError, OverflowError):
        return KnownAt(text=typed, error=gettext(mark("Enter a date and a time, such as 2026-11-23 09:00.")))
    if moment > request.app[CLOCK]():
        return KnownAt(
            text=typed, error=gettext(mark("This lies in the future: nobody knows yet what will be known then."))
        )
    return KnownAt(text=typed_in(moment, timezone), moment=moment, query={"as_of": typed})


def typed_in(moment: datetime, timezone: str) -> str:
    """An instant as a field of a form holds it: in the time of the event, to the millisecond."""
    local = moment.astimezone(ZoneInfo(timezone))
    return local.replace(tzinfo=None).isoformat(timespec="seconds" if local.microsecond == 0 else "milliseconds")


def unambiguous(moment: datetime) -> str:
    """An instant as an address carries it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
