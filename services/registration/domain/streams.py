"""What can be watched, heard or read of a room from afar, beside or instead of a conference."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

_MEDIA: Final = (".mp4", ".m4v", ".webm", ".ogv", ".mp3", ".m4a", ".ogg", ".opus", ".wav")
_SPECIAL: Final = re.compile(r"[^A-Za-z0-9_-]")


class StreamKind(StrEnum):
    """How a stream is played: by the page itself (`hls`, `dash`, `file`), or by somebody else's page inside it."""

    HLS = "hls"
    DASH = "dash"
    FILE = "file"
    PEERTUBE = "peertube"
    YOUTUBE = "youtube"
    VIMEO = "vimeo"
    PAGE = "page"


SCRIPTED: Final = frozenset({StreamKind.HLS, StreamKind.DASH})
"""What comes in pieces, which a script of the page puts together; there may be several qualities of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The stream of a room and what goes with it; every part may be missing, and addresses are absolute (http, https).

    Without a `kind` the address tells. `phone` is a number to listen by, with what it takes to get in.
    """

    url: str | None = None
    kind: StreamKind | None = None
    audio_url: str | None = None
    captions_url: str | None = None
    transcript_url: str | None = None
    phone: str | None = None

    @property
    def plays_as(self) -> StreamKind | None:
        """How its address is played; None without one."""
        return None if self.url is None else self.kind or kind_of(self.url)

    @property
    def player_url(self) -> str | None:
        """What is played, or shown inside the page: of a video site its player that tracks least."""
        if self.url is None or self.plays_as is None:
            return None
        player = _PLAYERS.get(self.plays_as)
        return (player and player(urlsplit(self.url))) or self.url

    @property
    def embedded(self) -> bool:
        """Whether somebody else's page plays it, which learns who watches from where."""
        return self.plays_as not in {None, StreamKind.FILE, *SCRIPTED}


def kind_of(url: str) -> StreamKind:
    """How an address is played, as far as it tells."""
    address = urlsplit(url)
    host, path = (address.hostname or "").removeprefix("www.").removeprefix("m."), address.path.lower()
    if path.endswith(".m3u8"):
        return StreamKind.HLS
    if path.endswith(".mpd"):
        return StreamKind.DASH
    if path.endswith(_MEDIA):
        return StreamKind.FILE
    if host in {"youtube.com", "youtu.be", "youtube-nocookie.com"}:
        return StreamKind.YOUTUBE
    if host in {"vimeo.com", "player.vimeo.com"}:
        return StreamKind.VIMEO
    return StreamKind.PEERTUBE if _of_peertube(address) else StreamKind.PAGE


def origin_of(url: str) -> str:
    """The origin of an absolute address, for what a page allows."""
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc}"


def _of_youtube(address: SplitResult) -> str | None:
    parts = address.path.strip("/").split("/")
    video = parse_qs(address.query).get("v", [""])[0] or parts[-1]
    return None if not video or _SPECIAL.search(video) else f"https://www.youtube-nocookie.com/embed/{video}"


def _of_vimeo(address: SplitResult) -> str | None:
    parts = address.path.strip("/").split("/")
    if not parts[-1].isdecimal():
        return None
    if parts[-2:-1] == ["event"]:
        return f"https://vimeo.com/event/{parts[-1]}/embed?dnt=1"
    return f"https://player.vimeo.com/video/{parts[-1]}?dnt=1"


def _of_peertube(address: SplitResult) -> str | None:
    """PeerTube stands under any name; the addresses of its videos are known by their paths."""
    found = re.fullmatch(r"/(?:w|videos/watch|videos/embed)/([A-Za-z0-9-]{8,64})/?", address.path)
    # Without peer-to-peer: who watches is not told to the others who do.
    return found and f"{address.scheme}://{address.netloc}/videos/embed/{quote(found[1])}?p2p=0"


_PLAYERS: Final[Mapping[StreamKind, Callable[[SplitResult], str | None]]] = {
    StreamKind.YOUTUBE: _of_youtube,
    StreamKind.VIMEO: _of_vimeo,
    StreamKind.PEERTUBE: _of_peertube,
}
