"""Whether a document's evidence holds: in itself, and against the facts that a log or an archive has of the event."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from schemas.envelope import Identifier, Instant
from services.attendance.adapters.tables import to_column
from services.attendance.application.evidence import Evidence, LoggedFact
from services.attendance.domain.merkle import is_included

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class DocumentHead(BaseModel):
    """Which document it is."""

    kind: Annotated[str, Field(pattern=r"^[a-z_]{1,50}$")]
    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,50}$")]
    event_id: Identifier
    participant_id: Identifier | None
    as_of: Instant
    issued_at: Instant


class FactProof(BaseModel):
    """That a fact is in the evidence: see `services.attendance.domain.merkle.is_included`."""

    fact_id: Identifier
    leaf: Hash
    index: Annotated[int, Field(ge=0)]
    path: Annotated[list[Hash], Field(max_length=64)]


class Settings(BaseModel):
    """What its figures were counted with; null where it does not tell."""

    reconnect_grace_seconds: int | None = None


class EvidenceFile(BaseModel):
    """What a document carries in `passerelle-evidence.json`: no name is in it."""

    format: Literal["passerelle-evidence"]
    format_version: Literal[1]
    document: DocumentHead
    verify_at: Annotated[str, Field(pattern=r"^https?://[!-~]{1,500}$")]
    root: Hash
    facts: Annotated[int, Field(ge=0)]
    proofs: list[FactProof]
    settings: Settings = Settings()
    figures: Mapping[str, Any]


class LogFinding(StrEnum):
    """What a log says of the evidence of a document.

    `SAME`: it has the very facts. `LATE`: it has them, and others that were recorded before the document was issued and
    reached the log afterwards. `ALTERED`: of the facts that the document rests on, some are others there, or gone.
    `DIFFERENT`: those are as they were, and others of the event are not. `NOTHING`: it knows nothing of the event.
    """

    SAME = "same"
    LATE = "late"
    ALTERED = "altered"
    DIFFERENT = "different"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerdict:
    """The finding; the root and the number of facts that the log has as of the document; the proven facts it has not.

    `altered` are there in other words, `missing` not at all. `issued_from` are the records of the facts that it was
    issued from, as the log has them; `came_late` those that were recorded before and came later.
    """

    finding: LogFinding
    root: str
    facts: int
    issued_from: Sequence[bytes] = ()
    came_late: Sequence[bytes] = ()
    altered: Sequence[str] = ()
    missing: Sequence[str] = ()


def unproven(evidence: EvidenceFile) -> list[str]:
    """The facts whose proofs do not lead to the root: none, unless somebody altered the evidence."""
    root = bytes.fromhex(evidence.root)
    return [
        proof.fact_id
        for proof in evidence.proofs
        if not is_included(
            bytes.fromhex(proof.leaf),
            index=proof.index,
            size=evidence.facts,
            path=[bytes.fromhex(beside) for beside in proof.path],
            root=root,
        )
    ]


def compared(evidence: EvidenceFile, logged: Collection[LoggedFact]) -> LogVerdict:
    """Compare the evidence of a document with all facts that a log has of its event."""
    as_of = to_column(evidence.document.as_of)
    known = Evidence((one.leaf for one in logged), as_of=as_of)
    there = sorted((one for one in logged if one.leaf.recorded <= as_of), key=lambda one: (one.arrived, one.leaf.id))
    leaves = {one.leaf.id: one.leaf.hash.hex() for one in there}
    proofs = evidence.proofs
    altered = tuple(proof.fact_id for proof in proofs if leaves.get(proof.fact_id, proof.leaf) != proof.leaf)
    missing = tuple(proof.fact_id for proof in proofs if proof.fact_id not in leaves)
    if not logged:
        finding = LogFinding.NOTHING
    elif (known.root, known.facts) == (evidence.root, evidence.facts):
        finding = LogFinding.SAME
    elif altered or missing:
        finding = LogFinding.ALTERED
    else:
        finding = LogFinding.LATE if _came_late(evidence, there, as_of) else LogFinding.DIFFERENT
    count = evidence.facts if finding is LogFinding.LATE else len(there)
    return LogVerdict(
        finding=finding,
        root=known.root,
        facts=known.facts,
        issued_from=[one.value for one in there[:count]],
        came_late=[one.value for one in there[count:]],
        altered=altered,
        missing=missing,
    )


def _came_late(evidence: EvidenceFile, there: Sequence[LoggedFact], as_of: int) -> bool:
    """Whether the facts that were there first, as many as the document counts, are the very ones it was issued from."""
    first = [one.leaf for one in there[: evidence.facts]]
    return len(first) == evidence.facts and Evidence(first, as_of=as_of).root == evidence.root
