"""`passerelle timeline`: what it says of instants that nobody can ask about."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.attendance.commands import commands

GOOD, LATER, NEVER = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2999-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "options, said",
    [
        (["--as-of", "yesterday"], ["--as-of", "is not an instant such as"]),
        (["--as-of", "2026-01-01T00:00:00"], ["--as-of", "needs its offset"]),
        (["--as-of", NEVER], ["--as-of", "lies in the future"]),
        (["--diff", GOOD], ["--diff", "requires 2 arguments"]),
        (["--diff", GOOD, "yesterday"], ["--diff", "is not an instant such as"]),
        (["--diff", GOOD, NEVER], ["--diff", "lies in the future"]),
        (["--diff", LATER, GOOD], ["--diff", "the second instant lies before the first"]),
        (["--diff", GOOD, LATER, "--as-of", GOOD], ["--diff names both instants"]),
    ],
)
def test_a_wrong_instant_is_named(options: list[str], said: list[str], tmp_path: Path) -> None:
    finished = CliRunner(env={"COLUMNS": "250"}).invoke(
        commands, ["timeline", "evt_x", "--data-dir", str(tmp_path), *options], prog_name="passerelle"
    )
    assert finished.exit_code == 2
    words = " ".join(finished.output.replace("│", " ").split())
    assert [part for part in said if part not in words] == []
