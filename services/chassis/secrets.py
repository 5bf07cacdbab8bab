"""Secrets: one key for the installation, and sealed boxes with a key of their own for each purpose."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES: Final = 32


class SecretKeyError(Exception):
    """The file of the secret key cannot be read or made; the text says why, for an operator."""


class BrokenSealError(Exception):
    """What was to be opened was not sealed with this key, or was changed since."""


class ExpiredTokenError(Exception):
    """The token is genuine and its time is over, since `expired_at`."""

    def __init__(self, expired_at: datetime) -> None:
        """Keep the instant it was good until."""
        super().__init__(f"expired at {expired_at.isoformat()}")
        self.expired_at = expired_at


class SecretBox:
    """Seals bytes and link tokens so that only the same purpose of the same installation opens them.

    Sealed bytes are authenticated and encrypted (Fernet), in text that needs no quoting in JSON.
    """

    def __init__(self, key: bytes) -> None:
        """Use a key of 32 bytes; `derive` makes one."""
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    @classmethod
    def derive(cls, secret_key: str, *, purpose: str) -> "SecretBox":
        """Derive the box of one purpose (HKDF-SHA256): what is sealed for one never opens for another."""
        return cls(derive_key(secret_key, purpose=purpose))

    def seal(self, plain: bytes) -> bytes:
        """Encrypt; twice the same bytes give two different results."""
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt what `seal` gave.

        Raises:
            BrokenSealError: if it was not sealed with this key, or was changed.
        """
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise BrokenSealError from None

    def seal_token(self, payload: Mapping[str, Any], *, expires_at: datetime | None) -> str:
        """Seal a small JSON object into a token that fits a link; None means that it never expires."""
        until = None if expires_at is None else expires_at.isoformat()
        document = json.dumps({"payload": dict(payload), "until": until}, separators=(",", ":"))
        return self.seal(document.encode()).decode().rstrip("=")

    def open_token(self, token: str, *, now: datetime) -> dict[str, Any]:
        """Open what `seal_token` gave.

        Raises:
            BrokenSealError: if it is not such a token.
            ExpiredTokenError: if `now` is at its end or after.
        """
        if not token.isascii():
            raise BrokenSealError
        try:
            document = json.loads(self.open(token.encode() + b"=" * (-len(token) % 4)))
            payload: dict[str, Any] = document["payload"]
            until = document["until"] and datetime.fromisoformat(document["until"])
        except (ValueError, TypeError, KeyError):
            raise BrokenSealError from None
        if until and now >= until:
            raise ExpiredTokenError(until)
        return payload


def derive_key(secret_key: str, *, purpose: str) -> bytes:
    """The key of one purpose, of 32 bytes (HKDF-SHA256)."""
    derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=f"passerelle {purpose}".encode())
    return derivation.derive(secret_key.encode())


def read_or_create_secret_key(path: Path) -> str:
    """Give the installation's key, made at the first call: readable by its owner only.

    Safe between processes that start at the same time: one of them makes it, all of them read the same.

    Raises:
        SecretKeyError: if the file cannot be made or read, or is too short to be a key.
    """
    try:
        if not path.exists():
            _create(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretKeyError(f"{path} cannot be read or made ({error})") from None
    if len(key) < _KEY_BYTES:
        raise SecretKeyError(f"{path} holds no key; put a copy back, or all that it sealed is lost")
    return key


def _create(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, and not a rename: it fails if another process was first, and then its key is the one.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
