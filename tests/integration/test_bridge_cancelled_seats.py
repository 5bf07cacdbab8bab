"""Somebody gives their seat back while a page of theirs plays: the bridge reads it on Kafka, and counts no more."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.envelope import FactData
from schemas.identifiers import new_event_id, new_participant_id
from schemas.participation import Joined, Left
from schemas.registration import ParticipantCancelled
from services.chassis.database import create_engine
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.tables import CANCELLED_SEATS
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import SECRET_KEY, settings_for
from tests.fakes.bridge_process import bridge_process, post, published, tell
from tests.fakes.platforms import Request

ADA, GRACE = new_participant_id(), new_participant_id()


async def test_a_cancellation_on_the_topic_ends_what_counts_of_a_page_that_plays_on(kafka: str, tmp_path: Path) -> None:
    settings, event_id = settings_for(BridgeSettings, data_dir=tmp_path, kafka=kafka), new_event_id()
    begun = datetime.now(UTC)

    def told(participant_id: str, first: int, *beats: tuple[int, bool]) -> Request:
        """Beats of a page, so many seconds after a minute ago; with a True it stopped then."""
        seal = SecretBox.derive(SECRET_KEY, purpose="beats").seal_token
        room = {"event_id": event_id, "participant_id": participant_id, "room": "Amphi@room_1"}
        opened = {"counts_from": (begun - timedelta(hours=1)).isoformat()}
        token = seal(room | opened, expires_at=begun + timedelta(hours=1))
        ago = datetime.now(UTC) - begun + timedelta(minutes=1)
        ages = [(ago - timedelta(seconds=at), stopped) for at, stopped in beats]
        rows = [{"age": round(age.total_seconds() * 1000), "stopped": stopped} for age, stopped in ages]
        body = {"token": token, "page": "a" * 32, "first": first, "beats": rows}
        return Request(path="/beats", body=json.dumps(body).encode(), headers={"Sec-Fetch-Site": "same-origin"})

    gone_at = begun - timedelta(seconds=20)
    gone = ParticipantCancelled(
        type="passerelle.registration.participant.cancelled.v1",
        id=f"cancelled-{ADA}",
        source="/registration",
        subject=ADA,
        time=gone_at,
        recordedtime=gone_at,
        data=FactData(event_id=event_id),
    )
    kept = create_engine(settings.streaming_bridge_database)
    async with bridge_process(tmp_path, kafka) as bridge, aiohttp.ClientSession() as session:
        assert await post(session, bridge.url, told(ADA, 0, (0, False))) == 204
        await tell(settings, gone)
        async with asyncio.timeout(60):
            while not await is_gone(kept, ADA):
                await asyncio.sleep(0.05)
        # What the page could not send before counts still; what came after does not, and the page is told so.
        assert await post(session, bridge.url, told(ADA, 1, (30, True), (50, False))) == 401
        assert await post(session, bridge.url, told(ADA, 3, (60, False))) == 401
        assert await post(session, bridge.url, told(GRACE, 0, (60, False))) == 204
        facts = await published(settings, event_id, lambda found: any(fact.subject == GRACE for fact in found))
    await kept.dispose()
    assert [(type(fact), fact.subject) for fact in facts] == [(Joined, ADA), (Left, ADA), (Joined, GRACE)]
    left = facts[1]
    assert isinstance(left, Left)
    assert left.data.inferred is None
    assert left.time < gone_at


async def is_gone(kept: AsyncEngine, participant_id: str) -> bool:
    async with kept.connect() as connection:
        query = sa.select(CANCELLED_SEATS.c.cancelled_at).where(CANCELLED_SEATS.c.participant_id == participant_id)
        return await connection.scalar(query) is not None
