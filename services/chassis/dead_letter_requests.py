"""Dead letters that came with a request go back to the service that set them aside, at an address of services alone."""

from typing import Final

import aiohttp
from pydantic import BaseModel, ValidationError

from services.chassis.access import internal_headers
from services.chassis.dead_letters import PURPOSE, DeadLetter
from services.chassis.errors import OperatorError
from services.chassis.secrets import BrokenSealError, SecretBox
from services.chassis.settings import CommonSettings

ADDRESS: Final = "/internal/dead-letters"
"""`POST ?letter=<id>&path=<path>&key=<key>` with the body as it came: 2xx once it was read, and stored."""
_PATIENCE: Final = aiohttp.ClientTimeout(total=30)


class NotTakenError(OperatorError):
    """A service did not take a letter back."""

    def __init__(self, letter_id: str, why: str) -> None:
        """Say which, and why."""
        super().__init__(f"{letter_id} could not be read again: {why}")


class _Refusal(BaseModel):
    detail: str = ""


async def hand_back(settings: CommonSettings, letter_id: str, letter: DeadLetter) -> None:
    """Give a letter back to its service, whole, which marks it as sent back.

    Raises:
        NotTakenError: if it is still unreadable, its service is away, or another installation sealed it.
    """
    addresses = {
        "registration": settings.registration_url,
        "streaming_bridge": settings.streaming_bridge_url,
        "attendance": settings.attendance_url,
    }
    if letter.service not in addresses:
        raise NotTakenError(letter_id, f"there is no service {letter.service}")
    try:
        body = letter.open(SecretBox.derive(settings.secret, purpose=PURPOSE)) or b""
    except BrokenSealError:
        raise NotTakenError(letter_id, "another key of the installation sealed it") from None
    query = {"letter": letter_id, "path": str(letter.origin), "key": (letter.key or b"").decode(errors="replace")}
    try:
        async with (
            aiohttp.ClientSession(headers=internal_headers(settings), timeout=_PATIENCE) as session,
            session.post(addresses[letter.service] + ADDRESS, params=query, data=body) as response,
        ):
            if response.ok:
                return
            why = _Refusal.model_validate_json(await response.read()).detail or f"status {response.status}"
    except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
        raise NotTakenError(letter_id, f"{letter.service} does not answer ({type(error).__name__})") from None
    raise NotTakenError(letter_id, why)
