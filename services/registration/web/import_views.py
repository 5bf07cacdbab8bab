"""What clients get of imports, and the file of what was refused."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import BaseModel

from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import Cell, write_csv
from services.registration.application.imports import Reading
from services.registration.domain.imports import Import, ImportState, Judged, Judgement, Refusal, Sheet

REASONS: Final[Mapping[Refusal, str]] = {
    Refusal.NAME_MISSING: mark("There is no name."),
    Refusal.NAME_WRONG: mark("The name is too long, or holds characters that cannot be seen."),
    Refusal.EMAIL_MISSING: mark("There is no e-mail address."),
    Refusal.EMAIL_WRONG: mark("This is no e-mail address."),
    Refusal.MODE_WRONG: mark("The mode is neither in person, nor remote, nor either."),
    Refusal.LANGUAGE_WRONG: mark("The language is not known: write fr or en."),
    Refusal.HEADCOUNT_WRONG: mark("The number of people is not a whole number, or is not of a remote venue."),
    Refusal.NEEDS_WRONG: mark("The accessibility needs are too long."),
    Refusal.ID_WRONG: mark("The number given elsewhere is too long."),
    Refusal.SESSIONS_WRONG: mark("One of the sessions is not in the agenda, or nobody can register for it any more."),
    Refusal.SESSIONS_AT_ONCE: mark("Two of the sessions are at the same time."),
    Refusal.TWICE: mark("This person stands in the file twice."),
    Refusal.CANCELLED: mark("This person cancelled their registration."),
    Refusal.ERASED: mark("This person asked to be erased."),
    Refusal.EVENT_NOT_OPEN: mark("The event was not open to registrations."),
}


class RefusedView(BaseModel):
    """A line that nobody is registered from; `line` counts from 1, the headings among them."""

    line: int
    reason: Refusal


class ImportView(BaseModel):
    """An import: how many lines are `new`, `known` already, or `changed` what was known; and all that are refused.

    `import_id` is null, and `state` `uploaded`, for a dry run. While it is `running` the numbers are of what is done.
    """

    import_id: str | None
    state: ImportState
    lines: int
    new: int
    known: int
    changed: int
    refused: list[RefusedView]

    @classmethod
    def of(cls, stands: Import) -> "ImportView":
        """An import that is carried out."""
        return cls._with(stands.import_id, stands.state, stands.total, stands.counts, stands.refused)

    @classmethod
    def foreseen(cls, lines: int, judged: Sequence[Judged], reading: Reading) -> "ImportView":
        """What would become of a file."""
        counts = Counter(each.judgement for each in judged)
        return cls._with(None, ImportState.UPLOADED, lines, counts, all_refused(judged, reading))

    @classmethod
    def _with(
        cls,
        import_id: str | None,
        state: ImportState,
        lines: int,
        counts: Mapping[Judgement, int],
        refused: Mapping[int, Refusal],
    ) -> "ImportView":
        return cls(
            import_id=import_id,
            state=state,
            lines=lines,
            new=counts.get(Judgement.NEW, 0),
            known=counts.get(Judgement.KNOWN, 0),
            changed=counts.get(Judgement.CHANGED, 0),
            refused=[RefusedView(line=number, reason=why) for number, why in sorted(refused.items())],
        )


def all_refused(judged: Sequence[Judged], reading: Reading) -> Mapping[int, Refusal]:
    """Why which lines are refused: those that cannot be read, and those that can."""
    return dict(reading.refused) | {each.line.number: each.refusal for each in judged if each.refusal is not None}


def refused_file(
    sheet: Sheet, refused: Mapping[int, Refusal], *, titles: Sequence[str], words: Mapping[Refusal, str], separator: str
) -> bytes:
    """The refused lines as they were, each after its number and the reason, to be corrected and imported again."""
    rows: list[list[Cell]] = [
        [number, words[why], *sheet.rows[number]] for number, why in sorted(refused.items()) if number in sheet.rows
    ]
    return write_csv([*titles, *sheet.headings], rows, separator=separator)
