"""The parts of the report of an event, in the order in which they are shown."""

from typing import Final

from services.attendance.web import report_answers as answers
from services.attendance.web.report_counts import Counts
from services.attendance.web.report_course import Course
from services.attendance.web.report_tables import ReportTable, Tongue
from services.chassis.pages.languages import mark

_OF_EVIDENCE: Final = {"shared", "reliability"}


def tables(report: answers.EventReportAnswer, tongue: Tongue) -> list[ReportTable]:
    """All of them, in words; without evidence, those of what it is worth are left out."""
    counts, course = Counts(report, tongue), Course(report, tongue)
    found = [
        counts.about(),
        counts.people(),
        counts.shared(),
        counts.at_once(),
        counts.parts("half_days", mark("Half-days"), mark("Half-day"), report.half_days),
        counts.parts("sessions", mark("Sessions"), mark("Session"), report.sessions),
        course.durations(),
        course.quarters(),
        course.switches(),
        *course.retention(),
        course.reliability(),
    ]
    return found if report.evidence is not None else [table for table in found if table.key not in _OF_EVIDENCE]
