"""What can go wrong with the embedded Kafka. Each error is one line that a person can act on."""

from pathlib import Path

from services.chassis.errors import OperatorError

__all__ = [
    "BrokerStartError",
    "DataDirectoryError",
    "DataDirectoryInUseError",
    "EmbeddedKafkaError",
    "JarChecksumError",
    "JarsUnavailableError",
    "NoFreePortError",
]


class EmbeddedKafkaError(OperatorError):
    """The embedded Kafka cannot run; the text says why and what to do."""


class JarChecksumError(EmbeddedKafkaError):
    """A jar is not the one that the lock file names. It has been removed from the cache."""

    def __init__(self, coordinate: str, path: Path) -> None:
        """Name the jar, and where it was."""
        super().__init__(
            f"{coordinate} does not have the checksum in kafka-jars.lock; {path} was removed. "
            "Start again to fetch it anew."
        )
        self.coordinate = coordinate
        self.path = path


class JarsUnavailableError(EmbeddedKafkaError):
    """Kafka is not in the cache and cannot be fetched."""

    def __init__(self, version: str, reason: str) -> None:
        """Give Kafka's version, and why it could not be fetched."""
        super().__init__(
            f"Kafka {version} is not on this machine yet and could not be downloaded: {reason}. "
            "Connect to the internet once, or set PASSERELLE_KAFKA to a cluster of your own."
        )
        self.version = version
        self.reason = reason


class DataDirectoryError(EmbeddedKafkaError):
    """The data directory is not one that Kafka can use."""

    def __init__(self, directory: Path, reason: str) -> None:
        """Name the directory, and what is wrong with it."""
        super().__init__(f"{directory}: {reason}")
        self.directory = directory


class DataDirectoryInUseError(EmbeddedKafkaError):
    """Another process has claimed the data directory."""

    def __init__(self, directory: Path, pid: int | None) -> None:
        """Name the directory, and the process that holds it where that is known."""
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"Passerelle already runs on {directory} ({who}). "
            "Stop it first, or choose another directory with --data-dir."
        )
        self.directory = directory
        self.pid = pid


class NoFreePortError(EmbeddedKafkaError):
    """No port is left on the loopback address."""

    def __init__(self, host: str) -> None:
        """Name the address."""
        super().__init__(f"No port is free on {host}.")
        self.host = host


class BrokerStartError(EmbeddedKafkaError):
    """The broker stopped, or did not answer, while it was starting."""

    def __init__(self, reason: str, log: Path | None = None) -> None:
        """Give the reason, and the log that has the rest."""
        super().__init__(f"Kafka did not start: {reason}" + (f" (more in {log})" if log else ""))
        self.reason = reason
        self.log = log
