"""Compare the presence that was played with the presence the system answers, person by person, to the second."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from deploy.local.demo.client import UnexpectedAnswerError
from deploy.local.demo.play import Play

_PAGE: Final = 200
_NOT_FOUND: Final = 404
_MODES: Final = ("in_person", "remote", "both", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One participant or guest whose seconds differ; `answered` is None when the system does not know them."""

    subject: str
    played: Mapping[str, int]
    answered: Mapping[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many people were compared, the seconds they were present in all, and who differs."""

    people: int
    seconds: Mapping[str, int]
    differences: tuple[Difference, ...]


def played(play: Play) -> dict[str, dict[str, int]]:
    """The seconds asked for, by participant and guest id; guests who were linked are no longer asked for."""
    asked = {play.participants[index]: person.seconds() for index, person in enumerate(play.scenario.people)}
    asked |= {play.guests[name]: guest.seconds() for name, guest in play.scenario.guests.items() if guest.remote}
    return asked


async def answered(play: Play) -> dict[str, dict[str, float]]:
    """The seconds the system answers, by participant and guest id."""
    found: dict[str, dict[str, float]] = {}
    cursor = ""
    while True:
        path = f"/api/v1/events/{play.event_id}/presence?limit={_PAGE}{f'&after={cursor}' if cursor else ''}"
        try:
            page: Any = await play.client.api("GET", path)
        except UnexpectedAnswerError as error:
            if error.status != _NOT_FOUND:
                raise
            return found  # the event has not reached attendance yet
        for row in page["items"]:
            found[row.get("participant_id") or row["guest_id"]] = row["seconds"]
        cursor = page["next"]
        if not cursor:
            return found


async def compare(play: Play, *, patience: float = 60) -> Comparison:
    """Ask until all agree, for `patience` seconds at most: what was accepted may still be on its way."""
    asked = played(play)
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        differences = _differences(asked, await answered(play))
        if not differences or asyncio.get_running_loop().time() > deadline:
            return Comparison(
                people=len(asked),
                seconds={mode: sum(seconds[mode] for seconds in asked.values()) for mode in _MODES},
                differences=differences,
            )
        await asyncio.sleep(0.25)


def _differences(
    asked: Mapping[str, Mapping[str, int]], found: Mapping[str, Mapping[str, float]]
) -> tuple[Difference, ...]:
    wrong = [
        Difference(subject=subject, played=seconds, answered=found.get(subject))
        for subject, seconds in asked.items()
        if found.get(subject) != seconds
    ]
    nobody = dict.fromkeys(_MODES, 0)
    wrong += [
        Difference(subject=subject, played=nobody, answered=seconds)
        for subject, seconds in found.items()
        if subject not in asked and seconds != nobody
    ]
    return tuple(wrong)
