"""A Merkle tree as RFC 6962 (section 2.1) has it: one root that no leaf can change, leave or join without changing it.

A leaf is known by its hash. A path proves that a leaf stands at its place under a root, without the other leaves.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
"""They keep a node from being taken for a leaf."""


def leaf_hash(content: bytes) -> bytes:
    """The hash of a leaf with this content."""
    return sha256(_LEAF + content).digest()


class MerkleTree:
    """The tree over some leaves, given by their hashes in order."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        """Hash all nodes; a node without a neighbour stands in the level above as it is."""
        self._levels = [list(leaves)]
        while len(below := self._levels[-1]) > 1:
            # `_parent` of each two, without a call for each.
            above = [
                sha256(_NODE + left + right).digest() for left, right in zip(below[::2], below[1::2], strict=False)
            ]
            self._levels.append(above + below[len(below) & ~1 :])

    @property
    def root(self) -> bytes:
        """The hash of the whole tree; of no leaves, that of nothing."""
        top = self._levels[-1]
        return top[0] if top else sha256().digest()

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf."""
        return self._levels[0][index]

    def path(self, index: int) -> tuple[bytes, ...]:
        """What proves that a leaf stands at `index`: the hashes beside its way to the root, from below.

        Raises:
            IndexError: if there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(index)
        beside = []
        for level in self._levels[:-1]:
            if index ^ 1 < len(level):
                beside.append(level[index ^ 1])
            index >>= 1
        return tuple(beside)


def is_included(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path proves that a leaf stands at `index` of the `size` leaves under a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _parent(beside, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = _parent(found, beside)
        place >>= 1
        last >>= 1
    return last == 0 and found == root


def _parent(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()
