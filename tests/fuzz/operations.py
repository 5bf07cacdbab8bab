"""Calls of an API as its OpenAPI document describes them, and as it forbids them (schemathesis makes them)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok

_NOWHERE: Final = "http://localhost"
_PARTS: Final = ("method", "url", "headers", "params", "data", "json", "files", "cookies")
_OF_THE_CLIENT: Final = frozenset({"connection", "content-length", "user-agent", "x-schemathesis-testcaseid"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an operation, as it goes over the wire; `answers` are the statuses that are described."""

    operation: str
    answers: frozenset[int]
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


def calls(document: dict[str, Any]) -> st.SearchStrategy[Call]:
    """Calls of all operations of a document."""
    schema = schemathesis.openapi.from_dict(document)
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    return st.one_of(
        [
            operation.as_strategy(mode).map(partial(_call, answers=_answers(document, operation.label)))
            for operation in operations
            for mode in modes
        ]
    )


def _answers(document: dict[str, Any], label: str) -> frozenset[int]:
    method, _, path = label.partition(" ")
    return frozenset(int(status) for status in document["paths"][path][method.lower()]["responses"])


def _call(case: Case[Any], *, answers: frozenset[int]) -> Call:
    given = case.as_transport_kwargs(base_url=_NOWHERE)
    prepared = requests.Request(**{name: given[name] for name in _PARTS if name in given}).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    assert body is None or isinstance(body, bytes)
    return Call(
        operation=case.operation.label,
        answers=answers,
        method=case.method,
        path=prepared.path_url,
        headers={name: str(text) for name, text in prepared.headers.items() if name.lower() not in _OF_THE_CLIENT},
        body=body,
    )
