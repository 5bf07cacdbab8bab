"""An event that is followed: registration and the bridge behind one origin, and a server of somebody's media."""

import io
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.local.gateway import create_gateway
from schemas.participation import Joined, Left
from services.chassis.settings import CommonSettings
from tests.fakes.bridge import BridgeUnderTest, running_bridge
from tests.fakes.dash_stream import add_dash_stream
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Passerelle:
    """Registration and the bridge behind one origin, with a clock for all; and a server of somebody's media."""

    registration: RunningRegistration
    bridge: BridgeUnderTest
    clock: MovedClock
    url: str
    media: str

    async def personal_page(self, **stream: str) -> str:
        """The address of the personal page of somebody at an event with a stream, half an hour after its start."""
        room = {"name": "Amphi", "address": "1 rue de la Passerelle", "stream": stream}
        contact = {"controller": "Association", "email": "contact@example.org"}
        hours = {"starts_at": START.isoformat(), "ends_at": (START + timedelta(hours=2)).isoformat()}
        later = {"starts_at": hours["ends_at"], "ends_at": (START + timedelta(hours=3)).isoformat()}
        sessions = [{"title": "Ouverture", "room": "Amphi", **hours}, {"title": "Débat", **later}]
        event_id = await self.registration.event(rooms=[room], sessions=sessions, data_contact=contact)
        registered = await self.registration.register(event_id, mode="remote")
        self.advance(timedelta(minutes=30))
        path: str = registered["confirmation_url"].removeprefix(self.registration.settings.public_url)
        return self.url + path

    def advance(self, by: timedelta) -> None:
        """Let time go by on the servers."""
        self.clock.now += by
        self.bridge.clock.now = self.clock.now

    @property
    def now(self) -> int:
        """Whole seconds since the event began: what a page tells is some milliseconds old."""
        return self.seconds(self.clock.now)

    @staticmethod
    def seconds(instant: datetime) -> int:
        return round((instant - START).total_seconds())

    async def told(self) -> list[tuple[str, int, str | None]]:
        """The comings and goings that were told, by kind, time, and what a leave was inferred from."""
        facts = [fact for fact in await self.bridge.facts() if isinstance(fact, Joined | Left)]
        assert len({fact.subject for fact in facts}) <= 1
        return [
            (type(fact).__name__, self.seconds(fact.time), fact.data.inferred if isinstance(fact, Left) else None)
            for fact in facts
        ]


@asynccontextmanager
async def passerelle_with_media(tmp_path: Path) -> AsyncIterator[Passerelle]:
    """All of them, running."""
    clock = MovedClock()
    async with AsyncExitStack() as stack:
        registration = await stack.enter_async_context(running_registration(tmp_path, clock=clock))
        bridge = await stack.enter_async_context(running_bridge(tmp_path))
        bridge.clock.now = clock.now
        settings = CommonSettings.model_validate(
            {
                "data_dir": tmp_path,
                "registration_url": str(registration.client.make_url("/")).rstrip("/"),
                "streaming_bridge_url": str(bridge.client.make_url("/")).rstrip("/"),
            }
        )
        gateway = await stack.enter_async_context(TestServer(create_gateway(settings)))
        media = await stack.enter_async_context(TestServer(media_server(tmp_path)))
        yield Passerelle(
            registration=registration,
            bridge=bridge,
            clock=clock,
            url=str(gateway.make_url("/")).rstrip("/"),
            media=str(media.make_url("/")).rstrip("/"),
        )


def media_server(folder: Path) -> web.Application:
    """Ten minutes of silence, and a page with a player as video sites have one."""
    sound = io.BytesIO()
    with wave.open(sound, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(1)
        written.setframerate(8000)
        written.writeframes(b"\x80" * 8000 * 600)
    file = folder / "silence.wav"
    file.write_bytes(sound.getvalue())

    async def silence(_: web.Request) -> web.FileResponse:
        return web.FileResponse(file)

    async def player(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Player</title><p>A film</p>", content_type="text/html")

    # A frame of MPEG-1 layer III, 128 kbit/s, 44.1 kHz, with nothing in it: four seconds of them are a piece of HLS.
    piece = (b"\xff\xfb\x90\x64" + bytes(413)) * 153
    pieces = "".join(f"#EXTINF:4,\n{number}.mp3\n" for number in range(100))
    playlist = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:0\n{pieces}#EXT-X-ENDLIST\n"
    everywhere = {"Access-Control-Allow-Origin": "*"}

    async def stream(_: web.Request) -> web.Response:
        return web.Response(text=playlist, content_type="application/vnd.apple.mpegurl", headers=everywhere)

    async def piece_of_it(_: web.Request) -> web.Response:
        return web.Response(body=piece, content_type="audio/mpeg", headers=everywhere)

    app = web.Application()
    app.router.add_get("/live.m3u8", stream)
    app.router.add_get("/{number}.mp3", piece_of_it)
    app.router.add_get("/silence.wav", silence)
    app.router.add_get("/film.mp4", silence)
    app.router.add_get("/player", player)
    add_dash_stream(app)
    return app
