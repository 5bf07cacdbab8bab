"""The list of registrations as files."""

import csv
import io
from datetime import datetime

from services.chassis.access import Role
from tests.fakes.spreadsheet import read_sheet
from tests.integration.running_registration import RunningRegistration


async def taken(service: RunningRegistration, path: str, *, token: str = "", lang: str = "en") -> bytes:
    headers = {"Accept-Language": lang} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with service.client.get(path, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.headers["Content-Disposition"].startswith("attachment; filename=")
        return await response.read()


async def test_the_list_is_a_csv_and_a_sheet_whose_texts_are_never_formulas(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": None})
    trap = await service.register(event_id, name='=HYPERLINK("http://x")')
    await service.register(event_id, name="Zoé Ünal")
    path = f"/events/{event_id}/registrations"
    raw = await taken(service, f"/api/v1{path}.csv", token=service.organizer)
    assert raw.startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert (first["name"], first["participant_id"]) == ('\'=HYPERLINK("http://x")', trap["participant_id"])
    assert (second["name"], second["status"], second["waitlist_position"]) == ("Zoé Ünal", "waitlisted", "1")
    header, *rows = read_sheet(await taken(service, f"/api/v1{path}.xlsx", token=service.organizer)).rows
    assert rows[0][header.index("name")] == '=HYPERLINK("http://x")'
    assert isinstance(rows[0][header.index("registered_at")], datetime)
    await service.sign_in()
    in_french = (await taken(service, f"{path}.csv", lang="fr")).decode("utf-8-sig")
    assert in_french.startswith("Nom;E-mail;")
    assert "Sur la liste d’attente" in in_french
    log = await service.api("GET", f"/events/{event_id}/audit-log")
    assert [entry["act"] for entry in log["items"]][:3] == ["registration.exported"] * 3


async def test_the_list_is_for_organizers_alone(service: RunningRegistration) -> None:
    event_id = await service.event()
    desk = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
    for kind in ("csv", "xlsx"):
        await service.api("GET", f"/events/{event_id}/registrations.{kind}", token=desk, expect=403)
        await service.api("GET", f"/events/evt_none/registrations.{kind}", expect=404)
    await service.sign_in(Role.DESK, event_id)
    await service.page("GET", f"/events/{event_id}/registrations.csv", expect=403)
