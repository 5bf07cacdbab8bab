"""Certificates as files: accessible whatever people are called, and carrying what they rest on."""

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
import segno
from pydantic_core import PydanticCustomError
from pypdf import PdfReader

from services.registration.adapters.certificates.printer import TypstCertificates
from services.registration.application.certificate_ports import Certificate, EvidenceProofs
from services.registration.domain.agenda import Room
from services.registration.domain.attendance_records import (
    AttendanceRecord,
    AttendedInterval,
    AttendedTime,
    HalfDay,
    HeldSession,
    Schedule,
)
from services.registration.domain.certificates import Nature, figures_of
from services.registration.domain.documents import DocumentKind, IssuedDocument, digest_of
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.granted_time import Grant
from services.registration.domain.issuers import Issuer, read_activity_number, read_siret
from services.registration.domain.seats import Mode
from services.registration.web.issuer_bodies import checked_picture
from tests.verapdf import assert_pdf_ua

START: Final = datetime(2037, 3, 2, 8, 0, tzinfo=UTC)
END: Final = START + timedelta(hours=8)
CODE: Final = "0123456789ABCDEFGHJK"
ROOT: Final = "ab" * 32


def a_certificate(
    kind: DocumentKind = DocumentKind.ATTENDANCE_CERTIFICATE,
    *,
    language: str = "fr",
    name: str = "Zoë d’Été",
    title: str = "Colloque d’été",
    provisional: bool = False,
) -> Certificate:
    morning, afternoon = "2037-03-02/morning", "2037-03-02/afternoon"
    noon = START + timedelta(hours=4)
    schedule = Schedule(
        event_id="evt_1",
        as_of=END,
        open=provisional,
        reconnect_grace_seconds=60,
        half_days=(
            HalfDay(half_day_id=morning, starts_at=START, ends_at=noon),
            HalfDay(half_day_id=afternoon, starts_at=noon, ends_at=END),
        ),
        sessions=(HeldSession(session_id="ses_1", title=f"Atelier : {title}", starts_at=START, ends_at=noon),),
    )
    whole = AttendedTime(in_person=9000, remote=5400, both=0, total=14400, inferred=600)
    record = AttendanceRecord(
        schedule=schedule,
        participant_id="par_1",
        whole=whole,
        half_days={morning: replace(whole, in_person=9000, remote=0, total=9000, inferred=0)},
        sessions={"ses_1": replace(whole, remote=0, total=9000)},
        intervals=(
            AttendedInterval(mode=Mode.IN_PERSON, start=START, end=noon, via="main", sources=("/registration/desk",)),
            AttendedInterval(
                mode=Mode.REMOTE,
                start=noon,
                end=END,
                via="room",
                sources=("/bridge/jitsi/main",),
                end_inferred="room_closed",
            ),
        ),
    )
    picture = io.BytesIO()
    segno.make_qr("a logo").save(picture, kind="png", scale=4)
    return Certificate(
        document=IssuedDocument(
            code=CODE,
            kind=kind,
            event_id="evt_1",
            participant_id="par_1",
            part=None,
            language=language,
            issuer_id="iss_1",
            as_of=END,
            issued_at=END + timedelta(hours=1),
            issued_by="acc_1",
            root=ROOT,
            facts=2,
            figures=digest_of(figures_of(record)),
            provisional=provisional,
        ),
        event=Event(
            event_id="evt_1",
            title=title,
            starts_at=START,
            ends_at=END,
            timezone="Europe/Paris",
            changed_at=START,
            status=EventStatus.CLOSED,
            rooms=(Room(room_id="room_1", name="Amphi", address="1 place du Capitole, Toulouse"),),
        ),
        name=name,
        employer="Énergies Réunies",
        issuer=Issuer(
            name="Association Passerelles",
            address="12 rue des Ponts, 31000 Toulouse",
            siret="73282932000074",
            activity_number="76310000131",
            place="Toulouse",
            signatory="Anne Lefèvre",
            signatory_role="présidente",
            logo=picture.getvalue(),
            stamp=picture.getvalue(),
        ),
        nature=Nature.TRAINING,
        record=record,
        evidence=EvidenceProofs(
            root=ROOT, facts=2, proofs=[{"fact_id": "1", "leaf": "cd" * 32, "index": 0, "path": ["ef" * 32]}]
        ),
        verify_at=f"https://example.org/verify/{CODE}",
    )


def with_grants(certificate: Certificate) -> Certificate:
    """The same of somebody to whom half an hour was granted, of which ten minutes were measured."""
    grant = Grant(
        contest_id="con_1",
        mode=Mode.REMOTE,
        start=END - timedelta(minutes=10),
        end=END + timedelta(minutes=20),
        granted_at=END + timedelta(minutes=40),
        session_id="ses_1",
    )
    record = replace(certificate.record, grants=(grant,))
    document = replace(certificate.document, figures=digest_of(figures_of(record)))
    return replace(certificate, record=record, document=document)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_both_kinds_are_pdf_ua_in_both_languages_whatever_people_and_events_are_called() -> None:
    drawer = TypstCertificates()
    names = ("Zoë d’Été", "محمد العربي", "李小龙", "Kim 🎉 Lee", "[*#] $x$ \\name")
    certificates = [
        a_certificate(kind, language=language, name=name, title=title, provisional=len(title) > 100)
        for kind in (DocumentKind.ATTENDANCE_CERTIFICATE, DocumentKind.COMPLETION_CERTIFICATE)
        for language, name, title in (
            ("fr", names[0], "Colloque d’été"),
            ("en", names[1], "Donaudampfschifffahrtsgesellschaftskapitän" * 4),
            ("fr", names[2], "x"),
            ("en", names[3], "A very long title that says all there is to say, and then some more " * 2),
            ("en", names[4], "= #panic()"),
        )
    ]
    assert_pdf_ua(*map(drawer.draw, [*certificates, *map(with_grants, certificates[:6:5])]))


