"""Deliveries of every platform, whole or changed anywhere in them, with their proof or with another."""

import json
from collections.abc import Callable, Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from hypothesis import strategies as st

from tests.fakes.platforms import ALL_SHAPES, Request, Shapes

_ANOTHER_SECRET: Final = "of-somebody-else-0123456789abcdef"
_PROOFS: Final = frozenset({"authorization", "x-jaas-signature", "x-zm-signature", "x-zm-request-timestamp"})

Node = MutableMapping[str, Any] | MutableSequence[Any]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from(["", "\0", "\ud800", "2026-11-23T09:00:00Z", "x" * 2000, -1, 2**70, 1e308, "par_" + "a" * 32]),
)
_nested = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
# What is nested takes five times as long to make.
values = st.integers(0, 7).flatmap(lambda number: scalars if number else _nested)
garbage = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    st.integers(1, 3000).map(lambda depth: b"[" * depth),
    st.integers(1, 300).map(lambda depth: b'{"data":' * depth + b"1" + b"}" * depth),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thrown:
    """A body for a platform, and the proof that comes with it."""

    shapes: Shapes
    body: bytes
    header: str
    forgery: int

    def proved(self, *, now: datetime) -> Request:
        """As the platform itself would send it."""
        return self.shapes.request(self.body, signed_at=now)

    def forged(self, *, now: datetime) -> Request:
        """Without a proof, or with any text for one, that of another secret, or that of another body."""
        proved = self.proved(now=now)
        path = proved.path.partition("?")[0]
        other = self.shapes.request(self.body + b" ", signed_at=now)
        forgeries = [
            Request(path=path, body=self.body, headers=_without_proof(proved.headers)),
            Request(path=path, body=self.body, headers={**proved.headers, **dict.fromkeys(_PROOFS, self.header)}),
            self.shapes.request(self.body, secret=_ANOTHER_SECRET, signed_at=now),
            Request(path=other.path, body=self.body, headers=other.headers),
        ]
        # Some platforms prove themselves alike whatever they send: there the body of another is none.
        signs_bodies = (other.path, other.headers) != (proved.path, proved.headers)
        return forgeries[self.forgery if signs_bodies else self.forgery % 3]


@st.composite
def changed(draw: st.DrawFn, shapes: Shapes) -> bytes:
    """A real delivery with some fields changed, taken away, added or repeated, or with some bytes of it."""
    body = draw(st.sampled_from(_SAYINGS))(shapes, draw(st.integers(0, 10**6)))
    if draw(st.integers(0, 9)) == 0:
        start, end = sorted((draw(st.integers(0, len(body))), draw(st.integers(0, len(body)))))
        return body[:start] + draw(st.binary(max_size=8)) + body[end:]
    is_form = not body.startswith(b"{")
    tree = _read_form(body) if is_form else json.loads(body)
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, draw(st.sampled_from(list(_nodes(tree)))))
    return _form(tree) if is_form else json.dumps(tree).encode()


_headers: Final = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100)
thrown: Final = st.one_of(
    [
        st.builds(
            Thrown,
            shapes=st.just(shapes),
            body=changed(shapes) | changed(shapes) | changed(shapes) | garbage,
            header=_headers,
            forgery=st.integers(0, 3),
        )
        for shapes in ALL_SHAPES
    ]
)
"""Mostly what the platform could nearly have sent; now and then anything at all."""


def _joined(shapes: Shapes, number: int) -> bytes:
    return shapes.joined(number % 480, who=f"person {number}", user_id=f"u{number}", name="A")


def _left(shapes: Shapes, number: int) -> bytes:
    return shapes.left(number % 480 + 1, who=f"person {number}", came=number % 480, user_id=float(number))


# By the number each is another delivery: what is the same again is not stored, and tries out nothing.
_SAYINGS: Final[Sequence[Callable[[Shapes, int], bytes]]] = (
    _joined,
    _joined,
    _left,
    _left,
    lambda shapes, number: shapes.opened(number % 10_000),
    lambda shapes, number: shapes.closed(number % 10_000),
    lambda shapes, number: shapes.uncounted(number % 10_000),
    lambda shapes, number: shapes.unknown(number % 10_000),
)


def _change(draw: st.DrawFn, node: Node) -> None:
    names: list[Any] = sorted(node) if isinstance(node, MutableMapping) else list(range(len(node)))
    action = draw(st.sampled_from(["set", "set", "remove", "add"]))
    if action == "remove" and names:
        del node[draw(st.sampled_from(names))]
    elif action == "set" and names:
        node[draw(st.sampled_from(names))] = draw(values)
    elif isinstance(node, MutableMapping):
        node[draw(st.text(max_size=8))] = draw(values)
    else:
        node.append(draw(values) if not node or draw(st.booleans()) else node[0])


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, MutableMapping | MutableSequence):
        yield value
        for inner in value.values() if isinstance(value, MutableMapping) else value:
            yield from _nodes(inner)


def _read_form(body: bytes) -> dict[str, Any]:
    """The fields of a form; those that hold JSON, as what it says."""
    return {name: json.loads(text) if text[:1] in "[{" else text for name, text in parse_qsl(body.decode())}


def _form(fields: Mapping[str, Any]) -> bytes:
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    return urlencode(written, errors="surrogatepass").encode()


def _without_proof(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _PROOFS}
