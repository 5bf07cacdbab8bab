"""Each import contract is seen to fail on a planted violation; a contract without one is itself a failure."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.house import ROOT, copy_to

PLANTS: Final = {
    "a chassis that knows a service": ("floors", "services/chassis/planted.py", "import services.attendance.domain"),
    "a service that starts processes": ("floors", "services/attendance/web/planted.py", "import deploy"),
    "a service that calls another": (
        "independence",
        "services/attendance/adapters/planted.py",
        "import services.registration.domain",
    ),
    "a use case that knows its page": (
        "rooms",
        "services/registration/application/planted.py",
        "import services.registration.web",
    ),
    "a page that reads the stream": (
        "rooms",
        "services/attendance/web/planted.py",
        "import services.attendance.stream",
    ),
    "a room of no known name": ("rooms", "services/registration/utils.py", ""),
    "a domain with a database": ("pure-domain", "services/attendance/domain/planted.py", "import sqlalchemy"),
    "a domain with a clock": ("pure-domain", "services/registration/domain/planted.py", "from time import monotonic"),
    "a domain that reads the wire": (
        "pure-domain",
        "services/streaming_bridge/domain/planted.py",
        "from schemas import envelope",
    ),
    "a wire format that fetches": ("lean-schemas", "schemas/planted.py", "import aiohttp"),
    "a deployment that needs the tests": ("shipped", "deploy/local/planted.py", "import tests.profiles"),
    "a service that needs the benchmarks": ("shipped", "services/chassis/planted.py", "import benchmarks"),
}


@pytest.fixture(scope="module")
def contracts() -> dict[str, str]:
    """The contracts of `pyproject.toml`: id to name."""
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract["name"] for contract in configured}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house, shared by the plants: each is pulled out again."""
    return copy_to(tmp_path_factory.mktemp("contracts") / "house")


def broken(house: Path, contracts: dict[str, str]) -> set[str]:
    """The ids of the contracts that `lint-imports` reports as broken there."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=house,
        env={**os.environ, "COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    verdicts = {
        id_: re.search(rf"^{re.escape(name)}.* (KEPT|BROKEN)", run.stdout, re.MULTILINE)
        for id_, name in contracts.items()
    }
    unjudged = [id_ for id_, verdict in verdicts.items() if verdict is None]
    assert not unjudged, f"{unjudged} have no verdict:\n{run.stdout}{run.stderr}"
    return {id_ for id_, verdict in verdicts.items() if verdict is not None and verdict[1] == "BROKEN"}


@pytest.fixture(scope="module")
def already_broken(house: Path, contracts: dict[str, str]) -> set[str]:
    """What is broken before anything is planted: nothing, on a good day."""
    return broken(house, contracts)


def test_the_house_keeps_its_contracts(already_broken: set[str]) -> None:
    assert already_broken == set()


def test_every_contract_has_a_planted_violation(contracts: dict[str, str]) -> None:
    assert {contract for contract, _, _ in PLANTS.values()} == set(contracts)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_violation_breaks_its_contract_and_no_other(
    house: Path, contracts: dict[str, str], already_broken: set[str], plant: str
) -> None:
    contract, path, source = PLANTS[plant]
    planted = house / path
    planted.write_text(f"{source}\n")
    try:
        assert broken(house, contracts) - already_broken == {contract}
    finally:
        planted.unlink()
