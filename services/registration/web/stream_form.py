"""The stream of a room as the API and the form of an event take it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, StringConstraints
from pydantic_core import PydanticCustomError

from services.chassis.pages.languages import mark
from services.registration.domain.streams import Stream, StreamKind
from services.registration.web.bodies import Body, check_text

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9a-fA-F:.]+\](:[0-9]{1,5})?")
_NOT_IN_ADDRESSES: Final = re.compile(r"[\s<>\"'\\^`{|}\x00-\x20\x7f-\x9f]")


def check_address(text: str) -> str:
    """An absolute address of the web.

    Raises:
        PydanticCustomError: if it is none.
    """
    try:
        address = urlsplit(text)
        host = _HOST.fullmatch(address.netloc)
    except ValueError:
        address, host = urlsplit(""), None
    if address.scheme not in {"http", "https"} or host is None or _NOT_IN_ADDRESSES.search(text):
        sentence = mark("Enter a whole address, such as https://example.org/stream.m3u8.")
        raise PydanticCustomError("address", sentence)
    return text


WebAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), AfterValidator(check_address)
]
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(check_text)
]


class StreamBody(Body):
    """What can be followed of a room from afar: a stream, its sound alone, captions, a transcript, a telephone number.

    Without a `kind` the address tells how it is played: `hls`, `dash` and `file` by the page itself, the others by the
    page of a video site inside it, once whoever watches has agreed.
    """

    url: WebAddress | None = None
    kind: StreamKind | None = None
    audio_url: WebAddress | None = None
    captions_url: WebAddress | None = None
    transcript_url: WebAddress | None = None
    phone: Phone | None = None

    def stream(self) -> Stream | None:
        """It; None if there is nothing of it."""
        return _stream(dict(self))


class StreamFields(BaseModel):
    """The same as fields of a row; `stream_kind` is empty where the address tells."""

    stream_url: WebAddress | None = None
    stream_kind: StreamKind | None = None
    audio_url: WebAddress | None = None
    captions_url: WebAddress | None = None
    transcript_url: WebAddress | None = None
    phone: Phone | None = None

    def stream(self) -> Stream | None:
        """It; None if nothing is filled in."""
        return _stream({name: getattr(self, field) for name, field in _FIELDS.items()})


class StreamView(BaseModel):
    """The stream of a room, for who manages the event."""

    url: str | None
    kind: StreamKind | None
    audio_url: str | None
    captions_url: str | None
    transcript_url: str | None
    phone: str | None

    @classmethod
    def of(cls, stream: Stream) -> "StreamView":
        """A stream."""
        return cls(**{name: getattr(stream, name) for name in _FIELDS})


def stream_values(stream: Stream | None) -> Mapping[str, str]:
    """What the fields of a row are filled with."""
    return {field: str(getattr(stream, name, None) or "") for name, field in _FIELDS.items()}


_FIELDS: Final = {
    "url": "stream_url",
    "kind": "stream_kind",
    "audio_url": "audio_url",
    "captions_url": "captions_url",
    "transcript_url": "transcript_url",
    "phone": "phone",
}


def _stream(given: Mapping[str, Any]) -> Stream | None:
    said = {name: value for name, value in given.items() if value is not None}
    return Stream(**said) if said.keys() - {"kind"} else None
