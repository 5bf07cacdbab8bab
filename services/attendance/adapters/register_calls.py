"""The register of issued documents, asked over HTTP whether it issued one: anybody may ask who has its code."""

import os
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import aiohttp
from pydantic import BaseModel, ValidationError

from schemas.envelope import Instant
from services.chassis.errors import OperatorError
from services.chassis.problems import CONTENT_TYPE

_PATIENCE_SECONDS: Final = 30.0
_MOST_BYTES: Final = 256 * 1024


class RegisterAwayError(OperatorError):
    """Nobody answers as a register does."""

    def __init__(self, server: str, reason: str) -> None:
        """Name where it was looked for."""
        super().__init__(f"{server} does not answer whether it issued the document: {reason}.")
        self.server = server


class RegisteredEvent(BaseModel):
    """Which event it is about; null if the register does not tell it yet."""

    event_id: str | None = None


class Registered(BaseModel):
    """What the register says of a document: `standing` is whether it counts still.

    `file_matches` is whether a file of the digest asked about was given out as it; null if none was asked about.
    """

    kind: str
    standing: str
    as_of: Instant
    root: str
    facts: int
    figures: str
    event: RegisteredEvent = RegisteredEvent()
    file_matches: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRegister:
    """The register of the Passerelle at an address."""

    server: str

    async def look_up(self, code: str, *, sha256: str | None) -> Registered | None:
        """What it says of the document of a code; None if it issued none under it.

        Raises:
            RegisterAwayError: if nobody answers there, or something else does.
        """
        url = f"{self.server.rstrip('/')}/api/v1/verify/{code}"
        asked = {} if sha256 is None else {"sha256": sha256}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(url, params=asked, headers={"Accept": "application/json"}) as answer,
            ):
                status, kind, content = answer.status, answer.content_type, await _whole(answer)
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise RegisterAwayError(self.server, _in_words(error)) from None
        # Any server has no page for the code: only a register's word is that it issued nothing.
        if status == HTTPStatus.NOT_FOUND and kind == CONTENT_TYPE:
            return None
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise RegisterAwayError(self.server, "it was asked too often from here, and answers again within the hour")
        try:
            return Registered.model_validate_json(content)
        except ValidationError:
            raise RegisterAwayError(self.server, f"it answered {status}") from None


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """What is answered, in however many pieces it comes.

    Raises:
        ValueError: if it is more than any register answers.
    """
    content = bytearray()
    async for piece in answer.content.iter_any():
        content += piece
        if len(content) > _MOST_BYTES:
            raise ValueError("it answers more than a register does")
    return bytes(content)


def _in_words(error: Exception) -> str:
    """Why there was no answer, for whoever is at the terminal."""
    if isinstance(error, aiohttp.InvalidURL):
        return "that is no address of a server, such as https://passerelle.example"
    if isinstance(error, TimeoutError):
        return f"it took longer than {_PATIENCE_SECONDS:.0f} seconds"
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno or 0
        return f"no connection to it ({os.strerror(number) if number > 0 else error.os_error.strerror})"
    return str(error) or type(error).__name__
