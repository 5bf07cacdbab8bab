"""Opens what is asked in SQL, for `passerelle sql` and for notebooks: the read model, an archive, a service."""

from collections.abc import Sequence

from services.attendance.adapters.column_sources import ArchiveError, add_archive, add_read_model, prepare
from services.attendance.adapters.columns import Columns
from services.attendance.adapters.told_tables import add_told
from services.attendance.bootstrap import kept_read_model
from services.attendance.settings import AttendanceSettings
from services.chassis.errors import OperatorError


async def open_columns(
    *,
    read_model: AttendanceSettings | None = None,
    archive: str | None = None,
    server: str | None = None,
    token: str = "",
    events: Sequence[str] = (),
) -> Columns:
    """The views of docs/analysis.md over a read model, an archive or both, or else over what a service tells of events.

    Nothing can be written by them, and no other file is read. They are the caller's to close.

    Raises:
        OperatorError: if what is to be asked cannot be read, or refuses; it says why.
    """
    columns = Columns()
    if server is not None:
        await add_told(columns, server, token=token, events=events)
    else:
        prepare(columns)
        if read_model is not None:
            async with kept_read_model(read_model) as (_, reading):
                await add_read_model(columns, reading)
        if archive is not None:
            try:
                add_archive(columns, archive)
            except ArchiveError as error:
                raise OperatorError(str(error)) from None
    columns.make_views()
    columns.close_doors()
    return columns
