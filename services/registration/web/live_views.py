"""What the page of an event that is held shows of its rooms: how each can be followed from afar, and what is on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from services.registration.domain.agenda import Room, Session
from services.registration.domain.event import Event
from services.registration.domain.streams import SCRIPTED, Stream, StreamKind, kind_of, origin_of

_SOUND: Final = (".mp3", ".m4a", ".ogg", ".opus", ".wav")


class Way(StrEnum):
    """How somebody chose to follow: with less bandwidth, by the least picture, by sound alone or by text."""

    VIDEO = "video"
    LEAST = "least"
    AUDIO = "audio"
    TEXT = "text"


class Play(StrEnum):
    """What a player is: an element of ours, somebody else's page in a frame, or the question whether to show one."""

    VIDEO = "video"
    AUDIO = "audio"
    FRAME = "frame"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A player of the page; `script` is what it takes where a browser does not play it by itself.

    `host` is who learns that it is watched.
    """

    play: Play
    url: str
    script: StreamKind | None = None

    @property
    def host(self) -> str:
        """Where it comes from, by name."""
        return urlsplit(self.url).netloc

    @property
    def origin(self) -> str:
        """Where it comes from, for the policy of the page."""
        return origin_of(self.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFromAfar:
    """A room as it can be followed. `on_now` are the titles of what takes place there."""

    room: Room
    on_now: Sequence[str]
    player: Player | None

    @property
    def has_text(self) -> bool:
        """Whether it can be followed without a player."""
        stream = self.room.stream
        aids = stream is not None and (stream.captions_url or stream.transcript_url or stream.phone)
        return self.room.conference is not None or bool(aids)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnNow:
    """What takes place at an instant, and what begins next."""

    now: Sequence[Session]
    following: Sequence[Session]

    @classmethod
    def at(cls, event: Event, instant: datetime) -> "OnNow":
        """What an agenda says of an instant."""
        held = [session for session in event.sessions if not session.cancelled]
        later = [session for session in held if session.starts_at > instant]
        first = min((session.starts_at for session in later), default=None)
        return cls(
            now=[session for session in held if session.starts_at <= instant < session.ends_at],
            following=[session for session in later if session.starts_at == first],
        )


def rooms_from_afar(event: Event, on: OnNow, *, way: Way, shown: str | None) -> list[RoomFromAfar]:
    """The rooms in their order, those where something is on first; `shown` is the room whose frame was agreed to."""
    rooms = [
        RoomFromAfar(
            room=room,
            on_now=[session.title for session in on.now if session.room == room.name],
            player=_player(room, way=way, agreed=room.room_id == shown),
        )
        for room in event.rooms_from_afar
    ]
    return sorted(rooms, key=lambda each: not each.on_now)


def ways_of(rooms: Iterable[Room]) -> Sequence[Way]:
    """How any of the rooms can be followed."""
    streams = [room.stream for room in rooms if room.stream is not None]
    least = any(stream.plays_as in SCRIPTED for stream in streams)
    sound = any(_sound_of(stream) is not None for stream in streams)
    return [Way.VIDEO, *([Way.LEAST] if least else []), *([Way.AUDIO] if sound else []), Way.TEXT]


def sources_of(rooms: Iterable[RoomFromAfar]) -> Mapping[str, Sequence[str]]:
    """What the page may load for its players, and nothing else: by directive of its policy."""
    players = [room.player for room in rooms if room.player is not None]
    ours = [player for player in players if player.play in {Play.VIDEO, Play.AUDIO}]
    streams = [player.origin for player in ours if player.script]
    # A script fetches the pieces of a stream and hands them over in the page.
    return {
        "media-src": [*(player.origin for player in ours), *(["blob:"] if streams else [])],
        "connect-src": streams,
        "frame-src": [player.origin for player in players if player.play is Play.FRAME],
    }


def _player(room: Room, *, way: Way, agreed: bool) -> Player | None:
    stream = room.stream
    if stream is None or way is Way.TEXT:
        return None
    if way is Way.AUDIO or stream.player_url is None:
        return _sound_of(stream)
    if stream.embedded:
        return Player(play=Play.FRAME if agreed else Play.ASK, url=stream.player_url)
    sound = urlsplit(stream.player_url).path.lower().endswith(_SOUND)
    return Player(play=Play.AUDIO if sound else Play.VIDEO, url=stream.player_url, script=_script_for(stream.plays_as))


def _sound_of(stream: Stream) -> Player | None:
    if stream.audio_url is not None:
        return Player(play=Play.AUDIO, url=stream.audio_url, script=_script_for(kind_of(stream.audio_url)))
    if stream.url is not None and stream.plays_as is StreamKind.DASH:
        # Its sound comes in pieces of its own.
        return Player(play=Play.AUDIO, url=stream.url, script=StreamKind.DASH)
    return None


def _script_for(kind: StreamKind | None) -> StreamKind | None:
    return kind if kind in SCRIPTED else None
