"""What is known of the facts that count for somebody, got ready."""

from services.attendance.application.event import Event
from services.attendance.application.known import Alone, Circle, Known, UncommonError
from services.attendance.application.memory import Memory
from services.attendance.application.whole_fold import WholeFold


def known_of(memory: Memory, whole: WholeFold, event: Event, subject: str) -> Known | None:
    """The facts that count for whom those about `subject` count for; None if they have to be folded all."""
    if event.is_plain(subject):
        person = memory.person(event, subject)
        return Alone(person) if person.whole else None
    owner = event.context.owner(subject)
    if owner not in event.circles:
        event.circles[owner] = _circle(memory, whole, event, owner)
    return event.circles[owner]


def _circle(memory: Memory, whole: WholeFold, event: Event, owner: str) -> Circle | None:
    """The facts of a person and the guests linked to them, if their records are those that these lead to."""
    refold, members = whole.refold(event), event.context.members(owner)
    people = refold.unchanged(members)
    if people is None:
        return None
    for subject, after in people.items():
        memory.person(event, subject).become(after)
    circle = Circle(owner, {subject: memory.person(event, subject) for subject in members})
    try:
        for subject in members:
            for kept in refold.own(subject).values():
                circle.learn(subject, kept)
    except UncommonError:
        return None
    return circle
