"""Ids that a platform made from a person's name or address must not leave the bridge as they are.

Jitsi and JaaS give most connections a random JID. A server with accounts of its own puts the account there
(`alice.martin@meet.example.org/x1`), and identity providers use logins, addresses and small numbers as user ids. Those
are replaced by a keyed digest: the same on every machine of this installation, and no hash that somebody outside could
compute from a list of names.
"""

import hashlib
import hmac
import re
import unicodedata

_RANDOM_LOCAL_PART = re.compile(r"[0-9a-fA-F]{8}[0-9a-fA-F-]*")
_RANDOM_USER_ID = re.compile(r"[0-9a-fA-F]{16,}|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_DIGEST_LENGTH = 32
_MARK_LENGTH = 4


def connection_pseudonym(jid: str, *, key: bytes) -> str:
    """A connection id that says nothing about a person: unchanged if its local part is random already.

    Else only the server stays: the resource may be somebody's own word too ("alices-phone").
    """
    local, at, rest = jid.partition("@")
    if not at or _RANDOM_LOCAL_PART.fullmatch(local):
        return jid
    return f"{_digest(jid, key)}@{rest.partition('/')[0]}"


def user_pseudonym(user_id: str, *, key: bytes) -> str:
    """A user id that says nothing about a person: unchanged if it is random already (a UUID, a long hexadecimal)."""
    return user_id if _RANDOM_USER_ID.fullmatch(user_id) else _digest(user_id, key)


def name_mark(name: str, *, subject: str, key: bytes) -> str:
    """16 bits that tell whether two names of one subject differ, and from which no name can be found out."""
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return hmac.new(key, f"{subject}\0{plain}".encode(), hashlib.sha256).hexdigest()[:_MARK_LENGTH]


def _digest(text: str, key: bytes) -> str:
    return hmac.new(key, text.casefold().encode(), hashlib.sha256).hexdigest()[:_DIGEST_LENGTH]
