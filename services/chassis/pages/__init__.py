"""Server-rendered pages: Jinja templates, two languages, static files, forms.

A package with pages has `templates/`, `static/` and `locale/<language>/LC_MESSAGES/messages.po`, and is named to
`create_app(packages=…)`. Handlers answer with `render`; templates extend `base.html`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from babel.support import NullTranslations
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from services.chassis.access import grant_of
from services.chassis.pages.formats import formats
from services.chassis.pages.languages import LANGUAGES, load_texts, negotiate, remember_language
from services.chassis.pages.static import StaticFiles
from services.chassis.problems import Problem

CHASSIS: Final = "services.chassis.pages"
_STATIC_PATH: Final = "/static/{{owner:{owners}}}/{{digest}}/{{name:.+}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """All that pages are drawn from, loaded once at start."""

    environments: Mapping[str, Environment]
    texts: Mapping[str, NullTranslations]
    static: StaticFiles

    @classmethod
    def load(cls, packages: Sequence[str] = ()) -> "Pages":
        """Read the templates, catalogs and static files of the chassis and of these packages.

        Raises:
            ModuleNotFoundError: when there is no such package.
        """
        directories = {owner_of(package): Path(str(files(package))) for package in (*packages, CHASSIS)}
        static = StaticFiles.load({owner: directory / "static" for owner, directory in directories.items()})
        texts = {language: load_texts(language, directories.values()) for language in LANGUAGES}
        loader = ChoiceLoader([FileSystemLoader(directory / "templates") for directory in directories.values()])
        return cls(
            environments={language: _environment(language, loader, texts[language], static) for language in LANGUAGES},
            texts=texts,
            static=static,
        )


PAGES: Final = web.AppKey("pages", Pages)
_PUBLIC_URL: Final = web.AppKey("pages_public_url", str)


def install_pages(app: web.Application, pages: Pages, *, public_url: str) -> None:
    """Let the application draw pages and serve their static files."""
    app[PAGES] = pages
    app[_PUBLIC_URL] = public_url
    # Only the owners that are here: the gateway has pages of its own and passes the files of the services on.
    app.router.add_get(_STATIC_PATH.format(owners="|".join(pages.static.digests)), pages.static.answer)
    app.router.add_get("/favicon.ico", pages.static.answer_favicon)


def render(request: web.Request, template: str, *, status: int = 200, **context: object) -> web.Response:
    """The page of a template, in the language of the reader (`?lang=`, cookie, `Accept-Language`).

    Templates always see `lang`, `request_path`, `language_links` and `grant`, and `_`, `ngettext`, `static`,
    `format_datetime(instant, timezone)` and the other formats.
    """
    language = language_of(request)
    text = (
        request.config_dict[PAGES]
        .environments[language]
        .get_template(template)
        .render(
            request_path=request.path,
            language_links=[
                (code, name, str(request.rel_url.update_query(lang=code))) for code, name in LANGUAGES.items()
            ],
            grant=grant_of(request),
            **context,
        )
    )
    response = web.Response(text=text, content_type="text/html", status=status)
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    if request.query.get("lang") == language:
        secure = urlsplit(request.config_dict[_PUBLIC_URL]).scheme == "https"
        remember_language(response, language, secure=secure)
    return response


def render_error(request: web.Request, problem: Problem) -> web.Response:
    """A problem as a page, for a person with a browser."""
    response = render(request, "error.html", status=problem.status, problem=problem)
    response.headers.update(problem.headers)
    return response


def language_of(request: web.Request) -> str:
    """The language of this answer: `en` or `fr`."""
    return negotiate(request)


def texts_of(request: web.Request) -> NullTranslations:
    """`gettext` and `ngettext` in the language of this answer, for sentences written in Python."""
    return request.config_dict[PAGES].texts[language_of(request)]


def owner_of(package: str) -> str:
    """The name under `/static/` of a package: `services.attendance.web` is `attendance`."""
    return package.split(".")[1]


def _environment(language: str, loader: ChoiceLoader, texts: NullTranslations, static: StaticFiles) -> Environment:
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.globals.update(lang=language, static=static.address, **formats(language))
    return environment
