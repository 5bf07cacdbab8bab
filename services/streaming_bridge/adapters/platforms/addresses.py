"""Addresses as organizers type them: read by the rules of browsers, which would follow them, and refused in a sentence.

A browser forgives much: to it `https:/livekit` is the host `livekit`, and so might a slip of the finger be.
"""

from collections.abc import Collection
from typing import Final

from pydantic import AnyUrl, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from yarl import URL

_BROWSER: Final = TypeAdapter(AnyUrl)
_LONGEST: Final = 2000
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def mistyped(sentence: str) -> PydanticCustomError:
    """What a validator of a form raises: a whole sentence, which the catalogs have in the reader's language."""
    return PydanticCustomError("mistyped", "{sentence}", {"sentence": sentence})


def typed_address(text: str, *, schemes: Collection[str], default: str | None, otherwise: str) -> URL:
    """The address in a text; where it has no scheme, `default` is meant, and its host must look like one.

    Raises:
        PydanticCustomError: with the sentence `otherwise`, if there is none, or if it holds a user or a fragment.
    """
    written = text.strip()
    with_scheme = written if "://" in written or default is None else f"{default}://{written}"
    try:
        _BROWSER.validate_python(with_scheme)
        url = URL(with_scheme)
    except (ValidationError, ValueError):
        raise mistyped(otherwise) from None
    guessed = with_scheme != written
    if (
        len(with_scheme) > _LONGEST
        or url.scheme not in schemes
        or not url.host
        or url.user is not None
        or url.fragment
        or (guessed and not _looks_like_a_host(url, written))
    ):
        raise mistyped(otherwise)
    return url


def _looks_like_a_host(url: URL, written: str) -> bool:
    """Whether a host was typed where no scheme was: one with a dot, and none that begins as a scheme does."""
    return ":/" not in written and ("." in (url.host or "") or url.host in LOCAL_HOSTS)
