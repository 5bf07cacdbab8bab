"""What few presence records say: whom a guest is linked to, contradictions, and what is left out as suspect."""

from typing import Final

import msgspec
from msgspec import Struct, field

from services.attendance.application.wire import milliseconds
from services.attendance.domain.evidence import Contradiction, ContradictionKind


class _Contradicting(Struct):
    fact_id: str
    time: str
    kind: ContradictionKind


class Extra(Struct):
    """What few records say."""

    linked_to: str | None = None
    told: list[_Contradicting] = field(name="contradictions", default_factory=list)
    suspect: list[str] = []

    @property
    def contradictions(self) -> list[Contradiction]:
        """By (time, id)."""
        return [Contradiction(fact_id=one.fact_id, time=milliseconds(one.time), kind=one.kind) for one in self.told]


_read_extra: Final = msgspec.json.Decoder(Extra).decode


def extra_of(extra: str) -> Extra:
    """The same, read again."""
    return _read_extra(f"{{{extra[1:]}}}") if extra else Extra()


def extra_text(linked_to: str | None, contradictions: str | None, suspect: str | None) -> str:
    """What few records say, as JSON: all but `linked_to` is JSON already."""
    text = "" if linked_to is None else f',"linked_to":"{linked_to}"'
    if contradictions is not None:
        text += f',"contradictions":{contradictions}'
    return text if suspect is None else f'{text},"suspect":{suspect}'
