"""Registration, asked who guests are."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.clock import Clock
from services.chassis.neighbour_calls import NeighbourAwayError, NeighbourCalls, NeighbourFailedError
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.recognition import SqlQuestions
from services.streaming_bridge.application.recognition import Recognising, UnansweredError
from services.streaming_bridge.domain.recognition import GuestIdentity, Recognition
from services.streaming_bridge.settings import BridgeSettings


class _Recognised(BaseModel):
    guests: dict[str, Recognition]


class HttpRegistration:
    """Asks over HTTP; implements the port `Registrations`."""

    def __init__(self, settings: BridgeSettings) -> None:
        """Where registration is comes from `settings`."""
        self._url = f"{settings.registration_url}/internal/recognise-guests"
        self._calls = NeighbourCalls(settings)

    async def recognise(self, event_id: str, identities: Sequence[GuestIdentity]) -> Mapping[str, Recognition] | None:
        """See the port."""
        guests = [
            {"guest_id": each.guest_id, "registrant_id": each.registrant_id, "email": each.email} for each in identities
        ]
        try:
            answer = await self._calls.get(self._url, {"event_id": event_id, "guests": guests}, _Recognised)
        except NeighbourAwayError:
            return None
        except NeighbourFailedError:
            raise UnansweredError from None
        return answer.guests


def recognising(
    settings: BridgeSettings, engine: AsyncEngine, readers: AsyncEngine, *, names: SecretBox, clock: Clock
) -> Recognising:
    """Join what recognises guests; `names` is the box of the inbox."""
    questions = SqlQuestions(engine, readers, names=names)
    return Recognising(questions=questions, registrations=HttpRegistration(settings), clock=clock)
