"""What a browser calls itself, in a few words: enough for people to know their own sessions apart, and no more."""

from typing import Final

from aiohttp import web

# The first that is named counts: browsers name those whom they resemble too, and they are the later ones here.
_BROWSERS: Final = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def device_of(request: web.Request) -> str:
    """`Firefox, Android`; empty for what is not known."""
    agent = request.headers.get("User-Agent", "")
    found = (next((name for mark, name in known.items() if mark in agent), "") for known in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, found))
