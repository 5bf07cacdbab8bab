"""Accounts: the first one, invitations, signing in by an e-mailed link, roles at single events, and sessions."""

import re

from services.chassis.access import SESSION_COOKIE, Role
from services.registration.application.email_sign_in import MOST_FROM_A_CLIENT
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration

ANNE = {"name": "Anne Lefèvre", "email": "Anne@Example.org", "language": "fr"}
BASILE = {"name": "Basile Roy", "email": "basile@example.org", "language": "fr"}


async def found(service: RunningRegistration) -> None:
    """Let the first organizer in, with an account."""
    code = await service.parts.use_cases.tokens.create_sign_in_code()
    assert await service.redirect("GET", f"/sign-in?code={code}") == "/"
    assert await service.redirect("POST", "/account/new", ANNE) == "/account"


async def link_in_the_last_letter(service: RunningRegistration) -> str:
    """The path of the link in the newest letter, as whoever runs the installation finds it without a mail server."""
    await service.parts.use_cases.access.letters.deliver_due()
    listed = await service.page("GET", "/organizers/letters")
    number = re.findall(r"/organizers/letters/(\d+)", listed)[0]
    text = await service.page("GET", f"/organizers/letters/{number}")
    found = re.search(r"/sign-in/link/[\w=-]+", text)
    assert found is not None
    return found.group()


def cookie_of(service: RunningRegistration) -> str:
    cookies = service.client.session.cookie_jar.filter_cookies(service.client.make_url("/"))
    return cookies[SESSION_COOKIE].value


async def test_whoever_starts_passerelle_makes_the_first_account_once(service: RunningRegistration) -> None:
    code = await service.parts.use_cases.tokens.create_sign_in_code()
    assert await service.redirect("GET", f"/sign-in?code={code}") == "/"
    before = cookie_of(service)
    assert "Make an account" in await service.page("GET", "/")
    assert "Enter an e-mail address" in await service.page("POST", "/account/new", ANNE | {"email": "x"}, expect=422)
    assert await service.redirect("POST", "/account/new", ANNE) == "/account"
    assert cookie_of(service) != before
    sessions = service.parts.use_cases.access.sessions
    assert await sessions.verify(before) is None
    assert "Anne Lefèvre" in await service.page("GET", "/account")
    assert "Make an account" not in await service.page("GET", "/")
    await service.page("GET", "/events/new")
    await service.page("POST", "/account/new", BASILE, expect=403)


async def test_an_organizer_of_one_event_is_invited_to_it_and_to_nothing_else(service: RunningRegistration) -> None:
    await found(service)
    mine, other = await service.event(), await service.event()
    assert await service.redirect("POST", f"/events/{mine}/access/invite", BASILE | {"role": "organizer"})
    link = await link_in_the_last_letter(service)
    assert "once" in await service.page("GET", link)
    assert await service.redirect("POST", "/sign-out") == "/"
    assert await service.redirect("POST", link) == "/"
    assert "too old" in await service.page("POST", link, expect=410)
    assert mine in await service.page("GET", "/")
    assert other not in await service.page("GET", "/")
    await service.page("GET", f"/events/{mine}/edit")
    for closed in (f"/events/{other}", "/events/new", "/organizers", "/organizers/letters", "/audit"):
        await service.page("GET", closed, expect=403)
    members = (await service.api("GET", f"/events/{mine}/members"))["items"]
    assert [(member["name"], member["role"]) for member in members] == [("Basile Roy", "organizer")]
    await service.api("DELETE", f"/events/{mine}/members/{members[0]['account_id']}", expect=204)
    await service.page("GET", f"/events/{mine}", expect=403)
    assert mine in await service.page("GET", "/"), "as the public sees it"


async def test_asking_for_a_link_tells_nothing_about_the_address(service: RunningRegistration) -> None:
    await found(service)
    letters = service.parts.use_cases.access.letters
    for email in ("nobody@example.org", "anne@example.ORG"):
        assert await service.redirect("POST", "/sign-in/email", {"email": email}) == "/sign-in/sent"
    await letters.deliver_due()
    (letter, account), *more = await letters.page(before=None, limit=10)
    assert (letter.link.kind, account.name if account else None, more) == ("sign_in", "Anne Lefèvre", [])
    for _ in range(4):
        assert await service.redirect("POST", "/sign-in/email", {"email": ANNE["email"]}) == "/sign-in/sent"
    assert len(await letters.page(before=None, limit=10)) == 3, "an address gets three in a quarter of an hour"
    for _ in range(MOST_FROM_A_CLIENT - 6):
        await service.redirect("POST", "/sign-in/email", {"email": "nobody@example.org"})
    await service.page("POST", "/sign-in/email", {"email": "nobody@example.org"}, expect=429)


@ON_BOTH
async def test_a_role_given_again_replaces_the_one_before_and_an_account_is_kept(service: RunningRegistration) -> None:
    event_id = await service.event()
    member = await service.api("POST", f"/events/{event_id}/members", BASILE | {"role": "desk"}, expect=201)
    shouted = BASILE | {"role": "analyst", "email": "BASILE@example.org", "name": "Somebody Else"}
    again = await service.api("POST", f"/events/{event_id}/members", shouted, expect=201)
    assert (again["account_id"], again["name"]) == (member["account_id"], "Basile Roy")
    (listed,) = (await service.api("GET", f"/events/{event_id}/members"))["items"]
    assert listed["role"] == "analyst"


async def test_sessions_are_listed_and_ended_and_end_with_what_opened_them(service: RunningRegistration) -> None:
    await found(service)
    first = cookie_of(service)
    sessions = service.parts.use_cases.access.sessions
    service.client.session.cookie_jar.clear()
    assert await service.redirect("POST", "/sign-in/email", {"email": ANNE["email"]}) == "/sign-in/sent"
    await service.sign_in()
    link = await link_in_the_last_letter(service)
    held_by_token = cookie_of(service)
    assert await service.redirect("POST", link) == "/"
    assert await sessions.verify(held_by_token) is None, "who signs in anew in a browser ends what it had"
    assert "this browser" in await service.page("GET", "/account")
    assert await service.redirect("POST", "/account/sessions/end", {"chosen": "others"}) == "/account#sessions"
    assert await sessions.verify(first) is None
    last = cookie_of(service)
    assert await service.redirect("POST", "/sign-out") == "/"
    assert await sessions.verify(last) is None
    token = await service.parts.use_cases.tokens.create(Role.ORGANIZER)
    await service.redirect("POST", "/sign-in", {"token": token})
    grant = await service.parts.use_cases.tokens.verify(token)
    assert grant is not None
    await service.page("GET", "/events/new")
    await service.parts.use_cases.tokens.revoke(grant.token_id)
    assert (await service.redirect("GET", "/events/new")).startswith("/sign-in")


async def test_a_deleted_account_leaves_nothing_but_its_random_id(service: RunningRegistration) -> None:
    await found(service)
    await service.event()
    held = cookie_of(service)
    assert await service.redirect("POST", "/account/delete") == "/"
    assert await service.parts.use_cases.access.sessions.verify(held) is None
    assert await service.parts.use_cases.access.accounts.organizers() == []
    log = await service.api("GET", "/audit-log?act=account.deleted")
    assert log["items"][0]["subject"].startswith("acc_")
