"""The API by which anybody asks whether a document is genuine; it names nobody."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Instant
from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.registration.application.verification import DocumentStanding, Verified
from services.registration.domain.documents import Because, DocumentKind, spelled_code
from services.registration.web.answers import answer
from services.registration.web.document_views import RevocationView
from services.registration.web.use_cases import use_cases
from services.registration.web.verification_limits import VerificationLimits

api = Api(tag="verification")
VERIFICATION_LIMITS: Final = web.AppKey("verification_limits", VerificationLimits)


class VerifyQuery(BaseModel):
    """What else to compare."""

    sha256: (
        Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$", description="The digest of a file, to be compared.")] | None
    ) = None


class EventTold(BaseModel):
    """The event that a document is about."""

    event_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    timezone: str


class VerificationView(BaseModel):
    """A genuine document, without whom it is about.

    `standing` is `current` if the same figures would be printed today, `outdated` if others would, `unknown` if nobody
    can tell now. `because` says why it is outdated, or was replaced at `replaced_at`. `file_matches` is null if no
    digest was asked for. `root` is the Merkle root of the event's `facts` as of `as_of`, `figures` the digest of what
    was reckoned.
    """

    code: str
    kind: DocumentKind
    event: EventTold
    part: str | None
    as_of: Instant
    issued_at: Instant
    provisional: bool
    standing: DocumentStanding
    because: list[Because]
    replaced_at: Instant | None
    revoked: RevocationView | None
    root: str
    facts: int
    figures: str
    file_matches: bool | None

    @classmethod
    def of(cls, found: Verified, *, file_matches: bool | None) -> "VerificationView":
        """One document."""
        document, event = found.document, found.event
        revoked = document.revoked
        return cls(
            code=spelled_code(document.code),
            kind=document.kind,
            event=EventTold(
                event_id=event.event_id,
                title=event.title,
                starts_at=event.starts_at,
                ends_at=event.ends_at,
                timezone=event.timezone,
            ),
            part=document.part,
            as_of=document.as_of,
            issued_at=document.issued_at,
            provisional=document.provisional,
            standing=found.standing,
            because=list(found.because),
            replaced_at=found.replaced_at,
            revoked=None if revoked is None else RevocationView(at=revoked.at, reason=revoked.reason),
            root=document.root,
            facts=document.facts,
            figures=document.figures,
            file_matches=file_matches,
        )


@api.route(
    "GET",
    "/api/v1/verify/{code}",
    summary="Ask whether a document is genuine",
    query=VerifyQuery,
    answers={200: VerificationView},
    problems=[404, 429],
)
async def verify(request: web.Request) -> web.Response:
    """Open to all. The code is taken however it is typed; 404 says that no document was issued under it."""
    request.config_dict[VERIFICATION_LIMITS].require(request)
    query, proofs = read_query(request, VerifyQuery), use_cases(request).proofs
    found = await proofs.verification.look(request.match_info["code"])
    matches = None
    if query.sha256 is not None:
        matches = await proofs.documents.is_genuine_file(found.document.code, query.sha256.lower())
    return answer(VerificationView.of(found, file_matches=matches))
