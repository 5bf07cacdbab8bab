"""How the person who started everything gets in: by a link and a token that the running registration makes.

Whoever may read the data directory has the secret by which the services know each other, and so may ask for both.
Registration's own code is not loaded for that, which would take two seconds of a start.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from deploy.local.up import REGISTRATION_URL, Running
from services.chassis.settings import CommonSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """Of a Passerelle that runs here."""

    settings: CommonSettings
    running: Running

    async def sign_in_path(self) -> str:
        """A path that signs an organizer in, once, within the hour."""
        return "/sign-in?" + urlencode({"code": await self._secret("sign-in-code")})

    async def organizer_token(self) -> str:
        """An access token of an organizer."""
        return await self._secret("organizer-token")

    async def _secret(self, kind: str) -> str:
        # Loaded by now: what waits until everything is ready has loaded it.
        import aiohttp  # noqa: PLC0415

        from services.chassis.access import internal_headers  # noqa: PLC0415

        url = f"{self.running.environment[REGISTRATION_URL]}/internal/{kind}"
        async with (
            aiohttp.ClientSession(headers=internal_headers(self.settings), raise_for_status=True) as session,
            session.post(url, json={}) as response,
        ):
            return str((await response.json())["secret"])
