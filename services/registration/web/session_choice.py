"""The choice of sessions in forms: on the public page, and on the personal one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.support import NullTranslations
from pydantic import BaseModel

from services.chassis.pages.forms import Form, Model
from services.chassis.pages.languages import mark
from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.session_places import SessionOverview
from services.registration.domain.errors import InvalidValueError, OverlappingSessionsError
from services.registration.domain.event import Event
from services.registration.domain.session_places import still_open
from services.registration.web.registration_bodies import ChosenSessions

_OVERLAP = mark("“%(session)s” is at the same time as “%(other)s”: choose one of them.")
_NOT_OPEN = mark("One of these sessions cannot be chosen any more: look at what is left, and choose again.")


class SessionChoice(BaseModel):
    """The sessions that somebody ticked; what they have and cannot tick any more stands in hidden fields."""

    sessions: ChosenSessions = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A session in the form, with how it is seated; `mine` is what somebody has chosen already."""

    overview: SessionOverview
    mine: ChosenSession | None
    open: bool


def offered(
    event: Event, overviews: Sequence[SessionOverview], mine: Sequence[ChosenSession] = (), *, now: datetime
) -> Sequence[Offered]:
    """What the form shows: the sessions that may be chosen, and those chosen already."""
    may_choose = {session.session_id for session in still_open(event, now=now)}
    has = {chosen.session.session_id: chosen for chosen in mine}
    shown = [
        Offered(overview=each, mine=has.get(each.session.session_id), open=each.session.session_id in may_choose)
        for each in overviews
    ]
    return [each for each in shown if each.open or each.mine]


def refused_choice(
    form: Form[Model], event: Event, wanted: Sequence[str], error: InvalidValueError, texts: NullTranslations
) -> Form[Model]:
    """The form again, with the error at the choice of sessions."""
    if not isinstance(error, OverlappingSessionsError):
        return form.with_error("sessions", texts.gettext(_NOT_OPEN))
    refused = wanted[int(error.pointer.rpartition("/")[2])]
    # The agenda may have changed between the two times that it was read.
    title = next((session.title for session in event.sessions if session.session_id == refused), refused)
    return form.with_error("sessions", texts.gettext(_OVERLAP) % {"session": title, "other": error.other})
