"""`passerelle up --lan`: an address for the telephones of the local network, over TLS, since cameras ask for it."""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import psutil

from deploy.local.certificates import TlsFiles, fingerprint, tls_files
from services.chassis.errors import OperatorError

_PORT: Final = 8443
_ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address of documentation (RFC 5737): which way it lies tells our own address. Nothing is sent there."""
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9-]{1,63})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAddress:
    """An IPv4 address of this machine, and the network card that has it: `192.168.1.20`, `wlan0`."""

    address: str
    card: str

    def __str__(self) -> str:
        """`192.168.1.20 (wlan0)`."""
        return f"{self.address} ({self.card})"


class NoNetworkError(OperatorError):
    """The machine has no address that another could reach."""

    def __init__(self) -> None:
        """Say what to do."""
        super().__init__("--lan: this machine is on no network. Join one, then start again")


class NotOwnAddressError(OperatorError):
    """What was asked for is no address of this machine, and no card of it."""

    def __init__(self, wish: str, known: Sequence[OwnAddress]) -> None:
        """Say what there is."""
        there = ", ".join(map(str, known)) or "none but its own, 127.0.0.1"
        super().__init__(f"--lan-address {wish}: this machine has no such address or network card. It has: {there}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lan:
    """Where telephones reach this machine, by what certificate, and by which other addresses they could."""

    address: str
    port: int
    tls: TlsFiles
    others: Sequence[OwnAddress]

    @property
    def url(self) -> str:
        """The origin that they see."""
        return f"https://{self.address}:{self.port}"

    @property
    def fingerprint(self) -> str:
        """By which people know that the authority on their telephone is this machine's."""
        return fingerprint(self.tls.authority)

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


def on_the_network(data_dir: Path, wish: str | None = None) -> Lan:
    """Find a free port at this machine's address, and have a certificate for all its addresses and its name.

    `wish` is one of its addresses, or the network card that has it; without one it is the address by which the machine
    reaches others.

    Raises:
        NoNetworkError: if there is no such address.
        NotOwnAddressError: if the wish is none of them.
        DamagedAuthorityError: if the kept authority cannot be read.
    """
    known = own_addresses()
    address = _outward_address() if wish is None else _wished(wish, known)
    others = [other for other in known if other.address != address]
    names = [address, *(other.address for other in others), *_host_names(socket.gethostname())]
    return Lan(
        address=address,
        port=_free_port(address),
        tls=tls_files(data_dir / "tls", names, now=datetime.now(UTC)),
        others=others,
    )


def own_addresses() -> Sequence[OwnAddress]:
    """The IPv4 addresses of the cards that are up, but for those that nobody else can reach."""
    states = psutil.net_if_stats()
    return [
        OwnAddress(address=found.address, card=card)
        for card, addresses in psutil.net_if_addrs().items()
        if card in states and states[card].isup
        for found in addresses
        if found.family == socket.AF_INET and not _is_own_alone(found.address)
    ]


def _wished(wish: str, known: Sequence[OwnAddress]) -> str:
    for own in known:
        if wish in {own.address, own.card}:
            return own.address
    try:
        if ip_address(wish).is_loopback:
            return wish  # for a trial on this machine
    except ValueError:
        pass
    raise NotOwnAddressError(wish, known)


def _outward_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            raise NoNetworkError from None
        found = str(probe.getsockname()[0])
    if _is_own_alone(found):
        raise NoNetworkError
    return found


def _is_own_alone(address: str) -> bool:
    known = ip_address(address)
    return known.is_loopback or known.is_unspecified or known.is_link_local


def _host_names(name: str) -> Sequence[str]:
    """As name servers know it, and as telephones find it where there is none (mDNS); none for what is no name."""
    if _HOST_NAME.fullmatch(name) is None or name == "localhost":
        return ()
    return (name,) if "." in name else (name, f"{name}.local")


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
