"""The API of attendance sheets: which there are, with their counts, and each as a file."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.chassis.http import read_json, read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, encode_cursor
from services.chassis.spreadsheets import CSV_TYPE, XLSX_TYPE
from services.registration.application.sheets import SheetQuery
from services.registration.domain.attendance_sheets import Sheet, Standing
from services.registration.domain.errors import EventChangedMeanwhileError
from services.registration.domain.signatures import MOST_TRAINERS, Asked, SheetSettings
from services.registration.web.answers import answer
from services.registration.web.bodies import Body, PersonName
from services.registration.web.errors import problem_of
from services.registration.web.event_answers import versions_seen
from services.registration.web.sheet_files import PDF_TYPE, sheet_file
from services.registration.web.use_cases import use_cases

api = Api(tag="attendance sheets")
_ALL: Final = "/api/v1/events/{event_id}/sheets"
_TYPES: Final = {"pdf": PDF_TYPE, "csv": CSV_TYPE, "xlsx": XLSX_TYPE}


class AsOfQuery(BaseModel):
    """As of when."""

    as_of: (
        Annotated[datetime, Field(description="As the facts recorded up to then have it; now if left out.")] | None
    ) = None


class SheetsQuery(AsOfQuery, PageQuery):
    """Which page of the half-days, as of when."""


class SheetFileQuery(AsOfQuery):
    """What is on the file."""

    blank: Annotated[bool, Field(description="Everybody with a seat, room to sign, and nothing about attendance.")] = (
        False
    )
    absent: Annotated[bool, Field(description="Also who was not there, or cancelled.")] = True

    def of(self, event_id: str, slot_id: str | None) -> SheetQuery:
        """What is asked for."""
        return SheetQuery(
            event_id=event_id, slot_id=slot_id, as_of=_zoned(self.as_of), blank=self.blank, absent=self.absent
        )


class SheetView(BaseModel):
    """A half-day, and how many stand how on its sheet."""

    half_day_id: str
    starts_at: Instant
    ends_at: Instant
    present: int
    in_person: int
    remote: int
    signed: int
    absent: int
    cancelled: int
    expected: int

    @classmethod
    def of(cls, sheet: Sheet) -> "SheetView":
        """One sheet."""
        return cls(
            half_day_id=sheet.slot.slot_id,
            starts_at=sheet.slot.starts_at,
            ends_at=sheet.slot.ends_at,
            present=sheet.count(Standing.PRESENT),
            in_person=sheet.in_person,
            remote=sheet.remote,
            signed=sheet.signed,
            absent=sheet.count(Standing.ABSENT),
            cancelled=sheet.count(Standing.CANCELLED),
            expected=sheet.count(Standing.EXPECTED),
        )


class SheetsView(Page[SheetView]):
    """The sheets of an event; `open`: they are provisional, since the event is not closed."""

    event_id: str
    as_of: Instant
    open: bool
    signatures: Asked


class SheetSettingsBody(Body):
    """What the sheets of an event are made with.

    `signatures` are asked for on paper, on a screen, or not at all; with `from_afar`, who takes part remotely may
    attest it by the personal link. `trainers` are named beside the speakers of the agenda.
    """

    signatures: Asked = Asked.PAPER
    from_afar: bool = False
    trainers: Annotated[list[PersonName], Field(max_length=MOST_TRAINERS)] = Field(default=[])

    def settings(self) -> SheetSettings:
        """As they are kept."""
        return SheetSettings(
            asked=self.signatures, from_afar=self.from_afar, trainers=tuple(dict.fromkeys(self.trainers))
        )

    @classmethod
    def of(cls, settings: SheetSettings) -> "SheetSettingsBody":
        """As they are told."""
        return cls(signatures=settings.asked, from_afar=settings.from_afar, trainers=list(settings.trainers))


@api.route(
    "GET",
    f"{_ALL}/settings",
    summary="What attendance sheets are made with",
    roles=[],
    answers={200: SheetSettingsBody},
)
async def read_sheet_settings(request: web.Request) -> web.Response:
    """The `ETag` is their version: a change that names it in `If-Match` overwrites nothing that another one changed."""
    event = await use_cases(request).events.find(request.match_info["event_id"])
    return _told(await use_cases(request).proofs.signatures.settings(event.event_id))


@api.route(
    "PUT",
    f"{_ALL}/settings",
    summary="Say what attendance sheets are made with",
    roles=[],
    body=SheetSettingsBody,
    answers={200: SheetSettingsBody},
    problems=[412],
    headers=["If-Match"],
)
async def change_sheet_settings(request: web.Request) -> web.Response:
    """In any state of the event; what was signed stays so. With an `If-Match` of another version, nothing changes."""
    body, event_id = await read_json(request, SheetSettingsBody), request.match_info["event_id"]
    signatures, settings = use_cases(request).proofs.signatures, body.settings()
    try:
        await signatures.change_settings(event_id, settings, seen=versions_seen(request))
    except EventChangedMeanwhileError as error:
        problem = problem_of(error)
        problem.headers["ETag"] = f'"{(await signatures.settings(event_id)).version}"'
        raise problem from error
    return _told(settings)


@api.route(
    "GET",
    _ALL,
    summary="List the attendance sheets",
    roles=[],
    query=SheetsQuery,
    answers={200: SheetsView},
    problems=[503],
)
async def list_sheets(request: web.Request) -> web.Response:
    """One for each half-day of the event, with how many were there and signed."""
    event_id, query = request.match_info["event_id"], read_query(request, SheetsQuery)
    after = None if query.after is None else str(decode_cursor(query.after, str)[0])
    asked = SheetQuery(event_id=event_id, as_of=_zoned(query.as_of), after=after, limit=query.limit)
    found = await use_cases(request).proofs.sheets.gather(asked)
    return answer(
        SheetsView(
            event_id=event_id,
            as_of=found.as_of,
            open=found.is_open,
            signatures=found.settings.asked,
            items=[SheetView.of(sheet) for sheet in found.sheets],
            next=None if found.following is None else encode_cursor((found.following,)),
        )
    )


def _add_files(name: str, path: str, summary: str, slot_of: Callable[[web.Request], str | None]) -> None:
    """Declare the files of what `slot_of` names, in each of their kinds."""
    for kind, media_type in _TYPES.items():

        async def take(request: web.Request, kind: str = kind) -> web.Response:
            """In the language of the request; that it was taken along is noted."""
            query = read_query(request, SheetFileQuery).of(request.match_info["event_id"], slot_of(request))
            return await sheet_file(request, query, kind, for_people=False)

        take.__name__ = f"take_{name}_{kind}"
        declared = api.route(
            "GET",
            f"{path}.{kind}",
            summary=f"{summary} ({kind.upper()})",
            roles=[],
            query=SheetFileQuery,
            answers={200: media_type},
            problems=[409, 503],
        )
        declared(take)


_add_files("sheets", _ALL, "Take all attendance sheets along", lambda _: None)
_add_files(
    "sheet_of_half_day",
    f"{_ALL}/{{day}}/{{part}}",
    "Take the attendance sheet of a half-day along",
    lambda request: f"{request.match_info['day']}/{request.match_info['part']}",
)
_add_files(
    "sheet_of_session",
    "/api/v1/events/{event_id}/sessions/{session_id}/sheet",
    "Take the attendance sheet of a session along",
    lambda request: request.match_info["session_id"],
)


def _told(settings: SheetSettings) -> web.Response:
    reply = answer(SheetSettingsBody.of(settings))
    reply.headers["ETag"] = f'"{settings.version}"'
    return reply


def _zoned(instant: datetime | None) -> datetime | None:
    """An instant without a zone is in UTC, as everything that the API tells."""
    return instant if instant is None or instant.tzinfo else instant.replace(tzinfo=UTC)
