"""When a worker holds that its group's coordinator is there and only its own consumer does not find it."""

import pytest

from services.attendance.stream.coordinator_watch import CoordinatorLostError, watch_coordinator

LOOKS = 3


class OverError(Exception):
    """Nobody looked in vain for long enough."""


async def watched(losses: str, *, answered: str = "") -> None:
    """Watch, with what is lost each time that it is asked (`-` is nothing), and whether each question was answered."""
    coming, answers = iter(losses), iter(answered)

    def lost() -> str | None:
        try:
            now = next(coming)
        except StopIteration:
            raise OverError from None
        return None if now == "-" else now

    async def answer() -> bool:
        return next(answers) == "y"

    await watch_coordinator(lost, answer, looks=LOOKS, every=0)


@pytest.mark.parametrize(
    "losses,answered",
    [("AAAAAA", "yyy"), ("--AAAAAA", "yyy"), ("AAAAAAAA", "nnyyy"), ("AAAAAAA", "ynyy"), ("AAAA-BBBBBB", "yyyyy")],
)
async def test_a_coordinator_that_answers_others_and_stays_lost_to_the_consumer_ends_the_worker(
    losses: str, answered: str
) -> None:
    with pytest.raises(CoordinatorLostError):
        await watched(losses, answered=answered)


@pytest.mark.parametrize(
    "losses,answered",
    [
        pytest.param("-----", "", id="known"),
        pytest.param("AAAAA", "nnnnn", id="away"),
        pytest.param("AAAAAA", "nnyy", id="away, and back a moment ago"),
        pytest.param("AABBCCDD", "yyyy", id="found each time, and refusing"),
        pytest.param("AAAA-AAAA-", "yyyy", id="found in time"),
        pytest.param("A-A-A-A-", "yyyy", id="found while another was answered"),
    ],
)
async def test_whatever_else_there_is_is_waited_for(losses: str, answered: str) -> None:
    with pytest.raises(OverError):
        await watched(losses, answered=answered)
