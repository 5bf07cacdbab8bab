"""Fresh ids from the operating system's randomness."""

import secrets
from uuid import uuid4

from schemas.identifiers import fact_id, new_event_id, new_participant_id
from services.registration.domain.documents import CODE_BITS, document_code
from services.registration.domain.tickets import LENGTH, ticket_from_bits

_BITS_A_CHARACTER = 5


class RandomMint:
    """Ids that nobody can guess; implements the port `Mint`."""

    def event_id(self) -> str:
        """An event's: `evt_…`."""
        return new_event_id()

    def participant_id(self) -> str:
        """A participant's: `par_…`."""
        return new_participant_id()

    def part_id(self, kind: str) -> str:
        """A session's, a room's or a token's."""
        return f"{kind}_{secrets.token_hex(8)}"

    def fact_id(self, *same: str) -> str:
        """A fact's: random, or derived from what makes it the same fact."""
        return fact_id(*same) if same else str(uuid4())

    def ticket(self) -> str:
        """A ticket code of sixty random bits."""
        return ticket_from_bits(secrets.randbits(_BITS_A_CHARACTER * LENGTH))

    def document_code(self) -> str:
        """The code of an issued document, of a hundred random bits."""
        return document_code(secrets.randbits(CODE_BITS))

    def secret(self) -> str:
        """256 random bits, URL-safe."""
        return secrets.token_urlsafe(32)
