"""What is refused about attendance, each error with its data."""

from services.registration.domain.errors import RegistrationError


class AttendanceAwayError(RegistrationError):
    """The service that reckons attendance does not answer: nothing can be told or issued for the event just now."""

    def __init__(self, event_id: str) -> None:
        """Keep the event."""
        super().__init__(f"attendance of {event_id} unknown")
        self.event_id = event_id
