"""Pictures that somebody brings for documents: which are taken."""

import struct
from typing import Final

LARGEST_PICTURE: Final = 300_000
"""Bytes: each certificate carries it."""
_MOST_PIXELS: Final = 3000
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEAD: Final = struct.Struct(">8s4x4sII")


def png_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG that is neither too heavy nor too large, as it says itself; None of all else."""
    if not _HEAD.size <= len(content) <= LARGEST_PICTURE:
        return None
    signature, chunk, width, height = _HEAD.unpack_from(content)
    if signature != _SIGNATURE or chunk != b"IHDR":
        return None
    return (width, height) if 0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS else None
