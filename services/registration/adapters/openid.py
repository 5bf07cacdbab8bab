"""An OpenID provider, found by its issuer (Discovery 1.0); its word is verified with PyJWT."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import quote_plus, urlencode

import aiohttp
import jwt
import structlog
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from services.registration.application.federated_sign_in import Identity, Return
from services.registration.domain.errors import SignInRefusedError
from services.registration.settings import RegistrationSettings

CALLBACK_PATH: Final = "/sign-in/oidc/callback"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_LEEWAY_SECONDS: Final = 60
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a public key. Never `none`, and none with a shared secret."""
_OBJECT: Final = TypeAdapter(dict[str, Any])

log = structlog.stdlib.get_logger(__name__)

_Url = Annotated[str, Field(pattern=r"^https?://")]


class _Metadata(BaseModel):
    """What the provider says of itself."""

    issuer: str
    authorization_endpoint: _Url
    token_endpoint: _Url
    jwks_uri: _Url
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class OpenIdProvider:
    """One provider, and us as its client; implements the port `IdentityProvider`.

    Its metadata and keys are read anew at each sign-in, which are rare: a key that it has changed is never missed.
    """

    def __init__(self, *, name: str, issuer: str, client_id: str, client_secret: str | None, public_url: str) -> None:
        """Without a secret we are a public client, which PKCE protects."""
        self.name = name
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = f"{public_url}{CALLBACK_PATH}"

    @classmethod
    def of(cls, settings: RegistrationSettings) -> "OpenIdProvider | None":
        """The provider that is set, if one is."""
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            return None
        secret = settings.oidc_client_secret
        return cls(
            name=settings.oidc_name,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            public_url=settings.public_url,
        )

    async def sign_in_url(self, *, state: str, nonce: str, code_challenge: str) -> str:
        """See the port."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as http:
            metadata = await self._discover(http)
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        separator = "&" if "?" in metadata.authorization_endpoint else "?"
        return metadata.authorization_endpoint + separator + urlencode(query)

    async def identify(self, back: Return, *, code_verifier: str, nonce: str) -> Identity:
        """See the port."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as http:
            metadata = await self._discover(http)
            named = back.issuer is not None or metadata.authorization_response_iss_parameter_supported
            if named and back.issuer != metadata.issuer:
                raise SignInRefusedError("provider_not_trusted")
            answer = await self._redeem(http, metadata, code=back.code, code_verifier=code_verifier)
            keys = await _fetched(http.get(metadata.jwks_uri))
        claims = self._verified(answer.get("id_token"), keys, issuer=metadata.issuer)
        if claims.get("nonce") != nonce:
            raise SignInRefusedError("provider_not_trusted")
        verified = claims.get("email_verified") in {True, "true"}
        email = claims.get("email") if verified else None
        return Identity(
            issuer=metadata.issuer, subject=claims["sub"], email=email if isinstance(email, str) and email else None
        )

    async def _discover(self, http: aiohttp.ClientSession) -> _Metadata:
        document = await _fetched(http.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration"))
        try:
            metadata = _Metadata.model_validate(document)
        except ValidationError:
            raise SignInRefusedError("provider_unreachable") from None
        if metadata.issuer.rstrip("/") != self._issuer.rstrip("/"):
            raise SignInRefusedError("provider_not_trusted")
        return metadata

    async def _redeem(
        self, http: aiohttp.ClientSession, metadata: _Metadata, *, code: str, code_verifier: str
    ) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": code_verifier,
        }
        headers = {}
        if self._client_secret is None:
            form["client_id"] = self._client_id
        elif "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # RFC 6749, 2.3.1: both are form-encoded before they are put together.
            basic = aiohttp.encode_basic_auth(quote_plus(self._client_id), quote_plus(self._client_secret))
            headers["Authorization"] = basic
        else:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        return await _fetched(http.post(metadata.token_endpoint, data=form, headers=headers))

    def _verified(self, id_token: object, keys: Mapping[str, Any], *, issuer: str) -> Mapping[str, Any]:
        if not isinstance(id_token, str):
            raise SignInRefusedError("provider_not_trusted")
        try:
            key = _key_of(id_token, keys)
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._client_id,
                issuer=issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "sub", "aud"]},
            )
        except jwt.PyJWTError as error:
            log.warning("openid.refused", error=type(error).__name__)
            raise SignInRefusedError("provider_not_trusted") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise SignInRefusedError("provider_not_trusted")
        return claims


def _key_of(id_token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that the token names; where it names none, the only one."""
    known = jwt.PyJWKSet.from_dict(dict(keys)).keys
    named = jwt.get_unverified_header(id_token).get("kid")
    fitting = [key for key in known if named is None or key.key_id == named]
    if len(fitting) != 1:
        raise jwt.InvalidKeyError
    return fitting[0]


async def _fetched(asked: Any) -> Mapping[str, Any]:  # noqa: ANN401  (aiohttp's request, not yet sent)
    """The JSON object of an answer."""
    try:
        async with asked as response:
            response.raise_for_status()
            return _OBJECT.validate_json(await response.read())
    except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
        # The kind only: the text may quote the code, or what the provider answered.
        log.warning("openid.provider_failed", error=type(error).__name__)
        raise SignInRefusedError("provider_unreachable") from None
