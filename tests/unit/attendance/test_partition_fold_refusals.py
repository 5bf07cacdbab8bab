"""What the fold of a partition refuses: it says why, and nothing has changed."""

import pytest

from schemas.decode import UnreadableRecordError
from services.attendance.application.partition_fold import PartitionFold, UnfitRecordError, UnreadableStateError
from services.attendance.application.translation import NotAnInputError
from services.attendance.domain.errors import AttendanceError, BackwardIntervalError
from services.attendance.domain.facts import Act
from tests.fakes.attendance_state import MemoryStored
from tests.properties.wire_facts import EVENT, wire
from tests.unit.attendance.facts import came, event_as_of, went

KEY = EVENT.encode()
ACT = wire(Act(id="act", time=0, recorded=0, subject="ada")).to_bytes()


def test_the_worker_s_own_records_are_no_facts() -> None:
    fold = PartitionFold(MemoryStored())
    fold.take(KEY, wire(came(1)).to_bytes())
    value = fold.flush().presences[b"evt_1/ada"]

    with pytest.raises(NotAnInputError, match="what attendance tells"):
        fold.take(KEY, value)


@pytest.mark.parametrize(
    "key, value, error",
    [
        (KEY, None, UnfitRecordError),
        (None, wire(came(1)).to_bytes(), UnfitRecordError),
        (b"evt_2", wire(came(1)).to_bytes(), UnfitRecordError),
        (KEY, b"{", UnreadableRecordError),
        (KEY, b'{"data":' + b"[" * 10_000, UnreadableRecordError),
        (KEY, wire(came(1)).to_bytes().replace(b"gate", rb"g\u0000te"), UnreadableRecordError),
    ],
)
def test_a_record_that_cannot_be_folded_is_refused_and_changes_nothing(
    key: bytes | None, value: bytes | None, error: type[Exception]
) -> None:
    fold = PartitionFold(MemoryStored())

    with pytest.raises(error):
        fold.take(key, value)

    output = fold.flush()
    assert (output.presences, output.contexts, output.entries) == ({}, {}, [])


def test_broken_state_is_said_to_be_broken() -> None:
    stored = MemoryStored()
    fold = PartitionFold(stored)
    for fact in (event_as_of(1, closes_at=None), came(2)):
        fold.take(KEY, wire(fact).to_bytes())
    stored.keep(fold.flush())
    for kept, key in ((stored.presences, b"evt_1/ada"), (stored.contexts, b"evt_1")):
        whole = kept[key]
        kept[key] = whole[:-9]
        with pytest.raises(UnreadableStateError):
            PartitionFold(stored).take(KEY, wire(went(3)).to_bytes())
        kept[key] = whole


class Faulty(MemoryStored):
    """Fails as a fault in the fold would."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault

    def context(self, key: bytes) -> bytes | None:
        if b"/" in key:
            raise self.fault
        return super().context(key)


@pytest.mark.parametrize(
    "fault", [ValueError("of the fold"), BackwardIntervalError(start=2, end=1), KeyError("x"), AttendanceError()]
)
def test_a_fault_of_the_fold_refuses_its_fact_and_does_not_end_the_worker(fault: Exception) -> None:
    fold = PartitionFold(Faulty(fault))

    with pytest.raises(UnfitRecordError, match=f"fold: {type(fault).__name__}"):
        fold.take(KEY, ACT)

    assert not fold.flush().entries


def test_a_disk_that_fails_is_no_fault_of_a_fact() -> None:
    with pytest.raises(OSError, match="disk"):
        PartitionFold(Faulty(OSError("disk"))).take(KEY, ACT)
