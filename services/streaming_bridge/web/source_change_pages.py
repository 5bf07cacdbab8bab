"""The organizers' pages that change a source: its form, its secrets; and that remove it."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from services.chassis.noted_acts import NotedAct
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import read_form
from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.anatomy import SourceForm
from services.streaming_bridge.domain.sources import Source
from services.streaming_bridge.web.noting import note_done
from services.streaming_bridge.web.source_cases import ONE, SourceCases, path_of
from services.streaming_bridge.web.source_forms import (
    SourceFields,
    changed_source,
    fields_of,
    filled_form,
    read_change,
    read_secret,
)
from services.streaming_bridge.web.source_pages import source_page
from services.streaming_bridge.web.source_words import words_of

_IN_USE: Final = mark("This secret is the one in use: nothing was changed.")


def add_source_change_pages(app: web.Application, cases: SourceCases) -> None:
    """Route them."""
    pages = _Pages(cases=cases)
    app.router.add_get(f"{ONE}/edit", pages.edit_source)
    app.router.add_post(f"{ONE}/edit", pages.change_source)
    acts = {"secret": pages.add_secret, "end-secrets": pages.end_secrets, "remove": pages.remove_source}
    for act, handler in acts.items():
        app.router.add_get(f"{ONE}/{act}", pages.back)
        app.router.add_post(f"{ONE}/{act}", handler)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    cases: SourceCases

    async def edit_source(self, request: web.Request) -> web.StreamResponse:
        """The form as it was filled in; secrets are not shown."""
        source = await self.cases.source(request)
        return self._form_page(request, source, filled_form(source, self.cases.platforms[source.platform]))

    async def change_source(self, request: web.Request) -> web.StreamResponse:
        """Change it to what the form says, or show the form again with what is wrong."""
        source = await self.cases.source(request)
        platform = self.cases.platforms[source.platform]
        form = read_change(source, platform, await read_form(request, SourceForm), texts_of(request))
        if form.model is None:
            return self._form_page(request, source, form)
        secret = form.model.delivery_secret()
        new = secret if secret not in source.webhook_secrets else None
        await self.cases.book.change(changed_source(source, form.model), new_secret=new, keep_previous=True)
        await note_done(request, NotedAct.SOURCE_CHANGED, subject=source.name)
        raise web.HTTPSeeOther(path_of(source))

    async def add_secret(self, request: web.Request) -> web.StreamResponse:
        """One more secret of deliveries, valid beside those there are; typed wrong, the page says so at the field."""
        source = await self.cases.source(request)
        platform = self.cases.platforms[source.platform]
        form = read_secret(source, platform, await read_form(request, SourceForm), texts_of(request))
        if form.model is None:
            return await source_page(request, self.cases, source, secret=form)
        if source.webhook_secrets[:1] == (form.model.delivery_secret(),):
            in_use = form.with_error(platform.proof_field, texts_of(request).gettext(_IN_USE))
            return await source_page(request, self.cases, source, secret=in_use)
        # A platform may sign its join links with the same secret.
        changed = changed_source(source, form.model)
        await self.cases.book.change(changed, new_secret=form.model.delivery_secret(), keep_previous=True)
        await note_done(request, NotedAct.SOURCE_CHANGED, subject=source.name)
        raise web.HTTPSeeOther(f"{path_of(source)}?done=secret#secrets")

    async def end_secrets(self, request: web.Request) -> web.StreamResponse:
        """Only the newest secret stays valid."""
        source = await self.cases.source(request)
        await self.cases.book.change(source, new_secret=None, keep_previous=False)
        await note_done(request, NotedAct.SOURCE_SECRETS_ENDED, subject=source.name)
        raise web.HTTPSeeOther(f"{path_of(source)}?done=ended#secrets")

    async def remove_source(self, request: web.Request) -> web.StreamResponse:
        """Forget it, its secrets and what was counted at its door; the facts that came before stay."""
        source = await self.cases.source(request)
        # What is only in memory yet goes with it.
        await self.cases.counts(source.name)
        await self.cases.book.remove(source.name)
        await note_done(request, NotedAct.SOURCE_REMOVED, subject=source.name)
        raise web.HTTPSeeOther("/sources?done=removed")

    async def back(self, request: web.Request) -> web.StreamResponse:
        """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
        raise web.HTTPSeeOther(path_of(await self.cases.source(request)))

    def _form_page(self, request: web.Request, source: Source, form: SourceFields) -> web.Response:
        platform = self.cases.platforms[source.platform]
        # The secret of deliveries is changed on its own; here only where none is known any more.
        own = {"name"} if not source.webhook_secrets else {"name", platform.proof_field}
        return render(
            request,
            "source_form.html",
            status=422 if form.errors else 200,
            platform=source.platform,
            said=words_of(source.platform),
            fields=[field for field in fields_of(platform) if field.name not in own],
            form=form,
            source=source,
        )
