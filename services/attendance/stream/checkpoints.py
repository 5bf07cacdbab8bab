"""Checkpoints: what a worker says of a partition's state, so that the next one can tell whether it still is that state.

Every round leaves one, beside the partition's contexts: how far the facts are folded, how far the presence topic goes,
and a digest of all presence records. Each presence record names, in a header, the one before it; so the digest can be
carried back from a topic that goes on beyond its checkpoint, as it does when a worker died in the middle of a round.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic_core import from_json, to_json

KEY: Final = b"_checkpoint"
"""Where it stands in the context table; no event is called so."""
PREVIOUS: Final = "previous"
"""The header of a presence record that has the id of the record it replaces."""
_ID: Final = b'"id":"'
_ID_WITHIN: Final = 96
_ID_BYTES: Final = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The state of one partition after a round.

    `offsets` are those of the next facts, by topic; `presence_end` is the offset that the next presence record gets.
    """

    offsets: Mapping[str, int]
    presence_end: int
    digest: int
    rebuilding: bool = False

    def write(self) -> bytes:
        """Give its record."""
        return to_json(
            {
                "offsets": dict(sorted(self.offsets.items())),
                "presence_end": self.presence_end,
                "digest": f"{self.digest:072x}",
                "rebuilding": self.rebuilding,
            }
        )


DOUBT: Final = Checkpoint(offsets={}, presence_end=0, digest=0, rebuilding=True)
"""Says that a state is not to be trusted: whoever opens the partition next rebuilds it."""


def read_checkpoint(record: bytes) -> Checkpoint:
    """Read what `write` wrote.

    Raises:
        ValueError, LookupError, TypeError: if it is something else.
    """
    read = from_json(record)
    return Checkpoint(
        offsets=read["offsets"],
        presence_end=read["presence_end"],
        digest=int(read["digest"], 16),
        rebuilding=read["rebuilding"],
    )


def record_id(record: bytes) -> bytes:
    """The id of a presence record, which follows from what it says."""
    start = record.find(_ID, 0, _ID_WITHIN) + len(_ID)
    return record[start : start + _ID_BYTES]


def digest_of(ids: Iterable[bytes]) -> int:
    """A number that says whether two sets of ids are the same; adding an id twice takes it out."""
    digest = 0
    for id_ in ids:
        digest ^= number_of(id_)
    return digest


def number_of(id_: bytes) -> int:
    """What an id adds to the digest of a set, or takes out of it."""
    return int.from_bytes(id_, "big")
