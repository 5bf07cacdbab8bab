"""PDF documents from typst templates: tagged (PDF/UA-1), the same bytes for the same input, with files attached."""

import json
import mimetypes
import re
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import typst
from typst import TypstError as PrintingError

__all__ = ["PrintingError", "can_be_printed", "print_pdf"]

_COMPLAINT: Final = re.compile(r'the text `"(.*?)"` could not be displayed')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
_PICTURE_ALONE: Final = b"""
#set document(title: "A picture")
#image("picture.png", alt: "A picture", width: 1cm)
"""
_DOCUMENT: Final = "document.typ"
_NONE: Final[Mapping[str, bytes]] = MappingProxyType({})


def print_pdf(
    template: bytes | Path,
    words: Mapping[str, object],
    *,
    stamped_at: datetime,
    attachments: Mapping[str, bytes] = _NONE,
    pictures: Mapping[str, bytes] = _NONE,
) -> bytes:
    """Print a document as PDF/UA-1. Safe in a thread; the same arguments give the same bytes on the same machine.

    The template reads `words` by `json(bytes(sys.inputs.words))`, so that nothing in them is code, and each of
    `pictures` by its name: `image("logo.png", alt: …)`. It sets the document's title and language, and leaves its date
    alone: that is `stamped_at`, which has a time zone. `attachments` are carried in the file under their names, which
    are plain file names.

    PDF/UA forbids a character without a glyph. The fonts that come with typst have the European scripts and a few
    more; for others the fonts of this machine may help; what none of them has is printed as a question mark.
    """
    source = template.read_bytes() if isinstance(template, Path) else template
    document = source + b"".join(map(_attaching, attachments))
    with tempfile.TemporaryDirectory(prefix="passerelle-print-") as directory:
        root = Path(directory)
        for name, content in {**attachments, **pictures, _DOCUMENT: document}.items():
            (root / name).write_bytes(content)

        def printed(words: object, *, system_fonts: bool) -> bytes:
            return typst.compile(
                root / _DOCUMENT,
                root=root,
                sys_inputs={"words": json.dumps(words)},
                pdf_standards=["ua-1"],
                ignore_system_fonts=not system_fonts,
                timestamp=int(stamped_at.timestamp()),
            )

        try:
            return printed(words, system_fonts=False)
        except typst.TypstError:
            try:
                return printed(words, system_fonts=True)
            except typst.TypstError as error:
                known = _without(_missing(error.diagnostic), words)
                try:
                    return printed(known, system_fonts=True)
                except typst.TypstError:
                    return printed(_latin(known), system_fonts=False)


def can_be_printed(picture: bytes) -> bool:
    """Whether this PNG can be read to its end: a head alone says nothing of the rest."""
    try:
        print_pdf(_PICTURE_ALONE, {}, stamped_at=datetime.fromtimestamp(0, UTC), pictures={"picture.png": picture})
    except PrintingError:
        return False
    return True


def _attaching(name: str) -> bytes:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    said = [json.dumps(text) for text in (name, name, kind, name)]
    call = '#pdf.attach({}, read({}, encoding: none), relationship: "data", mime-type: {}, description: {})'
    return ("\n" + call.format(*said)).encode()


def _missing(diagnostic: str) -> frozenset[str]:
    """The characters that no font has, as typst complains of them."""
    texts = _COMPLAINT.findall(diagnostic)
    escaped = [chr(int(code, 16)) for text in texts for code in _ESCAPED.findall(text)]
    return frozenset(sign for sign in [*"".join(texts), *escaped] if not sign.isascii())


def _without(missing: frozenset[str], words: object) -> object:
    return _each_text(words, lambda text: "".join("?" if sign in missing else sign for sign in text))


def _latin(words: object) -> object:
    return _each_text(words, lambda text: text.encode("latin-1", "replace").decode("latin-1"))


def _each_text(words: object, change: Callable[[str], str]) -> object:
    match words:
        case str():
            return change(words)
        case Mapping():
            return {key: _each_text(value, change) for key, value in words.items()}
        case list() | tuple():
            return [_each_text(value, change) for value in words]
        case _:
            return words
