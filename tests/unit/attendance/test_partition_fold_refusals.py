"""What the fold of a partition refuses: it says why, and nothing has changed."""

import pytest

from schemas.decode import UnreadableRecordError
from services.attendance.application.partition_fold import PartitionFold, UnfitRecordError, UnreadableStateError
from services.attendance.application.translation import NotAnInputError
from tests.fakes.attendance_state import MemoryStored
from tests.properties.wire_facts import EVENT, wire
from tests.unit.attendance.facts import came, event_as_of, went

KEY = EVENT.encode()


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
