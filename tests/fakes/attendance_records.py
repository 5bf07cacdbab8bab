"""Attendance as registration asks it for records: says what it was told to say, over HTTP."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

_NOTHING: Final = {"in_person": 0, "remote": 0, "both": 0, "total": 0, "inferred": 0, "basis": "observed"}


@dataclass(kw_only=True)
class AttendanceSays:
    """What is answered: `people` as they stand in records; `asked` is each question for them that came."""

    as_of: str
    is_open: bool = False
    people: Sequence[Mapping[str, Any]] = ()
    half_days: Sequence[Mapping[str, Any]] = ()
    sessions: Sequence[Mapping[str, Any]] = ()
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """A page of records, by id."""
        asked = await request.json()
        self.asked.append(asked)
        wanted, after = asked.get("participant_ids"), asked.get("after", "")
        known = [one for one in self.people if wanted is None or one["participant_id"] in wanted]
        following = sorted(
            (one for one in known if one["participant_id"] > after), key=lambda one: one["participant_id"]
        )
        page = following[: asked.get("limit", 500)]
        return web.json_response(
            {
                "event_id": asked["event_id"],
                "as_of": asked.get("as_of") or self.as_of,
                "horizon": None,
                "open": self.is_open,
                "evidence": {"root": self._root(), "facts": 12},
                "half_days": list(self.half_days),
                "sessions": list(self.sessions),
                "people": page,
                "next": page[-1]["participant_id"] if len(page) < len(following) else None,
            }
        )

    async def prove(self, request: web.Request) -> web.Response:
        """Proofs of a fact for each who is asked about."""
        asked = await request.json()
        proof = {"leaf": "cd" * 32, "index": 0, "path": ["ef" * 32]}
        people = {each: [{"fact_id": f"of {each}", **proof}] for each in asked["participant_ids"]}
        return web.json_response({"root": self._root(), "facts": 12, "proofs": [], "people": people})

    def _root(self) -> str:
        """Another wherever anything else is said of people, as facts would have it."""
        return sha256(json.dumps(list(self.people), sort_keys=True).encode()).hexdigest()


def time_of(**seconds: int) -> dict[str, Any]:
    """A time of some seconds: `in_person`, `remote`."""
    return {**_NOTHING, **seconds, "total": sum(seconds.values())}


@asynccontextmanager
async def attendance_saying(says: AttendanceSays) -> AsyncIterator[AttendanceSays]:
    """Answers at `url` while the block lasts."""
    app = web.Application()
    app.router.add_post("/internal/attendance-records", says.answer)
    app.router.add_post("/internal/evidence-proofs", says.prove)
    server = TestServer(app)
    await server.start_server()
    try:
        says.url = str(server.make_url("")).rstrip("/")
        yield says
    finally:
        await server.close()
