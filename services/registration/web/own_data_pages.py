"""All that is known of a participant, to be read and taken along: from the personal link, and by an organizer."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.registration.application.personal_exports import DoneBy, PersonalExport
from services.registration.domain.documents import spelled_code
from services.registration.domain.signatures import svg_of
from services.registration.domain.tickets import spell
from services.registration.web.answers import answer
from services.registration.web.consent_texts import NAMES, TEXTS
from services.registration.web.people_views import OwnDataView
from services.registration.web.personal_pages import own_registration
from services.registration.web.use_cases import use_cases

_OF_ONESELF: Final = "/e/{event_id}/confirmation/{token}/data"
_BY_ORGANIZER: Final = "/events/{event_id}/registrations/{participant_id}/data"
Gather = Callable[[web.Request], Awaitable[PersonalExport]]


async def look_at_own(request: web.Request) -> PersonalExport:
    """One's own, read on the page: that is no more than the page of the registration shows."""
    _, participant = await own_registration(request)
    whose = participant.registration
    return await use_cases(request).personal_exports.look(whose.event_id, whose.participant_id)


async def take_own(request: web.Request) -> PersonalExport:
    """One's own, taken along."""
    _, participant = await own_registration(request)
    whose = participant.registration
    return await use_cases(request).personal_exports.take_along(whose.event_id, whose.participant_id)


async def take_for_somebody(request: web.Request) -> PersonalExport:
    """Somebody's, by an organizer: reading it is written down as well."""
    event_id, participant_id = request.match_info["event_id"], request.match_info["participant_id"]
    require(request, event_id=event_id)
    return await use_cases(request).personal_exports.take_along(event_id, participant_id)


def add_own_data_pages(app: web.Application) -> None:
    """Route them."""
    for path, look, take in (
        (_OF_ONESELF, look_at_own, take_own),
        (_BY_ORGANIZER, take_for_somebody, take_for_somebody),
    ):
        app.router.add_get(path, _page(look), allow_head=False)
        app.router.add_get(f"{path}.json", _json(take), allow_head=False)
        app.router.add_get(f"{path}.html", _html(take), allow_head=False)


def _page(gather: Gather) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def show(request: web.Request) -> web.StreamResponse:
        export = await gather(request)
        # The address above is that of the registration: the personal page, or the organizer's.
        return _drawn(request, "own_data.html", export, here=request.path.removesuffix("/data"))

    return show


def _html(gather: Gather) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def download(request: web.Request) -> web.StreamResponse:
        export = await gather(request)
        return _enclosed(_drawn(request, "own_data_file.html", export), export, "html")

    return download


def _json(gather: Gather) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def download(request: web.Request) -> web.StreamResponse:
        export = await gather(request)
        return _enclosed(answer(OwnDataView.of(export)), export, "json")

    return download


def _drawn(request: web.Request, template: str, export: PersonalExport, *, here: str = "") -> web.Response:
    return render(
        request,
        template,
        export=export,
        data=export.own,
        of_oneself="token" in request.match_info,
        done_by=DoneBy.of,
        svg_of=svg_of,
        purposes=NAMES,
        texts=TEXTS,
        spell=spell,
        spelled=spelled_code,
        as_day=date.fromisoformat,
        here=here,
    )


def _enclosed(response: web.Response, export: PersonalExport, kind: str) -> web.Response:
    """As a file; its name tells whose it is by the number alone, as it may lie about on a shared computer."""
    name = f"passerelle-{export.own.participant.registration.participant_id}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
