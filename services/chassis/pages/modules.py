"""A JavaScript module and those it imports, as one: a page on a slow network waits for one answer and not for a chain.

Only the imports that the house uses are known: `import { a, b as c } from "./neighbour.js";` at the beginning of a
line, of neighbours that `export` classes, functions and constants where they are declared. What the first one imports
in other words, or later (`import("./rare.js")`), stays apart.
"""

import re
from pathlib import Path
from typing import Final

_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+)\.js";\n', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (?=(?:async function|function|class|const) (\w+))", re.MULTILINE)
_OTHER: Final = re.compile(r"^(?:import\b(?!\()|export\b).*", re.MULTILINE)


class UnknownModuleSyntaxError(Exception):
    """A module that is imported imports or exports in another way than the house does."""

    def __init__(self, path: Path, line: str) -> None:
        """Name the line."""
        super().__init__(f"{path}: {line}")


def joined(path: Path) -> str:
    """The module of a file with all that it imports at once, each of them once, before those that need it.

    Raises:
        UnknownModuleSyntaxError: for an import or export in other words than those above.
        FileNotFoundError: if it imports what is not there.
    """
    before: dict[Path, str] = {}
    own = _without_imports(path, before)
    return "".join(before.values()) + own


def _without_imports(path: Path, before: dict[Path, str]) -> str:
    """The module, taking what it imports from `before`, where each module is a value."""
    text = path.read_text(encoding="utf-8")

    def taken(found: re.Match[str]) -> str:
        neighbour = path.with_name(f"{found[2]}.js")
        if neighbour not in before:
            before[neighbour] = _as_value(neighbour, before)
        return f"const {{{found[1].replace(' as ', ': ')}}} = {_name(neighbour)};\n"

    return _IMPORT.sub(taken, text)


def _as_value(path: Path, before: dict[Path, str]) -> str:
    text = _without_imports(path, before)
    names = ", ".join(_EXPORT.findall(text))
    inner = _EXPORT.sub("", text)
    if other := _OTHER.search(inner):
        raise UnknownModuleSyntaxError(path, other[0])
    return f"const {_name(path)} = (() => {{\n{inner}return {{ {names} }};\n}})();\n"


def _name(path: Path) -> str:
    return f"module_{path.stem.replace('-', '_')}"
