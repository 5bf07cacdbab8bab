"""The register of processing shows the periods that are applied; organizers say what attendance of an event proves."""

import csv
import io
from pathlib import Path
from typing import Any

from services.chassis.access import Role
from tests.integration.running_registration import RunningRegistration, running_registration

CONTACT = {"controller": "Les Passeurs", "email": "donnees@example.org"}


async def kept(service: RunningRegistration) -> dict[str, str]:
    register: Any = await service.api("GET", "/processing")
    return {part["purpose"]: part["kept_for"] for activity in register["activities"] for part in activity["kept"]}


async def test_the_register_shows_the_periods_that_are_set_and_applied(tmp_path: Path) -> None:
    async with running_registration(tmp_path, keep_participants="2 years", keep_letters="18 months") as service:
        await service.event(data_contact=CONTACT)
        applied = service.parts.use_cases.retention.retention.rules
        assert await kept(service) == {rule.purpose: str(rule.period) for rule in applied} | {
            "dead_letters": "30 days",
            "imported_files": "1 day",
        }
        await service.parts.use_cases.retention.retention.run()
        await service.sign_in()
        page = (await service.page("GET", "/processing", lang="fr")).replace("\u00a0", " ")
        assert "séances choisies, signatures et contestations : 2 ans après la fin de l’événement" in page
        for told in ("Contestations de présence", "Droit de rectification (article 16)", "Feuilles d’émargement et"):
            assert told in page
        assert "Quels courriers ont été envoyés : 18 mois après la fin de l’événement" in page
        assert "Les Passeurs" in page
        assert "Pour certains événements, personne n’est nommé" not in page
        assert "Faites pour la dernière fois" in page
        # The bridge does not run beside this test.
        assert "ne répond pas pour l’instant" in page
        file = await service.page("GET", "/processing.csv")
        assert "Accessibility needs: 30 days after the end of the event" in file
        (contests,) = [row for row in csv.reader(io.StringIO(file)) if "Contests of attendance" in row]
        assert any("signatures and contests: 2 years after the end of the event" in cell for cell in contests)


async def test_the_register_is_for_who_organizes_everything(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in(Role.ORGANIZER, event_id)
    for path in ("/processing", "/processing.csv"):
        await service.page("GET", path, expect=403)
    await service.page("GET", f"/events/{event_id}/keeping")


async def test_an_organizer_says_that_a_training_must_be_proved(service: RunningRegistration) -> None:
    event_id = await service.event()
    await service.sign_in()
    path = f"/events/{event_id}/keeping"
    assert "until 23 November 2040" in await service.page("GET", path)
    assert await service.redirect("POST", path, {"proof": "training"}) == f"{path}?saved"
    page = await service.page("GET", path)
    assert "until 23 November 2043" in page
    assert "The same of who cancelled" in page
    assert "Choose" in await service.page("POST", path, {"proof": "everything"}, expect=422)
    assert "23 November 2043" in await service.page("GET", f"/e/{event_id}")

    copy = await service.api("POST", f"/events/{event_id}/duplicate", {"starts_at": "2038-11-23T08:00:00Z"}, expect=201)
    kept_as = await service.api("GET", f"/events/{copy['event_id']}/retention")
    assert (kept_as["proof"], kept_as["names_until"][:10]) == ("training", "2044-11-23")

    changed = await service.api("PATCH", f"/events/{event_id}/retention", {"proof": "none"})
    assert (changed["proof"], changed["names_until"][:10]) == ("none", "2040-11-23")
    await service.api("PATCH", f"/events/{event_id}/retention", {"proof": "all"}, expect=400)
    await service.api("GET", "/events/evt_none/retention", expect=404)
