"""Write the colloquium: who comes, when, and everything that goes wrong on the way.

Six people in ten come in person, four in ten take part from afar. Platforms lose, repeat, delay and reorder what they
send; the desk loses its network for a while; the workshop's Jitsi crashes and comes back. A seed gives the same day
every time.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Final

from deploy.local.demo.scenario import (
    BREAK,
    DOORS_OPEN,
    END,
    GATES,
    GRACE,
    MINUTE,
    OPENING,
    PLENARY_ROOM_CLOSES,
    PLENARY_ROOM_OPENS,
    WORKSHOP,
    WORKSHOP_ROOM_CLOSES,
    WORKSHOP_ROOM_OPENS,
    WORKSHOP_ROOM_REOPENS,
    Act,
    Attendee,
    ConnectionDelivery,
    Link,
    RoomDelivery,
    Scan,
    Scenario,
    Span,
    SwitchMode,
    Venue,
    Void,
)

_FIRST: Final = """
Aïcha Amélie Baptiste Camille Chloé Damien Élodie Émile Fatou Gaël Hélène Inès Jules Karim Léa Louis Maëlle Malik Manon
Nadia Noé Océane Paul Quentin Rachid Rose Salomé Samir Théo Yasmine
"""
_LAST: Final = """
Benali Bernard Blanc Bonnet Chevalier Diallo Dubois Dupuis Fabre Faure Fontaine Garcia Girard Guérin Henry Lambert
Le-Gall Legrand Marchand Martin Mercier Moreau N'Diaye Nguyen Perrin Petit Renaud Roux Traoré Vidal
"""


def colloquium(*, participants: int, seed: int = 1) -> Scenario:
    """The whole day for so many registered participants (at least 10), the same for the same seed."""
    return _Writer(random.Random(seed)).write(participants)  # noqa: S311  (a play, not a secret)


@dataclass(slots=True)
class _Writer:
    rng: random.Random
    acts: list[Act] = field(default_factory=list)
    people: list[Attendee] = field(default_factory=list)
    guests: dict[str, Attendee] = field(default_factory=dict)
    connections: int = 0

    def write(self, participants: int) -> Scenario:
        for index in range(participants):
            name = f"{self.rng.choice(_FIRST.split())} {self.rng.choice(_LAST.split())}"
            in_person = index % 5 < 3  # noqa: PLR2004  (six in ten)
            self.people.append(Attendee(name=name, mode="in_person" if in_person else "remote"))
        self._rooms()
        for index, person in enumerate(self.people):
            if person.mode == "in_person":
                self._in_the_room(index, person)
            else:
                self._on_the_link(index, person)
        self._guests(max(3, participants // 30))
        self._mode_switches()
        acts = sorted(self.acts, key=lambda act: act.send)
        return Scenario(people=tuple(self.people), guests=self.guests, acts=tuple(acts))

    def _chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # Rooms

    def _rooms(self) -> None:
        plenary, workshop = Venue.PLENARY, Venue.WORKSHOP
        for at, venue, kind in (
            (PLENARY_ROOM_OPENS, plenary, "created"),
            (PLENARY_ROOM_CLOSES, plenary, "destroyed"),
            (WORKSHOP_ROOM_OPENS, workshop, "created"),
            (WORKSHOP_ROOM_REOPENS, workshop, "created"),  # the server died without a word, and is back
            (WORKSHOP_ROOM_CLOSES, workshop, "destroyed"),
        ):
            self._send(RoomDelivery(key=f"room-{venue}-{at}", send=at, at=at, venue=venue, kind=kind), repeated=0.5)

    # In person

    def _in_the_room(self, index: int, person: Attendee) -> None:
        if index % 60 == 41:  # noqa: PLR2004  (a few never come)
            return
        arrival = self._arrival()
        out = END + self.rng.randrange(-5 * MINUTE, 10 * MINUTE)
        goes_out_at_the_break = self._chance(0.2)
        if self._chance(0.04):  # a wrong ticket of somebody not yet here, taken back at once
            key = self._scan(index, "in", max(arrival - 10 * MINUTE, DOORS_OPEN))
            self.acts.append(Void(send=max(arrival - 9 * MINUTE, DOORS_OPEN + MINUTE), scan=key))
        self._scan(index, "in", arrival)
        start = arrival
        if goes_out_at_the_break:
            leaves, returns = BREAK + self.rng.randrange(5 * MINUTE), WORKSHOP - self.rng.randrange(1, 8 * MINUTE)
            self._scan(index, "out", leaves)
            self._scan(index, "in", returns)
            person.in_person.append(Span(start=start, end=leaves))
            start = returns
        if self._chance(0.7):
            self._scan(index, "out", out)
            person.in_person.append(Span(start=start, end=out))
        else:  # nobody scans a ticket on the way to the station: the closing of the event ends it
            person.in_person.append(Span(start=start, end=END + GRACE))
        if self._chance(0.08):  # a laptop opened in the room
            self._connect(index, person, Venue.PLENARY, start=OPENING + self.rng.randrange(20 * MINUTE), end=BREAK)

    def _arrival(self) -> int:
        """Most come in the last quarter of an hour before the opening."""
        return int(self.rng.triangular(DOORS_OPEN + 2 * MINUTE, OPENING + 25 * MINUTE, OPENING - 4 * MINUTE))

    def _scan(self, index: int, action: str, at: int) -> str:
        key = f"scan-{index}-{action}-{at}"
        offline = 20 * MINUTE <= at < 26 * MINUTE and index % 2 == 0
        send = 26 * MINUTE + self.rng.randrange(MINUTE) if offline else at
        scan = Scan(key=key, send=send, at=at, person=index, action=action, gate=GATES[index % 2])
        self.acts.append(scan)
        if self._chance(0.05):  # the answer was lost on the way: the desk asks again with the same key
            self.acts.append(replace(scan, send=send + 2))
        return key

    # From afar

    def _on_the_link(self, index: int, person: Attendee) -> None:
        if index % 40 == 23:  # noqa: PLR2004  (some never come)
            return
        if self._chance(0.9):
            start = OPENING + self.rng.randrange(-12 * MINUTE, 15 * MINUTE)
            self._attend(index, person, Venue.PLENARY, start=start, end=BREAK + self.rng.randrange(4 * MINUTE))
        if self._chance(0.8):
            crash = WORKSHOP_ROOM_REOPENS - self.rng.randrange(20, 50)
            start = WORKSHOP + self.rng.randrange(-6 * MINUTE, 12 * MINUTE)
            # The crash sends no leave; what was open ends when the room is created again.
            self._connect(index, person, Venue.WORKSHOP, start=start, end=crash, dies_with_the_server=True)
            back = WORKSHOP_ROOM_REOPENS + self.rng.randrange(1, 3 * MINUTE)
            self._attend(index, person, Venue.WORKSHOP, start=back, end=END + self.rng.randrange(3 * MINUTE))

    def _attend(self, who: int | str, person: Attendee, venue: Venue, *, start: int, end: int) -> None:
        """Be there from `start` to `end`: at once, with a reconnect, or on two devices for a while."""
        kind = self.rng.random()
        middle = self.rng.randrange(start + MINUTE, end - 5 * MINUTE)
        if kind < 0.25:  # noqa: PLR2004
            self._connect(who, person, venue, start=start, end=middle)
            self._connect(who, person, venue, start=middle + self.rng.randrange(8, 200), end=end)
        elif kind < 0.35:  # noqa: PLR2004
            self._connect(who, person, venue, start=start, end=end)
            self._connect(who, person, venue, start=middle, end=middle + self.rng.randrange(30, 290))
        else:
            self._connect(who, person, venue, start=start, end=end)

    def _connect(
        self,
        who: int | str,
        person: Attendee,
        venue: Venue,
        *,
        start: int,
        end: int,
        dies_with_the_server: bool = False,
    ) -> None:
        self.connections += 1
        joined = ConnectionDelivery(
            key=f"joined-{self.connections}",
            send=start,
            at=start,
            venue=venue,
            kind="joined",
            who=who,
            connection=f"c{self.connections:05d}",
            joined_at=start,
        )
        left = replace(joined, key=f"left-{self.connections}", send=end, at=end, kind="left")
        if dies_with_the_server:
            self._send(joined)
            person.remote.append(Span(start=start, end=WORKSHOP_ROOM_REOPENS))
            return
        lost_leave = venue is Venue.PLENARY and self._chance(0.04)
        lost_join = venue is Venue.WORKSHOP and self._chance(0.04)  # Jitsi says on leaving when one had joined
        if not lost_join:
            self._send(joined)
        if not lost_leave:
            self._send(left)
        person.remote.append(Span(start=start, end=PLENARY_ROOM_CLOSES if lost_leave else end))

    def _send(self, delivery: RoomDelivery | ConnectionDelivery, *, repeated: float = 0.08) -> None:
        """Send late now and then (so that a leave overtakes its join), and now and then twice."""
        if self._chance(0.1):
            delivery = replace(delivery, send=delivery.send + self.rng.randrange(1, 8 * MINUTE))
        self.acts.append(delivery)
        if self._chance(repeated):
            self.acts.append(replace(delivery, send=delivery.send + self.rng.randrange(1, 20 * MINUTE)))

    # Guests and second thoughts

    def _guests(self, count: int) -> None:
        for number in range(count):
            name = f"guest-{number + 1}"
            guest = self.guests[name] = Attendee(name=f"Invité {number + 1}", mode=None)
            start = OPENING + self.rng.randrange(30 * MINUTE)
            self._attend(name, guest, Venue.PLENARY, start=start, end=BREAK - self.rng.randrange(20 * MINUTE))
        remote = [index for index, person in enumerate(self.people) if person.mode == "remote"]
        for name, index in zip(list(self.guests)[:2], self.rng.sample(remote, 2), strict=True):
            self.acts.append(Link(send=BREAK + 2 * MINUTE, guest=name, person=index))
            self.people[index].remote += self.guests[name].remote
            self.guests[name].remote = []

    def _mode_switches(self) -> None:
        """A train does not run: two people with a seat in the room follow from afar."""
        absent = [
            index for index, person in enumerate(self.people) if person.mode == "in_person" and not person.in_person
        ]
        for index in absent[:2]:
            self.acts.append(SwitchMode(send=OPENING - 10 * MINUTE, person=index, mode="remote"))
            self._attend(index, self.people[index], Venue.PLENARY, start=OPENING + MINUTE, end=BREAK + MINUTE)
