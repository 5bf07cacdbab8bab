"""Who the report of an event counts, in words: people, shared connections, half-days, sessions; and what it is of."""

from collections.abc import Sequence
from typing import Final

from services.attendance.web import report_answers as answers
from services.attendance.web.report_tables import PEOPLE, SECONDS, Column, Line, ReportTable, Worded, state_of
from services.chassis.pages.formats import format_datetime
from services.chassis.pages.languages import mark

_STATES: Final = {
    "draft": mark("Draft"),
    "published": mark("Not over yet"),
    "closed": mark("Closed"),
    "cancelled": mark("Cancelled"),
}


class Counts(Worded):
    """The tables of who was there."""

    def about(self) -> ReportTable:
        """What the report is of, and what it depends on."""
        report, event, _ = self.report, self.report.event, self._
        settings, tongue = report.settings, self.tongue
        said: list[tuple[str, str]] = [
            (_(mark("Event")), event.title),
            (_(mark("Starts")), format_datetime(event.starts_at, timezone=event.timezone, language=tongue.language)),
            (_(mark("Ends")), format_datetime(event.ends_at, timezone=event.timezone, language=tongue.language)),
            (_(mark("State")), _(_STATES[event.status.value])),
            (_(mark("As known at")), tongue.moment(report.as_of)),
            (
                _(mark("Counted up to")),
                "–" if report.horizon is None else tongue.moment(report.horizon),
            ),
            (_(mark("Time zone")), event.timezone),
            (_(mark("Half-days are split at")), settings.half_days_split_at),
            (_(mark("Reconnect grace")), tongue.length(settings.reconnect_grace_seconds)),
            (_(mark("Grace after the end")), tongue.length(settings.grace_seconds)),
            (_(mark("Format of the report")), f"{report.format} {report.format_version}"),
        ]
        if report.evidence is not None:
            said[-1:-1] = [
                (_(mark("Facts behind it")), tongue.number(report.evidence.facts)),
                (_(mark("Root of the facts")), report.evidence.root),
            ]
        if settings.smallest_group is not None:
            smallest = tongue.number(settings.smallest_group)
            said.append((_(mark("Smallest group that is told")), smallest))
        if (state := state_of(report, tongue)) is not None:
            said.insert(0, (_(mark("Note")), state))
        return ReportTable(
            key="about",
            title=_(mark("About this report")),
            first=_(mark("What")),
            columns=[Column(word="", unit="")],
            lines=[Line(label=label, cells=[text]) for label, text in said],
        )

    def people(self) -> ReportTable:
        """Who registered, who came, who did not; without evidence, no line of which nothing is told."""
        people, _ = self.report.people, self._
        lines = [
            self._seats(_(mark("Registered")), people.registered),
            self._by_mode(_(mark("Came")), people.came),
            self._seats(_(mark("Registered and never seen")), people.absent),
            self._alone(_(mark("Of those who came, not registered")), people.guests),
            self._alone(_(mark("On the waitlist")), people.waitlisted),
            self._alone(_(mark("Registration cancelled")), people.cancelled),
        ]
        if self.report.evidence is None:
            lines = [line for line in lines if any(cell is not None for cell in line.cells)]
        return ReportTable(
            key="people",
            title=_(mark("People")),
            first=_(mark("Who")),
            columns=self._mode_columns(),
            lines=lines,
        )

    def shared(self) -> ReportTable:
        """Shared connections, apart from people."""
        shared, _ = self.report.shared_connections, self._
        found = ((mark("Connections"), shared.registered, shared.came),)
        return ReportTable(
            key="shared",
            title=_(mark("Shared connections")),
            first=_(mark("What")),
            columns=[Column(word=_(word), unit=PEOPLE) for word in (mark("Registered"), mark("Came"))],
            lines=[
                *(
                    Line(label=_(word), cells=[one.value, other.value], facts=[one.facts, other.facts])
                    for word, one, other in found
                ),
                Line(
                    label=_(mark("People attested behind them")),
                    cells=[shared.headcount_registered, shared.headcount_came],
                    facts=[shared.registered.facts, shared.came.facts],
                ),
            ],
        )

    def at_once(self) -> ReportTable:
        """How many at once."""
        presence, _ = self.report.presence, self._
        peaks = presence.peak
        found = [peaks.in_person, peaks.remote, peaks.both, peaks.total]
        return ReportTable(
            key="at_once",
            title=_(mark("At once")),
            first=_(mark("What")),
            columns=self._mode_columns(),
            lines=[
                Line(
                    label=_(mark("Most at once")),
                    cells=[one.value for one in found],
                    facts=[one.facts for one in found],
                ),
                Line(
                    label=_(mark("At this time")),
                    cells=[None if one.at is None else self.moment(one.at) for one in found],
                    facts=[one.facts for one in found],
                ),
                Line(
                    label=_(mark("On average over the half-days")),
                    cells=[None, None, None, presence.mean],
                    facts=[None, None, None, self.report.people.came.total.facts],
                ),
            ],
        )

    def parts(self, key: str, title: str, first: str, found: Sequence[answers.ReportedPart]) -> ReportTable:
        """Half-days, or sessions."""
        seconds = [Column(word=self._(word), unit=SECONDS, mode=mode) for word, mode in self._lengths()]
        return ReportTable(
            key=key,
            title=self._(title),
            first=self._(first),
            columns=[
                *self._mode_columns(),
                *seconds,
                Column(word=self._(mark("Most at once")), unit=PEOPLE),
                Column(word=self._(mark("On average")), unit=PEOPLE),
            ],
            lines=[self._part(one, half_day=key == "half_days") for one in found],
        )

    def _part(self, one: answers.ReportedPart, *, half_day: bool) -> Line:
        people, seconds = one.people, one.seconds
        found = [people.in_person, people.remote, people.both, people.total]
        hours = f"{self.moment(one.starts_at)}–{self.tongue.time(one.ends_at)}"
        return Line(
            label=hours if half_day else f"{one.title} ({hours})",
            cells=[
                *(figure.value for figure in found),
                seconds.in_person,
                seconds.remote,
                seconds.both,
                seconds.total,
                one.peak.value,
                one.mean,
            ],
            # How long they were there, and how many on average, are counted of the same people.
            facts=[*(figure.facts for figure in (*found, *found)), one.peak.facts, people.total.facts],
        )

    def _mode_columns(self) -> list[Column]:
        return [Column(word=word, unit=PEOPLE, mode=word) for word in self.modes]

    def _lengths(self) -> Sequence[tuple[str, str]]:
        words = (mark("Time on site"), mark("Time remote"), mark("Time in both at once"), mark("Time in all"))
        return list(zip(words, self.modes, strict=True))

    def _by_mode(self, label: str, found: answers.ByMode) -> Line:
        figures = [found.in_person, found.remote, found.both, found.total]
        return Line(label=label, cells=[one.value for one in figures], facts=[one.facts for one in figures])

    def _seats(self, label: str, found: answers.BySeat) -> Line:
        return Line(
            label=label,
            cells=[found.in_person.value, found.remote.value, None, found.total.value],
            facts=[found.in_person.facts, found.remote.facts, None, found.total.facts],
        )

    def _alone(self, label: str, found: answers.Figure) -> Line:
        return Line(label=label, cells=[None, None, None, found.value], facts=[None, None, None, found.facts])
