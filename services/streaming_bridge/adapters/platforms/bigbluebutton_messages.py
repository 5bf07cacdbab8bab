"""What BigBlueButton's webhooks say: a form that carries a JSON array of messages, each read for itself.

There is no id of a message, and no other instant than that of sending, which a repetition keeps. Messages overtake each
other, and the source's own duplicates pass through under new instants. Somebody who is still there at the end is made
to leave by a message, twice where they came twice.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from pydantic import AliasChoices, AliasPath, BaseModel, ConfigDict, Field
from pydantic_core import from_json

from services.streaming_bridge.adapters.platforms.anatomy import (
    DisplayName,
    EpochMilliseconds,
    Text,
    UserId,
    read_as,
)
from services.streaming_bridge.domain.errors import UnreadableDeliveryError
from services.streaming_bridge.domain.observations import (
    Connection,
    Ignored,
    Kind,
    Observation,
    Room,
    epoch_milliseconds,
)

TOLD: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "meeting-created": Kind.ROOM_OPENED,
        "meeting-ended": Kind.ROOM_CLOSED,
        "user-joined": Kind.JOINED,
        "user-left": Kind.LEFT,
        "user-raise-hand-changed": Kind.RAISED_HAND,
        "user-emoji-changed": Kind.REACTION,
        "poll-responded": Kind.POLL_ANSWERED,
        "chat-group-message-sent": Kind.CHAT,
    }
)
"""What counts of all that it can tell; of a chat, that somebody wrote, and never what."""

_INTERNAL_ID: Final = re.compile(r"(?P<digest>[0-9a-f]{40})-[0-9]+")
_MOST_FIELDS: Final = 20
_NO_REACTIONS: Final = (None, "", "none", "raiseHand")
"""An emoji taken back; and a hand raised before version 2.7, which has a message of its own besides."""


def _at(*path: str) -> AliasPath:
    return AliasPath("data", *path)


def _of_meeting(name: str) -> AliasPath:
    return _at("attributes", "meeting", name)


def _of_user(*names: str) -> AliasChoices:
    """Whoever a message is about; a chat message has a sender in the place of a user."""
    users = [_at("attributes", "user", name) for name in names]
    return AliasChoices(*users, *(_at("attributes", "chat-message", "sender", name) for name in names))


class Message(BaseModel):
    """One message, of whatever kind. What is not named here is dropped, and much of that is personal."""

    kind: Annotated[Text, Field(validation_alias=_at("id"))]
    meeting: Annotated[UserId, Field(validation_alias=_of_meeting("internal-meeting-id"))] = None
    sent_at: Annotated[EpochMilliseconds | None, Field(validation_alias=_at("event", "ts"))] = None


class MeetingMessage(BaseModel):
    """About a meeting. Its internal id is the SHA-1 of the external one, a hyphen, and when it was made."""

    kind: Annotated[Text, Field(validation_alias=_at("id"))]
    meeting: Annotated[Text, Field(validation_alias=_of_meeting("internal-meeting-id"))]
    name: Annotated[UserId, Field(validation_alias=_of_meeting("external-meeting-id"))] = None
    made_at: Annotated[EpochMilliseconds | None, Field(validation_alias=_of_meeting("create-time"))] = None
    sent_at: Annotated[EpochMilliseconds, Field(validation_alias=_at("event", "ts"))]

    def room(self) -> Room:
        """The meeting, by the digest that every message has.

        The name is lacking where the sender has not seen the meeting begin: then the digest stands for it, by which a
        claim is found too.
        """
        found = _INTERNAL_ID.fullmatch(self.meeting)
        key = found["digest"] if found is not None else self.meeting
        return Room(name=self.name or key, key=key, session=self.meeting)


class UserMessage(MeetingMessage):
    """About somebody in a meeting."""

    user: Annotated[Text, Field(validation_alias=_of_user("internal-user-id"))]
    user_id: Annotated[UserId, Field(validation_alias=_of_user("external-user-id"))] = None
    display_name: Annotated[DisplayName, Field(validation_alias=_of_user("name"))] = None
    emoji: Annotated[object, Field(validation_alias=_of_user("emoji"))] = None
    raised: Annotated[object, Field(validation_alias=_of_user("raise-hand", "raiseHand"))] = None

    def connection(self) -> Connection:
        """The connection. Whoever came without an id is told by that of the connection: it is nobody's own."""
        known = self.user_id if self.user_id != self.user else None
        return Connection(key=self.user, user_id=known, display_name=self.display_name)

    def counts(self) -> bool:
        """Whether it says that somebody who is known did something.

        There is no id of a person in a leave whose connection the sender had forgotten, or never knew: a second leave,
        mostly. It would make a guest of somebody who is none.
        """
        if self.user_id is None and self.kind != "user-joined":
            return False
        match TOLD[self.kind]:
            case Kind.RAISED_HAND:
                return self.raised is True
            case Kind.REACTION:
                return self.emoji not in _NO_REACTIONS
        return True


