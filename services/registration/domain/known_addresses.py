"""Whether somebody who registers is registered already: told by their address, or by name where several share one."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.domain.registrations import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressHolder:
    """A registration, not cancelled, with the address in question; `group_id` is set for who was registered by another.

    A venue is a place and no person: that somebody registered one does not mean that they take part themselves.
    """

    participant_id: str
    name: str
    is_venue: bool = False
    group_id: str | None = None


def already_registered(
    holders: Sequence[AddressHolder], person: Person, *, is_venue: bool, shares_address: bool
) -> Sequence[AddressHolder]:
    """Those of an address's holders who are this person, or this venue.

    An address is one person's, unless they share it: then who has the same name is the same. Venues are told by name
    too, and those whom one person registered together without addresses of their own share that person's.
    """
    groups = [holder.group_id for holder in holders if holder.group_id is not None]
    name = plain(person.name)
    return [
        holder
        for holder in holders
        if holder.is_venue == is_venue
        and (plain(holder.name) == name or not (is_venue or shares_address or groups.count(holder.group_id or "") > 1))
    ]


def plain(name: str) -> str:
    """A name as it is compared with others: without regard to case and spaces."""
    return " ".join(name.casefold().split())
