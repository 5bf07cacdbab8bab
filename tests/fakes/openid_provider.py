"""A small OpenID provider that signs real tokens: discovery, the code flow with PKCE, and its keys."""

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import jwt
from aiohttp import encode_basic_auth, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

CLIENT_ID: Final = "passerelle"
CLIENT_SECRET: Final = "a secret & more"


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(slots=True)
class OpenIdServer:
    """Whoever comes is `claims`; what is in `lies` stands in the token instead of the truth."""

    claims: dict[str, Any]
    key: RSAPrivateKey = field(default_factory=new_key)
    lies: dict[str, Any] = field(default_factory=dict)
    signs_with: RSAPrivateKey | None = None
    issuer: str = ""
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    async def discover(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def authorize(self, request: web.Request) -> web.Response:
        """Sign in at once: everybody here knows their password."""
        asked = dict(request.query)
        assert (asked["client_id"], asked["code_challenge_method"]) == (CLIENT_ID, "S256")
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        location = f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.issuer}"
        return web.Response(status=303, headers={"Location": location})

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        verified = asked and base64.urlsafe_b64encode(digest).decode().rstrip("=") == asked["code_challenge"]
        known = request.headers["Authorization"] == encode_basic_auth("passerelle", "a+secret+%26+more")
        if not asked or not verified or not known or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = datetime.now(UTC)
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "nonce": asked["nonce"],
        }
        signed = jwt.encode(
            claims | self.claims | self.lies, self.signs_with or self.key, algorithm="RS256", headers={"kid": "one"}
        )
        return web.json_response({"access_token": "unused", "token_type": "Bearer", "id_token": signed})

    async def keys(self, _: web.Request) -> web.Response:
        key = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return web.json_response({"keys": [key | {"kid": "one", "alg": "RS256", "use": "sig"}]})


@asynccontextmanager
async def openid_server(**claims: Any) -> AsyncIterator[OpenIdServer]:  # noqa: ANN401  (claims are JSON)
    """The provider, running on this machine."""
    provider = OpenIdServer(claims=claims)
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", provider.discover)
    app.router.add_get("/authorize", provider.authorize)
    app.router.add_post("/token", provider.token)
    app.router.add_get("/keys", provider.keys)
    async with TestServer(app) as server:
        provider.issuer = str(server.make_url("")).rstrip("/")
        yield provider
