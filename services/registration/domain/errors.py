"""What registration refuses, each error with its data; one base for the service."""

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum


class RegistrationError(Exception):
    """Base of all that this service refuses."""


class Rule(StrEnum):
    """A rule that a value can break, in the words of the API."""

    OF_OUR_TIMES = "must be in a year from 1970 to 2199"
    ENDS_AFTER_START = "must be after starts_at"
    NOT_TOO_LONG = "must be within 366 days of starts_at"
    KNOWN_TIME_ZONE = "must be a known IANA time zone, such as Europe/Paris"
    OWN_ROOM_NAME = "must differ from the names of the other rooms"
    KNOWN_CONFERENCE = "must be one that the event has already, unless you organize all events"
    OWN_CONFERENCE = "must differ from the conferences of the other rooms"
    NOT_BEFORE_EVENT = "must not be before the event starts"
    NOT_AFTER_EVENT = "must not be after the event ends"
    ROOM_OF_EVENT = "must be the name of a room of this event"
    OF_A_VENUE = "is counted for venues only"
    NOT_IN_FUTURE = "must not be in the future"
    DAY_OF_EVENT = "must be a day of this event"
    PLACE_OF_EVENT = "must be a room or a session of this event"
    SESSION_OPEN = "must be a session of this event that people register for and that is not over"
    NOT_AT_ONE_TIME = "must not be at the same time as another session chosen"
    NOT_TOO_MANY_QUESTIONS = "must be at most 10 questions"
    OWN_QUESTION = "must differ from the texts of the other questions"
    SOME_CHOICES = "must be 2 to 20 choices, each different"
    WITHOUT_CHOICES = "must be empty: a question of this kind has no choices"
    QUESTION_OF_EVENT = "must be a question of this event"
    ANSWER_NEEDED = "must be answered: the question is required"
    ANSWER_NOT_TOO_LONG = "must be at most 2000 characters"
    CHOICE_OF_QUESTION = "must be among the choices of the question"
    CERTIFICATE = "must be a kind of certificate"
    KIND_OF_QUESTION = "must be an answer of the kind that the question asks for"
    MINUTES_OR_PERCENT = "must be given, or percent, and not both"
    SOME_OF_SEVERAL = "must be 1 or more, and is for half_days and sessions only"
    SESSION_NAMED = "must be a session of this event where scope is session, and is for it only"
    WITHIN_BOUNDS = "must be neither more nor less than the rules of eligibility know"


class InvalidValueError(RegistrationError):
    """A value breaks a rule; `pointer` is its JSON Pointer in the request (`/sessions/0/ends_at`)."""

    def __init__(self, *, pointer: str, rule: Rule) -> None:
        """Keep what to show beside the field."""
        super().__init__(f"{pointer}: {rule}")
        self.pointer = pointer
        self.rule = rule


class OverlappingSessionsError(InvalidValueError):
    """Two sessions chosen are at the same time; `other` is the title of the one that was chosen first."""

    def __init__(self, *, pointer: str, other: str) -> None:
        """Keep what stands in the way."""
        super().__init__(pointer=pointer, rule=Rule.NOT_AT_ONE_TIME)
        self.other = other


