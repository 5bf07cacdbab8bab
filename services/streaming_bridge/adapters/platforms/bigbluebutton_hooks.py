"""The registration of BigBlueButton's webhooks by API: https://docs.bigbluebutton.org/development/webhooks.

A hook that is not set for good by the server's administrator is thrown away after five minutes of failures.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

import aiohttp
from yarl import URL

from services.streaming_bridge.adapters.platforms.bigbluebutton_api import CallFailedError, call
from services.streaming_bridge.adapters.platforms.bigbluebutton_messages import TOLD
from services.streaming_bridge.domain.errors import PlatformRefusedError
from services.streaming_bridge.domain.sources import Source

_WANTED: Final = frozenset(TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook as the server knows it; `is_permanent` ones are set by its administrator, and cannot be removed."""

    hook_id: str
    callback_url: str
    is_permanent: bool = False
    is_raw: bool = False
    meeting: str | None = None
    events: frozenset[str] | None = None

    def tells_enough(self) -> bool:
        """Whether all that counts comes through it, as it can be read, of every meeting."""
        return not self.is_raw and self.meeting is None and (self.events is None or self.events >= _WANTED)


class BigBlueButtonHooks:
    """Asks a BigBlueButton server for its webhooks, and changes them."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """`session` is of `room_service.new_session`."""
        self._session = session

    async def find(self, source: Source, callback_url: str) -> Hook | None:
        """The hook that leads to us, if the server has one that tells enough."""
        return next((hook for hook in await self._leading(source, callback_url) if hook.tells_enough()), None)

    async def register(self, source: Source, callback_url: str) -> Hook:
        """Have the hook there; nothing changes if it is.

        Raises:
            PlatformRefusedError: `address_of_this_machine` for a callback that the server could not reach,
                `permanent_hook_differs` where the administrator set one that does not tell enough; as `call`.
            PlatformAwayError: as `call`.
        """
        if _is_local(callback_url) and not _is_local(source.settings.get("server_url", "")):
            raise PlatformRefusedError("address_of_this_machine")
        leading = await self._leading(source, callback_url)
        for hook in leading:
            if hook.tells_enough():
                return hook
        if any(hook.is_permanent for hook in leading):
            raise PlatformRefusedError("permanent_hook_differs")
        # The server takes one hook for an address, and would leave the other as it is.
        for hook in leading:
            await self._destroy(source, hook)
        wanted = {"callbackURL": callback_url, "eventID": ",".join(TOLD)}
        made = await self._call(source, "hooks/create", wanted)
        return Hook(hook_id=made.findtext("hookID") or "", callback_url=callback_url, events=_WANTED)

    async def remove(self, source: Source, callback_url: str) -> None:
        """Have no hook there that leads to us; nothing changes if there is none.

        Raises:
            PlatformRefusedError: `permanent_hook` for one that only the administrator can remove; as `call`.
            PlatformAwayError: as `call`.
        """
        leading = await self._leading(source, callback_url)
        for hook in leading:
            if not hook.is_permanent:
                await self._destroy(source, hook)
        if any(hook.is_permanent for hook in leading):
            raise PlatformRefusedError("permanent_hook")

    async def _leading(self, source: Source, callback_url: str) -> Sequence[Hook]:
        listed = await self._call(source, "hooks/list", {})
        hooks = [_hook(element) for element in listed.iterfind("hooks/hook")]
        return [hook for hook in hooks if hook.callback_url == callback_url]

    async def _destroy(self, source: Source, hook: Hook) -> None:
        try:
            await call(self._session, source, "hooks/destroy", {"hookID": hook.hook_id})
        except CallFailedError as error:
            if error.key != "destroyMissingHook":
                raise PlatformRefusedError("refused") from None

    async def _call(self, source: Source, name: str, parameters: dict[str, str]) -> Element:
        try:
            return await call(self._session, source, name, parameters)
        except CallFailedError:
            raise PlatformRefusedError("refused") from None


def _hook(element: Element) -> Hook:
    events = element.findtext("eventID")
    return Hook(
        hook_id=element.findtext("hookID") or "",
        callback_url=(element.findtext("callbackURL") or "").strip(),
        is_permanent=element.findtext("permanentHook") == "true",
        is_raw=element.findtext("rawData") == "true",
        meeting=element.findtext("meetingID") or None,
        events=None if not events else frozenset(name.strip() for name in events.split(",")),
    )


def _is_local(address: str) -> bool:
    host = URL(address).host or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
