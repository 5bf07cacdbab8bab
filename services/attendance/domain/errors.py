"""What the fold refuses to build."""


class AttendanceError(Exception):
    """Base of the errors of this service."""


class BackwardIntervalError(AttendanceError):
    """An interval would end before it starts."""

    def __init__(self, *, start: int, end: int) -> None:
        """Keep both instants, in milliseconds since the epoch."""
        super().__init__(f"an interval cannot run backwards: start {start}, end {end}")
        self.start = start
        self.end = end
