"""What attendance itself has written, read as rows: what is stored is what the schemas read."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from schemas.decode import UnreadableRecordError, decode
from schemas.envelope import format_instant
from schemas.identifiers import new_event_id
from schemas.presence import PresenceChanged, PresenceEarlier
from schemas.timeline import TimelineEntry
from services.attendance.adapters.projection import Batch
from services.attendance.adapters.tables import to_column
from services.attendance.adapters.timeline import OWN_SOURCE
from services.attendance.application.evidence import leaf_of
from services.attendance.stream.own_topics import read_record
from tests.fakes.attendance_facts import colloquium
from tests.fakes.attendance_log import told

EXAMPLES = Path("schemas/examples")
EVENT = new_event_id()


def entry_record(**changes: object) -> bytes:
    """An example of an entry, changed at the top."""
    example = json.loads((EXAMPLES / "passerelle.timeline.entry.v1.json").read_text())
    return json.dumps({**example, **changes}).encode()


def presence_record(**changes: object) -> bytes:
    example = json.loads((EXAMPLES / "passerelle.presence.changed.v1.json").read_text())
    return json.dumps({**example, "data": {**example["data"], **changes}}).encode()


def key_of(value: bytes) -> bytes:
    record = json.loads(value)
    return f"{record['data']['event_id']}/{record['subject']}".encode()


def read_all(records: list[tuple[str, bytes | None, bytes | None]]) -> Batch:
    batch = Batch()
    for record in records:
        read_record(batch, *record)
    return batch


def test_the_rows_of_a_colloquium_say_what_its_records_say() -> None:
    log = told(colloquium(EVENT, people=40).written)
    batch = read_all([(topics.TIMELINE.name, EVENT.encode(), entry.to_bytes()) for entry in log.entries])
    latest = {entry.id: entry for entry in log.entries}
    assert {key[1] for key in batch.entries} == latest.keys()
    for row in batch.entries.values():
        entry = latest[row["id"]]
        assert json.loads(row["fact"]) == entry.data.fact
        assert (row["participant_id"], row["guest_id"]) == (entry.data.participant_id, entry.data.guest_id)
        assert (row["time"], row["recorded"]) == (to_column(entry.time), to_column(entry.recordedtime))
        assert row["type"] == entry.data.fact["type"]
        leaf = None if row["source"] == OWN_SOURCE else leaf_of(row["fact"].encode())
        assert leaf is None or (leaf.id, leaf.recorded) == (row["id"], row["recorded"])
        assert row["leaf"] == (leaf and leaf.hash)
        reached = None if entry.data.presence is None else entry.data.presence.model_dump(mode="json")
        assert (None if row["reached"] is None else json.loads(row["reached"])) == reached
    batch = read_all([(topics.PRESENCE.name, key, value) for key, value in log.kept.items()])
    for value in log.kept.values():
        fact = decode(value)
        assert isinstance(fact, PresenceChanged | PresenceEarlier)
        if isinstance(fact, PresenceEarlier):
            continue
        person = batch.presence[EVENT, fact.subject]
        assert person is not None
        assert person["status"] == fact.data.status
        assert len(json.loads(person["intervals"])) == len(fact.data.intervals)
        assert json.loads(person["seconds"]) == fact.data.seconds.model_dump(mode="json")
        assert person["modes"] == ",".join(sorted({interval.mode for interval in fact.data.intervals}))


def test_the_instant_of_a_withdrawn_entry_is_kept() -> None:
    example = json.loads(entry_record())
    withdrawn = "2026-11-22T12:00:00.000Z"
    value = json.dumps({**example, "data": {**example["data"], "withdrawn_at": withdrawn}}).encode()
    (row,) = read_all([(topics.TIMELINE.name, None, value)]).entries.values()
    entry = decode(value)
    assert isinstance(entry, TimelineEntry)
    assert entry.data.withdrawn_at is not None
    assert format_instant(entry.data.withdrawn_at) == withdrawn
    assert row["withdrawn_at"] == to_column(entry.data.withdrawn_at)


def test_an_entry_of_a_suspect_time_is_marked() -> None:
    example = json.loads(entry_record())
    value = json.dumps({**example, "data": {**example["data"], "suspect_time": "future"}}).encode()
    batch = read_all([(topics.TIMELINE.name, None, value)])
    assert batch.suspect == set(batch.entries)


def test_earlier_intervals_are_rows_of_their_own_until_they_are_taken_away() -> None:
    example = json.loads((EXAMPLES / "passerelle.presence.earlier.v1.json").read_text())
    event_id, subject, number = example["data"]["event_id"], example["subject"], example["data"]["number"]
    key = f"{event_id}/{subject}/{number:04d}".encode()
    batch = read_all([(topics.PRESENCE.name, key, json.dumps(example).encode())])
    row = batch.earlier[event_id, subject, number]
    assert row is not None
    assert json.loads(row["intervals"]) == example["data"]["intervals"]
    assert read_all([(topics.PRESENCE.name, key, None)]).earlier == {(event_id, subject, number): None}


@pytest.mark.parametrize(
    "value, reason",
    [
        (b"not json", "value: Invalid JSON"),
        (b'{"type": "unknown"}', "type: not a type that this version knows"),
        (b'{"data":' + b"[" * 10_000, "value: Invalid JSON"),
        (entry_record(id="no identifier!"), "id: "),
        (entry_record(time="yesterday"), "time: "),
        (entry_record(time="2026-11-22T09:00:00"), "time: "),
        (presence_record(), "type: a timeline entry was expected here"),
        (entry_record(source="\0"), "value: holds the character U+0000"),
    ],
)
def test_what_the_schemas_cannot_read_cannot_be_read_here(value: bytes, reason: str) -> None:
    with pytest.raises(UnreadableRecordError) as raised:
        read_record(Batch(), topics.TIMELINE.name, None, value)
    assert raised.value.reason.removeprefix("passerelle.timeline.entry.v1.").startswith(reason)


@pytest.mark.parametrize("change", [{"status": "asleep"}, {"intervals": [{"mode": "by_mail"}]}, {"earlier": -1}])
def test_a_presence_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    value = presence_record(**change)
    with pytest.raises(UnreadableRecordError):
        read_record(Batch(), topics.PRESENCE.name, key_of(value), value)


def test_what_the_schemas_read_in_other_words_is_read_in_theirs() -> None:
    spelled = entry_record(
        time="2026-11-22T10:00:00.123456+01:00", source="/with the text \\u0000 and no such character"
    )
    (row,) = read_all([(topics.TIMELINE.name, None, spelled)]).entries.values()
    entry = decode(spelled)
    assert isinstance(entry, TimelineEntry)
    assert row["time"] == to_column(entry.time)
