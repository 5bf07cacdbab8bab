"""Modules of JavaScript that are sent as one."""

from pathlib import Path

import pytest

from services.chassis.pages.modules import UnknownModuleSyntaxError, joined


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "clock.js").write_text("const ZONE = 1;\nexport function now() {\n  return ZONE;\n}\n")
    (tmp_path / "door-list.js").write_text(
        'import { now } from "./clock.js";\n\nexport class Door {\n  at = now();\n}\nexport const OPEN = 2;\n'
    )
    path = tmp_path / "page.js"
    path.write_text(
        'import { now as at } from "./clock.js";\nimport {\n  Door,\n  OPEN,\n} from "./door-list.js";\n\n'
        'const ZONE = 3;\nconst { rare } = await import("./rare.js");\n'
    )
    return path


def test_a_module_is_sent_with_what_it_imports_at_once_and_no_name_meets_another(page: Path) -> None:
    assert joined(page) == (
        "const module_clock = (() => {\nconst ZONE = 1;\nfunction now() {\n  return ZONE;\n}\nreturn { now };\n})();\n"
        "const module_door_list = (() => {\nconst { now } = module_clock;\n\n"
        "class Door {\n  at = now();\n}\nconst OPEN = 2;\nreturn { Door, OPEN };\n})();\n"
        "const { now: at } = module_clock;\nconst {\n  Door,\n  OPEN,\n} = module_door_list;\n\n"
        'const ZONE = 3;\nconst { rare } = await import("./rare.js");\n'
    )


@pytest.mark.parametrize("line", ['import all from "./clock.js";', "export default 3;", "export { now };"])
def test_other_words_than_the_house_uses_are_refused_and_named(page: Path, line: str) -> None:
    neighbour = page.with_name("clock.js")
    neighbour.write_text(f"{line}\n")
    with pytest.raises(UnknownModuleSyntaxError) as refused:
        joined(page)
    assert str(refused.value) == f"{neighbour}: {line}"
