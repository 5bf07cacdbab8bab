"""The comparing of reports with deliveries, joined with the database."""

from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.clock import Clock
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.accepted_stays import SqlAcceptedStays
from services.streaming_bridge.adapters.inbox import SqlInbox
from services.streaming_bridge.adapters.meetings import SqlMeetings
from services.streaming_bridge.adapters.people_names import PeopleNames
from services.streaming_bridge.adapters.report_store import SqlReports
from services.streaming_bridge.adapters.sightings import SqlSightings
from services.streaming_bridge.application.reconciling import Reconciling
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.settings import BridgeSettings


def reconciliation(
    settings: BridgeSettings,
    engine: AsyncEngine,
    readers: AsyncEngine,
    inbox: SqlInbox,
    people: PeopleNames,
    book: SourceBook,
    clock: Clock,
    *,
    pseudonym_key: bytes,
) -> Reconciling:
    """Join it; facts of reports go through `inbox`, as all others."""
    return Reconciling(
        reports=SqlReports(engine, readers, box=SecretBox.derive(settings.secret, purpose="reports")),
        accepted=SqlAcceptedStays(engine, readers, committed=inbox.committed),
        events=SqlMeetings(readers),
        sightings=SqlSightings(readers),
        people=people,
        book=book,
        store=inbox.write,
        clock=clock,
        pseudonym_key=pseudonym_key,
    )
