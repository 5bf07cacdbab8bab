"""What cannot be read or cannot be true, under load: kept aside with its reason, redriven, flagged; never lost."""

import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from services.chassis.dead_letters import read_dead_letter
from tests.builders import SECRET_KEY
from tests.fakes.attendance_worker import Log, log_of, worker_process
from tests.fakes.passerelle import passerelle
from tests.faults.conftest import Tell
from tests.faults.spoilt import REASONS, mixed, spoilt
from tests.faults.stream import stream
from tests.faults.verdict import expected, on_the_topics

REPOSITORY: Final = Path(__file__).parents[2]
RECORDS: Final = 3_000
NOW, LATER = b"passerelle.checkin.voided.v1", b"passerelle.checkin.voided.v2"


@pytest.mark.faults
async def test_spoilt_records_cost_only_themselves_and_the_reason_is_said(
    own_kafka: EmbeddedKafka, tmp_path: Path, seed: int, tell: Tell
) -> None:
    arrivals = stream(records=RECORDS, seed=seed)
    bad = spoilt(arrivals, number=10 * len(REASONS), seed=seed)
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    async with worker_process(tmp_path, own_kafka.bootstrap_servers):
        await log.produce(mixed(arrivals, bad, seed=seed))
        await log.worked_off()

    assert not await on_the_topics(log, expected(arrivals))
    reasons = await _reasons(log)
    assert reasons.keys() == {arrival.value for arrival in bad}
    kinds = Counter(pattern for reason in reasons.values() for pattern in REASONS if re.match(pattern, reason))
    assert kinds == dict.fromkeys(REASONS, 10), reasons.values()
    tell(f"{len(arrivals)} facts sent, {len(bad)} spoilt records among them: lost 0, doubled 0, wrong 0")


@pytest.mark.faults
@pytest.mark.timeout(180)
async def test_facts_of_a_later_version_are_redriven_after_the_upgrade(
    own_kafka: EmbeddedKafka, tmp_path: Path, seed: int, tell: Tell
) -> None:
    arrivals = stream(records=RECORDS, seed=seed)
    early = {arrival.value: arrival for arrival in arrivals if NOW in arrival.value}
    assert early
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.produce([replace(a, value=a.value.replace(NOW, LATER)) for a in arrivals])
        await log.worked_off()
        reasons = await _reasons(log)
        assert reasons.keys() == {value.replace(NOW, LATER) for value in early}
        assert all("v2" in reason and "v1" in reason for reason in reasons.values()), reasons.values()
        assert not await on_the_topics(log, expected(a for a in arrivals if a.value not in early))

        assert await worker.stop() == 0
        await worker.start(installed=_upgraded(tmp_path / "upgraded"))
        listed = await _passerelle(own_kafka, tmp_path, "dead-letters", "list")
        letters = [line.split("\t")[0] for line in listed.splitlines() if "v2" in line]
        said = await _passerelle(own_kafka, tmp_path, "dead-letters", "redrive", *letters)
        # A fact that was sent twice was kept aside twice.
        assert said.count(" again.") == len(letters) == sum(NOW in arrival.value for arrival in arrivals)
        await log.worked_off()
        listed = await _passerelle(own_kafka, tmp_path, "dead-letters", "list")
        marked = {line.split("\t")[0] for line in listed.splitlines()[1:] if line.split("\t")[-1]}
        assert marked == set(letters)
        said = await _passerelle(own_kafka, tmp_path, "dead-letters", "redrive", letters[0])
        assert f"{letters[0]} is on {topics.CHECKIN.name} again. It was already sent back at " in said

    # The same facts, as the later version has them.
    assert not await on_the_topics(log, expected(arrivals))
    tell(f"{len(arrivals)} facts sent, {len(letters)} of a later version kept aside and redriven: lost 0, wrong 0")


async def _reasons(log: Log) -> dict[bytes, str]:
    """Why each record was kept aside."""
    letters = [
        read_dead_letter(key=record.key, value=record.value, headers=record.headers)
        for record in await log.read(topics.DEAD_LETTER.name)
    ]
    return {letter.value or b"": letter.reason for letter in letters}


def _upgraded(folder: Path) -> Path:
    """An installation of a later version: one that reads voids in their second version."""
    for package in ("schemas", "services"):
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    changed = [path for path in folder.rglob("*.py") if NOW in path.read_bytes()]
    assert changed
    for path in changed:
        path.write_bytes(path.read_bytes().replace(NOW, LATER))
    return folder


async def _passerelle(kafka: EmbeddedKafka, data_dir: Path, *arguments: str) -> str:
    """What the command writes."""
    settings = {
        "PASSERELLE_KAFKA": kafka.bootstrap_servers,
        "PASSERELLE_DATA_DIR": str(data_dir),
        "PASSERELLE_SECRET_KEY": SECRET_KEY,
    }
    finished = await passerelle(*arguments, settings=settings)
    assert finished.code == 0, finished.said
    return finished.out
