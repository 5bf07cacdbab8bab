"""Tokens signed with a shared secret (JWT, HS256): those we give out, and those that platforms prove themselves by."""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import jwt
from jwt.types import Options
from jwt.warnings import InsecureKeyLengthWarning

from services.streaming_bridge.domain.errors import UnverifiedDeliveryError

_NO_CLAIM_IS_JUDGED: Final = Options(
    verify_exp=False,
    verify_nbf=False,
    verify_iat=False,
    verify_aud=False,
    verify_iss=False,
    verify_sub=False,
    verify_jti=False,
)
"""PyJWT would compare instants with the machine's own clock; whoever asks has a clock, and looks at the claims."""


def sign_token(claims: Mapping[str, Any], secret: str) -> str:
    """A token that says so."""
    with _any_length_of_secret():
        return jwt.encode(dict(claims), secret, algorithm="HS256")


def read_token(token: str, secrets: Iterable[str]) -> Mapping[str, Any]:
    """What a token says that one of the secrets signed. Its instants are not looked at.

    Raises:
        UnverifiedDeliveryError: `signature_malformed` if it is no such token, `signature_wrong` if another signed it.
    """
    claims = None
    # What came as no ASCII has surrogates, which nothing can encode.
    well_formed = token.isascii()
    with _any_length_of_secret():
        for secret in secrets if well_formed else ():
            # All are tried, so that the time tells not which one it was.
            try:
                claims = jwt.decode(token, secret, algorithms=["HS256"], options=_NO_CLAIM_IS_JUDGED) or claims
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, RecursionError):
                well_formed = False
    if not well_formed:
        raise UnverifiedDeliveryError("signature_malformed", "Authorization is not a JWT signed with HS256.")
    if claims is None:
        raise UnverifiedDeliveryError("signature_wrong", "The token is not signed with a valid secret of this source.")
    return claims


@contextmanager
def _any_length_of_secret() -> Iterator[None]:
    """The secret is the platform's own, and may be shorter than one would choose today."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        yield
