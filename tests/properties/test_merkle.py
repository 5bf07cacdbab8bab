"""The tree of the evidence against RFC 6962: its test vectors, its definition, and what a changed leaf does."""

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.attendance.domain.merkle import MerkleTree, is_included, leaf_hash

CONTENTS = [
    bytes.fromhex(content)
    for content in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves of the vectors of Certificate Transparency, with the root of the first so many."""
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
contents = st.lists(st.binary(max_size=8), max_size=40)


def by_definition(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + by_definition(leaves[:split]) + by_definition(leaves[split:])).digest()


def proves(tree: MerkleTree, index: int, leaf: bytes) -> bool:
    return is_included(leaf, index=index, size=tree.size, path=tree.path(index), root=tree.root)


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_the_roots_are_those_of_the_vectors(size: int) -> None:
    assert MerkleTree([leaf_hash(content) for content in CONTENTS[:size]]).root.hex() == ROOTS[size]


@given(contents)
def test_the_tree_is_that_of_the_definition_and_each_path_proves_its_leaf(those: list[bytes]) -> None:
    leaves = [leaf_hash(content) for content in those]
    tree = MerkleTree(leaves)
    assert tree.root == by_definition(leaves)
    assert all(proves(tree, index, leaf) for index, leaf in enumerate(leaves))


@given(contents.filter(bool), st.data())
def test_a_path_proves_no_other_leaf_no_other_place_and_under_no_other_root(
    those: list[bytes], data: st.DataObject
) -> None:
    leaves = [leaf_hash(content) for content in those]
    tree = MerkleTree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.integers(-1, len(leaves)).filter(lambda place: place != index))
    path, leaf = tree.path(index), leaves[index]
    assert not proves(tree, index, leaf_hash(those[index] + b"x"))
    assert not is_included(leaf, index=index, size=tree.size, path=[*path, leaf], root=tree.root)
    assert not is_included(leaf, index=index, size=tree.size, path=path[:-1], root=tree.root) or not path
    assert not is_included(leaf, index=index, size=tree.size, path=path, root=leaf_hash(b"another"))
    if not 0 <= other < len(leaves) or leaves[other] != leaf:
        assert not is_included(leaf, index=other, size=tree.size, path=path, root=tree.root)


def test_there_is_no_path_to_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        MerkleTree([leaf_hash(b"one")]).path(1)