class Messages(BaseModel):
    """A delivery: the messages that could be read, and what is wrong with the others, if there are any."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    read: tuple[Message | MeetingMessage, ...]
    wrong: UnreadableDeliveryError | None = None


def read_messages(body: bytes) -> Messages:
    """Read a delivery's body.

    Raises:
        UnreadableDeliveryError: if not one message in it can be read, naming each wrong field.
    """
    read: list[Message | MeetingMessage] = []
    wrong: list[tuple[tuple[str | int, ...], str]] = []
    for index, element in enumerate(_elements(body)):
        try:
            read.append(_message(element))
        except UnreadableDeliveryError as error:
            wrong += [(("event", index, *place), said) for place, said in error.errors]
    unreadable = UnreadableDeliveryError("bad_field", tuple(wrong)) if wrong else None
    if unreadable is not None and not read:
        raise unreadable
    return Messages(read=tuple(read), wrong=unreadable)


def observed(messages: Messages) -> Sequence[Observation | Ignored | UnreadableDeliveryError]:
    """What the messages say, in their order; last, what could not be read."""
    seen = [_observed(message) for message in messages.read]
    return seen if messages.wrong is None else [*seen, messages.wrong]


def _elements(body: bytes) -> list[Any]:
    """The array in the form's field `event`."""
    try:
        fields = parse_qs(body.decode(), strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UnreadableDeliveryError("not_json", (((), "not a form"),)) from None
    values = fields.get("event", [])
    if len(values) != 1:
        raise UnreadableDeliveryError("not_json", ((("event",), "must be there, once"),))
    try:
        elements = from_json(values[0], allow_inf_nan=False)
    except ValueError as error:
        raise UnreadableDeliveryError("not_json", ((("event",), f"not JSON: {error}"),)) from None
    if not isinstance(elements, list) or not elements:
        raise UnreadableDeliveryError("bad_field", ((("event",), "not an array of messages"),))
    return elements


def _message(element: object) -> Message | MeetingMessage:
    if not isinstance(element, dict):
        raise UnreadableDeliveryError("bad_field", (((), "not an object"),))
    if "data" not in element and "envelope" in element:
        said = "a raw message: register the hook without getRaw"
        raise UnreadableDeliveryError("bad_field", (((), said),))
    message = read_as(Message, element)
    match TOLD.get(message.kind):
        case None:
            return message
        case Kind.ROOM_OPENED | Kind.ROOM_CLOSED:
            return read_as(MeetingMessage, element)
    return read_as(UserMessage, element)


def _observed(message: Message | MeetingMessage) -> Observation | Ignored:
    if isinstance(message, Message):
        sent = "" if message.sent_at is None else epoch_milliseconds(message.sent_at)
        return Ignored(identity=("ignored", message.kind, message.meeting or "", sent), event_type=message.kind)
    sent = epoch_milliseconds(message.sent_at)
    if not isinstance(message, UserMessage):
        kind = TOLD[message.kind]
        # When it was made, it says itself; when it ended, only when that was sent.
        opened = message.made_at if kind is Kind.ROOM_OPENED else None
        at = message.sent_at if opened is None else opened
        return Observation(
            identity=(kind, message.meeting, epoch_milliseconds(at)), kind=kind, room=message.room(), time=at
        )
    if not message.counts():
        return Ignored(identity=("ignored", message.kind, message.meeting, message.user, sent), event_type=message.kind)
    return Observation(
        identity=(TOLD[message.kind], message.meeting, message.user, sent),
        kind=TOLD[message.kind],
        room=message.room(),
        time=message.sent_at,
        connection=message.connection(),
    )
