"""A mail server on this machine that keeps what it takes, and refuses what a test wants refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP


@dataclass(slots=True)
class MailServer:
    """What the server took; `refusals` are its answers to addresses it does not want."""

    url: str = ""
    refusals: dict[str, str] = field(default_factory=dict)
    taken: list[EmailMessage] = field(default_factory=list)

    # aiosmtpd calls them by their names, with all that there is.
    async def handle_RCPT(self, *given: Any) -> str:  # noqa: ANN401, N802
        _server, _session, envelope, address, _options = given
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *given: Any) -> str:  # noqa: ANN401, N802
        _server, _session, envelope = given
        message = message_from_bytes(envelope.content or b"", policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """The server, on a free port of this machine."""
    mails = MailServer()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mails, hostname="localhost", loop=loop), "127.0.0.1", 0)
    mails.url = "smtp://{}:{}".format(*server.sockets[0].getsockname())
    async with server:
        yield mails
