"""The bridge and registration recognise a guest together, over HTTP as in a deployment."""

import json
import socket
from pathlib import Path

from schemas.registration import IdentityLinked
from tests.fakes.bridge import running_bridge
from tests.fakes.deliveries import send
from tests.fakes.platforms import ZoomShapes
from tests.integration.running_registration import running_registration

SHAPES = ZoomShapes()


async def test_a_guest_is_linked_to_who_registered_with_their_address(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with running_bridge(tmp_path / "bridge", registration_url=f"http://127.0.0.1:{port}") as bridge:
        await bridge.add_source(platform="zoom", name=SHAPES.source, secret_token=SHAPES.secret)
        joined = json.loads(SHAPES.joined(5, who="ada", user_id="an-account", name="A."))
        joined["payload"]["object"]["participant"]["email"] = "LEA@example.org"
        await send(bridge, SHAPES.request(json.dumps(joined).encode()))
        async with running_registration(tmp_path / "registration", listen=port) as registration:
            event_id = await registration.event()
            participant = (await registration.register(event_id))["participant_id"]
            assert await bridge.claim((SHAPES.source, SHAPES.room), event_id=event_id) == 1
            assert await bridge.bridge.recognising.ask_due() == 1
            assert await bridge.bridge.recognising.ask_due() == 0
            (linked,) = [fact for fact in await registration.outbox() if isinstance(fact, IdentityLinked)]
            assert (linked.subject, linked.data.guest_id) == (participant, (await bridge.facts())[0].subject)
        # And while registration is away, nothing but time is lost.
        joined["payload"]["object"]["participant"] |= {"id": "another", "user_id": "9"}
        await send(bridge, SHAPES.request(json.dumps(joined).encode()))
        assert await bridge.bridge.recognising.ask_due() == 0
