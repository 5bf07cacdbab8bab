"""Certificates in words and figures, printed by typst."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

import segno

from services.chassis.printing import PrintingError, print_pdf
from services.registration.adapters.certificates.evidence import EVIDENCE_FILE, evidence_file
from services.registration.adapters.certificates.granted import GrantedWording
from services.registration.adapters.letters.enclosures import where
from services.registration.adapters.letters.languages import Tongue, Tongues
from services.registration.application.certificate_ports import Certificate
from services.registration.domain.attendance_records import AttendedTime
from services.registration.domain.certificates import (
    Nature,
    NoCertificate,
    NoCertificateError,
    inferred_ends,
    sources_of,
)
from services.registration.domain.documents import DocumentKind, spelled_code
from services.registration.domain.half_days import DayPart, day_and_part
from services.registration.domain.pictures import png_size

_HERE: Final = Path(__file__).parent
_TEMPLATE: Final = _HERE / "certificate.typ"
_FROM_AFAR: Final = "/bridge/"
_LOGO: Final = (5.0, 1.7)
_STAMP: Final = (7.0, 2.6)
"""The boxes that pictures have to fit in: width and height in centimetres."""
Words: TypeAlias = Mapping[str, object]


class TypstCertificates:
    """Draws certificates; implements the port `CertificatePrinter`."""

    def __init__(self) -> None:
        """Load the words once."""
        self._tongues = Tongues.load(_HERE)
        self._template = _TEMPLATE.read_bytes()

    def language_of(self, wish: str) -> str:
        """See the port."""
        return self._tongues.of(wish).language

    def draw(self, certificate: Certificate) -> bytes:
        """See the port."""
        issuer = certificate.issuer
        pictures = {"logo.png": issuer.logo, "stamp.png": issuer.stamp}
        try:
            return print_pdf(
                self._template,
                _Wording(certificate, self._tongues.of(certificate.document.language)).words(),
                stamped_at=certificate.document.issued_at,
                attachments={EVIDENCE_FILE: evidence_file(certificate)},
                pictures={name: picture for name, picture in pictures.items() if picture is not None},
            )
        except PrintingError as error:
            raise NoCertificateError(NoCertificate.NOT_PRINTED) from error


class _Wording:
    """What one certificate says, in one language."""

    def __init__(self, certificate: Certificate, tongue: Tongue) -> None:
        self._certificate = certificate
        self._tongue = tongue
        self._gettext = tongue.texts.gettext
        self._granted = GrantedWording(certificate, tongue)

    def words(self) -> Words:
        """All that the template asks for."""
        gettext, certificate = self._gettext, self._certificate
        completion = certificate.document.kind is DocumentKind.COMPLETION_CERTIFICATE
        title = gettext("Certificate of completion") if completion else gettext("Certificate of attendance")
        return {
            "language": self._tongue.language,
            "title": title,
            "author": certificate.issuer.name,
            "banner": self._banner(),
            "footer": gettext("%(title)s, number %(code)s")
            % {"title": title, "code": spelled_code(certificate.document.code)},
            "logo": self._picture(certificate.issuer.logo, gettext("Logo of %(name)s"), box=_LOGO),
            "stamp": self._picture(certificate.issuer.stamp, gettext("Stamp or signature of %(name)s"), box=_STAMP),
            "issuer": {"name": certificate.issuer.name, "lines": self._issuer_lines()},
            "paragraphs": self._completed() if completion else self._attended(),
            "tables": [] if completion else [*self._tables(), *self._granted.tables()],
            "notes": self._notes(completion=completion),
            "signature": self._signature(),
            "verification": self._verification(),
        }

    def _banner(self) -> str | None:
        if not self._certificate.document.provisional:
            return None
        gettext = self._gettext
        return gettext("Provisional: the event is not closed yet. These are the figures of %(instant)s.") % {
            "instant": self._as_of()
        }

    def _picture(self, picture: bytes | None, alternative: str, *, box: tuple[float, float]) -> Words | None:
        size = None if picture is None else png_size(picture)
        if size is None:
            return None
        width = min(box[0], box[1] * size[0] / size[1])
        return {"alt": alternative % {"name": self._certificate.issuer.name}, "width": round(width, 2)}

    def _issuer_lines(self) -> Sequence[str]:
        gettext, issuer = self._gettext, self._certificate.issuer
        numbers = [
            (issuer.siret, gettext("SIRET: %(number)s")),
            (issuer.activity_number, gettext("Training activity declaration number: %(number)s")),
        ]
        lines = [] if issuer.address is None else [issuer.address]
        return lines + [sentence % {"number": number} for number, sentence in numbers if number is not None]

    def _attended(self) -> Sequence[Sequence[Words]]:
        gettext, certificate = self._gettext, self._certificate
        told = gettext("{issuer} certifies that {name} attended {event}, {when}.")
        paragraphs = [self._parts(told)]
        if place := where(certificate.event):
            paragraphs.append([_plain(gettext("Place: %(place)s") % {"place": place})])
        if certificate.record.headcount is not None:
            venue = gettext(
                "This registration is that of a venue, where %(number)s people followed the event together."
            )
            paragraphs.append([_plain(venue % {"number": certificate.record.headcount})])
        return paragraphs

    def _completed(self) -> Sequence[Sequence[Words]]:
        gettext, certificate = self._gettext, self._certificate
        whole = certificate.record.whole
        signed = gettext("I, {signatory}, on behalf of {issuer}, certify that {name} followed the action {event}.")
        if certificate.employer is not None:
            signed = gettext(
                "I, {signatory}, on behalf of {issuer}, certify that {name}, of {employer}, followed the action "
                "{event}."
            )
        nature = gettext("Nature of the action: {nature}.")
        held = gettext("It took place {when}, and was followed for {duration}.")
        ways = gettext("Of that in person: %(in_person)s; remotely: %(remote)s.") % {
            "in_person": self._length(whole.in_person) if whole.in_person else "–",
            "remote": self._length(whole.remote) if whole.remote else "–",
        }
        return [self._parts(signed), self._parts(nature), self._parts(held), [_plain(ways)]]

    def _parts(self, sentence: str) -> Sequence[Words]:
        """A sentence whose blanks are filled in bold."""
        certificate = self._certificate
        filled = {
            "issuer": certificate.issuer.name,
            "signatory": self._signatory(),
            "name": certificate.name,
            "employer": certificate.employer or "",
            "event": certificate.event.title,
            "when": self._when(),
            "nature": self._nature(),
            "duration": self._length(certificate.record.whole.total),
        }
        pieces = sentence.replace("}", "{").split("{")
        return [{"text": filled.get(piece, piece), "strong": piece in filled} for piece in pieces]

    def _signatory(self) -> str:
        issuer = self._certificate.issuer
        return ", ".join(text for text in (issuer.signatory, issuer.signatory_role) if text) or issuer.name

    def _nature(self) -> str:
        gettext = self._gettext
        return {
            Nature.TRAINING: gettext("training action"),
            Nature.SKILLS_ASSESSMENT: gettext("skills assessment"),
            Nature.EXPERIENCE_VALIDATION: gettext("validation of experience"),
            Nature.APPRENTICESHIP: gettext("training by apprenticeship"),
        }[self._certificate.nature]

    def _when(self) -> str:
        """The days of the event, in its own time zone."""
        event, day = self._certificate.event, self._tongue.formats["format_date"]
        first, last = day(event.starts_at, event.timezone, "long"), day(event.ends_at, event.timezone, "long")
        if first == last:
            return self._gettext("on %(day)s") % {"day": first}
        return self._gettext("from %(first)s to %(last)s") % {"first": first, "last": last}

    def _tables(self) -> Sequence[Words]:
        gettext, record = self._gettext, self._certificate.record
        head = [gettext("In person"), gettext("Remotely"), gettext("In all")]
        halves: list[tuple[str, AttendedTime | None]] = [
            (self._half_day(half.half_day_id), record.half_days.get(half.half_day_id))
            for half in record.schedule.half_days
        ]
        sessions = [(each.title, record.sessions.get(each.session_id)) for each in record.schedule.sessions]
        parts: list[tuple[str, str, Sequence[tuple[str, AttendedTime | None]]]] = [
            (gettext("Time attended"), gettext("Event"), [(gettext("The whole event"), record.whole)]),
            (gettext("By half-day"), gettext("Half-day"), halves),
            (gettext("By session"), gettext("Session"), sessions),
        ]
        return [
            {
                "title": title,
                "head": [first, *head],
                "rows": [[name, *self._cells(time)] for name, time in rows],
            }
            for title, first, rows in parts
            if rows
        ]

    def _cells(self, time: AttendedTime | None) -> Sequence[str]:
        if time is None or not time.total:
            return ["–", "–", "–"]
        mark = "\u00a0*" if time.inferred else ""
        ways = [self._minutes(seconds) if seconds else "–" for seconds in (time.in_person, time.remote)]
        return [*ways, self._minutes(time.total) + mark]

    def _half_day(self, half_day_id: str) -> str:
        day, part = day_and_part(half_day_id)
        sentence = self._gettext("%(day)s, morning") if part is DayPart.MORNING else self._gettext("%(day)s, afternoon")
        return sentence % {"day": self._tongue.formats["format_date"](day)}

    def _minutes(self, seconds: int) -> str:
        return self._gettext("%(number)s min") % {"number": self._tongue.formats["format_number"](seconds // 60)}

    def _length(self, seconds: int) -> str:
        return self._tongue.formats["format_seconds"](seconds)

    def _notes(self, *, completion: bool) -> Sequence[str]:
        gettext, record = self._gettext, self._certificate.record
        notes = [] if completion else [*self._granted.note()]
        if record.whole.both and not completion:
            both = gettext("Whoever was in the room and online at the same time is counted once in all: %(time)s.")
            notes.append(both % {"time": self._length(record.whole.both)})
        if record.whole.inferred:
            marked = gettext("* Of this, %(time)s is inferred: nobody told the end, and it was taken from %(reasons)s.")
            if completion:
                marked = gettext(
                    "Of this, %(time)s is inferred: nobody told the end, and it was taken from %(reasons)s."
                )
            reasons = [self._reason(end) for end in inferred_ends(record)] or [gettext("what else is known")]
            notes.append(marked % {"time": self._length(record.whole.inferred), "reasons": ", ".join(reasons)})
        notes += self._granted.sentence() if completion else []
        sources = sources_of(record)
        named = [source.removeprefix(_FROM_AFAR) for source in sources if source.startswith(_FROM_AFAR)]
        told = [gettext("scans at the doors")] if len(named) < len(sources) else []
        told += [gettext("connection logs of %(sources)s") % {"sources": ", ".join(named)}] if named else []
        if told:
            notes.append(gettext("Sources: %(sources)s.") % {"sources": ", ".join(told)})
        if completion:
            notes.append(
                gettext(
                    "Notwithstanding the periods that tax, accounting or commercial rules set, the documents that this "
                    "certificate rests on are kept for three years from the end of the year of the last payment; "
                    "longer where European funds contribute, as agreed with them."
                )
            )
        return notes

    def _reason(self, end: str) -> str:
        gettext = self._gettext
        return {
            "room_closed": gettext("the close of the online room"),
            "room_reopened": gettext("the online room opening again"),
            "event_closed": gettext("the end of the event"),
            "silence": gettext("the connection falling silent"),
        }.get(end, gettext("what else is known"))

    def _signature(self) -> Words:
        gettext, issuer, document = self._gettext, self._certificate.issuer, self._certificate.document
        timezone = self._certificate.event.timezone
        day = self._tongue.formats["format_date"](document.issued_at, timezone, "long")
        done = gettext("Done at %(place)s on %(day)s.") % {"place": issuer.place, "day": day}
        if issuer.place is None:
            done = gettext("Done on %(day)s.") % {"day": day}
        return {"done": done, "lines": [text for text in (issuer.signatory, issuer.signatory_role) if text]}

    def _verification(self) -> Words:
        gettext, certificate, evidence = self._gettext, self._certificate, self._certificate.evidence
        code = spelled_code(certificate.document.code)
        return {
            "title": gettext("Check this document"),
            "code": code,
            "qr": segno.make_qr(certificate.verify_at, error="m").svg_inline(border=4, omitsize=True),
            "alternative": gettext("QR code of the address %(address)s") % {"address": certificate.verify_at},
            "lines": [
                gettext("Whether it is genuine and up to date: %(address)s, with this number.")
                % {"address": certificate.verify_at.rpartition("/")[0]},
                gettext("As known on %(instant)s, from %(facts)s facts of the event, whose Merkle root is below.")
                % {"instant": self._as_of(), "facts": self._tongue.formats["format_number"](evidence.facts)},
            ],
            "root": evidence.root,
        }

    def _as_of(self) -> str:
        document, timezone = self._certificate.document, self._certificate.event.timezone
        instant = self._tongue.formats["format_datetime"](document.as_of, timezone)
        return f"{instant} ({timezone.replace('_', ' ')})"


def _plain(text: str) -> Words:
    return {"text": text, "strong": False}
