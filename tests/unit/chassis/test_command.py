"""How a command ends, as a person at a terminal sees it."""

import pytest

from services.chassis.command import run_command


def test_a_reader_that_has_enough_is_no_failure_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):  # which typer ends in silence
        run_command(work)
    assert "process.failed" not in "".join(capfd.readouterr())
