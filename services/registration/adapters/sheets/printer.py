"""Attendance sheets as PDF: which words stand where; `sheets.typ` sets them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import segno

from services.chassis.printing import print_pdf
from services.registration.adapters.certificates.evidence import EVIDENCE_FILE, evidence_of
from services.registration.adapters.letters.languages import Tongue, Tongues
from services.registration.application.certificate_ports import EvidenceProofs
from services.registration.application.sheets import SheetSet
from services.registration.domain.agenda import seen_in
from services.registration.domain.attendance_sheets import (
    Connection,
    Moment,
    Sheet,
    SheetRow,
    Standing,
)
from services.registration.domain.documents import spelled_code
from services.registration.domain.half_days import DayPart
from services.registration.domain.seats import Mode
from services.registration.domain.sheet_slots import place_of, trainers_of
from services.registration.domain.signatures import Asked, Way, svg_of

_HERE: Final = Path(__file__).parent
_TEMPLATE: Final = _HERE / "sheets.typ"
_EMPTY_LINES: Final = 6
"""Room for those who come without a registration."""
_ROOM_TO_SIGN: Final = 1.0
_NO_ROOM: Final = 0.55
"""How high a line is, in centimetres."""


class TypstSheets:
    """Draws them; implements the port `SheetPrinter`."""

    def __init__(self) -> None:
        """Read the words of all languages, and the template."""
        self._tongues = Tongues.load(_HERE)
        self._template = _TEMPLATE.read_bytes()

    def draw(self, sheets: SheetSet, language: str) -> bytes:
        """See the port."""
        words = _Words(sheets, self._tongues.of(language)).all()
        document, evidence = sheets.document, sheets.evidence
        if document is None or evidence is None:
            return print_pdf(self._template, words, stamped_at=sheets.as_of)
        # No proofs of single facts: they would be those of all people on it. The root binds them as well.
        proofs = EvidenceProofs(root=evidence.root, facts=evidence.facts, proofs=())
        attached = evidence_of(
            document,
            proofs,
            verify_at=sheets.verify_at,
            figures=sheets.figures,
            # The same sheet is drawn again with what is known now, by whatever grace the event has then.
            grace_seconds=None,
        )
        return print_pdf(self._template, words, stamped_at=document.issued_at, attachments={EVIDENCE_FILE: attached})


class _Words:
    """The words of one document, in one language."""

    def __init__(self, sheets: SheetSet, tongue: Tongue) -> None:
        self._set = sheets
        self._event = sheets.event
        self._tongue = tongue
        self._gettext = tongue.texts.gettext

    def all(self) -> dict[str, Any]:
        gettext, event = self._gettext, self._event
        provisional = (
            gettext("Provisional: the event is still open") if self._set.is_open and not self._set.blank else ""
        )
        return {
            "language": self._tongue.language,
            "title": gettext("Attendance sheet: %(event)s") % {"event": event.title},
            "author": self._set.issuer.name if self._set.issuer else "Passerelle",
            "heading": gettext("Attendance sheet"),
            "provisional": provisional,
            "page-of": gettext("Page {page} of {pages}"),
            "foot": gettext("Times are those of %(timezone)s.") % {"timezone": event.timezone.replace("_", " ")},
            "trainers-sign": gettext("Signature of trainers and speakers"),
            "sheets": [self._sheet(sheet) for sheet in self._set.sheets],
            **self._issued(),
        }

    def _issued(self) -> dict[str, str]:
        """The facts that it rests on, and the code by which it can be verified where it is issued."""
        gettext, document, evidence = self._gettext, self._set.document, self._set.evidence
        known_at = self._tongue.formats["format_datetime"](self._set.as_of, self._event.timezone)
        code = "" if document is None else spelled_code(document.code)
        drawn = segno.make_qr(self._set.verify_at, error="m").svg_inline(border=2, omitsize=True) if code else ""
        return {
            "code": code,
            "code-label": gettext("Verification code"),
            "qr": drawn,
            "qr-alternative": gettext("QR code of the page that verifies this document"),
            "verify": gettext("Whether this document is genuine: %(address)s") % {"address": self._set.verify_at},
            "as-of": "" if evidence is None else gettext("As known at %(instant)s.") % {"instant": known_at},
            "root-label": gettext("Root of the facts that it rests on"),
            "root": "" if evidence is None else evidence.root,
        }

    def _sheet(self, sheet: Sheet) -> dict[str, Any]:
        gettext, blank = self._gettext, self._set.blank
        trainers = trainers_of(self._event, self._set.settings, sheet.slot)
        asks = self._set.settings.asked is not Asked.NONE
        columns = [("№", 1), (gettext("Name"), 6), (gettext("Taking part"), 4)]
        if not blank:
            columns += [
                (gettext("Arrival"), 4),
                (gettext("Departure"), 4),
                (gettext("Remote connections"), 7),
                (gettext("Time"), 4),
            ]
        if asks or blank:
            columns.append((gettext("Signature"), 10 if blank else 6))
        # Of a half-day that is not over yet nobody knows who stays on after it.
        stays = gettext("stayed on") if sheet.slot.ends_at <= self._set.as_of else gettext("goes on")
        rows = [
            self._row(number, row, signs=asks or blank, stays=stays) for number, row in enumerate(sheet.rows, start=1)
        ]
        if blank:
            # The name is written above these words, which are small.
            rows += [["", "\n" + gettext("(without registration)"), "", _written("")] for _ in range(_EMPTY_LINES)]
        return {
            "heading": self.slot_name(sheet),
            "facts": [(label, text) for label, text in self._facts(sheet, trainers) if text],
            "summary": self._summary(sheet),
            "widths": [width if place else 0 for place, (_, width) in enumerate(columns)],
            "columns": [name for name, _ in columns],
            "rows": rows,
            "room": _ROOM_TO_SIGN if asks else _NO_ROOM,
            "notes": self._notes(),
            "trainers": trainers if asks else [],
        }

    def slot_name(self, sheet: Sheet) -> str:
        """What a sheet is about: the half-day, or the session."""
        slot, gettext = sheet.slot, self._gettext
        if slot.session is not None:
            day = self._tongue.formats["format_date"](slot.session.starts_at, self._event.timezone)
            return f"{slot.session.title}, {day}"
        if slot.half is None:
            return ""
        day = self._tongue.formats["format_date"](slot.half.day)
        text = gettext("%(day)s, morning") if slot.half.part is DayPart.MORNING else gettext("%(day)s, afternoon")
        return text % {"day": day}

    def _facts(self, sheet: Sheet, trainers: Sequence[str]) -> list[tuple[str, str]]:
        gettext, slot, event = self._gettext, sheet.slot, self._event
        issuer = self._set.issuer
        number = issuer and issuer.activity_number
        told = gettext("training activity declaration number %(number)s") % {"number": number} if number else None
        issued_by = "" if issuer is None else ", ".join(filter(None, (issuer.name, issuer.address, told)))
        label = gettext("%(label)s:")
        facts = [
            (gettext("Event"), event.title),
            (gettext("Organisation"), issued_by),
            (gettext("Place"), place_of(event, slot)),
            (gettext("Hours"), f"{self._time(slot.starts_at)} – {self._time(slot.ends_at)}"),
            (gettext("Trainers and speakers"), ", ".join(trainers)),
        ]
        return [(label % {"label": name}, text) for name, text in facts]

    def _summary(self, sheet: Sheet) -> str:
        gettext = self._gettext
        if self._set.blank:
            return gettext("%(people)s registered.") % {"people": len(sheet.rows)}
        counts = {
            "present": sheet.count(Standing.PRESENT),
            "in_person": sheet.in_person,
            "remote": sheet.remote,
            "signed": sheet.signed,
            "absent": sheet.count(Standing.ABSENT),
        }
        text = (
            gettext("%(present)s present (%(in_person)s in the room, %(remote)s remotely), %(absent)s absent.") % counts
        )
        if self._set.settings.asked is Asked.SCREEN:
            text += " " + gettext("%(signed)s signed on a screen.") % counts
        return text

    def _notes(self) -> list[str]:
        if self._set.blank:
            return []
        gettext = self._gettext
        return [
            gettext(
                "Arrivals and departures are check-ins at the doors; who takes part remotely is proved by connections."
                " Durations count the hours above."
            ),
            gettext(
                "“Inferred” marks what nobody saw: it follows from the end of the meeting, of silence or of the event."
            ),
        ]

    def _row(self, number: int, row: SheetRow, *, signs: bool, stays: str) -> list[Any]:
        cells: list[Any] = [str(number), self._name(row), self._part(row)]
        if not self._set.blank:
            visit = row.visit
            came = "" if visit is None else self._moment(visit.came) if visit.came else self._gettext("was there")
            left = "" if visit is None else self._moment(visit.left) if visit.left else stays
            remote = "\n".join(self._connection(each) for each in row.connections)
            cells += [came, left, remote, self._duration(row)]
        return [*cells, self._signature(row)] if signs else cells

    def _name(self, row: SheetRow) -> str:
        gettext = self._gettext
        lines = [row.name or gettext("Erased person")]
        if row.walk_in:
            lines.append(gettext("registered at the door"))
        if row.headcount:
            lines.append(gettext("one connection, %(people)s people as told") % {"people": row.headcount})
        return "\n".join(lines)

    def _part(self, row: SheetRow) -> str:
        gettext = self._gettext
        mode = gettext("in person") if row.mode is Mode.IN_PERSON else gettext("remotely")
        standing = {
            Standing.ABSENT: gettext("absent"),
            Standing.CANCELLED: gettext("cancelled"),
            Standing.EXPECTED: "" if self._set.blank else gettext("expected"),
            Standing.PRESENT: "",
        }[row.standing]
        return "\n".join(filter(None, (mode, standing)))

    def _moment(self, moment: Moment) -> str:
        text = self._time(moment.at)
        if moment.gate:
            text += f" ({moment.gate})"
        return f"{text}\n{self._gettext('inferred')}" if moment.inferred else text

    def _connection(self, each: Connection) -> str:
        gettext = self._gettext
        end = self._time(each.end) if each.end else gettext("goes on")
        duration = self._tongue.formats["format_seconds"](each.seconds)
        text = f"{self._time(each.start)} – {end} · {duration} ({seen_in(self._event.rooms, each.via)})"
        return f"{text}, {gettext('inferred')}" if each.inferred else text

    def _duration(self, row: SheetRow) -> str:
        time, gettext = row.time, self._gettext
        seconds = self._tongue.formats["format_seconds"]
        lines = []
        if time.in_person:
            lines.append(gettext("%(time)s in person") % {"time": seconds(time.in_person)})
        if time.remote:
            lines.append(gettext("%(time)s remotely") % {"time": seconds(time.remote)})
        if time.both:
            lines.append(gettext("in all %(time)s") % {"time": seconds(time.total)})
        return "\n".join(lines)

    def _signature(self, row: SheetRow) -> dict[str, str]:
        gettext, signed = self._gettext, row.signature
        if signed is None:
            by_connection = not self._set.blank and bool(row.connections) and row.visit is None
            remote = self._set.blank and row.mode is Mode.REMOTE
            text = (
                gettext("connections, instead of a signature")
                if by_connection
                else gettext("remotely")
                if remote
                else ""
            )
            return _written(text)
        same_day = signed.at.astimezone(ZoneInfo(self._event.timezone)).date() == signed.half_day[0]
        instant = self._tongue.formats["format_datetime"](signed.at, self._event.timezone, "short")
        at = self._time(signed.at) if same_day else instant
        if signed.strokes:
            alternative = gettext("Signature of %(name)s") % {"name": row.name or gettext("Erased person")}
            return {"picture": svg_of(signed.strokes), "alternative": alternative, "words": at}
        told = {"name": signed.typed or "", "time": at}
        if signed.way is Way.ATTESTED:
            return _written(gettext("“%(name)s”, attested from the personal link, %(time)s") % told)
        return _written(gettext("“%(name)s”, confirmed by keyboard, %(time)s") % told)

    def _time(self, instant: Any) -> str:  # noqa: ANN401  (as the formats take it)
        return self._tongue.formats["format_time"](instant, self._event.timezone)


def _written(words: str) -> dict[str, str]:
    return {"picture": "", "alternative": "", "words": words}
