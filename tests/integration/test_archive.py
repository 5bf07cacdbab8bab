"""`passerelle archive` as a process: what it writes, what it adds, and what becomes of damaged files."""

import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from pyarrow import parquet

from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from schemas.envelope import Fact
from schemas.registration import EventStatus
from services.attendance.adapters.archive_stores import FolderStore
from services.attendance.application.archive import Archive
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.places import place_of
from tests.builders import settings_for
from tests.fakes.attendance_facts import ANNE, EventFacts, colloquium, guest
from tests.fakes.passerelle import start
from tests.integration.attendance_commands import closed_event, command, produce, settings_of

pytestmark = pytest.mark.timeout(180)


def _files(archive: Path) -> dict[str, bytes]:
    return {path.relative_to(archive).as_posix(): path.read_bytes() for path in archive.rglob("*") if path.is_file()}


async def _archive(kafka: str, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    code, out, said = await command(kafka, tmp_path, "archive", *arguments, "-o", str(tmp_path / "archive"))
    assert out == ""
    return code, said


async def _check(kafka: str, tmp_path: Path) -> tuple[int, list[str]]:
    code, out, _ = await command(kafka, tmp_path, "archive", "--check", str(tmp_path / "archive"))
    return code, out.splitlines()


async def test_an_archive_has_every_record_to_the_byte_and_later_what_came_since(kafka: str, tmp_path: Path) -> None:
    facts, event = closed_event("evt_archive_1"), "evt_archive_1"
    await produce(kafka, tmp_path, facts.written)
    code, said = await _archive(kafka, tmp_path, event)
    assert (code, said) == (0, f"7 records of 1 event are new in {tmp_path / 'archive'}\n")
    folder = tmp_path / "archive"
    table = ds.dataset(folder / "facts", partitioning="hive").to_table().to_pydict()
    assert sorted(table["value"]) == sorted(fact.to_bytes() for fact in facts.written)
    assert table["id"] == [fact.id for fact in sorted(facts.written, key=lambda fact: (fact.time, fact.id))]
    assert set(table["event_day"]) == {"2026-11-24"}
    (presence,) = (folder / "presence").rglob("*.parquet")
    people = parquet.ParquetFile(presence).read().to_pylist()
    assert {who["participant_id"] or who["guest_id"]: who["seconds_total"] for who in people} == {
        ANNE: 29_700,
        guest(1): 60,
    }
    assert [one["end_inferred"] for who in people for one in who["intervals"] if who["participant_id"]] == [
        "event_closed"
    ]

    before = _files(folder)
    assert await _archive(kafka, tmp_path, event) == (0, f"0 records of 0 events are new in {folder}\n")
    assert _files(folder) == before

    facts.written.clear()
    facts.checked_out(ANNE, 10)
    await produce(kafka, tmp_path, facts.written)
    code, said = await _archive(kafka, tmp_path, event)
    assert (code, said) == (0, f"1 records of 1 event are new in {folder}\n")
    after = _files(folder)
    parts = {name for name in before if name.startswith("facts/")}
    assert all(after[name] == before[name] for name in parts)
    assert len([name for name in after if name.startswith("facts/")]) == len(parts) + 1
    assert len([name for name in after if name.startswith("presence/")]) == 1
    assert await _check(kafka, tmp_path) == (0, [])


async def test_damaged_and_missing_files_are_named_and_written_anew(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    kafka, event = own_kafka.bootstrap_servers, "evt_archive_damaged"
    await produce(kafka, tmp_path, [*closed_event(event).written, *closed_event("evt_archive_whole").written])
    assert (await _archive(kafka, tmp_path, "--all"))[0] == 0
    whole = _files(tmp_path / "archive")
    archive = Archive(FolderStore(tmp_path / "archive"))
    part, presence = archive.held(event).files
    (tmp_path / "archive" / part.path).write_bytes(b"PAR1 and nothing else")
    (tmp_path / "archive" / presence.path).unlink()
    (tmp_path / "archive" / "facts" / "letter.txt").write_text("Not ours.")
    code, lines = await _check(kafka, tmp_path)
    assert (code, lines) == (
        1,
        [f"damaged\t{part.path}\t{event}", "extra\tfacts/letter.txt", f"missing\t{presence.path}\t{event}"],
    )
    assert archive.damaged(archive.held("evt_archive_whole")) == []
    code, said = await _archive(kafka, tmp_path, event)
    assert code == 0, said
    assert said.startswith(f"{part.path} was damaged or missing: it is written anew from Kafka.\n")
    assert _files(tmp_path / "archive") | {"facts/letter.txt": b""} == whole | {"facts/letter.txt": b""} | {
        f"manifests/event={event}.json": (tmp_path / "archive" / "manifests" / f"event={event}.json").read_bytes()
    }

    await _delete_before(kafka, tmp_path, event)
    (tmp_path / "archive" / part.path).write_bytes(b"again")
    code, said = await _archive(kafka, tmp_path, event)
    assert code == 1
    assert f"{part.path} is damaged, and Kafka no longer has all its facts: restore the file from a backup." in said


async def test_what_kafka_deleted_before_it_was_archived_is_said(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    kafka, event = own_kafka.bootstrap_servers, "evt_archive_cut"
    await produce(kafka, tmp_path, closed_event(event).written)
    await _delete_before(kafka, tmp_path, event)
    code, said = await _archive(kafka, tmp_path, event)
    assert code == 0
    assert "Kafka had deleted offsets 0 to 0 of passerelle-checkin" in said
    (gap,) = Archive(FolderStore(tmp_path / "archive")).held(event).gaps
    assert (gap.topic, gap.begin, gap.end) == (topics.CHECKIN.name, 0, 1)


async def test_a_run_that_is_killed_leaves_the_archive_as_it_was(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    kafka, folder = own_kafka.bootstrap_servers, tmp_path / "archive"
    events = [f"evt_archive_killed_{number}" for number in range(12)]
    await produce(kafka, tmp_path, [fact for event in events for fact in colloquium(event, people=20).written])
    assert (await _archive(kafka, tmp_path, events[0]))[0] == 0
    (kept,) = (folder / "manifests").iterdir()
    await produce(kafka, tmp_path, _late(events))
    arguments = ("archive", "--all", "-o", str(folder))
    run = await start(*arguments, settings=settings_of(kafka, tmp_path), out=tmp_path / "out", said=tmp_path / "said")
    while len(list((folder / "manifests").iterdir())) < 4 and run.returncode is None:
        await asyncio.sleep(0)
    run.send_signal(signal.SIGKILL)
    await run.wait()
    assert kept.exists()
    archive = Archive(FolderStore(folder))
    assert [trouble.what for trouble in archive.check() if trouble.what != "extra"] == []
    assert (await _archive(kafka, tmp_path, "--all"))[0] == 0
    assert archive.check() == []
    rows = sum(file.rows for manifest in archive.manifests() for file in manifest.of_kind("facts"))
    assert rows == sum(len(colloquium(event, people=20).written) for event in events) + len(events)


async def test_ids_that_look_alike_are_events_of_their_own(kafka: str, tmp_path: Path) -> None:
    odd = ["evt_archive_ab", "evt_archive_aB", "evt_archive~a:b", "evt_archive..", "e" * 199 + "A"]
    for event in odd:
        await produce(kafka, tmp_path, closed_event(event).written)
        assert (await _archive(kafka, tmp_path, event))[0] == 0
    archive = Archive(FolderStore(tmp_path / "archive"))
    assert sorted(manifest.event_id for manifest in archive.manifests()) == sorted(odd)
    assert archive.check() == []
    folders = {path.name.lower() for path in (tmp_path / "archive" / "facts").rglob("event=*")}
    assert len(folders) == len(odd)


async def test_what_cannot_be_done_is_one_line(kafka: str, tmp_path: Path) -> None:
    code, said = await _archive(kafka, tmp_path, "evt_archive_unknown")
    assert (code, said) == (1, "The log has no fact of evt_archive_unknown.\n")
    (tmp_path / "file").write_text("")
    code, _, said = await command(kafka, tmp_path, "archive", "--all", "-o", str(tmp_path / "file"))
    assert (code, said) == (1, f"{tmp_path / 'file'} cannot be written: File exists.\n")
    code, _, said = await command(kafka, tmp_path, "archive", "--check", str(tmp_path / "none"))
    assert (code, said) == (1, f"There is no archive at {tmp_path / 'none'}.\n")
    code, _, said = await command("127.0.0.1:9", tmp_path, "archive", "--all", "-o", str(tmp_path / "archive"))
    assert (code, said) == (1, "no Kafka answered at 127.0.0.1:9 (PASSERELLE_KAFKA)\n")
    with FolderStore(tmp_path / "archive").alone():
        code, said = await _archive(kafka, tmp_path, "--all")
    assert code == 1
    assert said.startswith("Another `passerelle archive` is writing to")


def _late(events: Sequence[str]) -> list[Fact]:
    facts = [EventFacts(event_id=event) for event in events]
    return [one.event(EventStatus.CLOSED, minutes=700) for one in facts]


async def _delete_before(kafka: str, tmp_path: Path, event: str) -> None:
    settings = settings_for(AttendanceSettings, data_dir=tmp_path, kafka=kafka)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({place_of(topics.CHECKIN, event, settings): RecordsToDelete(1)})
    await admin.close()
