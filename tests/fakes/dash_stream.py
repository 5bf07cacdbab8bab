"""A real MPEG-DASH stream, made here: a blue picture in two qualities (VP9), silence (Opus) and captions.

The picture can be had as HLS too.

Boxes are those of ISO/IEC 14496-12, fragmented; `vpcC` is of "VP Codec ISO Media File Format Binding", `dOps` of
"Encapsulation of Opus in ISO Base Media File Format".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import pack
from typing import Final

from aiohttp import web

_SEGMENT_SECONDS: Final = 2
_LONG: Final = 600
"""Seconds that the stream on demand takes."""
_TICKS: Final = 48_000
_SILENCE: Final = bytes.fromhex("f8fffe")
"""An Opus packet of 20 ms."""
_EVERYWHERE: Final = {"Access-Control-Allow-Origin": "*"}
_MATRIX: Final = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Track:
    """One representation: the same sample again and again, each of which can be begun at."""

    sample: bytes
    ticks: int
    entry: bytes
    handler: bytes
    media_header: bytes
    width: int = 0
    height: int = 0

    def beginning(self) -> bytes:
        """What is sent before any segment."""
        size = pack(">2I", self.width << 16, self.height << 16)
        header = _full(
            "tkhd", pack(">5I", 0, 0, 1, 0, 0) + bytes(8) + pack(">4H", 0, 0, 0x100, 0) + _MATRIX + size, flags=3
        )
        tables = b"".join(_full(name, bytes(4)) for name in ("stts", "stsc", "stco")) + _full("stsz", bytes(8))
        described = _full("stsd", pack(">I", 1) + self.entry)
        data = _box("dinf", _full("dref", pack(">I", 1) + _full("url ", b"", flags=1)))
        information = _box("minf", self.media_header + data + _box("stbl", described + tables))
        handler = _full("hdlr", bytes(4) + self.handler + bytes(13))
        media = _box("mdia", _full("mdhd", pack(">4I2H", 0, 0, _TICKS, 0, 0x55C4, 0)) + handler + information)
        movie = (
            pack(">4I", 0, 0, _TICKS, 0) + pack(">IH", 0x10000, 0x100) + bytes(10) + _MATRIX + bytes(24) + pack(">I", 2)
        )
        extends = _box("mvex", _full("trex", pack(">5I", 1, 1, self.ticks, len(self.sample), 0)))
        kinds = _box("ftyp", b"iso6" + bytes(4) + b"iso6dash")
        return kinds + _box("moov", _full("mvhd", movie) + _box("trak", header + media) + extends)

    def segment(self, number: int) -> bytes:
        """The segment that begins after so many others."""
        count = _SEGMENT_SECONDS * _TICKS // self.ticks
        begins = _full("tfdt", pack(">Q", number * _SEGMENT_SECONDS * _TICKS), version=1)

        def fragment(offset: int) -> bytes:
            run = _full("trun", pack(">2I", count, offset), flags=1)
            whose = _full("tfhd", pack(">I", 1), flags=0x20000)
            return _box("moof", _full("mfhd", pack(">I", number + 1)) + _box("traf", whose + begins + run))

        return fragment(len(fragment(0)) + 8) + _box("mdat", self.sample * count)


def _box(name: str, content: bytes) -> bytes:
    return pack(">I", len(content) + 8) + name.encode() + content


def _full(name: str, content: bytes, *, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, pack(">I", version << 24 | flags) + content)


def _picture(width: int, height: int, key_frame: str) -> _Track:
    described = bytes(6) + pack(">H", 1) + bytes(16) + pack(">2H", width, height)
    rest = pack(">3IH", 0x480000, 0x480000, 0, 1) + bytes(32) + pack(">Hh", 24, -1)
    codec = _full("vpcC", bytes((0, 10, 0x82, 2, 2, 2)) + bytes(2), version=1)
    return _Track(
        sample=bytes.fromhex(key_frame),
        ticks=_TICKS // 2,
        entry=_box("vp09", described + rest + codec),
        handler=b"vide",
        media_header=_full("vmhd", bytes(8), flags=1),
        width=width,
        height=height,
    )


def _sound() -> _Track:
    described = bytes(6) + pack(">H", 1) + bytes(8) + pack(">2HII", 1, 16, 0, _TICKS << 16)
    codec = _box("dOps", pack(">2BHIhB", 0, 1, 0, _TICKS, 0, 0))
    return _Track(
        sample=_SILENCE,
        ticks=_TICKS // 50,
        entry=_box("Opus", described + codec),
        handler=b"soun",
        media_header=_full("smhd", bytes(4)),
    )


_TRACKS: Final = {
    "small": _picture(160, 90, "824983420009f005960038241c194e0000306000006901ff4207ffffe571fffff90a3a8a99452e78"),
    "large": _picture(
        320, 180, "824983420013f00b360038241c194e0000306000006901ff4207ffffe571fffff90a3a8a9466ea88c01a00"
    ),
    "sound": _sound(),
}
_SEGMENTS: Final = (
    f'<SegmentTemplate timescale="1" duration="{_SEGMENT_SECONDS}" startNumber="0" '
    'initialization="dash/$RepresentationID$/beginning.mp4" media="dash/$RepresentationID$/$Number$.m4s"/>'
)
_SETS: Final = f"""<AdaptationSet mimeType="video/mp4" codecs="vp09.00.10.08" segmentAlignment="true">{_SEGMENTS}
<Representation id="small" bandwidth="50000" width="160" height="90"/>
<Representation id="large" bandwidth="90000" width="320" height="180"/></AdaptationSet>
<AdaptationSet mimeType="audio/mp4" codecs="opus" lang="fr" segmentAlignment="true">{_SEGMENTS}
<Representation id="sound" bandwidth="10000" audioSamplingRate="48000"/></AdaptationSet>"""
_CAPTIONS: Final = """<AdaptationSet contentType="text" mimeType="text/vtt" lang="fr">
<Role schemeIdUri="urn:mpeg:dash:role:2011" value="caption"/>
<Representation id="captions" bandwidth="100"><BaseURL>dash/captions.vtt</BaseURL></Representation></AdaptationSet>"""
_ON_DEMAND: Final = f'type="static" mediaPresentationDuration="PT{_LONG}S"'
# Began long ago, so that there is a segment at any time.
_LIVE: Final = (
    'type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT1M"'
)


def add_dash_stream(app: web.Application) -> None:
    """Serve it to pages of any origin: on demand as `/film.mpd`, live as `/live.mpd`; its picture as `/film.m3u8`."""

    async def on_demand(_: web.Request) -> web.Response:
        return _manifest(_ON_DEMAND, _SETS + _CAPTIONS)

    async def live(_: web.Request) -> web.Response:
        return _manifest(_LIVE, _SETS)

    async def beginning(request: web.Request) -> web.Response:
        return _media(_TRACKS[request.match_info["track"]].beginning())

    async def segment(request: web.Request) -> web.Response:
        return _media(_TRACKS[request.match_info["track"]].segment(int(request.match_info["number"])))

    async def captions(_: web.Request) -> web.Response:
        text = "WEBVTT\n\n00:00.000 --> 10:00.000\nBonjour à toutes et à tous\n"
        return web.Response(text=text, content_type="text/vtt", headers=_EVERYWHERE)

    async def qualities(_: web.Request) -> web.Response:
        rates = {"large": 90_000, "small": 50_000}
        return _playlist(
            f'#EXT-X-STREAM-INF:BANDWIDTH={rate},CODECS="vp09.00.10.08"\ndash/{track}/film.m3u8'
            for track, rate in rates.items()
        )

    async def pieces(_: web.Request) -> web.Response:
        told = [f"#EXTINF:{_SEGMENT_SECONDS},\n{number}.m4s" for number in range(_LONG // _SEGMENT_SECONDS)]
        head = [f"#EXT-X-TARGETDURATION:{_SEGMENT_SECONDS}", '#EXT-X-MAP:URI="beginning.mp4"']
        return _playlist([*head, *told, "#EXT-X-ENDLIST"])

    app.router.add_get("/film.m3u8", qualities)
    app.router.add_get("/dash/{track}/film.m3u8", pieces)
    app.router.add_get("/film.mpd", on_demand)
    app.router.add_get("/live.mpd", live)
    app.router.add_get("/dash/captions.vtt", captions)
    app.router.add_get("/dash/{track}/beginning.mp4", beginning)
    app.router.add_get("/dash/{track}/{number}.m4s", segment)


def _manifest(how: str, sets: str) -> web.Response:
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" minBufferTime="PT2S" {how}>
<Period id="1" start="PT0S">{sets}</Period></MPD>"""
    return web.Response(text=text, content_type="application/dash+xml", headers=_EVERYWHERE)


def _playlist(lines: Iterable[str]) -> web.Response:
    text = "\n".join(["#EXTM3U", "#EXT-X-VERSION:7", *lines])
    return web.Response(text=text, content_type="application/vnd.apple.mpegurl", headers=_EVERYWHERE)


def _media(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="video/mp4", headers=_EVERYWHERE)
