"""Reports of platforms are read as those platforms write them; the files are of our own making."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.streaming_bridge.adapters.reports import read_report
from services.streaming_bridge.domain.reports import LineTrouble, Report, ReportTrouble, UnreadableReportError

AROUND = datetime(2026, 11, 10, 11, 0, tzinfo=UTC)

ZOOM_MEETING = """\
Meeting ID,Topic,Start Time,End Time,User Email,Duration (Minutes),Participants
847 1263 9219,Colloque,11/10/2026 09:55:00 AM,11/10/2026 12:05:00 PM,host@example.org,131,3

Name (Original Name),User Email,Join Time,Leave Time,Duration (Minutes),Guest,Recording Consent,In Waiting Room
Léa Roux,LEA@example.org,11/10/2026 10:00:05 AM,11/10/2026 12:00:00 PM,120,No,,No
Paul (Paul Petit),,11/10/2026 10:30:00 AM,11/10/2026 11:00:00 AM,30,Yes,,No
Paul (Paul Petit),,11/10/2026 10:25:00 AM,11/10/2026 10:30:00 AM,5,Yes,,Yes
"""
ZOOM_MEETING_FRENCH = """\
Identifiant de réunion;Sujet;Heure de début;Heure de fin;E-mail de l’utilisateur;Durée (minutes);Participants
847 1263 9219;Colloque;10/11/2026 09:55:00;10/11/2026 12:05:00;host@example.org;131;1

