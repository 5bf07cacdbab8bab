"""What can go wrong in the bridge, with the data that its handler needs; never what somebody sent."""


class BridgeError(Exception):
    """Base of the bridge's own errors."""


class UnknownSourceError(BridgeError):
    """No source of this platform has this name."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__(f"unknown source {name}")
        self.name = name


class SourceExistsError(BridgeError):
    """The name is taken by another source."""

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__(f"source {name} exists")
        self.name = name


class UnverifiedDeliveryError(BridgeError):
    """A delivery did not prove where it comes from; `reason` is a stable word for metrics."""

    def __init__(self, reason: str, explanation: str) -> None:
        """Keep the reason, and the explanation for whoever set the platform up."""
        super().__init__(explanation)
        self.reason = reason
        self.explanation = explanation


class UnreadableDeliveryError(BridgeError):
    """A verified delivery is not what its platform sends; `errors` are (location, message), empty for no JSON."""

    def __init__(self, reason: str, errors: tuple[tuple[tuple[str | int, ...], str], ...]) -> None:
        """Keep the reason (a stable word for metrics) and what is wrong where."""
        super().__init__(reason)
        self.reason = reason
        self.errors = errors

    @property
    def explanation(self) -> str:
        """One line that names each wrong field."""
        return "; ".join(f"{'.'.join(map(str, location)) or 'body'}: {message}" for location, message in self.errors)


class UnknownWatcherError(BridgeError):
    """A page's token does not tell who watches; it is nobody's business why."""


class TooManyBeatsError(BridgeError):
    """The pages of one participant tell more than pages do."""

    def __init__(self, wait: float) -> None:
        """Keep the seconds after which they may again."""
        super().__init__("too many beats")
        self.wait = wait


class UnstorableError(BridgeError):
    """The database refuses a value, and always will: trying again does not help."""


class StorageUnavailableError(BridgeError):
    """The database cannot take anything now; nothing was written, and the sender should try again."""


class NoMeetingError(BridgeError):
    """There is no room to send a participant to; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class UnknownRoomError(BridgeError):
    """An event has no such room on a platform, or is unknown or cancelled."""

    def __init__(self, event_id: str, room_id: str) -> None:
        """Keep both."""
        super().__init__(f"no room {room_id} of {event_id}")
        self.event_id = event_id
        self.room_id = room_id


class PlatformAwayError(BridgeError):
    """A platform that was asked by API gave no usable answer, and may give one later; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class PlatformRefusedError(BridgeError):
    """A platform will not do what it was asked by API, however often; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class UnknownReportError(BridgeError):
    """An event has no such report, or it was deleted: reports are kept for a day."""

    def __init__(self, report_id: str) -> None:
        """Keep its id."""
        super().__init__(f"unknown report {report_id}")
        self.report_id = report_id


class RegistrationAwayError(BridgeError):
    """Registration, which knows who is who, does not answer."""
