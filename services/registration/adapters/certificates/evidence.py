"""The service that keeps the facts, asked for proofs over HTTP; and what of it is attached to a document."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from schemas.envelope import format_instant
from services.chassis.neighbour_calls import NeighbourAwayError, NeighbourCalls, NeighbourFailedError
from services.chassis.settings import CommonSettings
from services.registration.application.certificate_ports import Certificate, EvidenceProofs
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.certificates import figures_of
from services.registration.domain.documents import IssuedDocument

EVIDENCE_FILE: Final = "passerelle-evidence.json"
_FORMAT_VERSION: Final = 1
_PATIENCE_SECONDS: Final = 30.0


class HttpEvidenceProving:
    """Asks attendance; implements the port `EvidenceProving`."""

    def __init__(self, settings: CommonSettings) -> None:
        """Where attendance is comes from `settings`."""
        self._url = f"{settings.attendance_url}/internal/evidence-proofs"
        self._calls = NeighbourCalls(settings)

    async def proofs(
        self, event_id: str, participant_ids: Collection[str], *, as_of: datetime
    ) -> Mapping[str, EvidenceProofs]:
        """See the port."""
        asked = {"event_id": event_id, "participant_ids": sorted(participant_ids), "as_of": as_of.isoformat()}
        try:
            found = await self._calls.get(self._url, asked, _Proofs, patience=_PATIENCE_SECONDS)
        except (NeighbourAwayError, NeighbourFailedError) as error:
            raise AttendanceAwayError(event_id) from error
        return {
            each: EvidenceProofs(root=found.root, facts=found.facts, proofs=found.people.get(each, ()))
            for each in participant_ids
        }


class _Proofs(BaseModel):
    root: str
    facts: int
    people: dict[str, list[dict[str, Any]]]


def evidence_file(certificate: Certificate) -> bytes:
    """What is attached to a certificate."""
    figures = figures_of(certificate.record)
    return evidence_of(
        certificate.document,
        certificate.evidence,
        verify_at=certificate.verify_at,
        figures=figures,
        grace_seconds=certificate.record.schedule.reconnect_grace_seconds,
    )


def evidence_of(
    document: IssuedDocument,
    evidence: EvidenceProofs,
    *,
    verify_at: str,
    figures: Mapping[str, object],
    grace_seconds: int | None,
) -> bytes:
    """What lets a program check a document without asking anybody but the log: digests and random ids, no name."""
    return json.dumps(
        {
            "format": "passerelle-evidence",
            "format_version": _FORMAT_VERSION,
            "document": {
                "kind": document.kind.value,
                "code": document.code,
                "event_id": document.event_id,
                "participant_id": document.participant_id,
                "as_of": format_instant(document.as_of),
                "issued_at": format_instant(document.issued_at),
            },
            "verify_at": verify_at,
            "root": evidence.root,
            "facts": evidence.facts,
            "proofs": [dict(proof) for proof in evidence.proofs],
            "settings": {"reconnect_grace_seconds": grace_seconds},
            "figures": figures,
        }
    ).encode()
