"""Analysts can take no answer away from another: whoever is left out of their tables is in no figure either."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from schemas.registration import Capacity, EventData, EventStatus, Session
from services.attendance.adapters.tables import to_column
from services.attendance.application.analysis import Analysed, attended, spans_by_person, told_of
from services.attendance.application.reading import Report
from services.attendance.application.told_report import told_report
from services.attendance.domain.comparison import Attended
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Presence
from services.attendance.domain.heads import MINUTE
from services.attendance.domain.intervals import Interval, Span
from services.attendance.domain.reading import Standing
from services.attendance.web.report_answers import EventReportAnswer
from services.attendance.web.report_telling import answered

SMALLEST = 3
EVENT = EventData(
    event_id="evt_told",
    title="Colloque",
    status=EventStatus.CLOSED,
    starts_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
    ends_at=datetime(2026, 11, 24, 10, tzinfo=UTC),
    timezone="UTC",
    capacity=Capacity(in_person=100, remote=100),
    sessions=(
        Session(
            session_id="ses_1",
            title="Plénière",
            starts_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
            ends_at=datetime(2026, 11, 24, 9, tzinfo=UTC),
        ),
    ),
)
STARTS = to_column(EVENT.starts_at)
AT = datetime(2037, 1, 1, tzinfo=UTC)


@st.composite
def presences(draw: st.DrawFn) -> Presence:
    spans = draw(st.lists(st.tuples(st.sampled_from(Mode), st.integers(0, 110), st.integers(1, 60)), max_size=3))
    return _present(
        [(mode, (STARTS + start * MINUTE, STARTS + (start + length) * MINUTE)) for mode, start, length in spans]
    )


# Few different presences among many people, so that there are groups as well as loners.
people = st.lists(presences(), min_size=1, max_size=4).flatmap(
    lambda kinds: st.lists(st.sampled_from(kinds), max_size=16)
)


def _present(spans: list[tuple[Mode, Span]]) -> Presence:
    return Presence(
        intervals=tuple(Interval(mode=mode, start=start, end=end, via="channel") for mode, (start, end) in spans)
    )


def _told(everybody: dict[str, Presence]) -> Analysed:
    standings = [Standing(subject=subject, presence=presence) for subject, presence in everybody.items()]
    return told_of(EVENT, Report(horizon=STARTS, standings=standings), named=str, smallest=SMALLEST)


def _answers(analysed: Analysed) -> tuple[EventReportAnswer, Attended]:
    return answered(told_report(analysed, as_of=AT), analysed=analysed), attended(analysed)


@given(people)
def test_who_is_left_out_of_the_tables_is_in_no_other_answer(everybody: list[Presence]) -> None:
    told = _told({f"person {number}": presence for number, presence in enumerate(everybody)})
    rows = spans_by_person(told.stays)
    as_told = {
        person: _present([(mode, span) for mode, spans in modes.items() for span in spans])
        for person, modes in rows.items()
    }
    of_rows_alone = replace(_told(as_told), complete=told.complete)
    assert of_rows_alone.stays == told.stays
    assert _answers(of_rows_alone) == _answers(told)


@given(people)
def test_the_figures_of_an_event_are_those_of_its_tables(everybody: list[Presence]) -> None:
    told = _told({f"person {number}": presence for number, presence in enumerate(everybody)})
    report, figures = _answers(told)
    rows = spans_by_person(told.stays)
    assert figures.came == (len(rows) if rows or told.complete else None)
    assert (report.people.came.total.value or 0) == len(rows)
    alone = (figures.in_person_only, figures.remote_only, figures.both)
    assert not [count for count in alone if count in range(1, SMALLEST)]
    assert report.evidence is None
