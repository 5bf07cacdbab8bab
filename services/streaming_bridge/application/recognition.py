"""Recognise guests as who registered, in the background: no delivery waits for it, and registration may be away."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Never, Protocol

import structlog

from services.chassis.clock import Clock
from services.streaming_bridge.domain.errors import StorageUnavailableError
from services.streaming_bridge.domain.recognition import GuestIdentity, Recognition, pause_before_asking_again

_PAUSE_SECONDS: Final = 5.0
_AT_ONCE: Final = 100

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """Who a guest of an event is; `asked` is how often it was asked."""

    event_id: str
    identity: GuestIdentity
    asked: int


class UnansweredError(Exception):
    """Registration is there, and has no answer to what it was asked of one event."""


class Questions(Protocol):
    """Where they wait."""

    async def due(self, now: datetime, *, limit: int) -> Sequence[OpenQuestion]:
        """Those to be asked now, the longest due first."""
        ...

    async def settle(self, event_id: str, guest_ids: Sequence[str]) -> None:
        """Never ask these again."""
        ...

    async def postpone(self, event_id: str, guest_id: str, *, until: datetime, asked: int) -> None:
        """Ask again later."""
        ...


class Registrations(Protocol):
    """Registration, which knows who registered."""

    async def recognise(self, event_id: str, identities: Sequence[GuestIdentity]) -> Mapping[str, Recognition] | None:
        """What it says of each guest, having linked those it knows; None if it is away.

        Raises:
            UnansweredError: if it is there, and has no answer to this.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognising:
    """Asks registration who guests are, until it knows or what they may be recognised by is forgotten."""

    questions: Questions
    registrations: Registrations
    clock: Clock

    async def run(self) -> Never:
        """Go round until cancelled; a neighbour or a database that is away is tried again in the next round."""
        while True:
            try:
                await self.ask_due()
            except StorageUnavailableError:
                log.warning("recognition.storage_unavailable")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def ask_due(self) -> int:
        """Ask all that is due; how many guests were linked."""
        linked = 0
        while due := await self.questions.due(self.clock(), limit=_AT_ONCE):
            of_events: dict[str, list[OpenQuestion]] = defaultdict(list)
            for question in due:
                of_events[question.event_id].append(question)
            for event_id, questions in of_events.items():
                try:
                    said = await self.registrations.recognise(event_id, [each.identity for each in questions])
                except UnansweredError:
                    # The others are not to wait for what may never be answered.
                    await self._postpone(event_id, questions)
                    continue
                if said is None:
                    return linked
                linked += sum(word is Recognition.LINKED for word in said.values())
                await self._note(event_id, questions, said)
        if linked:
            log.info("recognition.linked", guests=linked)
        return linked

    async def _postpone(self, event_id: str, questions: Sequence[OpenQuestion]) -> None:
        log.warning("recognition.unanswered", event_id=event_id, guests=len(questions))
        for question in questions:
            until = self.clock() + pause_before_asking_again(question.asked)
            await self.questions.postpone(event_id, question.identity.guest_id, until=until, asked=question.asked)

    async def _note(self, event_id: str, questions: Sequence[OpenQuestion], said: Mapping[str, Recognition]) -> None:
        known = {guest_id for guest_id, word in said.items() if word is not Recognition.UNKNOWN}
        settled = [each.identity.guest_id for each in questions if each.identity.guest_id in known]
        await self.questions.settle(event_id, settled)
        for question in questions:
            if question.identity.guest_id not in known:
                asked = question.asked + 1
                until = self.clock() + pause_before_asking_again(asked)
                await self.questions.postpone(event_id, question.identity.guest_id, until=until, asked=asked)