class SessionNotFoundError(RegistrationError):
    """The event has no session of this id that people register for."""

    def __init__(self, session_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(session_id)
        self.session_id = session_id


class SessionFullError(RegistrationError):
    """No seat is free in the session, and a place among those who wait was not wanted."""

    def __init__(self, session_id: str) -> None:
        """Keep the session that is full."""
        super().__init__(session_id)
        self.session_id = session_id


class EventNotFoundError(RegistrationError):
    """No event has this id."""

    def __init__(self, event_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(event_id)
        self.event_id = event_id


class EventStateError(RegistrationError):
    """The event is not in a state that allows the act: `status` is where it stands, `act` what was asked."""

    def __init__(self, *, event_id: str, status: str, act: str) -> None:
        """Keep where the event stands and what was asked of it."""
        super().__init__(f"{event_id} is {status}: cannot {act}")
        self.event_id = event_id
        self.status = status
        self.act = act


class EventChangedMeanwhileError(RegistrationError):
    """Somebody else changed the event since it was read; `parts` are the names of what differs."""

    def __init__(self, *, event_id: str, parts: Sequence[str]) -> None:
        """Keep what differs from what was read."""
        super().__init__(f"{event_id} changed meanwhile: {', '.join(parts)}")
        self.event_id = event_id
        self.parts = tuple(parts)


class ParticipantNotFoundError(RegistrationError):
    """The event has no such participant."""

    def __init__(self, participant_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(participant_id)
        self.participant_id = participant_id


class RegistrationCancelledError(RegistrationError):
    """The registration was withdrawn, so nothing of it can change."""

    def __init__(self, participant_id: str) -> None:
        """Keep whose registration it was."""
        super().__init__(participant_id)
        self.participant_id = participant_id


class ModeFullError(RegistrationError):
    """No seat is free in the mode asked for, and a place on the waitlist was not wanted."""

    def __init__(self, mode: str) -> None:
        """Keep the mode that is full."""
        super().__init__(mode)
        self.mode = mode


class NoOfferError(RegistrationError):
    """No seat is kept for the participant."""

    def __init__(self, participant_id: str) -> None:
        """Keep who asked for it."""
        super().__init__(participant_id)
        self.participant_id = participant_id


class OfferExpiredError(RegistrationError):
    """A seat was kept for the participant until a time that has passed."""

    def __init__(self, participant_id: str) -> None:
        """Keep whose offer it was."""
        super().__init__(participant_id)
        self.participant_id = participant_id


class CheckInNotFoundError(RegistrationError):
    """The event has no check-in of this id."""

    def __init__(self, fact_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(fact_id)
        self.fact_id = fact_id


class GuestNotFoundError(RegistrationError):
    """No guest of this id was at the event."""

    def __init__(self, guest_id: str) -> None:
        """Keep the guest."""
        super().__init__(f"no guest {guest_id}")
        self.guest_id = guest_id


class GuestsUnknownError(RegistrationError):
    """The streaming bridge, which knows who was in the meetings of an event, does not answer."""

    def __init__(self, event_id: str) -> None:
        """Keep the event."""
        super().__init__(f"guests of {event_id} unknown")
        self.event_id = event_id


class LinkNotFoundError(RegistrationError):
    """The guest is not linked to the participant."""

    def __init__(self, guest_id: str) -> None:
        """Keep whose link was asked for."""
        super().__init__(guest_id)
        self.guest_id = guest_id


class TimeNotAcceptedError(RegistrationError):
    """The time of the fact is not accepted, so there is nothing to take back."""

    def __init__(self, fact_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(fact_id)
        self.fact_id = fact_id


class LinkConflictError(RegistrationError):
    """The guest is already linked to another participant."""

    def __init__(self, *, guest_id: str, participant_id: str) -> None:
        """Keep the guest and who they are linked to."""
        super().__init__(guest_id)
        self.guest_id = guest_id
        self.participant_id = participant_id


class LetterNotFoundError(RegistrationError):
    """The event has no letter of this number."""

    def __init__(self, number: int) -> None:
        """Keep the number that was asked for."""
        super().__init__(number)
        self.number = number


class AccountNotFoundError(RegistrationError):
    """There is no account of this id."""

    def __init__(self, account_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(account_id)
        self.account_id = account_id


class AddressTakenError(RegistrationError):
    """Another account has this address."""


class DeskLinkNotFoundError(RegistrationError):
    """The event has no desk link of this id."""

    def __init__(self, link_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(link_id)
        self.link_id = link_id


class TooManySignInsError(RegistrationError):
    """Somebody asks for sign-in links again and again."""

    def __init__(self, wait: timedelta) -> None:
        """Keep after how long they may ask again."""
        super().__init__(wait)
        self.wait = wait


class SignInRefusedError(RegistrationError):
    """A passkey or an identity provider did not let somebody in; `reason` is a word for the log and the page."""

    def __init__(self, reason: str) -> None:
        """Keep why."""
        super().__init__(reason)
        self.reason = reason


class AlreadyRegisteredError(RegistrationError):
    """Some who want to register are registered for the event: those at these places of what was sent."""

    def __init__(self, event_id: str, places: Sequence[int]) -> None:
        """Keep who they are among those sent."""
        super().__init__(event_id, places)
        self.event_id = event_id
        self.places = tuple(places)


class ImportNotFoundError(RegistrationError):
    """The event has no such import, or what was kept of its file is deleted."""

    def __init__(self, import_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(import_id)
        self.import_id = import_id


class FileTrouble(StrEnum):
    """What keeps a file from being read as a table."""

    EMPTY = "empty"
    NO_TABLE = "no_table"
    ENCODING = "encoding"
    LOCKED = "locked"
    TOO_LONG = "too_long"
    NO_NAMES = "no_names"


class UnreadableFileError(RegistrationError):
    """A file cannot be read as a table of people."""

    def __init__(self, trouble: FileTrouble) -> None:
        """Keep what is wrong with it."""
        super().__init__(trouble)
        self.trouble = trouble