Nom (nom original);Adresse e-mail de l’utilisateur;Heure d’arrivée;Heure de départ;Durée;Invité;Salle d’attente
Léa Roux;lea@example.org;10/11/2026 10:00:05;10/11/2026 12:00:00;120;Non;Non
"""
ZOOM_WEBINAR = """\
Attendee Report
Report Generated:,"Nov 11, 2026 10:00 AM"
Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered
Colloque,847 1263 9219,"Nov 10, 2026 09:55 AM",131,3
Host Details
Attended,User Name (Original Name),Email,Join Time,Leave Time,Time in Session (minutes),Is Guest,Country/Region Name
Yes,Host,host@example.org,"Nov 10, 2026 09:55:00 AM","Nov 10, 2026 12:05:00 PM",131,No,France,
Attendee Details
Attended,User Name (Original Name),First Name,Last Name,Email,Registration Time,Approval Status,Join Time,Leave Time
Yes,Léa Roux,Léa,Roux,lea@example.org,"Nov 1, 2026 09:00 AM",ok,"Nov 10, 2026 10:00:05 AM","Nov 10, 2026 12:00:00 PM"
No,--,Ida,Noir,ida@example.org,"Nov 1, 2026 09:00:00 AM",approved,--,--
"""


def read(text: str | bytes, zone: str = "Europe/Paris") -> Report:
    raw = text if isinstance(text, bytes) else text.encode()
    return read_report(raw, zone=ZoneInfo(zone), around=AROUND)


def told(report: Report) -> list[tuple[str, str | None, str, str]]:
    return [(stay.name, stay.email, f"{stay.start:%d %H:%M:%S}", f"{stay.end:%d %H:%M:%S}") for stay in report.stays]


LEA = ("Léa Roux", "lea@example.org", "10 09:00:05", "10 11:00:00")


def test_zoom_s_report_of_a_meeting_is_two_tables_and_its_months_come_first() -> None:
    report = read(b"\xef\xbb\xbf" + ZOOM_MEETING.encode())
    assert report.room == "84712639219"
    assert told(report) == [LEA, ("Paul (Paul Petit)", None, "10 09:30:00", "10 10:00:00")]
    assert report.refused == {7: LineTrouble.WAITING_ROOM}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_same_in_french_has_its_days_first(encoding: str) -> None:
    report = read(ZOOM_MEETING_FRENCH.encode(encoding))
    assert (report.room, told(report)) == ("84712639219", [LEA])


def test_a_webinar_s_report_has_hosts_and_attendees_and_those_who_did_not_come() -> None:
    report = read(ZOOM_WEBINAR)
    assert report.room == "84712639219"
    assert told(report) == [("Host", "host@example.org", "10 08:55:00", "10 11:05:00"), LEA]
    assert report.refused == {}


def test_the_time_zone_is_the_one_that_was_said_unless_an_instant_says_its_own() -> None:
    text = "name,join,leave\nA,2026-11-10 10:00,2026-11-10 11:00\nB,2026-11-10T10:00:00Z,2026-11-10T12:00:00+01:00\n"
    assert told(read(text, "America/New_York")) == [
        ("A", None, "10 15:00:00", "10 16:00:00"),
        ("B", None, "10 10:00:00", "10 11:00:00"),
    ]


def test_what_is_no_address_is_taken_for_none() -> None:
    cells = ["A@example.org", "nobody", "a b@example.org", "a" * 400 + "@example.org", "a\x00@example.org", ""]
    lines = "".join(f"A,2026-11-10 10:00,2026-11-10 11:00,{cell}\n" for cell in cells if "\0" not in cell)
    assert [stay.email for stay in read("name,join,leave,email\n" + lines).stays] == ["a@example.org", *[None] * 4]
    zoom = {"name": "A", "join_time": "2026-11-10T09:00:00Z", "leave_time": "2026-11-10T09:00:00Z"}
    report = read(json.dumps({"participants": [{**zoom, "user_email": cell} for cell in cells]}))
    assert [stay.email for stay in report.stays] == ["a@example.org", *[None] * 5]


def test_lines_that_say_nothing_are_named_with_the_reason() -> None:
    report = read(
        "Prénom;Nom de famille;Arrivée;Départ\nLéa;Roux;10/11/2026 10:00;10/11/2026 11:00\n;;10/11/2026 10:00;x\n"
        "Paul;;10/11/2026 12:00;10/11/2026 11:00\nIda\nKim;Lee;10/11/2026 10:00;tard\n"
    )
    assert [stay.name for stay in report.stays] == ["Léa Roux"]
    assert report.refused == {
        3: LineTrouble.NO_NAME,
        4: LineTrouble.BACKWARDS,
        5: LineTrouble.NO_TIMES,
        6: LineTrouble.NO_TIMES,
    }


@pytest.mark.parametrize("old", [False, True])
def test_big_blue_button_s_dashboard_tells_each_connection_and_its_sessions(old: bool) -> None:
    nine = int(datetime(2026, 11, 10, 9, tzinfo=UTC).timestamp() * 1000)
    ids: dict[str, dict[str, object]] = {
        "w_1": {"intId": "w_1", "sessions": [{"registeredOn": nine, "leftOn": nine + 60_000}]}
    }
    if old:
        ids = {"w_1": {"intId": "w_1", "registeredOn": nine, "leftOn": nine + 60_000}}
    dashboard = {
        "intId": "abc-1",
        "extId": "plenary",
        "name": "Plénière",
        "endedOn": nine + 120_000,
        "users": {
            "par_1-1": {"userKey": "par_1-1", "extId": "par_" + "1" * 32, "name": "Léa Roux", "intIds": ids},
            "x-1": {
                "extId": "x",
                "name": "Paul",
                "intIds": {"w_2": {"intId": "w_2", "sessions": [{"registeredOn": nine, "leftOn": 0}]}},
            },
        },
    }
    report = read(json.dumps(dashboard))
    assert report.room == "plenary"
    assert told(report) == [
        ("Léa Roux", None, "10 09:00:00", "10 09:01:00"),
        ("Paul", None, "10 09:00:00", "10 09:02:00"),
    ]
    assert [(stay.user_id, stay.connection) for stay in report.stays] == [("par_" + "1" * 32, "w_1"), ("x", "w_2")]


def test_the_participants_of_zoom_s_api_have_the_ids_of_its_webhooks() -> None:
    times = {"join_time": "2026-11-10T09:00:05Z", "leave_time": "2026-11-10T11:00:00Z"}
    one = {"id": "", "user_id": "16778240", "name": "Léa Roux", "user_email": "lea@example.org", **times}
    report = read(json.dumps({"participants": [one, {**one, "status": "in_waiting_room"}]}))
    assert told(report) == [LEA]
    assert report.stays[0].connection == "16778240"
    assert report.refused == {2: LineTrouble.WAITING_ROOM}


@pytest.mark.parametrize(
    "raw,trouble",
    [
        (b"", ReportTrouble.EMPTY),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", ReportTrouble.ENCODING),
        (b"first,second\n1,2\n", ReportTrouble.NO_COLUMNS),
        (b"Name (Original Name),User Email,Total Duration (Minutes),Guest\nA,,5,No\n", ReportTrouble.ONLY_TOTALS),
        (b"name,join,leave\nA,soon,later\n", ReportTrouble.NOTHING_READ),
        (b"[1, 2]", ReportTrouble.UNKNOWN_DOCUMENT),
        (b'{"users": {"a": {}}}', ReportTrouble.UNKNOWN_DOCUMENT),
        (b'{"participants": [{"join_time": "x"}]}', ReportTrouble.UNKNOWN_DOCUMENT),
        (b"{", ReportTrouble.UNKNOWN_DOCUMENT),
        (b"[" * 100_000, ReportTrouble.UNKNOWN_DOCUMENT),
        (b'{"participants": [{"join_time": "0001-01-01T00:00:00+14:00"}]}', ReportTrouble.UNKNOWN_DOCUMENT),
        (b"name,join,leave\n" + b"A,2026-11-10 10:00,2026-11-10 11:00\n" * 10_001, ReportTrouble.TOO_LONG),
    ],
)
def test_what_is_no_report_is_said(raw: bytes, trouble: ReportTrouble) -> None:
    with pytest.raises(UnreadableReportError) as caught:
        read(raw)
    assert caught.value.trouble is trouble
