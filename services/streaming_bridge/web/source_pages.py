"""The organizers' pages of conferencing platforms: those there are, one more, and how one of them stands."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from services.chassis.access import require
from services.chassis.noted_acts import NotedAct
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import read_form
from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.anatomy import Platform, SourceForm
from services.streaming_bridge.application.door_log import NAMING_NOBODY
from services.streaming_bridge.domain.errors import SourceExistsError
from services.streaming_bridge.domain.sources import PlatformName, Source
from services.streaming_bridge.web.noting import note_done
from services.streaming_bridge.web.refusal_words import refusal_words
from services.streaming_bridge.web.source_cases import ONE, SourceCases, path_of
from services.streaming_bridge.web.source_forms import (
    SourceFields,
    blank_form,
    fields_of,
    new_source,
    read_new,
    webhook_address,
)
from services.streaming_bridge.web.source_standing import standing_of, standings
from services.streaming_bridge.web.source_words import words_of

_TAKEN: Final = mark("Another source has this name.")
_SHOWN: Final = 20
_STRAYS: Final = 50


def add_source_pages(app: web.Application, cases: SourceCases) -> None:
    """Route them."""

    async def show_sources(request: web.Request) -> web.StreamResponse:
        require(request)
        sources, counts = await cases.book.all(), await cases.counts()
        known = {source.name for source in sources}
        return render(
            request,
            "sources.html",
            sources=sources,
            done=request.query.get("done"),
            standings=standings(sources, counts),
            ago=cases.ago,
            platforms={name: words_of(name) for name in cases.platforms},
            strays=[each for each in counts if each.word in NAMING_NOBODY and each.source not in known][:_STRAYS],
            unreadable=await cases.reading.kept.counts(),
            unclaimed=await cases.claims.unclaimed(after=None, limit=_SHOWN),
        )

    async def blank_source(request: web.Request) -> web.StreamResponse:
        require(request)
        platform = _platform(request)
        return _form_page(request, platform, blank_form(platform))

    async def make_source(request: web.Request) -> web.StreamResponse:
        """Make what the form describes, or show it again with what is wrong."""
        require(request)
        platform = _platform(request)
        form = read_new(platform, await read_form(request, SourceForm), texts_of(request))
        if form.model is None:
            return _form_page(request, platform, form)
        source = new_source(platform, form.model, now=cases.clock())
        try:
            await cases.book.add(source)
        except SourceExistsError:
            return _form_page(request, platform, form.with_error("name", texts_of(request).gettext(_TAKEN)))
        await note_done(request, NotedAct.SOURCE_ADDED, subject=source.name)
        raise web.HTTPSeeOther(path_of(source))

    async def show_source(request: web.Request) -> web.StreamResponse:
        return await source_page(request, cases, await cases.source(request))

    def _platform(request: web.Request) -> Platform:
        return cases.platforms[PlatformName(request.match_info["platform"])]

    # The names of platforms alone: any other second part could be asked of a source that is called “new”.
    new = f"/sources/new/{{platform:{'|'.join(cases.platforms)}}}"
    app.router.add_get("/sources", show_sources)
    app.router.add_get(new, blank_source)
    app.router.add_post(new, make_source)
    app.router.add_get(ONE, show_source)


async def source_page(
    request: web.Request, cases: SourceCases, source: Source, *, secret: SourceFields | None = None
) -> web.Response:
    """The page of a source; `secret` is a new one as it was typed, if something is wrong with it."""
    platform, form = cases.platforms[source.platform], secret or blank_form(cases.platforms[source.platform])
    counts = await cases.counts(source.name)
    return render(
        request,
        "source.html",
        status=422 if form.errors else 200,
        source=source,
        done=request.query.get("done"),
        boxes={field.name for field in fields_of(platform) if field.box},
        said=words_of(source.platform),
        address=webhook_address(source, platform, cases.public_url),
        proof_in_address=platform.form.proof_parameter is not None,
        reachable=_reachable(cases.public_url),
        standing=standing_of(counts),
        registers_hooks=cases.hooks.registers(source),
        unreadable=(await cases.reading.kept.counts()).get(source.name, 0),
        refusals=await cases.door_book.last_refusals(source.name),
        refusal_words=refusal_words,
        ago=cases.ago,
        labels={field.name: field.label for field in fields_of(platform)},
        proof=next(field for field in fields_of(platform) if field.name == platform.proof_field),
        form=form,
        claiming=await cases.claims.claiming(source.name),
        now=cases.clock(),
    )


def _form_page(request: web.Request, platform: Platform, form: SourceFields) -> web.Response:
    return render(
        request,
        "source_form.html",
        status=422 if form.errors else 200,
        platform=platform.name,
        said=words_of(platform.name),
        fields=fields_of(platform),
        form=form,
        source=None,
    )


def _reachable(public_url: str) -> bool:
    """Whether a platform elsewhere may be able to reach an address: not if it is this machine's own alone."""
    host = urlsplit(public_url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
