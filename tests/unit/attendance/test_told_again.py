"""What came before, or in other copies, leaves nothing to be told otherwise later."""

from dataclasses import replace

from services.attendance.application.partition_fold import PartitionFold
from tests.fakes.attendance_state import MemoryStored
from tests.properties.wire_facts import EVENT, wire
from tests.unit.attendance.facts import at, joined, left, room_closed

KEY = EVENT.encode()


def test_a_cause_that_was_recorded_earlier_than_thought_is_said_at_once_with_the_end_it_lets_be_inferred() -> None:
    stored, closed = MemoryStored(), room_closed(9, recorded=30)
    fold = PartitionFold(stored)
    earlier = wire(replace(closed, recorded=at(20))).to_bytes()
    told = []
    for value in (wire(joined(1)).to_bytes(), wire(closed).to_bytes(), earlier):
        fold.take(KEY, value)
        output = fold.flush()
        stored.keep(output)
        told = output.entries

    restarted = PartitionFold(stored)
    restarted.take(KEY, earlier)
    again = restarted.flush()

    assert [b'"recordedtime":"1970-01-01T00:20:00.000Z"' in entry for _, entry in told] == [True, True]
    assert (again.entries, again.presences) == (told, {})


def test_a_leave_whose_join_is_written_in_another_way_is_told_again_in_the_same_words() -> None:
    value = wire(left(9, joined_at=1)).to_bytes()
    elsewhere = value.replace(b'"joined_at":"1970-01-01T00:01:00.000Z"', b'"joined_at":"1970-01-01T01:01:00.000+01:00"')
    fold = PartitionFold(MemoryStored())

    fold.take(KEY, elsewhere)
    first = fold.flush().entries
    fold.take(KEY, elsewhere)

    assert elsewhere != value
    assert fold.flush().entries == first
