"""Use cases of imports: look at what a file would do, carry it out, and say what became of each line."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from services.chassis.clock import Clock
from services.chassis.secrets import derive_key
from services.registration.application.audit import acting, current_actor
from services.registration.application.line_enrolment import carry_out, held_to_agenda, held_to_event
from services.registration.application.ports import Mint, Store, Writing
from services.registration.domain.audit import Act, Deed
from services.registration.domain.event import Event
from services.registration.domain.imports import (
    KEPT_FOR,
    Choices,
    Import,
    ImportContent,
    ImportLine,
    ImportState,
    Judged,
    Refusal,
    Sheet,
    judge,
)
from services.registration.domain.instants import after

_AT_A_TIME: Final = 25
"""Lines in a transaction: others register meanwhile, and must not wait for long."""
_LOOKED_UP: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKeys:
    """Keyed digests: they tell that a line or a cell is the same as one before, and nothing else."""

    key: bytes

    @classmethod
    def derive(cls, secret_key: str) -> "LineKeys":
        """With the key of this purpose."""
        return cls(key=derive_key(secret_key, purpose="imported lines"))

    def of(self, *texts: str) -> str:
        """The digest of some texts, in their order."""
        same = b"".join(len(text.encode()).to_bytes(4, "big") + text.encode() for text in texts)
        return hmac.new(self.key, same, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What can be read of a file: the good lines, and why each other is refused."""

    lines: Sequence[ImportLine]
    refused: Mapping[int, Refusal]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """The imports of all events."""

    store: Store
    clock: Clock
    mint: Mint
    keys: LineKeys

    async def bring(self, event_id: str, sheet: Sheet, choices: Choices) -> Import:
        """Keep a file until it is carried out, a day at most.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        now = self.clock()
        brought = Import(
            import_id=self.mint.part_id("imp"),
            event_id=event_id,
            actor=current_actor(),
            state=ImportState.UPLOADED,
            brought_at=now,
            total=len(sheet.rows),
        )
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            await transaction.save_import(brought, ImportContent(sheet=sheet, choices=choices))
        return brought

    async def find(self, event_id: str, import_id: str) -> tuple[Import, ImportContent]:
        """An import with what is kept of its file.

        Raises:
            ImportNotFoundError: if there is none, or its file is forgotten.
        """
        async with self.store.reading() as view:
            return await view.imported(event_id, import_id), await view.import_content(import_id)

    async def choose(self, event_id: str, import_id: str, choices: Choices) -> None:
        """Have a file read otherwise; nothing if it is being carried out already. Raises as `find`."""
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            brought = await transaction.imported(event_id, import_id)
            content = await transaction.import_content(import_id)
            if brought.state is ImportState.UPLOADED:
                await transaction.save_import(brought, replace(content, choices=choices))

    async def judge(self, event_id: str, lines: Sequence[ImportLine]) -> Sequence[Judged]:
        """What would become of lines; nothing happens.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        judged: list[Judged] = []
        async with self.store.reading() as view:
            event = await view.event(event_id)
            for some in _parts(lines, _LOOKED_UP):
                known = await view.known_lines(event_id, some)
                judged += [held_to_agenda(judge(line, known), event, now=self.clock()) for line in some]
        return judged

    async def start(self, event_id: str, import_id: str, reading: Reading) -> None:
        """Have it carried out, once.

        Raises:
            EventNotFoundError: if there is no such event.
            EventStateError: if it is not published.
            ImportNotFoundError: if there is no such import, or its file is forgotten.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            brought = await transaction.imported(event_id, import_id)
            content = await transaction.import_content(import_id)
            if brought.state is not ImportState.UPLOADED:
                return
            event.require_open("register")
            await transaction.note(Deed(act=Act.REGISTRATIONS_IMPORTED, event_id=event_id, subject=import_id))
            running = replace(brought, state=ImportState.RUNNING, refused=dict(reading.refused))
            await transaction.save_import(running, replace(content, lines=reading.lines))

    async def carry_on(self, event_id: str, import_id: str, *, seconds: float | None = None) -> Import:
        """Carry an import out, for so long at most if told; gives it as it stands then.

        Each step is committed with how far it went: whoever goes on, after a crash or at the same time, repeats none.
        """
        loop = asyncio.get_running_loop()
        until = None if seconds is None else loop.time() + seconds
        content, size = None, None
        while True:
            async with self.store.writing() as transaction:
                event = await transaction.event(event_id)
                stands = await transaction.imported(event_id, import_id)
                if stands.state is not ImportState.RUNNING:
                    return stands
                # Somebody may have been erased from it since.
                kept = await transaction.import_size(import_id)
                if content is None or kept != size:
                    content, size = await transaction.import_content(import_id), kept
                with acting(stands.actor):
                    stands = await self._step(transaction, event, stands, content)
            if stands.state is ImportState.DONE or (until is not None and loop.time() >= until):
                return stands

    async def carry_on_all(self) -> None:
        """Carry out what was begun, and forget what was kept for long enough."""
        before = self.clock() - KEPT_FOR
        async with self.store.reading() as view:
            running, outdated = await view.running_imports(), await view.keeps_imports(before=before)
        for event_id, import_id in running:
            await self.carry_on(event_id, import_id)
        if outdated:
            async with self.store.writing() as transaction:
                await transaction.forget_imports(before=before)

    async def _step(self, transaction: Writing, event: Event, stands: Import, content: ImportContent) -> Import:
        now, at = self.clock(), None
        lines = content.lines[stands.done : stands.done + _AT_A_TIME]
        counts, refused = Counter(stands.counts), dict(stands.refused)
        known = await transaction.known_lines(event.event_id, lines)
        for line in lines:
            at = after(at, now=now)
            judged = held_to_event(held_to_agenda(judge(line, known), event, now=now), event)
            if judged.refusal is not None:
                refused[line.number] = judged.refusal
                continue
            counts[judged.judgement] += 1
            letters = content.choices.letters
            await carry_out(transaction, event, judged, letters=letters, mint=self.mint, at=at, now=now)
        done = stands.done + len(lines)
        state = ImportState.DONE if done >= len(content.lines) else ImportState.RUNNING
        stands = replace(stands, state=state, done=done, counts=counts, refused=refused)
        # What was carried out is in its place: of the file only what was refused is kept, to be looked at.
        rows = {number: cells for number, cells in content.sheet.rows.items() if number in refused}
        left = replace(content, lines=(), sheet=replace(content.sheet, rows=rows))
        await transaction.save_import(stands, left if state is ImportState.DONE else None)
        return stands


def _parts(lines: Sequence[ImportLine], size: int) -> Sequence[Sequence[ImportLine]]:
    return [lines[start : start + size] for start in range(0, len(lines), size)]