def test_a_certificate_says_who_was_there_how_long_and_how_to_check_it() -> None:
    certificate = a_certificate()
    pdf = TypstCertificates().draw(certificate)
    assert pdf == TypstCertificates().draw(certificate)
    text = text_of(pdf)
    for part in (
        "Attestation de présence",
        "Zoë d’Été",
        "le 2 mars 2037",
        "150 min 90 min 240 min *",
        "fermeture de la salle en ligne",
        "relevés de connexion de jitsi/main",
        "732",
        "01234-56789-ABCDE-FGHJK",
        ROOT,
        "https://example.org/verify",
    ):
        assert part in text, part
    attached = PdfReader(io.BytesIO(pdf)).attachments["passerelle-evidence.json"]
    evidence = json.loads(attached[0])
    assert evidence["document"]["code"] == CODE
    assert evidence["root"] == ROOT
    assert digest_of(evidence["figures"]) == certificate.document.figures
    assert evidence["settings"] == {"reconnect_grace_seconds": 60}
    assert "Zoë" not in attached[0].decode()


def test_a_certificate_of_completion_names_the_provider_and_the_hours_and_a_provisional_one_says_so() -> None:
    completion = a_certificate(DocumentKind.COMPLETION_CERTIFICATE)
    text = text_of(TypstCertificates().draw(completion))
    for part in (
        "Certificat de réalisation",
        "Énergies Réunies",
        "action de formation",
        "4 h",
        "76310000131",
        "Fait à",
    ):
        assert part in text, part
    provisional = PdfReader(io.BytesIO(TypstCertificates().draw(a_certificate(language="en", provisional=True))))
    assert all("Provisional: the event is not closed yet." in page.extract_text() for page in provisional.pages)


@pytest.mark.parametrize(
    "kind, language, told",
    [
        (
            DocumentKind.ATTENDANCE_CERTIFICATE,
            "fr",
            ("Temps accordé par l’organisateur", "2 mars 2037, 16:50 – 17:20, Atelier", "ajoute 20 min"),
        ),
        (
            DocumentKind.ATTENDANCE_CERTIFICATE,
            "en",
            ("Time granted by the organizer", "2 Mar 2037, 16:50 – 17:20", "was not measured", "adds 20 mins"),
        ),
        (DocumentKind.COMPLETION_CERTIFICATE, "fr", ("S’y ajoutent 20 min accordées", "16:50 – 17:20")),
        (DocumentKind.COMPLETION_CERTIFICATE, "en", ("the organizer granted 20 mins, which were not measured",)),
    ],
)
def test_granted_time_is_a_line_of_its_own_and_in_no_measured_figure(
    kind: DocumentKind, language: str, told: tuple[str, ...]
) -> None:
    seen = a_certificate(kind, language=language)
    granted = with_grants(seen)
    pdf = TypstCertificates().draw(granted)
    text = text_of(pdf)
    for part in told:
        assert part in text, part
        assert part not in text_of(TypstCertificates().draw(seen)), part
    figures = json.loads(PdfReader(io.BytesIO(pdf)).attachments["passerelle-evidence.json"][0])["figures"]
    assert digest_of(figures) == granted.document.figures != seen.document.figures
    assert {**figures_of(seen.record), "granted": figures["granted"]} == figures
    assert figures["granted"] == {
        "seconds": 1200,
        "spans": [
            {
                "mode": "remote",
                "start": "2037-03-02T15:50:00.000Z",
                "end": "2037-03-02T16:20:00.000Z",
                "session_id": "ses_1",
                "granted_at": "2037-03-02T16:40:00.000Z",
            }
        ],
    }


def test_a_picture_that_breaks_off_is_refused_before_it_is_on_anything() -> None:
    picture = a_certificate().issuer.logo or b""
    assert checked_picture(picture) == picture
    for broken in (picture[:60], b"\xff" + picture[1:], picture[:8] + b"\0" * 40):
        with pytest.raises(PydanticCustomError):
            checked_picture(broken)


@pytest.mark.parametrize(
    "typed, digits",
    [
        ("732 829 320 00074", "73282932000074"),
        ("73282932000075", None),
        ("356 000 000 00048", "35600000000048"),
        ("1234", None),
    ],
)
def test_a_siret_is_known_by_its_last_digit(typed: str, digits: str | None) -> None:
    assert read_siret(typed) == digits


def test_an_activity_number_has_eleven_digits() -> None:
    assert read_activity_number("76 31 00001 31") == "76310000131"
    assert read_activity_number("76 31") is None
