"""Every GET route of an application asked by somebody, found from the application itself."""

import asyncio
import html
import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow.parquet as pq
from aiohttp import ClientResponse, ClientSession, web
from aiohttp.test_utils import TestClient
from pypdf import PdfReader

from services.chassis.access import SESSION_COOKIE

_ALTERNATIVES: Final = re.compile(r"\(\?P<(\w+)>(\w+(?:\|\w+)+)\)")
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_SECONDS: Final = 60
UNKNOWN: Final = "a" * 32
"""What only those have whom it is about, or who made it: whoever knows it may see what is behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a route answered: the status, and all that can be read in it, unpacked."""

    path: str
    status: int
    text: str


def addresses(app: web.Application, values: Mapping[str, str]) -> list[str]:
    """The address of each GET route with its parameters filled in, each alternative of a route by itself.

    A parameter without a value is one that nobody knows: a long random id.

    Raises:
        AssertionError: if a route takes no such thing: then the test is to be told of a value.
    """
    found: dict[str, None] = {}
    for route in app.router.routes():
        if route.method not in {"GET", "*"} or route.resource is None:
            continue
        info = route.resource.get_info()
        pattern: re.Pattern[str] | None = info.get("pattern")
        choices = {name: among.split("|") for name, among in _ALTERNATIVES.findall(pattern.pattern if pattern else "")}
        names = _PARAMETER.findall(route.resource.canonical)
        for chosen in itertools.product(*(choices.get(name, [values.get(name, UNKNOWN)]) for name in names)):
            address = route.resource.canonical.format(**dict(zip(names, chosen, strict=True)))
            assert pattern is None or pattern.fullmatch(address), f"What may {names} be in {pattern.pattern}?"
            found[address] = None
    return list(found)


async def walk(
    client: "ClientSession | TestClient[Any, Any]", paths: list[str], *, token: str
) -> Mapping[tuple[str, str], Told]:
    """What each address answers, by address and by who asks: a `program` with the token, a `browser` with its session.

    The client must keep no cookies.
    """
    asking = {
        "program": {"Authorization": f"Bearer {token}"},
        "browser": {"Cookie": f"{SESSION_COOKIE}={token}", "Accept": "text/html", "Accept-Language": "en"},
    }
    found = {}
    for path in paths:
        for who, headers in asking.items():
            async with asyncio.timeout(_SECONDS), client.get(path, headers=headers, allow_redirects=False) as answer:
                found[path, who] = Told(path=path, status=answer.status, text=await _read(answer))
    return found


async def _read(answer: ClientResponse) -> str:
    body = await answer.read()
    heads = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name not in _UNTELLING)
    return "\n".join([heads, *_texts(body, answer.content_type)])


_UNTELLING: Final = frozenset({"Date", "Server", "Content-Length", "X-Request-Id", "traceparent"})


def _texts(body: bytes, kind: str) -> Iterator[str]:
    if kind == "application/pdf":
        for page in PdfReader(io.BytesIO(body)).pages:
            yield page.extract_text()
    elif body.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            for name in packed.namelist():
                yield from _texts(packed.read(name), "application/pdf" if name.endswith(".pdf") else "")
    elif body.startswith(b"PAR1"):
        yield str(pq.read_table(io.BytesIO(body)).to_pylist())
    else:
        yield html.unescape(body.decode(errors="replace"))
