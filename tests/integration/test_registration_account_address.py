"""Another e-mail address for an account: confirmed at the new one, told to the old one, and undone from there."""

import re
from datetime import timedelta
from pathlib import Path

from services.chassis.clock import system_clock
from services.registration.application.account_ports import Passkey
from services.registration.application.address_change import CONFIRMATION_LIFETIME
from tests.databases import ON_BOTH
from tests.integration.running_registration import MovedClock, RunningRegistration, running_registration
from tests.integration.test_registration_accounts import BASILE, found

NEW = "anne@nouveau.example.org"


async def letters(service: RunningRegistration) -> list[tuple[str, str]]:
    """Whom each letter is to, and the path of its link: the newest first, as they are sent."""
    cases = service.parts.use_cases.access.letters
    await cases.deliver_due()
    told = []
    for stored, _ in await cases.page(before=None, limit=20):
        _, message = await cases.read(stored.number) or (None, None)
        assert message is not None
        text = message.get_body(preferencelist=("plain",)).get_content()  # type: ignore[union-attr]
        link = re.search(r"/(sign-in/link|account/address)/[\w=-]+", text)
        assert link is not None
        told.append((message["To"].addresses[0].addr_spec, link.group()))
    return told


async def account_id(service: RunningRegistration) -> str:
    (account,) = await service.parts.use_cases.access.accounts.organizers()
    return account.account_id


def passkey_of(whose: str) -> Passkey:
    return Passkey(
        credential_id="k", account_id=whose, public_key=b"", sign_count=0, label="", created_at=system_clock()
    )


async def email_of(service: RunningRegistration) -> str:
    return (await service.parts.use_cases.access.accounts.find(await account_id(service))).email


@ON_BOTH
async def test_an_address_is_changed_when_it_is_confirmed_and_the_old_one_takes_it_back(
    service: RunningRegistration,
) -> None:
    await found(service)
    cases = service.parts.use_cases.access
    whose = await account_id(service)
    assert await service.redirect("POST", "/account/address", {"email": NEW}) == "/account#address"
    assert f"A letter is on its way to {NEW}" in await service.page("GET", "/account")
    ((to, link),) = await letters(service)
    assert (to, await email_of(service)) == (NEW, "Anne@example.org")
    await service.redirect("POST", "/sign-out")
    assert f"{NEW} becomes the address of your account" in await service.page("GET", link)
    assert await service.redirect("POST", link) == "/account/address-changed"
    assert await email_of(service) == NEW
    await service.page("POST", link, expect=410)
    (told, undo), _ = await letters(service)
    assert told == "Anne@example.org"
    # Somebody else did it, say: they are signed in, have a passkey, and an address of theirs waits to be confirmed.
    async with service.parts.use_cases.events.store.writing() as transaction:
        opened = await cases.sessions.open(transaction, holder=whose, device="")
        await transaction.add_passkey(passkey_of(whose))
    await cases.addresses.ask(whose, "other@example.org")
    (_, pending), *_ = await letters(service)
    assert "Anne@example.org is the address of your account again" in await service.page("GET", undo)
    assert await service.redirect("POST", undo) == "/account/address-restored"
    assert "everybody is signed out" in await service.page("GET", "/account/address-restored")
    assert await email_of(service) == "Anne@example.org"
    assert await cases.sessions.verify(opened.secret) is None
    assert await cases.passkeys.of(whose) == []
    await service.page("POST", pending, expect=410)
    acts = [(entry["act"], entry["actor"]) for entry in (await service.api("GET", "/audit-log"))["items"]]
    assert ("account.address_changed", whose) in acts
    assert ("account.address_restored", whose) in acts


async def test_a_wrong_address_or_one_that_somebody_has_changes_nothing(service: RunningRegistration) -> None:
    await found(service)
    assert "Enter an e-mail address" in await service.page("POST", "/account/address", {"email": "x"}, expect=422)
    same = await service.page("POST", "/account/address", {"email": "Anne@example.org"}, expect=422)
    assert "This is the address of your account already." in same
    await service.redirect("POST", "/account/address", {"email": BASILE["email"]})
    ((_, link),) = await letters(service)
    await service.redirect("POST", "/organizers/invite", BASILE | {"role": "organizer"})
    # The answer to whoever asks is the same; who reads the mail of the address learns that it has an account.
    assert "Another account has the address basile@example.org" in await service.page("POST", link, expect=409)
    (anne,) = [each for each in await service.parts.use_cases.access.accounts.organizers() if "Anne" in each.name]
    assert anne.email == "Anne@example.org"


async def test_a_link_is_for_what_it_was_sent_for_and_only_the_last_one_is_good(service: RunningRegistration) -> None:
    await found(service)
    for address in ("first@example.org", NEW):
        await service.redirect("POST", "/account/address", {"email": address})
    (to, link), (_, earlier) = await letters(service)
    assert to == NEW
    await service.page("GET", earlier, expect=410)
    await service.page("GET", link.replace("/account/address/", "/sign-in/link/"), expect=410)
    await service.page("POST", link.replace("/account/address/", "/sign-in/link/"), expect=410)
    await service.redirect("POST", "/account/address", {"email": NEW})
    too_many = await service.page("POST", "/account/address", {"email": "fourth@example.org"}, expect=422)
    assert "Too many letters were asked for." in too_many


async def test_a_link_that_was_not_opened_for_a_day_changes_nothing(tmp_path: Path) -> None:
    clock = MovedClock(system_clock())
    async with running_registration(tmp_path, clock=clock) as service:
        await found(service)
        await service.redirect("POST", "/account/address", {"email": NEW})
        ((_, link),) = await letters(service)
        clock.now += CONFIRMATION_LIFETIME + timedelta(seconds=1)
        await service.page("POST", link, expect=410)
        assert "A letter is on its way" not in await service.page("GET", "/account")
