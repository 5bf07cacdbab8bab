"""API operations declared next to their handlers, and the OpenAPI 3.1 document built from the declarations.

    api = Api(tag="events")

    @api.route("POST", "/api/v1/events", summary="Create an event", roles=[], body=NewEvent, answers={201: EventView})
    async def create_event(request: web.Request) -> web.Response: ...

    add_api(app, api)

What is declared is enforced where it can be: `roles` are required before the handler runs, for the `{event_id}` of
the path if it has one. So the description cannot promise more, or less, than what happens.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.chassis.access import Role, require
from services.chassis.problems import ProblemDocument

Answer = type[BaseModel] | str | None
"""A model (JSON), a media type (`text/event-stream`), or nothing (no body)."""

_REFERENCE: Final = "#/components/schemas/{model}"
_WRITES: Final = frozenset({"POST", "PATCH", "DELETE"})
_PARAMETER: Final = re.compile(r"\{(\w+)(?::[^{}]+)?\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path, as declared."""

    method: str
    path: str
    handler: Handler
    tag: str
    summary: str
    roles: tuple[Role, ...] | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answers: Mapping[int, Answer]
    problems: tuple[int, ...]
    headers: tuple[str, ...]

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return _PARAMETER.findall(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The operations of one web module."""

    tag: str
    operations: list[Operation] = field(default_factory=list)

    def route(  # noqa: PLR0913  (each is one part of the description, and named at the call)
        self,
        method: str,
        path: str,
        *,
        summary: str,
        answers: Mapping[int, Answer],
        roles: Sequence[Role] | None = None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        problems: Sequence[int] = (),
        headers: Sequence[str] = (),
    ) -> Callable[[Handler], Handler]:
        """Declare an operation.

        Args:
            method: the HTTP method.
            path: in aiohttp's form, `/api/v1/events/{event_id}`.
            summary: one line for readers of the description.
            answers: what success looks like, by status.
            roles: who may call it (organizers always may); `None`: everybody, without a token.
            body: the JSON body the handler reads with `read_json`.
            query: the query parameters the handler reads with `read_query`.
            problems: error statuses of its own; 400, 401, 403, 404, 413 and 415 are added where they can happen.
            headers: request headers that change what it does, e.g. `Last-Event-ID`.
        """

        def declare(handler: Handler) -> Handler:
            self.operations.append(
                Operation(
                    method=method,
                    path=path,
                    handler=handler,
                    tag=self.tag,
                    summary=summary,
                    roles=None if roles is None else tuple(roles),
                    body=body,
                    query=query,
                    answers=dict(answers),
                    problems=tuple(problems),
                    headers=tuple(headers),
                )
            )
            return handler

        return declare


OPERATIONS: Final = web.AppKey("openapi_operations", list[Operation])


def add_api(app: web.Application, *apis: Api) -> None:
    """Route the operations and describe them in the application's document."""
    described = app.setdefault(OPERATIONS, [])
    for operation in (operation for api in apis for operation in api.operations):
        app.router.add_route(operation.method, operation.path, _guarded(operation))
        described.append(operation)


def serve_document(service: str) -> Handler:
    """The handler of `/internal/openapi.json`."""

    async def document(request: web.Request) -> web.Response:
        operations = request.config_dict.get(OPERATIONS) or []
        return web.json_response(build_document(operations, title=f"Passerelle: {service}"))

    return document


def build_document(operations: Sequence[Operation], *, title: str, version: str = "1") -> dict[str, Any]:
    """The OpenAPI 3.1 document of some operations."""
    inputs: list[tuple[type[BaseModel], Any]] = [(o.body, "validation") for o in operations if o.body is not None]
    outputs: list[tuple[type[BaseModel], Any]] = [
        (answer, "serialization") for o in operations for answer in o.answers.values() if isinstance(answer, type)
    ]
    references, definitions = models_json_schema(
        list(dict.fromkeys([*inputs, *outputs, (ProblemDocument, "serialization")])), ref_template=_REFERENCE
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(_PARAMETER.sub(r"{\1}", operation.path), {})[operation.method.lower()] = _describe(
            operation, references
        )
    # What only query parameters mention (a choice of words, say) stands beside their models' own schemas.
    queries = [_schema_of_query(operation).get("$defs", {}) for operation in operations]
    schemas = {name: schema for found in queries for name, schema in found.items()} | definitions.get("$defs", {})
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def merge_documents(documents: Mapping[str, Mapping[str, Any]], *, title: str = "Passerelle") -> dict[str, Any]:
    """One document for the services behind one origin, given by name.

    Where two services mean different things by the name of a schema, the later one's is called `service.Name`.

    Raises:
        ValueError: when two of them answer the same operation.
    """
    merged = build_document([], title=title)
    schemas, paths = merged["components"]["schemas"], merged["paths"]
    for service, document in documents.items():
        own = _renamed(document, schemas, service)
        schemas.update(own["components"]["schemas"])
        for path, operations in own["paths"].items():
            if twice := operations.keys() & paths.setdefault(path, {}).keys():
                raise ValueError(f"two services answer {', '.join(sorted(twice))} {path}")
            paths[path].update(operations)
    return merged


def _renamed(document: Mapping[str, Any], taken: Mapping[str, Any], service: str) -> Mapping[str, Any]:
    """The document with its schemas renamed that clash with those taken; a new name may make others clash."""
    schemas = document["components"]["schemas"]
    names = {name: f"{service}.{name}" for name, schema in schemas.items() if taken.get(name, schema) != schema}
    if not names:
        return document
    text = json.dumps(document)
    for name, own in names.items():
        text = text.replace(f'"{_REFERENCE.format(model=name)}"', f'"{_REFERENCE.format(model=own)}"')
    renamed: dict[str, Any] = json.loads(text)
    components = renamed["components"]
    components["schemas"] = {names.get(name, name): schema for name, schema in components["schemas"].items()}
    return _renamed(renamed, taken, service)


def _guarded(operation: Operation) -> Handler:
    """The handler behind the roles that were declared."""
    roles, handler = operation.roles, operation.handler
    if roles is None:
        return handler

    async def guarded(request: web.Request) -> web.StreamResponse:
        require(request, *roles, event_id=request.match_info.get("event_id"))
        return await handler(request)

    return guarded


def _describe(operation: Operation, references: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    """The Operation Object."""
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {str(status): _answer(answer, references) for status, answer in operation.answers.items()}
        | {str(status): _PROBLEM for status in _problem_statuses(operation)},
        "security": [] if operation.roles is None else [{"token": []}],
    }
    if operation.handler.__doc__:
        described["description"] = operation.handler.__doc__
    if operation.body is not None:
        schema = references[operation.body, "validation"]
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return described


_PROBLEM: Final = {
    "description": "Problem details (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": _REFERENCE.format(model="ProblemDocument")}}},
}


