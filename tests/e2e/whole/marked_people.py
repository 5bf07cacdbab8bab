"""An event in which every field that somebody can fill in holds a word that stands nowhere else.

Each word names its field: `qzxnamexzq` was typed as a name. Whoever finds one knows where it came from.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import aiohttp
from multidict import CIMultiDict

from deploy.local.up import Running
from schemas.identifiers import guest_id
from services.chassis.access import internal_headers
from services.chassis.settings import CommonSettings
from services.streaming_bridge.domain.pseudonyms import user_pseudonym
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import settings_for
from tests.fakes.platforms import JaasShapes, JitsiShapes, Request
from tests.fakes.ticket_shops import API_TOKEN, IN_ROOM, LUNCH, ON_LINK, PretixServer, raw

_WORD: Final = re.compile(rb"qzx([a-z]+?)xzq", re.IGNORECASE)
_STRANGER: Final = "203.0.113.77"
_ZONE: Final = "Europe/Paris"
_DEADLINE_SECONDS: Final = 30.0
KEPT: Final = frozenset({"membername", "membermail", "desklabel"})
"""The fields that say nothing of participants: who helps, and which desk; they are not erased with people."""
OF_EVENT: Final = frozenset({"speaker", "description", "place", "controller", "contactmail", "question"})
"""The fields of the event, which its organizer takes out of it; what the API answered to that is kept for a day."""


def word(field: str) -> str:
    """What is typed into a field."""
    return f"qzx{field}xzq"


def mail(field: str) -> str:
    """An address with the word of a field."""
    return f"{word(field)}@example.org"


def fields_in(text: bytes) -> set[str]:
    """The fields whose words stand in a text."""
    return {found.decode().lower() for found in _WORD.findall(text)}


@dataclass(slots=True, kw_only=True)
class MarkedEvent:
    """The event, filled in over HTTP as people, desks, shops and platforms do."""

    running: Running
    token: str
    session: aiohttp.ClientSession
    event_id: str = ""
    personal_page: str = ""
    _jitsi = JitsiShapes()
    _jaas = JaasShapes()

    async def fill(self, shop: PretixServer) -> None:
        """Have everybody say everything."""
        await self._prepare()
        await self._register()
        await self._come_to_the_door()
        await self._import()
        await self._buy(shop)
        await self._meet()
        await self._go_wrong()

    async def people(self) -> list[dict[str, Any]]:
        """Everybody registered."""
        items: list[dict[str, Any]] = (await self.api("GET", f"{self._path}/registrations?limit=100"))["items"]
        return items

    async def erase(self) -> None:
        """Take out of the agenda and the notice who stands there, and erase everybody, one by themselves."""
        await self.api("PATCH", self._path, {"sessions": [], "rooms": [], "questions": [], "data_contact": None})
        assert await self._form(f"{self.personal_page}/erase", {}) == self.personal_page
        for person in await self.people():
            await self.api("DELETE", f"{self._path}/registrations/{person['participant_id']}?erase=true", expect=204)

    async def names_of_guests(self, settings: CommonSettings) -> dict[str, str]:
        """What the bridge knows of the guests of this event."""
        url = f"{self.running.environment['PASSERELLE_STREAMING_BRIDGE_URL']}/internal/guest-names"
        ids = [self._guest(self._jitsi, settings), self._guest(self._jaas, settings)]
        async with self.session.post(url, json={"ids": ids}, headers=internal_headers(settings)) as answer:
            names: dict[str, str] = (await answer.json())["names"]
            return names

    async def erasures_told(self) -> int:
        """How many people were erased, as the timeline tells."""
        page = await self.api("GET", f"{self._path}/timeline?limit=200")
        assert page["next"] is None
        return [entry["type"] for entry in page["items"]].count("passerelle.registration.person.erased.v1")

    async def link_guests(self, settings: CommonSettings) -> None:
        """Say who the guests are."""
        guests = [self._guest(self._jitsi, settings), self._guest(self._jaas, settings)]
        for guest, person in zip(guests, await self.people(), strict=False):
            link = {"guest_id": guest, "participant_id": person["participant_id"]}
            await self.api("POST", f"{self._path}/links", link, expect=201)

    async def api(
        self, method: str, path: str, body: object = None, *, expect: int = 200, headers: dict[str, str] | None = None
    ) -> Any:  # noqa: ANN401  (JSON)
        """The organizer's program asks, naming itself; a body in bytes is sent as it is."""
        given = CIMultiDict({"Authorization": f"Bearer {self.token}", "User-Agent": word("agent")} | (headers or {}))
        given.add("Idempotency-Key", uuid4().hex)
        sent: dict[str, Any] = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.session.request(method, path, headers=given, **sent) as answer:
            text = await answer.text()
            assert answer.status == expect, (path, text)
            return await answer.json() if text else None

    async def _prepare(self) -> None:
        for shapes in (self._jitsi, self._jaas):
            source = {"platform": shapes.platform, "name": shapes.source, shapes.proof_field: shapes.secret}
            source |= {"app_id": "vpaas-magic-cookie-0123456789abcdef"} if shapes.platform == "jaas" else {}
            await self.api("POST", "/api/v1/sources", source, expect=201)
        speaking = {"title": "Table ronde", "speakers": [word("speaker")], "description": word("description")}
        rooms = [
            {
                "name": shapes.room,
                "conference": {"source": shapes.source, "room": shapes.room},
                "address": word("place"),
            }
            for shapes in (self._jitsi, self._jaas)
        ]
        event = await self.api(
            "POST",
            "/api/v1/events",
            {
                "title": "Rencontre",
                **_times(),
                "timezone": _ZONE,
                "capacity": {"in_person": 50, "remote": 50},
                "rooms": rooms,
                "sessions": [{**speaking, **_times(), "registration_needed": True}],
                "data_contact": {"controller": word("controller"), "email": mail("contactmail")},
                "questions": [{"text": word("question"), "kind": "long_text"}],
            },
            expect=201,
        )
        self.event_id = event["event_id"]
        await self.api("POST", f"{self._path}/publish")
        member = {"name": word("membername"), "email": mail("membermail"), "role": "desk"}
        await self.api("POST", f"{self._path}/members", member, expect=201)
        link = {"day": datetime.now(ZoneInfo(_ZONE)).date().isoformat(), "label": word("desklabel")}
        await self.api("POST", f"{self._path}/desk-links", link, expect=201)

    async def _register(self) -> None:
        public, event = f"/e/{self.event_id}", await self.api("GET", self._path)
        (session,), (question,) = event["sessions"], event["questions"]
        answer = f"answers.{question['question_id']}"
        person = {"language": "fr", "mode": "in_person", "needs": word("formneeds"), "sessions": session["session_id"]}
        person |= {"name": word("formname"), "email": mail("formmail"), "newsletter": "true", "photos": "true"}
        person[answer] = word("formanswer")
        self.personal_page = await self._form(public, person | {"form_id": uuid4().hex})
        assert "/confirmation/" in self.personal_page
        stranger = person | {"name": word("strangername"), "email": mail("strangermail"), "form_id": uuid4().hex}
        assert await self._form(public, stranger, **{"X-Forwarded-For": _STRANGER}) == f"{public}/sent"
        corrected = {"name": word("newname"), "email": mail("newmail"), "language": "en", "needs": word("newneeds")}
        await self._form(f"{self.personal_page}/person", corrected)
        await self._form(f"{self.personal_page}/answers", {answer: word("newanswer")})
        contact = {"email": mail("contact"), "language": "fr", "form_id": uuid4().hex}
        members = {"members.0.name": word("firstmember"), "members.1.name": word("secondmember")}
        members["members.1.email"] = mail("secondmail")
        await self._form(f"{public}/group", {**contact, **members, "mode": "either"})
        venue = {"name": word("venuename"), "email": mail("venuemail"), "headcount": "12", "attested": "true"}
        await self._form(f"{public}/venue", {**venue, "language": "fr", "form_id": uuid4().hex})
        body = {"mode": "remote", "name": word("apiname"), "email": mail("apimail"), "language": "fr", "consents": {}}
        body |= {"accessibility_needs": word("apineeds"), "answers": {question["question_id"]: word("apianswer")}}
        await self.api("POST", f"{self._path}/registrations", body, expect=201)

    async def _come_to_the_door(self) -> None:
        ticket = next(each["ticket"] for each in await self.people() if each["mode"] == "in_person")
        desk = {"gate": mail("gate"), "device": word("device")}
        scan = await self.api("POST", f"{self._path}/check-ins", {"ticket": ticket, "action": "in", **desk})
        assert scan["gate"] == mail("gate"), "to the desks themselves it is told as ever"
        walk_in = {"name": word("walkinname"), "email": mail("walkinmail"), "scan_id": str(uuid4()), **desk}
        await self.api("POST", f"{self._path}/walk-ins", walk_in, expect=201)
        await self.api("GET", f"{self._path}/registrations?search={word('walkinname')}")

    async def _import(self) -> None:
        lines = [
            "Nom;E-mail;external_id;Besoins",
            f"{word('importname')};{mail('importmail')};{word('importid')};{word('importneeds')}",
            f"{word('nowhere')};;{word('nobodyid')};{word('refusedneeds')}",
            f"{word('wrongname')};{word('wrongmail')} @;;",
        ]
        await self.api("POST", f"{self._path}/imports", "\n".join(lines).encode(), expect=201)

    async def _buy(self, shop: PretixServer) -> None:
        shop.sell(word("order"), name=word("buyername"), email=mail("buyermail"), buyer=mail("payermail"))
        form = {"url": shop.origin, "organizer": "asso", "event": "colloque", "api_token": API_TOKEN}
        office = f"/events/{self.event_id}/ticket-shops/new/pretix"
        page = await self._form(office, form, Authorization=f"Bearer {self.token}")
        kinds = {f"kind.1-{IN_ROOM}": "in_person", f"kind.1-{ON_LINK}": "remote", f"kind.{LUNCH}": "nobody"}
        begin = {**kinds, "language": "fr", "then": "start"}
        assert await self._form(page, begin, Authorization=f"Bearer {self.token}") == page
        async with self.session.get(page, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            notices = re.search(r"/webhooks/ticket-shops/[\w-]+", await answer.text())
        assert notices is not None
        body = raw({**shop.notice(word("order")), "attendee": word("noticename")})
        assert await self._deliver(Request(path=notices[0], body=body, headers={})) == 204
        async with asyncio.timeout(_DEADLINE_SECONDS):
            while word("buyername") not in {each["name"] for each in await self.people()}:
                await asyncio.sleep(0.1)

    async def _meet(self) -> None:
        jitsi = self._jitsi.joined(5, who=word("account"), user_id=mail("userid"), name=word("guestname"))
        data = self._jaas.participant(word("jaasaccount"), mail("jaasid"), word("jaasname"))
        data |= {"ip": word("ip"), "userAgent": word("browser"), "avatar": f"https://example.org/{word('avatar')}.png"}
        data["group"] = word("usergroup")
        jaas = self._jaas.event("PARTICIPANT_JOINED", 5, data)
        chat = self._jaas.event("CHAT_UPLOADED", 6, {"participant": word("chatname"), "messages": [word("chat")]})
        now = datetime.now(UTC)
        for request in (
            self._jitsi.request(jitsi),
            *(self._jaas.request(body, signed_at=now) for body in (jaas, chat)),
        ):
            assert await self._deliver(request) < 300

    async def _go_wrong(self) -> None:
        unreadable = f'{{"event_name": "muc-occupant-joined", "occupant": {{"name": "{word("unreadable")}"}}}}'
        assert await self._deliver(self._jitsi.request(unreadable.encode())) == 400
        body = {"mode": word("mode"), "name": word("badname"), "email": word("badmail"), "language": "fr"}
        await self.api("POST", f"{self._path}/registrations", body, expect=400)
        await self.api("GET", f"/api/v1/events/{word('path')}", expect=404)
        async with self.session.get(f"/e/{self.event_id}/confirmation/{word('link')}") as answer:
            assert answer.status == 404

    async def _deliver(self, request: Request) -> int:
        headers = {**request.headers, "User-Agent": word("platform")}
        async with self.session.post(request.path, data=request.body, headers=headers) as answer:
            return answer.status

    async def _form(self, path: str, form: dict[str, str], **headers: str) -> str:
        """Where a form leads, of a browser that names itself."""
        given = {"User-Agent": word("agent"), "Accept": "text/html", "Sec-Fetch-Site": "same-origin", **headers}
        async with self.session.post(path, data=form, headers=given, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            return answer.headers["Location"]

    @property
    def _path(self) -> str:
        return f"/api/v1/events/{self.event_id}"

    def _guest(self, shapes: JitsiShapes | JaasShapes, settings: CommonSettings) -> str:
        user = mail("userid" if shapes.platform == "jitsi" else "jaasid")
        key = settings_for(BridgeSettings, data_dir=settings.data_dir, secret_key=settings.secret).pseudonym_key
        return guest_id(source=f"/bridge/{shapes.platform}/{shapes.source}", person=user_pseudonym(user, key=key))


def _times() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "starts_at": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
        "ends_at": (now + timedelta(hours=7)).isoformat(timespec="seconds"),
    }
