"""The wheel holds everything that the packages need, and starts without the work tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.house import SHIPPED, copy_to, files

UV: Final = str(Path(sys.executable).with_name("uv"))
FOR_CONTAINERS: Final = ("deploy/compose/", "deploy/kubernetes/", "deploy/dashboards/")
"""Read by container tools from a clone, not by the installed program."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as `make wheel` does, but from a copy: setuptools writes into the tree it builds from."""
    place = tmp_path_factory.mktemp("wheel")
    source = copy_to(place / "source")
    build = [UV, "build", "--quiet", "--offline", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", place, source], check=True)
    (built,) = place.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_its_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    wanted = {path.as_posix() for folder in SHIPPED for path in files(under=folder)}
    missing = {path for path in wanted - packed if not path.startswith(FOR_CONTAINERS) and not path.endswith(".md")}
    assert missing == set()


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(SHIPPED)


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert any(name.endswith(".dist-info/licenses/LICENSE") for name in archive.namelist())


def test_the_command_of_the_wheel_starts_without_the_work_tree(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    subprocess.run([UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--target", site, wheel], check=True)
    outside = {**os.environ, "PYTHONPATH": str(site)}

    def run(*command: str | Path) -> str:
        finished = subprocess.run(command, cwd=tmp_path, env=outside, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    assert run(sys.executable, "-c", "import services; print(services.__file__)").startswith(str(site))
    assert "timeline" in run(sys.executable, site / "bin" / "passerelle", "--help")
