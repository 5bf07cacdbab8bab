"""What events prove, in the SQL store."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.retention_tables import TRAINING_PROOFS
from services.registration.adapters.tables import EVENTS
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.training_proofs import TrainingProof


class SqlRetentionReading:
    """A view through one connection; implements the port `RetentionReading`."""

    _connection: AsyncConnection

    async def training_proof(self, event_id: str) -> TrainingProof:
        """See the port."""
        mine = TRAINING_PROOFS.c.event_id == event_id
        found = await self._connection.scalar(select(TRAINING_PROOFS.c.proof).where(mine))
        return TrainingProof.NONE if found is None else TrainingProof(found)

    async def data_contacts(self) -> Sequence[DataContact | None]:
        """See the port."""
        query = select(EVENTS.c.data_contact, EVENTS.c.archived_at).order_by(EVENTS.c.starts_at.desc())
        said = [(row.data_contact, row.archived_at) for row in await self._connection.execute(query)]
        named = dict.fromkeys(DataContact(**contact) for contact, _ in said if contact is not None)
        silent = any(contact is None and archived_at is None for contact, archived_at in said)
        return [*named, *([None] if silent else [])]


class SqlRetentionWriting(SqlRetentionReading):
    """A transaction; implements the port `RetentionWriting`."""

    async def save_training_proof(self, event_id: str, proof: TrainingProof) -> None:
        """See the port."""
        await self._connection.execute(delete(TRAINING_PROOFS).where(TRAINING_PROOFS.c.event_id == event_id))
        if proof is not TrainingProof.NONE:
            await self._connection.execute(insert(TRAINING_PROOFS).values(event_id=event_id, proof=proof.value))
