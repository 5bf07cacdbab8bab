"""What grows: one person with thousands of reconnects, one event with thousands of people or links."""

import contextlib
import json
from collections.abc import Iterable, Iterator
from itertools import chain

import pytest

from schemas.decode import decode
from services.attendance.application.partition_fold import PartitionFold, RoundOutput, UnfitRecordError
from services.attendance.application.sealing import FULL
from services.attendance.application.translation import digest, document, domain_fact
from services.attendance.domain.facts import Fact
from services.attendance.domain.fold import fold_event
from services.chassis.kafka import LARGEST_RECORD
from tests.fakes.attendance_state import MemoryStored
from tests.properties.test_partition_fold import expected, records
from tests.properties.wire_facts import EVENT, wire
from tests.unit.attendance.facts import came, event_as_of, joined, left, linked, room_closed, voided, went

KEY = EVENT.encode()


class Counted(MemoryStored):
    """Says what is read of presences, and can fail after some reads."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[bytes] = []
        self.reads_left: int | None = None

    def presence(self, key: bytes) -> bytes | None:
        self.read.append(key)
        self._count()
        return super().presence(key)

    def context(self, key: bytes) -> bytes | None:
        self._count()
        return super().context(key)

    def _count(self) -> None:
        if self.reads_left == 0:
            raise OSError
        if self.reads_left is not None:
            self.reads_left -= 1


class Fold:
    """A fold that settles each round, and how much it wrote."""

    def __init__(self, **limits: int) -> None:
        self.stored = Counted()
        self.values: list[bytes] = []
        self.written = 0
        self.keys: set[bytes] = set()
        self.fold = PartitionFold(self.stored, **limits)

    def take(self, *facts: Fact) -> None:
        values = [wire(fact).to_bytes() for fact in facts]
        self.values += values
        for value in values:
            self.fold.take(KEY, value)
        output = self.fold.flush()
        self.stored.keep(output)
        self.fold.settled(output)
        self.keys = {*output.presences, *output.contexts}
        self.written = sum(len(value or b"") for value in (*output.presences.values(), *output.contexts.values()))

    def assert_is_the_fold_of_all(self) -> None:
        facts = [domain_fact(document(decode(value)), canonical=digest(value)) for value in self.values]
        assert records(self.stored) == expected(dict(fold_event(facts).people))


def reconnects(count: int) -> Iterator[Fact]:
    for number in range(count):
        yield joined(2 * number, connection=f"c{number}", fact_id=f"in-{number}")
        if number % 50:  # a few leaves are lost
            yield left(2 * number + 1, connection=f"c{number}", fact_id=f"out-{number}")


def test_a_reconnect_costs_the_same_after_thousands() -> None:
    fold = Fold()
    fold.take(*reconnects(100))
    early = fold.written

    fold.take(*list(reconnects(1500))[198:])
    fold.take(joined(9000, connection="last"))
    late = fold.written

    assert late < 2 * early + 40_000
    assert fold.keys == {b"evt_1/ada"}
    fold.assert_is_the_fold_of_all()


def test_the_earliest_intervals_stand_in_records_that_are_written_once() -> None:
    fold = Fold(sealed=8)
    for fact in reconnects(60):
        fold.take(fact)

    earlier = [json.loads(value) for key, value in fold.stored.presences.items() if key.count(b"/") == 2]

    assert len(earlier) > 3
    assert all(one["type"] == "passerelle.presence.earlier.v1" for one in earlier)
    assert {len(one["data"]["intervals"]) for one in earlier} == {8}
    fold.assert_is_the_fold_of_all()


def test_a_late_fact_among_thousands_is_folded_with_them() -> None:
    fold = Fold(sealed=16)
    fold.take(*reconnects(300))

    fold.take(left(101, connection="c50"), joined(1, connection="late"))

    fold.assert_is_the_fold_of_all()


def test_a_fact_overtaken_by_a_few_others_writes_nothing_that_is_sealed() -> None:
    fold = Fold(sealed=16)
    fold.take(*reconnects(300))

    fold.take(joined(9, connection="new"), left(603, connection="c300"), joined(602, connection="c300"))
    fold.take(left(601, connection="new"))

    assert fold.keys == {b"evt_1/ada"}
    fold.assert_is_the_fold_of_all()


def test_a_guest_linked_amid_reconnects_and_a_scan_taken_back_are_folded_with_all_else() -> None:
    fold = Fold(sealed=8)
    fold.take(*reconnects(40), linked(1, "gst_1", "ada"))
    mistaken = came(101)
    for minute in range(100, 200, 4):
        fold.take(joined(minute, subject="gst_1", connection=f"g{minute}"), left(minute + 3, connection="c39"))
        fold.take(
            left(minute + 2, subject="gst_1", connection=f"g{minute}"), came(minute + 1), voided(mistaken, minute=1)
        )

    fold.assert_is_the_fold_of_all()


def test_who_was_let_go_is_read_again_with_all_their_records() -> None:
    fold = Fold(sealed=8, cache=0)
    for number, fact in enumerate(reconnects(60)):
        fold.take(fact, came(3 * number, subject="bob"), went(3 * number + 1, subject="bob"))

    fold.assert_is_the_fold_of_all()


def test_a_fact_about_one_person_reads_nobody_else() -> None:
    fold = Fold()
    fold.take(*(came(1, subject=f"p{number}") for number in range(300)))
    again = Fold()
    again.stored.presences, again.values = fold.stored.presences, fold.values

    again.take(went(2, subject="p7"))

    assert set(again.stored.read) == {b"evt_1/p7"}


def test_a_room_that_closes_changes_those_in_it_whether_at_hand_or_not() -> None:
    fold = Fold(cache=3)
    fold.take(*(joined(1, subject=f"p{number}", connection=f"c{number}") for number in range(20)))
    fold.take(*(left(2, subject=f"p{number}", connection=f"c{number}") for number in range(15)))

    fold.take(room_closed(9))

    assert {key for key in fold.keys if key.count(b"/") == 1} == {
        f"evt_1/p{number}".encode() for number in range(15, 20)
    }
    fold.assert_is_the_fold_of_all()


def test_an_event_that_closes_after_a_restart_finds_who_is_still_there() -> None:
    before = Fold()
    before.take(*(came(1, subject=f"p{number}") for number in range(9)), went(2, subject="p0"))
    fold = Fold()
    fold.stored.presences, fold.values = before.stored.presences, before.values

    fold.take(event_as_of(9, closes_at=30))

    fold.assert_is_the_fold_of_all()


def test_one_more_link_does_not_write_all_the_others_anew() -> None:
    fold = Fold()
    fold.take(*(joined(1, subject=f"g{number}", connection=f"c{number}") for number in range(400)))
    for number in range(400):
        fold.take(linked(2 + number, f"g{number}", f"p{number}"))

    assert fold.written < 20_000
    fold.assert_is_the_fold_of_all()
    again = Fold()
    again.stored, again.values = fold.stored, fold.values
    again.fold = PartitionFold(again.stored)
    again.take(left(500, subject="g399", connection="c399"))
    again.assert_is_the_fold_of_all()


@pytest.mark.parametrize("reads", range(6))
def test_a_read_that_fails_leaves_nothing_half_changed(reads: int) -> None:
    fold = Fold(cache=0, sealed=2)
    facts = [*reconnects(12), linked(3, "ada", "bob"), came(4, subject="bob"), room_closed(30), left(5, subject="cy")]
    for fact in facts:
        fold.stored.reads_left = reads
        with contextlib.suppress(OSError):
            fold.fold.take(KEY, wire(fact).to_bytes())
        fold.stored.reads_left = None
        fold.take(fact)

    fold.assert_is_the_fold_of_all()


def sent(fold: PartitionFold, facts: Iterable[Fact]) -> list[Fact]:
    """Take facts; gives those that were refused."""
    refused = []
    for fact in facts:
        try:
            fold.take(KEY, wire(fact).to_bytes())
        except UnfitRecordError:
            refused.append(fact)
    return refused


def largest(output: RoundOutput) -> int:
    return max(len(value or b"") for value in (*output.presences.values(), *output.contexts.values()))


def unclosed(count: int, *, subject: str = "ada") -> Iterator[Fact]:
    """Connections whose leave was lost, with ids as long as they are."""
    for number in range(count):
        name = f"{subject}-{number:06}-{'x' * 25}"
        yield joined(1 + number / 100, subject=subject, connection=name, fact_id=f"in-{name}")


def test_who_has_more_connections_than_a_record_holds_is_refused_and_a_room_that_closes_is_not() -> None:
    fold = PartitionFold(MemoryStored())

    refused = sent(fold, unclosed(2500))
    before = fold.flush()
    closing = sent(fold, [room_closed(900), event_as_of(901, closes_at=899)])
    closed = fold.flush()
    others = sent(fold, [came(902, subject="bob")])

    assert 500 < len(refused) < 1500
    with pytest.raises(UnfitRecordError, match="subject: has more facts than one presence record can hold"):
        fold.take(KEY, wire(refused[-1]).to_bytes())
    assert (closing, others) == ([], [])
    assert FULL // 5 < largest(before) < largest(closed) < LARGEST_RECORD - 64 * 1024
    assert len(closed.entries) > 3 * (2500 - len(refused))  # told, withdrawn, and told with another cause


def test_guests_who_have_too_much_together_are_not_linked_and_nothing_changes() -> None:
    fold, links = PartitionFold(MemoryStored()), [linked(800, f"g{number}", "ada") for number in range(3)]
    assert not sent(fold, chain.from_iterable(unclosed(600, subject=f"g{number}") for number in range(3)))
    fold.flush()

    refused = sent(fold, links)

    assert refused == links[2:]
    assert largest(fold.flush()) < LARGEST_RECORD - 64 * 1024
    assert not fold.flush().presences


def test_a_fact_of_blanks_is_told_without_them() -> None:
    fold = PartitionFold(MemoryStored())
    value = wire(came(1)).to_bytes()

    fold.take(KEY, value.replace(b"{", b"{" + b" " * 2_000_000, 1))

    ((_, entry),) = fold.flush().entries
    assert len(entry) < 2048


def test_a_room_that_closes_on_many_leaves_room_for_other_things_and_for_what_is_delivered_meanwhile() -> None:
    fold = Fold(cache=0)
    fold.take(*(joined(1, subject=f"par-{number}", fact_id=f"in-{number}") for number in range(200)))
    fold.values.append(wire(room_closed(9)).to_bytes())
    output = fold.fold.flush()

    slices = 0
    for _ in fold.fold.begin(KEY, fold.values[-1]) or ():
        slices += 1
        fold.fold.settled(output)  # what nobody waits for is let go of: not now

    assert slices >= 4
    fold.take()
    fold.assert_is_the_fold_of_all()
