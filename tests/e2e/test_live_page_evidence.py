"""What a presence rests on, what was known when and what changed, in Debian's Chromium."""

import pytest
from playwright.async_api import Browser, expect

from schemas.envelope import Fact
from schemas.registration import EventStatus, Mode, TimeAcceptanceData, TimeAccepted
from services.attendance.web import person_page
from tests.ecoindex import A, ecoindex
from tests.fakes.attendance_browser import ANNE, EVENT, LIVE, opened, too_wide, violations
from tests.fakes.attendance_facts import EventFacts, guest, participant
from tests.fakes.attendance_web import ORGANIZER, Attendance

BASIL = participant(2)
ON_ANNE = f"{LIVE}/people/{ANNE}"
SINCE_THE_EVENING = f"{LIVE}/changes?from=2026-11-24T18:00&to=2026-11-27T00:00"


@pytest.fixture
def facts() -> EventFacts:
    """Anne left twice and came back; a scanner lives in the future, another in the past; news came after the close."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    facts.room(-5, opened=True)
    facts.checked_in(ANNE, 0)
    facts.checked_out(ANNE, 95)
    facts.checked_out(ANNE, 100)
    facts.checked_in(ANNE, 118, gate="Garden door")
    facts.joined(BASIL, 10)
    facts.joined(guest(1), 15)
    facts.left(guest(1), 45)
    recorded(facts, facts.checked_in(ANNE, 900), 200)
    old = recorded(facts, facts.joined(ANNE, -4000, connection="old"), 201)
    facts.left(ANNE, -3990, connection="old")
    accepted(facts, old, 300)
    facts.room(480, opened=False)
    facts.event(EventStatus.CLOSED, minutes=500)
    recorded(facts, facts.checked_out(ANNE, 400, gate="Garden door"), 2000)
    facts.linked(guest(1), BASIL, 2100)
    return facts


def recorded(facts: EventFacts, fact: Fact, minutes: float) -> Fact:
    """The same fact, known only so many minutes after the start."""
    other = fact.model_copy(update={"recordedtime": facts.at(minutes)})
    facts.written[facts.written.index(fact)] = other
    return other


def accepted(facts: EventFacts, fact: Fact, minutes: float) -> None:
    """An organizer takes the time of a fact for right."""
    facts.written.append(
        TimeAccepted(
            id=f"accepted-{minutes}",
            source="/registration",
            subject=fact.subject,
            time=facts.at(minutes),
            recordedtime=facts.at(minutes),
            data=TimeAcceptanceData(event_id=EVENT, fact_id=fact.id),
            type="passerelle.registration.time.accepted.v1",
        )
    )


async def test_each_interval_says_what_it_rests_on_and_leads_there(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, ON_ANNE) as page:
        rows = page.locator(".intervals tbody tr")
        await expect(rows.filter(has_text="10:35:00")).to_contain_text("Contradicted by this fact")
        garden = rows.filter(has_text="Garden door")
        await expect(garden).to_contain_text("Observed")
        await expect(garden).to_contain_text("Corrected after the close: known on 25/11/2026 at 18:20")
        does_not_fit = page.locator("section").filter(has=page.get_by_role("heading", name="What does not fit"))
        await expect(does_not_fit).to_contain_text("10:40:00 An exit was scanned, but no entry before it.")
        await garden.get_by_role("link", name="15:40:00").click()
        await expect(page.locator("li:target")).to_contain_text("went out · Garden door")
        await expect(page.locator("li:target")).to_contain_text("known on 25/11/2026 at 18:20:00, after the close")


async def test_an_inferred_end_that_is_no_longer_true_is_struck_out_and_says_so(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, f"{LIVE}/timeline?who={ANNE}") as page:
        await expect(page.locator("li.withdrawn s")).to_have_text("left, as we infer: the event ended")
        await expect(page.locator("li.withdrawn")).to_contain_text(
            "No longer so: a fact known since 25/11/2026, 18:20:00 tells otherwise."
        )
        await page.goto(f"{page.url}&as_of=2026-11-25T12:00")
        await expect(page.get_by_text("left, as we infer: the event ended")).to_be_visible()
        await expect(page.locator("s")).to_have_count(0)


async def test_a_suspect_time_is_accepted_and_left_out_again_with_one_tap(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    wrong = next(fact for fact in facts.written if fact.time == facts.at(900))
    old = next(fact for fact in facts.written if fact.time == facts.at(-4000))
    async with opened(browser, attendance, ON_ANNE, java_script_enabled=False) as page:
        doubts = page.locator("section").filter(has=page.get_by_role("heading", name="Times that cannot be right"))
        await expect(doubts).to_contain_text("Left out. Its time lies more than ten minutes after it was recorded.")
        await expect(doubts).to_contain_text("Accepted. Its time lies before the day of the event.")
        asked: dict[str, str | None] = {}
        await page.route(
            "**/suspect-times/**",
            lambda route: (
                asked.update({route.request.url.split("/suspect-times/")[1]: route.request.post_data}),
                route.fulfill(status=303, headers={"Location": ON_ANNE}),
            )[1],
        )
        await page.locator(f'[id="doubt-{wrong.id}"]').get_by_role("button", name="Accept this time").click()
        await page.locator(f'[id="doubt-{old.id}"]').get_by_role("button", name="Leave it out again").click()
        await expect(doubts).to_be_visible()
        back = ON_ANNE.replace("/", "%2F")
        assert asked == {
            f"{wrong.id}/accept": f"subject={ANNE}&back={back}",
            f"{old.id}/withdraw": f"subject={ANNE}&back={back}",
        }


async def test_what_changed_is_told_in_words_with_before_and_after(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, f"{LIVE}/people", java_script_enabled=False) as page:
        await page.get_by_role("link", name="What changed").click()
        await page.get_by_label("The earlier report").fill("2026-11-24T18:00:00")
        await page.get_by_label("The later report").fill("2026-11-27T00:00:00")
        await page.get_by_role("button", name="Compare").click()
        anne = page.locator("article").filter(has_text="Anne-1 Lefèvre")
        await expect(anne).to_contain_text("Known on 25/11/2026 at 18:20:00: went out · Garden door, 15:40:00")
        await expect(anne.locator("li .side")).to_have_text(
            "On site before 7 hrs 52 mins → now 6 hrs 17 mins 1 hr 35 mins less"
        )
        guy = page.locator("article").filter(has_text="Guy L’Invité")
        await expect(guy).to_contain_text("was recognised behind a guest")
        await expect(guy.locator("li .side")).to_contain_text("now 0 secs")
        await page.get_by_role("link", name="Since yesterday").click()
        await expect(page.get_by_text("Nobody's time changed between these two instants.")).to_be_visible()


@pytest.mark.parametrize("path", [LIVE, f"{LIVE}/people", ON_ANNE, f"{LIVE}/timeline"])
async def test_every_page_shows_what_was_known_at_an_instant(
    browser: Browser, attendance: Attendance, facts: EventFacts, path: str
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, path, java_script_enabled=False) as page:
        await page.get_by_text("As known at another time").click()
        await page.get_by_label("As known at").fill("2026-11-24T09:30:00")
        await page.get_by_role("button", name="Show").click()
        await expect(page.get_by_text("This is what was known on 24 November 2026 at 09:30:00.")).to_be_visible()
        text = await page.locator("main").inner_text()
        assert "Garden door" not in text
        await page.get_by_role("link", name="People").first.click()
        await expect(page.get_by_text("This is what was known on 24 November 2026 at 09:30:00.")).to_be_visible()
        await page.get_by_role("link", name="Anne-1 Lefèvre").click()
        await expect(page.locator(".figures")).to_contain_text("15 mins")
        await page.get_by_role("link", name="Show what is known now").click()
        await expect(page.locator(".intervals")).to_contain_text("Garden door")


@pytest.mark.parametrize("path", [LIVE, f"{LIVE}/people", ON_ANNE, f"{LIVE}/timeline"])
@pytest.mark.parametrize(
    "typed, sentence", [("yesterday", "Enter a date and a time"), ("2036-01-01T00:00", "This lies in the future")]
)
async def test_a_wrong_instant_is_told_beside_its_field(
    attendance: Attendance, facts: EventFacts, path: str, typed: str, sentence: str
) -> None:
    await attendance.store(facts.written)
    headers = {"Authorization": f"Bearer {ORGANIZER}", "Accept": "text/html"}
    async with attendance.session.get(path, params={"as_of": typed}, headers=headers) as answer:
        page = await answer.text()
    assert answer.status == 400
    assert f'<p class="error" id="as_of-error"><span class="unseen">Error:</span> {sentence}' in page


async def test_somebody_with_5000_reconnects_has_a_page_that_is_light_and_turned(
    browser: Browser, attendance: Attendance
) -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    for number in range(5000):
        facts.joined(BASIL, 20 + number / 12, connection=f"c-{number}")
        facts.left(BASIL, 20 + number / 12 + 1 / 24, connection=f"c-{number}")
    await attendance.store(facts.written)
    async with opened(browser, attendance, f"{LIVE}/people/{BASIL}") as page:
        await expect(page.locator(".intervals tbody tr")).to_have_count(person_page.ROWS)
        await expect(page.locator("caption")).to_contain_text("Page 1 of 500.")
        assert await page.evaluate("document.querySelectorAll('*').length") < 400
        await page.get_by_role("link", name="Last page").click()
        await expect(page.locator("caption")).to_contain_text("Page 500 of 500.")
        await page.get_by_role("link", name="Previous page").click()
        await expect(page.locator(".intervals tbody tr")).to_have_count(person_page.ROWS)


@pytest.mark.parametrize("language, scheme", [("en", "light"), ("fr", "dark")])
async def test_no_page_about_evidence_has_an_accessibility_violation(
    browser: Browser, attendance: Attendance, facts: EventFacts, language: str, scheme: str
) -> None:
    recorded(facts, facts.room(700, opened=True), 210)
    await attendance.store(facts.written)
    states = (
        ON_ANNE,
        f"{ON_ANNE}?as_of=2026-11-24T09:30",
        f"{LIVE}?as_of=2026-11-24T09:30",
        f"{LIVE}/people?as_of=2020-01-01T00:00",
        f"{LIVE}/timeline",
        f"{LIVE}/timeline?as_of=2020-01-01T00:00",
        f"{LIVE}/changes",
        SINCE_THE_EVENING,
    )
    for wide in (1280, 360):
        for state in states:
            async with opened(browser, attendance, state, wide=wide, locale=language, color_scheme=scheme) as page:
                for details in await page.locator("details:not([open]) summary").all():
                    await details.click()
                assert (state, await violations(page)) == (state, [])
                assert (state, await too_wide(page)) == (state, [])


@pytest.mark.parametrize("path", [ON_ANNE, f"{LIVE}/timeline", SINCE_THE_EVENING])
async def test_every_page_about_evidence_is_light(
    browser: Browser, attendance: Attendance, facts: EventFacts, path: str
) -> None:
    for number in range(3, 40):
        facts.checked_in(participant(number), number)
        recorded(facts, facts.checked_out(participant(number), 300 + number), 2200)
    await attendance.store(facts.written)
    async with opened(browser, attendance, "/health/live") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(attendance.url + path, wait_until="load")
        elements = await page.evaluate("document.querySelectorAll('*').length")
        assert ecoindex(elements=elements, requests=len(asked), kilobytes=60) > A
