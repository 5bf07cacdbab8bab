"""The evidence of an event: a Merkle tree over its facts, each in one canonical form wherever it is kept.

What counts as a fact is what the timeline takes: of copies, the one that counts; also facts that changed nothing, those
taken back later, and those left out for a suspect time. What attendance infers is none.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from schemas.decode import decode
from services.attendance.application import wire
from services.attendance.application.log_fold import read_short
from services.attendance.application.translation import digest, milliseconds
from services.attendance.domain.merkle import MerkleTree, leaf_hash

_IDENTITY: Final = "passerelle.registration.identity."
_SAME: Final = (b'"datacontenttype":"application/json",', b'"specversion":"1.0",')
"""What every record says, and no canonical form does."""
_encode: Final = msgspec.json.Encoder(order="sorted").encode


class FactLeaf(NamedTuple):
    """One fact of an event as a leaf of its tree; `recorded` is in milliseconds."""

    id: str
    recorded: int
    hash: bytes


class Evidence:
    """The tree over the facts of an event that were recorded up to an instant, by id."""

    def __init__(self, leaves: Iterable[FactLeaf], *, as_of: int) -> None:
        """Take those known at `as_of`, in milliseconds; each id is there once."""
        self.as_of = as_of
        known = sorted([leaf for leaf in leaves if leaf.recorded <= as_of])
        self.ids = [leaf.id for leaf in known]
        self.tree = MerkleTree([leaf.hash for leaf in known])

    @property
    def root(self) -> str:
        """In hexadecimal."""
        return self.tree.root.hex()

    @property
    def facts(self) -> int:
        """How many there are."""
        return self.tree.size

    def proof(self, fact_id: str) -> "Proof | None":
        """What proves that a fact is among them; None if it is not."""
        index = bisect_left(self.ids, fact_id)
        if index == len(self.ids) or self.ids[index] != fact_id:
            return None
        return Proof(fact_id=fact_id, leaf=self.tree.leaf(index), index=index, path=self.tree.path(index))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A fact by its hash, its place among the facts by id, and the hashes beside its way to the root."""

    fact_id: str
    leaf: bytes
    index: int
    path: Sequence[bytes]


def canonical_fact(value: bytes) -> bytes:
    """The canonical form of a fact, given its record or what the timeline holds of it.

    It is JSON in UTF-8 without spaces, its fields by name, those left out that are null or say what they would without
    being there: so a field that a later version adds changes no form of before.

    Raises:
        UnreadableRecordError: if it is no fact of a known type.
    """
    quick = wire.read(value)
    if quick is not None and (found := _at_first_sight(quick)) is not None:
        return found
    said = decode(value).model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return _encode(said)


def leaf_of(value: bytes) -> FactLeaf:
    """A fact as a leaf.

    Raises:
        UnreadableRecordError: if it is no fact of a known type.
    """
    form = canonical_fact(value)
    head = _read_head(form)
    return FactLeaf(id=head.id, recorded=milliseconds(head.recordedtime), hash=leaf_hash(form))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFact:
    """A fact as a leaf, when its record came to stand in the log, in milliseconds as Kafka knows it, and the record."""

    arrived: int
    leaf: FactLeaf
    value: bytes


def logged_facts(event_id: str, records: Iterable[tuple[int, bytes | None]]) -> list[LoggedFact]:
    """The facts of one event, given Kafka's time and the value of each record about it, repeated ones too.

    Of copies, it is the one that counts. What attendance does not take, because it cannot be read or is of another
    event, is left out.
    """
    key = event_id.encode()
    first: dict[tuple[str, str], tuple[tuple[int, bytes], LoggedFact]] = {}
    for arrived, value in records:
        if value is None or read_short(key, value) is None:
            continue
        form = canonical_fact(value)
        head = _read_head(form)
        leaf = FactLeaf(id=head.id, recorded=milliseconds(head.recordedtime), hash=leaf_hash(form))
        # The law of `translation.copy_key`.
        same = head.id, "" if head.type.startswith(_IDENTITY) else head.subject or ""
        known = first.get(same)
        order = leaf.recorded, digest(value)
        if known is None or order < known[0]:
            first[same] = order, LoggedFact(arrived=arrived, leaf=leaf, value=value)
    return [fact for _, fact in first.values()]


class _Head(msgspec.Struct):
    id: str
    type: str
    recordedtime: str
    subject: str | None = None


_read_head: Final = msgspec.json.Decoder(_Head).decode


def _at_first_sight(quick: wire.QuickFact) -> bytes | None:
    """The same of a common fact; None where an instant or an id has to be looked into."""
    data = quick.data
    try:
        wire.milliseconds(quick.time)
        wire.milliseconds(quick.recordedtime)
        if isinstance(data, wire.LeftData) and data.joined_at is not None:
            wire.milliseconds(data.joined_at)
    except ValueError:
        return None
    if not (wire.is_identifier(quick.id) and wire.is_identifier(quick.subject) and wire.is_identifier(data.event_id)):
        return None
    form = _encode(quick)
    for same in _SAME:  # No text can hold these: a quotation mark in it would be escaped.
        form = form.replace(same, b"", 1)
    return form
