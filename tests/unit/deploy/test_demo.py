"""The demo's play: the same for the same seed, and honest about what can be known."""

import json
from datetime import UTC, datetime

import pytest

from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.deliveries import Platforms
from deploy.local.demo.scenario import Attendee, ConnectionDelivery, Link, RoomDelivery, Scan, Span, SwitchMode, Void


def test_a_seed_gives_the_same_day_every_time() -> None:
    assert colloquium(participants=50, seed=3) == colloquium(participants=50, seed=3)
    assert colloquium(participants=50, seed=3) != colloquium(participants=50, seed=4)


def test_three_hundred_people_are_180_in_person_and_120_remote() -> None:
    modes = [person.mode for person in colloquium(participants=300).people]
    assert (modes.count("in_person"), modes.count("remote")) == (180, 120)


def test_everything_that_goes_wrong_on_such_a_day_happens() -> None:
    scenario = colloquium(participants=300)
    acts = scenario.acts
    assert {type(act) for act in acts} == {Scan, Void, RoomDelivery, ConnectionDelivery, SwitchMode, Link}
    sent: dict[str, list[ConnectionDelivery]] = {}
    for act in acts:
        if isinstance(act, ConnectionDelivery):
            sent.setdefault(act.connection, []).append(act)
    kinds = [[delivery.kind for delivery in deliveries] for deliveries in sent.values()]
    assert ["joined"] in kinds, "a lost leave"
    assert ["left"] in kinds, "a lost join"
    assert any(order[0] == "left" and "joined" in order for order in kinds), "a leave that overtakes its join"
    assert any(order.count("joined") > 1 for order in kinds), "a delivery that comes twice"
    assert any(person.seconds()["both"] for person in scenario.people), "a laptop opened in the room"
    assert any(isinstance(act, Scan) and act.send - act.at > 30 for act in acts), "an offline scan"
    assert any(guest.remote for guest in scenario.guests.values()), "a guest nobody recognises"


@pytest.mark.parametrize("participants", [10, 11, 37, 120])
def test_acts_are_in_the_order_they_are_sent_and_nothing_is_sent_before_it_happened(participants: int) -> None:
    acts = colloquium(participants=participants).acts
    assert [act.send for act in acts] == sorted(act.send for act in acts)
    assert all(act.at <= act.send for act in acts if isinstance(act, Scan | RoomDelivery | ConnectionDelivery))


def test_a_second_on_two_devices_counts_once() -> None:
    person = Attendee(name="x", mode="remote", remote=[Span(start=0, end=10), Span(start=5, end=15)])
    assert person.seconds() == {"in_person": 0, "remote": 15, "both": 0, "total": 15}


def test_a_span_cannot_run_backwards() -> None:
    with pytest.raises(ValueError, match="run from 2 back to 1"):
        Span(start=2, end=1)


def test_a_repeated_delivery_has_the_same_bytes() -> None:
    """As real platforms do: the same idempotency key, and nothing that changes between attempts but the signature."""
    platforms = Platforms(opens_at=datetime(2026, 11, 20, 7, 30, tzinfo=UTC), run="r")
    scenario = colloquium(participants=30)
    deliveries = [act for act in scenario.acts if isinstance(act, RoomDelivery | ConnectionDelivery)]
    bodies: dict[str, set[bytes]] = {}
    for delivery in deliveries:
        request = platforms.request(delivery, platform_id="par_1", name="Someone")
        json.loads(request.body)
        bodies.setdefault(delivery.key, set()).add(request.body)
    assert len(bodies) < len(deliveries)
    assert all(len(variants) == 1 for variants in bodies.values())
