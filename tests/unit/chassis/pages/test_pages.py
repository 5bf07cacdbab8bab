import re
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from jinja2 import ChoiceLoader, DictLoader, UndefinedError

from services.chassis.access import GRANT, Grant, Role
from services.chassis.http import create_app
from services.chassis.pages import PAGES, render, texts_of
from services.chassis.pages.forms import Form
from services.chassis.problems import Problem
from services.chassis.settings import CommonSettings
from tests.ecoindex import A, ecoindex

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

BROWSER = {"Accept": "text/html"}
FORM: Form[CommonSettings] = Form(
    values={"name": ['<i>"Ada"</i>'], "mode": ["remote"], "days": ["1"], "news": ["true"]},
    errors={"name": "Fill in this field.", "mode": "Choose one of the proposed answers.", "": "No seat is left."},
)
TEMPLATES = {
    "hello.html": """
        {% extends "base.html" %}{% block title %}Hello{% endblock %}
        {% block content %}<p id="said">{{ _("Sign in") }} {{ name }}</p>{% endblock %}""",
    "linked.html": """
        {% extends "base.html" %}{% block title %}Linked{% endblock %}
        {% block navigation %}<a href="/events">Events</a>{% endblock %}""",
    "wrong.html": "{{ nobody_said_this }}",
    "form.html": """
        {% extends "base.html" %}{% import "forms.html" as forms %}{% block title %}Form{% endblock %}
        {% block content %}
        {{ forms.error_summary(form, {"name": "Name", "mode": "Mode"}) }}
        {{ forms.field(form, "name", "Name", hint="As on your badge.", autocomplete="name", maxlength=80) }}
        {{ forms.field(form, "email", "E-mail", type="email", required=false) }}
        {{ forms.choices(form, "mode", "Mode", [("in_person", "Room"), ("remote", "Link", "From anywhere")]) }}
        {{ forms.choices(form, "days", "Days", [("1", "Monday"), ("2", "Tuesday")], type="checkbox", required=false) }}
        {{ forms.select(form, "language", "Language", [("en", "English"), ("fr", "French")]) }}
        {{ forms.textarea(form, "note", "Note", required=false) }}
        {{ forms.checkbox(form, "news", "News", hint="Seldom.") }}
        {% endblock %}""",
    "badges.html.test": """
        {% import "badges.html" as badges %}
        {% for mode in ["in_person", "on_site", "remote", "both", "away", "absent"] %}{{ badges.mode(mode) }}
        {% endfor %}""",
}


async def show(request: web.Request) -> web.Response:
    return render(request, request.match_info["template"], name="<b>Ada</b>", form=FORM)


async def show_to_organizer(request: web.Request) -> web.Response:
    request[GRANT] = Grant(token_id="t", role=Role.ORGANIZER)
    return render(request, "hello.html", name="Ada")


async def say(request: web.Request) -> web.Response:
    return web.Response(text=texts_of(request).gettext("Sign out"))


async def miss(request: web.Request) -> web.Response:
    raise Problem(int(request.match_info["status"]), detail="<script>alert(1)</script>")


@pytest.fixture
def app() -> web.Application:
    settings = CommonSettings.model_validate({"secret_key": "k" * 32, "public_url": "https://events.example.org"})
    app = create_app(settings, service="sample")
    for environment in app[PAGES].environments.values():
        environment.loader = ChoiceLoader([environment.loader, DictLoader(TEMPLATES)]) if environment.loader else None
    app.router.add_get("/pages/{template}", show)
    app.router.add_get("/organizer", show_to_organizer)
    app.router.add_get("/say", say)
    app.router.add_get("/problems/{status}", miss)
    return app


@pytest.fixture
async def client(app: web.Application, aiohttp_client: NewClient) -> Client:
    return await aiohttp_client(app)


