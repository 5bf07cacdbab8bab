"""How an event went, in words: how long people stayed, when they came and went; and what the report rests on."""

from collections.abc import Iterator
from typing import Final

from services.attendance.domain.report.flow import CLASSES
from services.attendance.web import report_answers as answers
from services.attendance.web.report_tables import (
    NUMBER,
    PEOPLE,
    PERCENT,
    SECONDS,
    TIMES,
    Column,
    Line,
    ReportTable,
    Worded,
)
from services.chassis.pages.languages import mark

_ENDS: Final = {
    "room_closed": mark("Ends inferred: the room closed"),
    "room_reopened": mark("Ends inferred: the room broke down and opened again"),
    "event_closed": mark("Ends inferred: the event ended"),
    "silence": mark("Ends inferred: nothing more was heard"),
}


class Course(Worded):
    """The tables of how it went."""

    def durations(self) -> ReportTable:
        """How long people were there."""
        durations, _ = self.report.durations, self._
        total, here, there = self.modes[3], self.modes[0], self.modes[1]
        return ReportTable(
            key="durations",
            title=_(mark("Length of presence")),
            first=_(mark("Present for")),
            columns=[Column(word=word, unit=PEOPLE, mode=word) for word in (here, there, total)],
            lines=[
                Line(
                    label=self._class(one),
                    cells=[one.in_person, one.remote, one.total.value],
                    facts=[one.in_person_facts, one.remote_facts, one.total.facts],
                )
                for one in durations.classes
            ],
        )

    def quarters(self) -> ReportTable:
        """Comings and goings."""
        _ = self._
        words = (mark("Arrived on site"), mark("Arrived remotely"), mark("Left the site"), mark("Left online"))
        modes = (self.modes[0], self.modes[1]) * 2
        return ReportTable(
            key="quarters",
            title=_(mark("Arrivals and departures")),
            first=_(mark("Quarter of an hour from")),
            columns=[Column(word=_(word), unit=TIMES, mode=mode) for word, mode in zip(words, modes, strict=True)],
            lines=[
                Line(
                    label=self.moment(one.at),
                    cells=[one.arrived_in_person, one.arrived_remote, one.left_in_person, one.left_remote],
                    facts=[one.facts, None, None, None],
                )
                for one in self.report.quarter_hours
            ],
        )

    def switches(self) -> ReportTable:
        """Changes between the room and the link."""
        switches, _ = self.report.switches, self._
        found = (
            (mark("From the room to remote"), switches.to_remote),
            (mark("From remote to the room"), switches.to_in_person),
        )
        return ReportTable(
            key="switches",
            title=_(mark("Changes of mode")),
            first=_(mark("Change")),
            columns=[
                Column(word=_(mark("People")), unit=PEOPLE),
                Column(word=_(mark("Times without a gap")), unit=TIMES),
                Column(word=_(mark("Times with a gap")), unit=TIMES),
            ],
            lines=[
                Line(
                    label=_(word),
                    cells=[one.people.value, one.without_gap, one.with_gap],
                    facts=[one.people.facts] * 3,
                )
                for word, one in found
            ],
        )

    def retention(self) -> Iterator[ReportTable]:
        """Who stayed, in each session."""
        for one in self.report.retention:
            yield ReportTable(
                key=f"retention {one.session_id}",
                title=self._(mark("Who stayed: %(session)s")) % {"session": one.title},
                first=self._(mark("Of the session")),
                columns=[
                    Column(word=self._(mark("Still there")), unit=PEOPLE, mode=self.modes[0]),
                    Column(word=self._(mark("Share")), unit=PERCENT, mode=self.modes[0]),
                    Column(word=self._(mark("Still there")), unit=PEOPLE, mode=self.modes[1]),
                    Column(word=self._(mark("Share")), unit=PERCENT, mode=self.modes[1]),
                ],
                lines=[
                    Line(
                        label=f"{step.percent} % ({self.tongue.time(step.at)})",
                        cells=[step.in_person, step.in_person_share, step.remote, step.remote_share],
                        facts=[step.facts, None, step.facts, None],
                    )
                    for step in one.steps
                ],
            )

    def reliability(self) -> ReportTable:
        """What the report rests on."""
        found, _ = self.report.reliability, self._
        seconds, came = found.seconds, self.report.people.came.total
        inferred, contradicted = found.people_inferred, found.people_contradicted
        graded = (
            (mark("Observed"), seconds.observed, found.observed_intervals, None, came),
            (mark("Inferred"), seconds.inferred, found.inferred_intervals, inferred.value, inferred),
            (
                mark("Contradicted"),
                seconds.contradicted,
                found.contradicted_intervals,
                contradicted.value,
                contradicted,
            ),
            (mark("Gaps bridged"), seconds.bridged, None, None, came),
        )
        counted = (
            *((words, found.inferred_ends[reason], inferred) for reason, words in _ENDS.items()),
            (mark("Starts inferred"), found.inferred_starts, inferred),
            (mark("Facts that do not fit"), found.contradictions, contradicted),
            (mark("Facts left out for an impossible time"), found.suspect, found.people_suspect),
        )
        return ReportTable(
            key="reliability",
            title=_(mark("What it rests on")),
            first=_(mark("Evidence")),
            columns=[
                Column(word=_(mark("Time spent")), unit=SECONDS),
                Column(word=_(mark("Intervals, ends or facts")), unit=NUMBER),
                Column(word=_(mark("People")), unit=PEOPLE),
            ],
            lines=[
                *(
                    Line(label=_(word), cells=[time, intervals, people], facts=[those.facts] * 3)
                    for word, time, intervals, people, those in graded
                ),
                *(
                    Line(label=_(word), cells=[None, count, None], facts=[None, those.facts, None])
                    for word, count, those in counted
                ),
            ],
        )

    def _class(self, one: answers.DurationClass) -> str:
        if one.below_seconds is None:
            return self._(mark("%(least)s or more")) % {"least": self.tongue.length(one.least_seconds)}
        if one.least_seconds == CLASSES[0]:
            return self._(mark("less than %(below)s")) % {"below": self.tongue.length(one.below_seconds)}
        lengths = {"least": self.tongue.length(one.least_seconds), "below": self.tongue.length(one.below_seconds)}
        return self._(mark("%(least)s to less than %(below)s")) % lengths
