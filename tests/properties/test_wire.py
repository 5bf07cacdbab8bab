"""The short way of reading a fact against `schemas.decode`: whatever a value says, both say the same of it."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.decode import UnreadableRecordError, decode
from schemas.timeline import TimelineEntry
from services.attendance.application.partition_fold import UnfitRecordError
from services.attendance.application.translation import digest, document, domain_fact
from services.attendance.application.wire import instant_text, is_plain, milliseconds, quoted, read
from services.attendance.domain.fold import fold_event
from tests.properties.test_partition_fold import Run, expected, records
from tests.properties.wire_facts import EVENT

KEY = EVENT.encode()
STREAM = {
    "specversion": "1.0",
    "id": "s",
    "source": "jitsi",
    "type": "passerelle.participation.stream.started.v1",
    "time": "2026-11-22T08:00:00.000Z",
    "recordedtime": "2026-11-22T08:00:00.000Z",
    "data": {"event_id": EVENT, "room": "hall"},
}
CONNECTION = {"room": "hall", "connection": "c1"}
SEAT = {"mode": "remote", "status": "confirmed"}
KINDS: dict[str, dict[str, Any]] = {
    "checkin.checked_in": {"gate": "north", "device": "d1"},
    "checkin.checked_out": {},
    "participation.joined": CONNECTION | {"room_session": "monday"},
    "participation.left": CONNECTION | {"joined_at": "2026-11-22T08:00:00.000Z", "inferred": "silence"},
    "registration.participant.registered": SEAT,
    "registration.participant.confirmed": SEAT,
    "registration.participant.mode_changed": SEAT,
}
ODD: tuple[Any, ...] = (
    None,
    "",
    "x",
    'é “ " \\ \u2028',
    "a b",
    "x" * 201,
    "x" * 101,
    "x" * 601,
    7,
    1.5,
    True,
    [],
    {},
    "2026-11-22T09:00:00Z",
    "2026-11-22T09:00:00.000+01:00",
    "2026-11-22T09:00:60.000Z",
    "2026-02-30T09:00:00.000Z",
    "2026-11-22T24:00:00.000Z",
    "2026-11-22 09:00:00.000Z",
    "2026-11-22T09:00:00.000z",
    "\u0662\u066026-11-22T09:00:00.000Z",
    "1.0",
    "application/json",
    "passerelle.checkin.checked_out.v1",
    "in_person",
    "cancelled",
)
NAMES = ("id", "source", "type", "subject", "time", "recordedtime", "specversion", "datacontenttype", "traceparent")
DATA_NAMES = (
    "event_id",
    "gate",
    "device",
    "room",
    "room_session",
    "connection",
    "joined_at",
    "mode",
    "status",
    "inferred",
    "more",
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Facts of the common types, some of which say odd things, or leave something out, or say more."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    data: dict[str, Any] = {"event_id": EVENT, **KINDS[kind]}
    made: dict[str, Any] = {
        **STREAM,
        "id": "f1",
        "type": f"passerelle.{kind}.v1",
        "subject": draw(st.sampled_from(["par-1", f"gst_{7:032x}"])),
        "time": "2026-11-22T09:00:00.125Z",
        "recordedtime": "2026-11-22T09:00:01.000Z",
        "data": data,
    }
    for _ in range(draw(st.integers(0, 2))):
        of, names = (made, NAMES) if draw(st.booleans()) else (data, DATA_NAMES)
        name = draw(st.sampled_from(names))
        if draw(st.integers(0, 3)) == 0:
            of.pop(name, None)
        else:
            of[name] = draw(st.sampled_from(ODD))
    return made


@st.composite
def values(draw: st.DrawFn) -> bytes:
    """Their bytes in any way JSON can be written, and a few that are broken."""
    made = draw(documents())
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")]))
    text = json.dumps(made, ensure_ascii=draw(st.booleans()), separators=separators, sort_keys=draw(st.booleans()))
    value = text.encode()
    if draw(st.integers(0, 4)) == 0:
        place = draw(st.integers(0, len(value) - 1))
        odd = draw(
            st.sampled_from([b"", b"\\", b'"', b"\xff", b"\x00", b"\n", b"}", b",", b"\\u0000", b"0", b"\xef\xbb\xbf"])
        )
        value = value[:place] + odd + value[place + draw(st.integers(0, 1)) :]
    return value


def taken(value: bytes) -> Run | None:
    """What comes of a value; None if it was refused."""
    run = Run()
    run.take([json.dumps(STREAM).encode()])
    run.settle()
    try:
        run.take([value])
    except (UnreadableRecordError, UnfitRecordError):
        output = run.fold.flush()
        assert (output.presences, output.contexts, output.entries) == ({}, {}, [])
        return None
    run.settle()
    return run


@given(values())
@example(b'{"id":"f1","id":"f2"}')
def test_a_value_means_the_same_whichever_way_it_is_read(value: bytes) -> None:
    run = taken(value)

    try:
        fact = decode(value)
    except UnreadableRecordError:
        assert run is None
        return
    if fact.data.event_id != EVENT:
        assert run is None
        return
    assert run is not None
    people = fold_event([domain_fact(document(fact), canonical=digest(value))]).people
    assert records(run.stored) == expected(dict(people))
    entry = decode(run.timeline[fact.id])
    assert isinstance(entry, TimelineEntry)
    assert decode(json.dumps(entry.data.fact).encode()) == fact
    assert (entry.time, entry.recordedtime, entry.traceparent) == (fact.time, fact.recordedtime, fact.traceparent)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_an_instant_is_read_as_it_is_written(at: int) -> None:
    assert milliseconds(instant_text(at)) == at


@given(st.text())
def test_a_text_is_quoted_as_json(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert json.loads(quoted(text)) == text
    assert bool(is_plain(text)) == (json.dumps(text) == f'"{text}"' and text.isprintable() and text.isascii())


def test_the_common_types_are_read_the_short_way() -> None:
    for kind, data in KINDS.items():
        made = {**STREAM, "subject": "par-1", "type": f"passerelle.{kind}.v1", "data": {"event_id": EVENT, **data}}
        assert read(json.dumps(made).encode()) is not None
