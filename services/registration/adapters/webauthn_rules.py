"""The rules of WebAuthn, as py_webauthn keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from services.registration.application.account_ports import Account, Passkey
from services.registration.application.passkeys import NewKey, Question
from services.registration.domain.errors import SignInRefusedError

_WRONG: Final = (WebAuthnException, ValueError, KeyError, TypeError)
"""What py_webauthn raises for answers that do not hold, or are no answers at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAuthn:
    """One site: its domain (`rp_id`) and its origin; implements the port `Authenticators`."""

    rp_id: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> "WebAuthn | None":
        """The site of an address; None where browsers refuse passkeys: by an IP address, or without TLS.

        Of this machine's own address it is the same site at `localhost`, where they accept them.
        """
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        if _is_loopback(host) and parts.scheme == "http":
            return cls(rp_id="localhost", origin=f"http://localhost:{parts.port}" if parts.port else "http://localhost")
        if _is_address(host) or (parts.scheme != "https" and host != "localhost"):
            return None
        return cls(rp_id=host, origin=f"{parts.scheme}://{parts.netloc}")

    def ask_to_create(self, account: Account, known: Sequence[Passkey]) -> Question:
        """See the port. The key is to be found without a name (resident), and opened by its owner if it can be."""
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name="Passerelle",
            user_id=account.account_id.encode(),
            user_name=account.email,
            user_display_name=account.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[
                PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id)) for passkey in known
            ],
        )
        return Question(options=options_to_json(options), challenge=bytes_to_base64url(options.challenge))

    def created(self, answer: str, *, challenge: str) -> NewKey:
        """See the port."""
        try:
            verified = verify_registration_response(
                credential=answer,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
            )
        except _WRONG:
            raise SignInRefusedError("passkey_not_verified") from None
        return NewKey(
            credential_id=bytes_to_base64url(verified.credential_id),
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
        )

    def ask_to_sign_in(self) -> Question:
        """See the port."""
        options = generate_authentication_options(
            rp_id=self.rp_id, user_verification=UserVerificationRequirement.PREFERRED
        )
        return Question(options=options_to_json(options), challenge=bytes_to_base64url(options.challenge))

    def credential_of(self, answer: str) -> str:
        """See the port."""
        try:
            return bytes_to_base64url(parse_authentication_credential_json(answer).raw_id)
        except _WRONG:
            raise SignInRefusedError("passkey_not_verified") from None

    def signed(self, answer: str, *, challenge: str, passkey: Passkey) -> int:
        """See the port."""
        try:
            owner = parse_authentication_credential_json(answer).response.user_handle
            verified = verify_authentication_response(
                credential=answer,
                expected_challenge=base64url_to_bytes(challenge),
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
            )
        except _WRONG:
            raise SignInRefusedError("passkey_not_verified") from None
        if owner is not None and owner != passkey.account_id.encode():
            raise SignInRefusedError("passkey_not_verified")
        return verified.new_sign_count


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ip_address(host).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
