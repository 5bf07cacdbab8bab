"""Documents with evidence, as registration issues them, and a register that knows them."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

from schemas.envelope import Fact, format_instant
from services.attendance.adapters.tables import to_column
from services.attendance.application.evidence import Evidence, logged_facts
from services.attendance.application.recounting import recounted
from services.chassis.printing import print_pdf

CODE: Final = "7K2QX-9ABCD-EFGHJ-KMNPQ"
ISSUED_AT: Final = datetime(2026, 12, 1, 9, tzinfo=UTC)
_TEMPLATE: Final = b'#set document(title: "Certificate")\n#set text(lang: "en")\n= Certificate\n'


def evidence_of(event_id: str, facts: Iterable[Fact], *, subject: str) -> dict[str, Any]:
    """What a document about somebody carries that was issued from these facts."""
    known = list(facts)
    counted = recounted(event_id, [fact.to_bytes() for fact in known])
    assert counted is not None
    leaves = [one.leaf for one in logged_facts(event_id, ((0, fact.to_bytes()) for fact in known))]
    evidence = Evidence(leaves, as_of=to_column(ISSUED_AT))
    found = [evidence.proof(fact.id) for fact in known if fact.subject == subject]
    return {
        "format": "passerelle-evidence",
        "format_version": 1,
        "document": {
            "kind": "attendance_certificate",
            "code": CODE,
            "event_id": event_id,
            "participant_id": subject,
            "as_of": format_instant(ISSUED_AT),
            "issued_at": format_instant(ISSUED_AT),
        },
        "verify_at": f"https://passerelle.example/verify/{CODE}",
        "root": evidence.root,
        "facts": evidence.facts,
        "proofs": [
            {
                "fact_id": proof.fact_id,
                "leaf": proof.leaf.hex(),
                "index": proof.index,
                "path": [beside.hex() for beside in proof.path],
            }
            for proof in found
            if proof is not None
        ],
        "figures": counted.certificate(subject, None),
    }


def document_of(evidence: Mapping[str, Any], *, name: str = "passerelle-evidence.json") -> bytes:
    """A PDF that carries it."""
    return print_pdf(_TEMPLATE, {}, stamped_at=ISSUED_AT, attachments={name: json.dumps(evidence).encode()})


@dataclass(slots=True, kw_only=True)
class Register:
    """What it says of the document of each code, and the digests of the files that were given out."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    url: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        """`GET /api/v1/verify/{code}?sha256=`."""
        known = self.documents.get(request.match_info["code"])
        if known is None:
            problem = {"title": "Not Found", "status": 404}
            return web.json_response(problem, status=404, content_type="application/problem+json")
        asked = request.query.get("sha256")
        return web.json_response({**known, "file_matches": None if asked is None else asked in self.files})


@asynccontextmanager
async def registering() -> AsyncIterator[Register]:
    """A register at an address of its own."""
    register = Register()
    app = web.Application()
    app.router.add_get("/api/v1/verify/{code}", register.answer)
    async with TestServer(app) as server:
        register.url = str(server.make_url("")).rstrip("/")
        yield register
