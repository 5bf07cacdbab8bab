"""Whether the figures of a document follow from the facts of its event, counted again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from pydantic import BaseModel, RootModel, ValidationError

from schemas.decode import decode
from schemas.eligibility import EligibilityChanged
from services.attendance.adapters.tables import to_column
from services.attendance.application.recounting import Recounted, granted_to, recounted
from services.attendance.application.verification import EvidenceFile, LogVerdict
from services.chassis.pages.formats import format_seconds

_WAYS: Final = {
    "in_person": "in person",
    "remote": "remotely",
    "both": "both ways at once",
    "total": "in all",
    "inferred": "inferred",
}
_NOTHING: Final = "nothing"
_RULES: Final = b'"passerelle.registration.eligibility.changed.v1"'


class _Row(BaseModel):
    in_person: int
    remote: int
    total: int
    inferred: int


class _Seconds(_Row):
    both: int


class _Span(BaseModel):
    mode: str
    start: str
    end: str
    session_id: str | None
    granted_at: str


class _Granted(BaseModel):
    seconds: int
    spans: list[_Span]


class _Certificate(BaseModel):
    """See `services.registration.domain.certificates.figures_of`."""

    provisional: bool
    headcount: int | None
    whole: _Seconds
    half_days: dict[str, _Seconds]
    sessions: dict[str, _Seconds]
    granted: _Granted | None = None


class _Sheets(RootModel[dict[str, dict[str, _Row]]]):
    """See `services.registration.domain.attendance_sheets.figures_of`."""


_Figures: TypeAlias = _Certificate | _Sheets
_KINDS: Final[Mapping[str, type[_Figures]]] = {
    "attendance_certificate": _Certificate,
    "completion_certificate": _Certificate,
    "attendance_sheet": _Sheets,
}


class Trouble(StrEnum):
    """Why figures cannot be compared: of an unknown kind of document, not as they are written, of an unknown event."""

    UNKNOWN_KIND = "unknown_kind"
    UNREADABLE = "unreadable"
    NO_EVENT = "no_event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the document says and what the facts say of one thing, in words."""

    what: str
    said: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How many figures were compared, counted with a reconnect grace of so many seconds, and where they differ.

    `rules_version` is that of the rules of eligibility that were in force, 0 where nobody had set any.
    """

    figures: int = 0
    grace_seconds: int = 0
    rules_version: int = 0
    differences: Sequence[Difference] = ()
    trouble: Trouble | None = None
    detail: str = ""


def checked_figures(evidence: EvidenceFile, verdict: LogVerdict) -> Checked:
    """Compare the figures of a document with what follows from the facts that it was issued from."""
    document = evidence.document
    if document.kind not in _KINDS:
        return Checked(trouble=Trouble.UNKNOWN_KIND)
    try:
        figures = _KINDS[document.kind].model_validate(evidence.figures)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        return Checked(trouble=Trouble.UNREADABLE, detail=_shown(detail))
    whose = document.participant_id
    counted = recounted(document.event_id, verdict.issued_from, subjects=None if whose is None else [whose])
    if counted is None:
        return Checked(trouble=Trouble.NO_EVENT)
    if isinstance(figures, _Sheets):
        again: _Figures = _Sheets.model_validate({name: counted.sheet(name) for name in figures.root})
    else:
        _, record = counted.people.get(whose or "", (None, None))
        # Registration knew of a grant from when it was given, also where the fact of it was on its way still.
        answers = (*verdict.issued_from, *verdict.came_late)
        granted = granted_to(whose or "", answers, record, as_of=to_column(document.as_of))
        again = _Certificate.model_validate(counted.certificate(whose or "", granted))
    grace = counted.event.reconnect_grace_seconds
    named = evidence.settings.reconnect_grace_seconds
    said = {**dict(_told_of(figures, counted)), **_told_grace(grace if named is None else named)}
    found = {**dict(_told_of(again, counted)), **_told_grace(grace)}
    differences = [
        Difference(what=_shown(what), said=_shown(said.get(what, _NOTHING)), found=_shown(found.get(what, _NOTHING)))
        for what in {**said, **found}
        if said.get(what) != found.get(what)
    ]
    return Checked(
        figures=len({**said, **found}) - 1,
        grace_seconds=grace,
        rules_version=_rules_version(verdict.issued_from),
        differences=differences,
    )


def _shown(text: str) -> str:
    """A text out of the file as a terminal may show it: whoever forges one would let it write over the verdict."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "�" for sign in text)


def _told_grace(seconds: int) -> Mapping[str, str]:
    return {"the reconnect grace": format_seconds(seconds, language="en", exact=True)}


def _rules_version(values: Sequence[bytes]) -> int:
    told = (decode(value) for value in values if _RULES in value)
    return max((rules.data.version for rules in told if isinstance(rules, EligibilityChanged)), default=0)


def _told_of(figures: _Figures, counted: Recounted) -> Iterator[tuple[str, str]]:
    """What figures say of each thing, in words; nothing of what there is none of."""
    return _told_of_sheets(figures, counted) if isinstance(figures, _Sheets) else _told_of_certificate(figures, counted)


def _told_of_certificate(figures: _Certificate, counted: Recounted) -> Iterator[tuple[str, str]]:
    yield "the event", "it was not over" if figures.provisional else "it was over"
    if figures.headcount is not None:
        yield "people behind the connection", str(figures.headcount)
    yield from _told("the whole event", figures.whole)
    for name, time in figures.half_days.items():
        yield from _told(name, time)
    for name, time in figures.sessions.items():
        yield from _told(_session(name, counted), time)
    if figures.granted is not None:
        yield "granted and not measured", format_seconds(figures.granted.seconds, language="en", exact=True)
        for span in figures.granted.spans:
            of = "" if span.session_id is None else f" in {_session(span.session_id, counted)}"
            what = f"from {span.start} to {span.end}, {_WAYS.get(span.mode, span.mode)}{of}"
            yield what, f"granted at {span.granted_at}"


def _told_of_sheets(sheets: _Sheets, counted: Recounted) -> Iterator[tuple[str, str]]:
    for slot, rows in sheets.root.items():
        name = _session(slot, counted) if slot in counted.titles else slot
        for participant_id, time in rows.items():
            yield from _told(f"{name}, {participant_id}", time)


def _told(what: str, time: _Row) -> Iterator[tuple[str, str]]:
    for name, seconds in time.model_dump().items():
        if seconds:
            yield f"{what}, {_WAYS[name]}", format_seconds(seconds, language="en", exact=True)


def _session(session_id: str, counted: Recounted) -> str:
    title = counted.titles.get(session_id)
    return f"session {session_id}" if title is None else f"session “{title}” ({session_id})"
