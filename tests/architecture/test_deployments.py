"""What the documents and deployments name exists in the code: settings, metrics, and files that are linked to."""

import json
import re
from typing import Final

import pytest

from services.attendance.settings import AttendanceSettings
from services.chassis.settings import CONFIG_VARIABLE, PREFIX
from services.registration.settings import RegistrationSettings
from services.streaming_bridge.settings import BridgeSettings
from tests.architecture.house import ROOT, SHIPPED, files

OF_A_COMMAND: Final = f"{PREFIX}TOKEN"
"""With which `passerelle sql --server` asks."""
DESCRIPTIONS: Final = [
    path.as_posix() for path in files(".md", ".yaml", "Containerfile") if path.parts[0] not in {"schemas", "tests"}
]


@pytest.mark.parametrize("path", DESCRIPTIONS)
def test_every_setting_that_is_named_exists(path: str) -> None:
    models = (RegistrationSettings, BridgeSettings, AttendanceSettings)
    known = {CONFIG_VARIABLE, OF_A_COMMAND} | {
        f"{PREFIX}{name.upper()}" for model in models for name in model.model_fields
    }
    named = set(re.findall(rf"\b{PREFIX}[A-Z][A-Z_]*[A-Z]\b", (ROOT / path).read_text()))
    assert named - known == set()


@pytest.mark.parametrize("path", [path for path in DESCRIPTIONS if path.endswith(".md")])
def test_every_file_that_is_linked_to_is_there(path: str) -> None:
    text = re.sub(r"```.*?```", "", (ROOT / path).read_text(), flags=re.DOTALL)
    targets = {target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target}
    assert {target for target in targets if target and not ((ROOT / path).parent / target).exists()} == set()


@pytest.mark.parametrize("path", [path.as_posix() for path in files(".json", under="deploy/dashboards")])
def test_every_metric_of_a_dashboard_is_measured(path: str) -> None:
    code = "".join((ROOT / source).read_text() for folder in SHIPPED for source in files(".py", under=folder))
    queries = re.findall(r'"expr": (".*")', (ROOT / path).read_text())
    names = {name for query in queries for name in re.findall(r"\bpasserelle_([a-z_]+)", json.loads(query))}
    assert names
    assert {name for name in names if re.sub(r"_(total|bucket|sum|count)$", "", name) not in code} == set()
