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


class StorageUnavailableError(BridgeError):
    """The database cannot take anything now; nothing was written, and the sender should try again."""


class NoMeetingError(BridgeError):
    """There is no room to send a participant to; `reason` is a stable word."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason
