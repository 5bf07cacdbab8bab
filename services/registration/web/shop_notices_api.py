"""Where ticket shops say that an order changed: each at an address of its own that nobody guesses."""

from aiohttp import web

from services.chassis.openapi import Api
from services.chassis.problems import Problem, bad_request, not_found, unavailable
from services.registration.domain.shop_errors import NoticeRefusedError, ShopNotFoundError, ShopTroubleError
from services.registration.web.use_cases import use_cases

api = Api(tag="webhooks")


@api.route(
    "POST",
    "/webhooks/ticket-shops/{token}",
    summary="Word of pretix or HelloAsso that an order changed",
    answers={204: None},
    problems=[400, 401, 404, 413, 503],
)
async def take_notice(request: web.Request) -> web.Response:
    """Kept before it is answered. It is only a reason to ask the shop for the order: nothing else in it is believed.

    HelloAsso's signature (`x-ha-signature`) is required where its key was entered. What is about no order of the shop
    is answered alike, and left.
    """
    rounds = use_cases(request).shops.rounds
    try:
        await rounds.take_notice(request.match_info["token"], headers=request.headers, body=await request.read())
    except ShopNotFoundError:
        raise not_found("No ticket shop has this address.") from None
    except ShopTroubleError:
        raise unavailable("The signature cannot be checked just now.", retry_after=600) from None
    except NoticeRefusedError as error:
        if not error.readable:
            raise bad_request("The body is no notification of this platform.") from None
        raise Problem(401, detail="The signature is missing or wrong.") from None
    return web.Response(status=204)
