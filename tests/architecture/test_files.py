"""The habits that no linter knows: short chapters, locks without addresses, nothing parked, nothing skipped."""

import hashlib
import re
from pathlib import Path
from typing import Final

from tests.architecture.house import ROOT, files

LINES: Final = 300
LONGER_FOR_A_REASON: Final[dict[str, str]] = {
    "docs/notebooks/attendance.py": "A notebook is one file that analysts copy and change.",
}
"""Paths of longer files, each with the reason why two chapters would be worse than one."""

MAY_SKIP: Final = Path("tests/conftest.py")
"""What needs PostgreSQL, where there is none; never in CI."""
THIS: Final = Path(__file__).resolve().relative_to(ROOT)


def test_a_file_is_a_chapter() -> None:
    lengths = {path.as_posix(): len((ROOT / path).read_text().splitlines()) for path in files(".py", ".js", ".html")}
    too_long = {path: length for path, length in lengths.items() if length > LINES and path not in LONGER_FOR_A_REASON}
    assert too_long == {}


def test_no_exception_for_length_outlives_its_reason() -> None:
    for path in LONGER_FOR_A_REASON:
        assert len((ROOT / path).read_text().splitlines()) > LINES, f"{path} is short again"


def test_no_module_is_a_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc"}
    assert [path for path in files(".py") if drawers & {path.stem, *path.parent.parts}] == []


def test_locks_hold_no_address() -> None:
    locks = list(files(".lock", "package-lock.json"))
    assert locks
    assert [path for path in locks if re.search(r"\b(https?|git|ssh)(\+\w+)?://", (ROOT / path).read_text())] == []


def test_each_pinned_package_has_a_checksum() -> None:
    for lock in files(".lock", under="requirements"):
        pins = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text())
        assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == [], lock


def test_what_others_wrote_is_as_they_published_it() -> None:
    notes = sorted(ROOT.glob("services/**/vendor/*/README.txt"))
    assert notes
    for note in notes:
        told = {name: sha256 for sha256, name in re.findall(r"(?m)^([0-9a-f]{64})  (\S+)$", note.read_text())}
        found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in note.parent.glob("*.js")}
        assert found == told, note


def test_nothing_is_parked() -> None:
    parked = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    texts = files(".py", ".md", ".html", ".css", ".js", ".yaml", ".toml", ".po", ".sh", "Makefile", "Containerfile")
    assert [path for path in texts if path != THIS and parked.search((ROOT / path).read_text())] == []


def test_no_test_skips_sleeps_blindly_or_patches_our_code() -> None:
    shunned = re.compile(
        r"\bpytest\.(skip|importorskip|xfail)\b|\bmark\.(skip|skipif|xfail)\b|\bunittest\.mock\b|\bmonkeypatch\.setattr\b"
        r"|\btime\.sleep\b"
    )
    tests = [path for path in files(".py", under="tests") if path not in {THIS, MAY_SKIP}]
    assert [path for path in tests if shunned.search((ROOT / path).read_text())] == []
