"""Step by step, how each platform is switched on and what it cannot tell: the documents in `help/`, in both languages.

They are for whoever sets a platform up, who need not be an organizer: nobody has to sign in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from aiohttp import web
from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.chassis.pages import language_of, render
from services.chassis.problems import not_found

HELP: Final = Path(__file__).parent / "help"
PATH: Final = "/sources/help/{page}"
_WRITTEN_ADDRESS: Final = "https://passerelle.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpPage:
    """A document as a page: `body` is the HTML of what follows its first heading, which is the `title`."""

    name: str
    title: str
    body: str


def help_names() -> Sequence[str]:
    """The pages there are, by name."""
    return sorted(path.stem for path in (HELP / "en").glob("*.md"))


@lru_cache(maxsize=64)
def help_page(name: str, language: str, *, public_url: str) -> HelpPage:
    """A page in a language; addresses in it are those of this installation.

    Raises:
        FileNotFoundError: if there is none.
    """
    text = (HELP / language / f"{name}.md").read_text(encoding="utf-8").replace(_WRITTEN_ADDRESS, public_url)
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    # The heading is three tokens: its opening, its words, its closing.
    title, tokens = tokens[1].content, tokens[3:]
    body = markdown.renderer.render(_served(tokens), markdown.options, {})
    return HelpPage(name=name, title=title, body=body)


def add_help_pages(app: web.Application, *, public_url: str) -> None:
    """Route them."""
    names = help_names()

    async def show(request: web.Request) -> web.Response:
        name, language = request.match_info["page"], language_of(request)
        if name not in names:
            raise not_found("There is no such page.")
        pages = [help_page(each, language, public_url=public_url) for each in names]
        return render(request, "help.html", page=pages[names.index(name)], pages=pages)

    app.router.add_get(PATH, show)


def _served(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a page that stands alone: links lead to pages, and what is wide can be scrolled by keyboard."""
    served: list[Token] = []
    for number, token in enumerate(tokens):
        if token.type == "table_open":
            label = ", ".join(_headings(tokens[number:]))
            attributes = {"class": "scroll", "role": "region", "tabindex": "0", "aria-label": label}
            served.append(Token("region_open", "div", 1, attrs=dict(attributes), block=True))
        if token.type in {"fence", "code_block"}:
            token.attrSet("tabindex", "0")
        for child in token.children or []:
            target = str(child.attrGet("href") or "")
            if child.type == "link_open" and target.endswith(".md"):
                child.attrSet("href", target.removesuffix(".md"))
        served.append(token)
        if token.type == "table_close":
            served.append(Token("region_close", "div", -1, block=True))
    return served


def _headings(table: Sequence[Token]) -> list[str]:
    """What stands above the columns of a table, given from its opening on."""
    end = next(number for number, token in enumerate(table) if token.type == "thead_close")
    return [token.content for token in table[:end] if token.type == "inline"]
