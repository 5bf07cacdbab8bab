"""The forms of contests: what a participant says of their attendance, and what an organizer answers."""

from datetime import datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from babel.support import NullTranslations
from pydantic import AfterValidator, BaseModel, Field

from services.chassis.pages.forms import Form
from services.chassis.pages.languages import mark
from services.registration.domain.contests import MOST_CHARACTERS, Claim, ContestRefusedError, ContestTrouble
from services.registration.domain.event import Event
from services.registration.domain.seats import Mode
from services.registration.web.bodies import check_text

TROUBLES: Final = {
    ContestTrouble.NOT_BEGUN: mark("The event has not begun: there is nothing to contest yet."),
    ContestTrouble.TOO_LATE: mark("The time to contest has passed: it ends thirty days after the event."),
    ContestTrouble.CANCELLED: mark("This event does not take place."),
    ContestTrouble.TOO_MANY: mark("You have contested ten times: write to the organizer."),
    ContestTrouble.NOT_OF_EVENT: mark("This is not a time of the event: choose one between its start and its end."),
    ContestTrouble.ENDS_BEFORE_START: mark("Choose an end after the start."),
    ContestTrouble.HALF_A_SPAN: mark("Give both the start and the end, or neither."),
    ContestTrouble.ANSWERED: mark("Somebody answered meanwhile: take that answer back first."),
    ContestTrouble.NOT_ANSWERED: mark("The answer was taken back already."),
}
"""Why something is not possible, in sentences to be translated."""
_FIELDS: Final = {
    ContestTrouble.NOT_OF_EVENT: "start",
    ContestTrouble.ENDS_BEFORE_START: "end",
    ContestTrouble.HALF_A_SPAN: "start",
}
_Text = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(check_text)]


class ClaimForm(BaseModel):
    """What is contested: `part` is `half:…` or `session:…`, times are those of the event's place."""

    part: Annotated[
        str, Field(max_length=250, pattern=r"^(half:\d{4}-\d{2}-\d{2}/(morning|afternoon)|session:.+)$")
    ] = ""
    mode: Mode | None = None
    start: datetime | None = None
    end: datetime | None = None
    text: _Text

    def claim(self, event: Event) -> Claim:
        """As the domain has it."""
        kind, _, name = self.part.partition(":")
        return Claim(
            text=self.text,
            half_day_id=name if kind == "half" else None,
            session_id=name if kind == "session" else None,
            mode=self.mode,
            start=there(self.start, event),
            end=there(self.end, event),
        )


class AnswerForm(BaseModel):
    """What an organizer answers: a span with its mode, or a reason."""

    outcome: Literal["upheld", "refused"]
    mode: Mode | None = None
    start: datetime | None = None
    end: datetime | None = None
    reason: _Text | None = None


def there(moment: datetime | None, event: Event) -> datetime | None:
    """A time of the clock at the event, as an instant."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=ZoneInfo(event.timezone))


def on_clock(instant: datetime, event: Event) -> str:
    """An instant as the field of a form has it."""
    return instant.astimezone(ZoneInfo(event.timezone)).strftime("%Y-%m-%dT%H:%M")


def refused_claim(form: Form[ClaimForm], error: ContestRefusedError, texts: NullTranslations) -> Form[ClaimForm]:
    """The form with what is wrong beside the field."""
    return form.with_error(_FIELDS.get(error.trouble, "text"), texts.gettext(TROUBLES[error.trouble]))


def refused_answer(form: Form[AnswerForm], error: ContestRefusedError, texts: NullTranslations) -> Form[AnswerForm]:
    """The same, of an answer."""
    return form.with_error(_FIELDS.get(error.trouble, "outcome"), texts.gettext(TROUBLES[error.trouble]))
