"""The way to the mail server: SMTP."""

import re
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

import aiosmtplib
import structlog

from services.registration.application.letters import Delivery
from services.registration.settings import SmtpServer

_ENHANCED: Final = re.compile(r"\d\.\d{1,3}\.\d{1,3}\b")
_FINAL: Final = 500

log = structlog.stdlib.get_logger(__name__)


class SmtpPost:
    """A mail server that takes messages; implements the port `Post`."""

    def __init__(self, server: SmtpServer, *, seconds: float = 20) -> None:
        """`seconds` is how long the server may take for each step."""
        self._server = server
        self._seconds = seconds

    async def deliver(self, messages: Sequence[EmailMessage]) -> Sequence[Delivery]:
        """See the port. One connection for all; what was not sent when it broke is to be tried again."""
        deliveries: list[Delivery] = []
        server = self._server
        try:
            async with aiosmtplib.SMTP(
                hostname=server.host,
                port=server.port,
                username=server.username,
                password=server.password,
                use_tls=server.encrypted,
                start_tls=server.start_tls,
                timeout=self._seconds,
            ) as client:
                for message in messages:
                    deliveries.append(await _send(client, message))  # noqa: PERF401  (what was sent is kept when it breaks)
        except (aiosmtplib.SMTPException, OSError) as error:
            reason = _reason_of(error)
            log.warning("letters.mail_server_failed", reason=reason, error=type(error).__name__)
            missing = len(messages) - len(deliveries)
            deliveries += [Delivery(reason=reason)] * missing
        return deliveries


async def _send(client: aiosmtplib.SMTP, message: EmailMessage) -> Delivery:
    try:
        await client.send_message(message)
    except aiosmtplib.SMTPRecipientsRefused as refused:
        first = refused.recipients[0]
        return _told("address_refused", first.code, first.message)
    except aiosmtplib.SMTPSenderRefused:
        # That is not the letter's fault: it goes once the server takes our sender.
        raise
    except aiosmtplib.SMTPDataError as error:
        return _told("message_refused", error.code, error.message)
    return Delivery()


def _told(word: str, code: int, text: str) -> Delivery:
    return Delivery(reason=_with_codes(word, code, text), final=code >= _FINAL)


def _with_codes(word: str, code: int, text: str) -> str:
    enhanced = _ENHANCED.match(text)
    return f"{word} {code} {enhanced.group()}" if enhanced else f"{word} {code}"


def _reason_of(error: Exception) -> str:
    match error:
        case aiosmtplib.SMTPAuthenticationError():
            return _with_codes("sign_in_refused", error.code, error.message)
        case aiosmtplib.SMTPSenderRefused():
            return _with_codes("sender_refused", error.code, error.message)
        case aiosmtplib.SMTPResponseException():
            return _with_codes("server_refused", error.code, error.message)
        case aiosmtplib.SMTPException() if not isinstance(error, OSError):
            return "no_encryption"
        case _:
            return "unreachable"
