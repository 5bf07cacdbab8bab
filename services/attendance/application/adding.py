"""What each common fact that comes in order does: it is counted in, and told on the timeline."""

from services.attendance.application.event import Event
from services.attendance.application.kept import STATUSES
from services.attendance.application.person import Person
from services.attendance.application.wire import QuickFact


def count_in(person: Person, fact_id: str, last: int, time: str, recordedtime: str, mark: int) -> None:
    """A fact is one of those that count."""
    person.facts[fact_id] = None
    person.last = last
    person.mark ^= mark
    if time > person.time:  # noqa: PLR1730  (each fact comes here, and max() takes three times as long)
        person.time = time
    if recordedtime > person.recorded:  # noqa: PLR1730  (as above)
        person.recorded = recordedtime


def entry_of(
    event: Event, person: Person, fact: QuickFact, value: bytes, status: int, seconds: str | None = None
) -> bytes:
    """The timeline entry of a common fact; `seconds` are those of the person if it is not said."""
    head = (
        f'{{"specversion":"1.0","id":"{fact.id}","source":"/attendance","type":"passerelle.timeline.entry.v1"'
        f',"subject":"{person.subject}","time":"{fact.time}","recordedtime":"{fact.recordedtime}"'
        f',"datacontenttype":"application/json","data":{{"event_id":"{event.id}","fact":'
    )
    tail = f'{person.whom},"presence":{{"status":"{STATUSES[status]}","seconds":{seconds or person.seconds}}}}}}}'
    return b"".join((head.encode(), value, tail.encode()))
