"""How the address of a stream is played, and what of a video site is shown inside the page."""

import pytest

from services.registration.domain.streams import Stream, StreamKind, origin_of


@pytest.mark.parametrize(
    "url,kind,shown",
    [
        ("https://live.example.org/hls/plenary.m3u8?a=1", StreamKind.HLS, None),
        ("https://live.example.org/dash/plenary.MPD?a=1", StreamKind.DASH, None),
        ("https://cdn.example.org/film.MP4", StreamKind.FILE, None),
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3",
            StreamKind.YOUTUBE,
            "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        ),
        ("https://youtu.be/dQw4w9WgXcQ", StreamKind.YOUTUBE, "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
        ("https://m.youtube.com/live/abc-_1", StreamKind.YOUTUBE, "https://www.youtube-nocookie.com/embed/abc-_1"),
        ("https://vimeo.com/76979871", StreamKind.VIMEO, "https://player.vimeo.com/video/76979871?dnt=1"),
        ("https://vimeo.com/event/4242", StreamKind.VIMEO, "https://vimeo.com/event/4242/embed?dnt=1"),
        (
            "https://tube.example.org/w/9c9de5e8-0a1e-484a-b099-e80766180a6d",
            StreamKind.PEERTUBE,
            "https://tube.example.org/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d?p2p=0",
        ),
        ("https://owncast.example.org/embed/video", StreamKind.PAGE, None),
    ],
)
def test_an_address_tells_how_it_is_played(url: str, kind: StreamKind, shown: str | None) -> None:
    stream = Stream(url=url)
    assert stream.plays_as is kind
    assert stream.player_url == (shown or url)
    assert stream.embedded is (kind not in {StreamKind.HLS, StreamKind.DASH, StreamKind.FILE})


def test_a_kind_that_was_chosen_counts_and_an_odd_address_is_shown_as_it_is() -> None:
    odd = "https://www.youtube.com/watch?v=<script>"
    assert Stream(url=odd).player_url == odd
    assert Stream(url="https://example.org/live", kind=StreamKind.HLS).embedded is False
    assert Stream(phone="+33 1 23 45 67 89").plays_as is None


def test_the_origin_is_what_a_page_allows() -> None:
    assert origin_of("https://live.example.org:8443/a/b.m3u8?token=x") == "https://live.example.org:8443"
