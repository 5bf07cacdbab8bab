"""Facts, archives and what is told of them, joined for the commands: beside a running service, or without one."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from services.attendance.bootstrap import kept_read_model
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.event_log import EventLog, read_event
from services.attendance.stream.fact_sources import FactSource, KafkaLog
from services.attendance.stream.rebuild_check import Tell, Verdict, check_event
from services.attendance.stream.rebuild_request import Requested, request_rebuild
from services.attendance.stream.whole_check import check_all
from services.chassis.clock import system_clock
from services.chassis.log_reading import Progress
from services.chassis.topics import KafkaAwayError

if TYPE_CHECKING:
    from services.attendance.application.archive import Archive


def archive_at(address: str) -> "Archive":
    """The archive at an address, which need not be there yet.

    Raises:
        ArchivePlaceError: if the address leads nowhere.
    """
    # Only who has an archive loads pyarrow.
    from services.attendance.adapters.archive_stores import store_at  # noqa: PLC0415
    from services.attendance.application.archive import Archive  # noqa: PLC0415

    return Archive(store_at(address))


def archived_facts(settings: AttendanceSettings | None, event_id: str, *, archive: str) -> FactSource:
    """The archive at an address, and what the log has beside, if there is one to ask.

    Raises:
        ArchivePlaceError: if the address leads nowhere.
    """
    from services.attendance.stream.archived_log import ArchivedLog  # noqa: PLC0415

    return ArchivedLog(archive_at(archive), event_id, settings=settings)


async def known_of(
    settings: AttendanceSettings | None,
    event_id: str,
    *,
    archive: str | None,
    alone: Callable[[KafkaAwayError], None],
    progress: Progress,
) -> EventLog:
    """All that the log has of an event, and an archive if one is given; `alone` hears of it if that has to be enough.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is neither a log nor an archive.
        NoArchiveError, DamagedFileError: if the archive is none, or not whole.
    """
    if archive is None and settings is not None:
        return await read_event(KafkaLog(settings, event_id), event_id, progress=progress)
    try:
        return await read_event(archived_facts(settings, event_id, archive=archive or ""), event_id, progress=progress)
    except KafkaAwayError as error:
        alone(error)
        return await read_event(archived_facts(None, event_id, archive=archive or ""), event_id, progress=progress)


async def check_rebuild(
    settings: AttendanceSettings, event_id: str, *, archive: str | None = None, tell: Tell
) -> Verdict:
    """Compare what the log leads to with the topics and the read model, beside a running service or without.

    With an archive, the log is what it holds and what came to Kafka since.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is no log to compare with.
        NoArchiveError, DamagedFileError: if the archive is none, or not whole.
    """

    def source() -> FactSource:
        return _source(settings, event_id, archive)

    async with kept_read_model(settings) as (_, reading):
        return await check_event(settings, reading, event_id=event_id, source=source, tell=tell)


async def check_everything(
    settings: AttendanceSettings, *, archive: str | None = None, tell: Tell
) -> Mapping[str, Verdict | None]:
    """The same for all events at once; None for one whose presences agree.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is no log to compare with.
        NoArchiveError, DamagedFileError: if the archive is none, or not whole.
    """
    archived: list[str] = []
    if archive is not None:
        held = archive_at(archive)
        held.standing()
        archived = [manifest.event_id for manifest in held.manifests()]

    def source(event_id: str) -> FactSource:
        return _source(settings, event_id, archive)

    async with kept_read_model(settings) as (_, reading):
        return await check_all(settings, reading, source=source, archived=archived, tell=tell)


def _source(settings: AttendanceSettings, event_id: str, archive: str | None) -> FactSource:
    return KafkaLog(settings, event_id) if archive is None else archived_facts(settings, event_id, archive=archive)


async def rebuild_event(
    settings: AttendanceSettings, event_id: str, *, archive: str | None = None, tell: Tell
) -> Requested:
    """Have an event told anew from the log: by a worker that runs, or by the next one that does.

    With an archive, what Kafka no longer has of the event's partition is put back first.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is no log.
        NothingToRebuildError: if the log has no fact of the event.
        IncompleteLogError, PartlyArchivedError: if a part of the log is gone; nothing has changed then.
        NoArchiveError, NotArchivedError, DamagedFileError: if the archive has not what is needed.
    """
    async with kept_read_model(settings) as (writing, _):
        source: FactSource = KafkaLog(settings, event_id)
        if archive is not None:
            from services.attendance.stream.restoring import restore_beside  # noqa: PLC0415

            await restore_beside(settings, archive_at(archive), event_id, tell=tell)
            source = archived_facts(settings, event_id, archive=archive)
        return await request_rebuild(settings, writing, event_id=event_id, source=source, now=system_clock(), tell=tell)