class Page(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of the elements of a name that have these values."""
        return [found for name, found in self.elements if name == tag and attributes.items() <= found.items()]

    def one(self, tag: str, **attributes: str) -> dict[str, str | None]:
        """Those of the only such element."""
        (found,) = self.all(tag, **attributes)
        return found


async def page_of(client: Client, path: str) -> Page:
    return Page(await (await client.get(path)).text())


async def test_what_is_shown_is_escaped(client: Client) -> None:
    assert "Sign in &lt;b&gt;Ada&lt;/b&gt;" in await (await client.get("/pages/hello.html")).text()


async def test_a_name_that_a_template_was_not_given_fails(app: web.Application) -> None:
    template = app[PAGES].environments["en"].get_template("wrong.html")

    with pytest.raises(UndefinedError):
        template.render()


async def test_a_page_speaks_the_language_that_was_chosen_and_remembers_it(client: Client) -> None:
    chosen = await client.get("/pages/hello.html?lang=fr")
    after = await client.get("/pages/hello.html", headers={"Cookie": "passerelle_language=fr"})

    for response in (chosen, after):
        text = await response.text()
        assert '<html lang="fr">' in text
        assert "Se connecter" in text
        assert response.headers["Content-Language"] == "fr"
        assert "Accept-Language" in response.headers["Vary"]
    cookie = chosen.cookies["passerelle_language"]
    assert (cookie.value, cookie["samesite"], cookie["secure"], cookie["httponly"]) == ("fr", "Lax", True, True)
    assert not after.cookies


async def test_the_language_switch_keeps_the_rest_of_the_address(client: Client) -> None:
    page = await page_of(client, "/pages/hello.html?a=1&lang=fr")

    english = page.one("a", hreflang="en")
    assert english["href"] == "/pages/hello.html?a=1&lang=en"
    assert page.one("a", hreflang="fr")["aria-current"] == "true"


async def test_sentences_in_python_speak_the_language_of_the_page(client: Client) -> None:
    assert await (await client.get("/say?lang=fr")).text() == "Se déconnecter"


async def test_a_page_has_its_landmarks_and_a_way_around_them(client: Client) -> None:
    page = await page_of(client, "/pages/hello.html")

    assert page.one("main")["id"] == "content"
    assert page.one("a", **{"class": "skip"})["href"] == "#content"
    assert [nav["aria-label"] for nav in page.all("nav")] == ["Language"]
    assert len(page.all("header")) == len(page.all("footer")) == 1
    assert page.one("meta", name="viewport")["content"] == "width=device-width, initial-scale=1"


async def test_a_page_with_links_of_its_own_shows_them_in_the_bar(client: Client) -> None:
    page = await page_of(client, "/pages/linked.html")

    assert [nav["aria-label"] for nav in page.all("nav")] == ["Main", "Language"]
    assert page.one("a", href="/events")


async def test_only_who_signed_in_can_sign_out(client: Client) -> None:
    assert (await page_of(client, "/organizer")).one("form")["action"] == "/sign-out"
    assert (await page_of(client, "/pages/hello.html")).all("form") == []


async def test_a_field_is_tied_to_its_label_hint_and_error(client: Client) -> None:
    page = await page_of(client, "/pages/form.html")

    name = page.one("input", name="name")
    assert (name["id"], name["value"], name["autocomplete"], name["maxlength"]) == (
        "name",
        '<i>"Ada"</i>',
        "name",
        "80",
    )
    assert name["aria-describedby"] == "name-hint name-error"
    assert name["aria-invalid"] == "true"
    assert "required" in name
    assert page.one("label", **{"for": "name"})
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert sorted(ids, key=str) == sorted(set(ids), key=str)
    assert {"name-hint", "name-error", "mode-error"} <= set(ids)


async def test_a_field_without_error_claims_none(client: Client) -> None:
    email = (await page_of(client, "/pages/form.html")).one("input", name="email")

    assert email.keys() == {"id", "name", "type", "value"}


async def test_choices_are_grouped_under_their_question(client: Client) -> None:
    page = await page_of(client, "/pages/form.html")

    assert page.all("fieldset")[0]["aria-describedby"] == "mode-error"
    assert len(page.all("legend")) == 2
    assert ["checked" in choice for choice in page.all("input", name="mode")] == [False, True]
    assert ["checked" in choice for choice in page.all("input", name="days")] == [True, False]
    assert all("required" not in choice for choice in page.all("input", name="days"))
    assert "checked" in page.one("input", name="news")


async def test_the_errors_are_summed_up_with_links_to_their_fields(client: Client) -> None:
    text = await (await client.get("/pages/form.html")).text()
    page = Page(text)

    assert page.one("div", role="alert")
    links = [link["href"] for link in page.all("a") if (link["href"] or "").startswith("#") and "class" not in link]
    assert links == ["#name", "#mode"]
    assert {"name", "mode"} <= {attributes.get("id") for _, attributes in page.elements}
    assert "3 answers need another look" in text
    assert "<li>No seat is left.</li>" in text


async def test_a_mode_has_a_word_beside_its_colour(app: web.Application) -> None:
    template = app[PAGES].environments["fr"].get_template("badges.html.test")

    assert re.findall(r'class="mode ([a-z-]+)">([^<]+)<', template.render()) == [
        ("on-site", "sur place"),
        ("on-site", "sur place"),
        ("remote", "à distance"),
        ("both", "les deux"),
        ("away", "sorti"),
        ("absent", "absent"),
    ]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 418, 422, 429, 500, 503])
async def test_every_error_has_a_page_in_french(client: Client, status: int) -> None:
    response = await client.get(f"/problems/{status}?lang=fr", headers=BROWSER)

    text = await response.text()
    assert response.status == status
    assert f"Erreur {status}" in text
    assert "<script>" not in text
    assert "Something went wrong" not in text


@pytest.mark.parametrize("path", ["/pages/hello.html", "/pages/form.html", "/problems/500"])
async def test_a_page_is_light(client: Client, path: str) -> None:
    response = await client.get(path, headers=BROWSER)
    page = Page(await response.text())
    style = await client.get(str(page.one("link", rel="stylesheet")["href"]))
    parts = {str(found["src"]) for found in page.all("img")} | {
        f"{str(style.url.path).rpartition('/')[0]}/{name}"
        for name in re.findall(r'url\("([^"]+)"\)', await style.text())
    }
    answers = [response, style, *[await client.get(part) for part in parts]]
    weight = sum(int(answer.headers["Content-Length"]) for answer in answers)

    assert all(answer.ok or answer is response for answer in answers)
    assert len(answers) <= 10
    assert weight <= 150_000
    assert ecoindex(elements=len(page.elements), requests=len(answers), kilobytes=weight / 1000) > A
