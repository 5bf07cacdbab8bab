"""`passerelle up --lan`: an address for the telephones of the local network, over TLS, since cameras ask for it."""

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from deploy.local.certificates import TlsFiles, tls_files
from services.chassis.errors import OperatorError

_PORT: Final = 8443
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): which way it lies tells our own address. Nothing is sent there."""


class NoNetworkError(OperatorError):
    """The machine has no address that another could reach."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__(
            "--lan: this machine is on no network. Join one, or name its address: --lan-address 192.168.1.20"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lan:
    """Where telephones reach this machine, and by what certificate."""

    address: str
    port: int
    tls: TlsFiles

    @property
    def url(self) -> str:
        """The origin that they see."""
        return f"https://{self.address}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """What the gateway is told of it."""
        return {
            "PASSERELLE_TLS_HOST": self.address,
            "PASSERELLE_TLS_PORT": str(self.port),
            "PASSERELLE_TLS_CERTIFICATE": str(self.tls.certificate),
            "PASSERELLE_TLS_KEY": str(self.tls.key),
            "PASSERELLE_TLS_AUTHORITY": str(self.tls.authority),
        }


def on_the_network(data_dir: Path, address: str | None = None) -> Lan:
    """Find this machine's address and a free port there, and have a certificate for it.

    Raises:
        NoNetworkError: if there is no such address.
    """
    own = address or _own_address()
    return Lan(
        address=own,
        port=_free_port(own),
        tls=tls_files(data_dir / "tls", own, now=datetime.now(UTC)),
    )


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            raise NoNetworkError from None
        found = str(probe.getsockname()[0])
    if ip_address(found).is_loopback or ip_address(found).is_unspecified:
        raise NoNetworkError
    return found


def _free_port(address: str) -> int:
    """The usual one if it is free, so that telephones find the desk where it was yesterday."""
    for port in (_PORT, 0):
        with socket.socket() as holder:
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind((address, port))
            except OSError:
                continue
            return int(holder.getsockname()[1])
    raise NoNetworkError
