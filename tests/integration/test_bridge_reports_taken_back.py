"""What an organizer accepted of a platform's report is taken back, and may be accepted again."""

import re

from tests.databases import ON_BOTH
from tests.integration.test_bridge_reconciliation import HEADINGS, Reconciled, reconciled  # noqa: F401  (a fixture)


@ON_BOTH
async def test_what_was_accepted_is_taken_back_as_if_it_had_never_been_and_may_be_accepted_again(
    reconciled: Reconciled,  # noqa: F811  (the fixture)
) -> None:
    await reconciled.came(0, until=30, who="ada", name="Ada")
    before, told = await reconciled.minutes(), len(await reconciled.bridge.facts())
    report = HEADINGS + (
        "Ada,,2026-11-23 09:00,2026-11-23 10:00\nIda,,2026-11-23 09:10,2026-11-23 09:20\n"
        "Ida,,2026-11-23 09:30,2026-11-23 09:40\n"
    )
    here, accepted = await reconciled.brought(report), f"{reconciled.path}/accepted"
    assert "Nothing of a report is accepted" in await reconciled.page(accepted)
    await reconciled.post(f"{here}/accept", {"everybody": "true", "confirmed": "true"})
    counted = await reconciled.minutes()
    page = await reconciled.page(accepted)
    stays = [("stay", stay) for stay in re.findall(r'name="stay" value="([0-9a-f-]+)"', page)]
    assert len(stays) == 3
    assert "10:30–10:40 · atelier (our-jaas)" in page
    assert page.count("<span>Ida – ") == 2

    status, _, asked = await reconciled.post(f"{accepted}/take-back", stays)
    assert (status, "Take 3 stays back" in asked) == (200, True)
    assert await reconciled.minutes() == counted
    for done in ("3 stays are taken back", ""):
        status, to, _ = await reconciled.post(f"{accepted}/take-back", [*stays, ("confirmed", "true")])
        assert status == 303
        assert done in await reconciled.page(to)
    after = await reconciled.minutes()
    assert {who: after[who] for who in before} == before
    assert not any(minutes for who, minutes in after.items() if who not in before)
    assert len(await reconciled.bridge.facts()) == told + 2 * 6

    await reconciled.post(f"{here}/accept", {"everybody": "true", "confirmed": "true"})
    assert await reconciled.minutes() == counted