def _problem_statuses(operation: Operation) -> list[int]:
    statuses = set(operation.problems)
    if operation.roles is not None:
        statuses |= {401, 403}
    if operation.parameters:
        statuses.add(404)
    if operation.body is not None:
        statuses |= {400, 413, 415}
    if operation.query is not None:
        statuses.add(400)
    if operation.method in _WRITES:
        # An `Idempotency-Key` that is none, is in use, or came with another body.
        statuses |= {400, 409, 422}
    return sorted(statuses)


def _answer(answer: Answer, references: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    if answer is None:
        return {"description": "Done; no body."}
    if isinstance(answer, str):
        return {"description": "Success", "content": {answer: {"schema": {"type": "string"}}}}
    return {"description": "Success", "content": {"application/json": {"schema": references[answer, "serialization"]}}}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in operation.parameters
    ]
    schema = _schema_of_query(operation)
    required = set(schema.get("required", ()))
    for name, described in schema.get("properties", {}).items():
        found.append({"name": name, "in": "query", "required": name in required, "schema": described})
    names = (*operation.headers, *(("Idempotency-Key",) if operation.method in _WRITES else ()))
    found.extend({"name": name, "in": "header", "required": False, "schema": {"type": "string"}} for name in names)
    return found


def _schema_of_query(operation: Operation) -> dict[str, Any]:
    return {} if operation.query is None else operation.query.model_json_schema(ref_template=_REFERENCE)
