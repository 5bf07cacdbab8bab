"""Calls of BigBlueButton's API: https://docs.bigbluebutton.org/development/api. Checksummed GETs, answered in XML."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

import aiohttp
from yarl import URL

from services.streaming_bridge.adapters.platforms.bigbluebutton import api_address, api_secret
from services.streaming_bridge.adapters.platforms.room_service import ask
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.sources import Source

_DONE: Final = "SUCCESS"


class CallFailedError(Exception):
    """The server understood a call and did not do it; `key` is its own word for why."""

    def __init__(self, key: str) -> None:
        """Keep the word."""
        super().__init__(key)
        self.key = key


async def call(
    session: aiohttp.ClientSession, source: Source, name: str, parameters: Mapping[str, str] | None = None
) -> Element:
    """What the server answers to a call that it has done.

    Raises:
        CallFailedError: if it says that it has not.
        PlatformRefusedError: `not_set_up`, `credentials_refused` (the secret is another), `no_api_there`; as `ask`.
        PlatformAwayError: `not_understood`; as `ask`.
    """
    if "server_url" not in source.settings or not api_secret(source):
        raise PlatformRefusedError("not_set_up")
    answer = await ask(session, "GET", URL(api_address(source, name, parameters or {}), encoded=True))
    if answer.status != HTTPStatus.OK:
        raise PlatformRefusedError("no_api_there")
    response = _read(answer.body)
    if response.findtext("returncode") == _DONE:
        return response
    key = (response.findtext("messageKey") or "").strip()
    if key == "checksumError":
        raise PlatformRefusedError("credentials_refused")
    raise CallFailedError(key)


def _read(body: bytes) -> Element:
    """The answer; a page of HTML is that of another server."""
    try:
        text = body.decode()
        if "<!DOCTYPE" in text or "<!doctype" in text:
            raise PlatformRefusedError("no_api_there")
        response = fromstring(text)  # noqa: S314  (without a document type there are no entities to blow up)
    except (UnicodeDecodeError, ParseError):
        raise PlatformAwayError("not_understood") from None
    if response.tag != "response":
        raise PlatformRefusedError("no_api_there")
    return response
