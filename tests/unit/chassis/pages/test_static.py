import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from services.chassis.pages.static import StaticFiles

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "live.js").write_text("import './parts/sse.js';\n" * 50)
    (tmp_path / "parts" / "sse.js").write_text("1;")
    return tmp_path


@pytest.fixture
def files(directory: Path) -> StaticFiles:
    return StaticFiles.load({"sample": directory, "without": directory / "nowhere"})


@pytest.fixture
async def client(files: StaticFiles, aiohttp_client: NewClient) -> Client:
    app = web.Application()
    app.router.add_get("/static/{owner}/{digest}/{name:.+}", files.answer)
    return await aiohttp_client(app, auto_decompress=False)  # type: ignore[call-arg]  # the fixture passes it on


async def test_a_file_may_be_kept_for_ever_under_the_address_of_its_content(client: Client, files: StaticFiles) -> None:
    response = await client.get(files.address("live.js", "sample"))

    assert response.status == 200
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == FOR_EVER


async def test_a_neighbour_has_the_same_folder_so_that_modules_find_one_another(
    client: Client, files: StaticFiles
) -> None:
    folder = files.address("live.js", "sample").removesuffix("live.js")

    response = await client.get(folder + "parts/sse.js")

    assert response.headers["Cache-Control"] == FOR_EVER
    assert files.address("parts/sse.js", "sample") == folder + "parts/sse.js"


async def test_an_old_address_gets_the_file_of_today_and_does_not_keep_it(client: Client) -> None:
    response = await client.get("/static/sample/000000000000/live.js")

    assert response.status == 200
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["sample/0/nothing.js", "nobody/0/live.js", "sample/0/%2e%2e/secret", "without/0/a.js"]
)
async def test_what_is_no_static_file_is_not_found(client: Client, path: str) -> None:
    assert (await client.get(f"/static/{path}")).status == 404


async def test_a_reader_that_can_gets_it_compressed(client: Client, files: StaticFiles, directory: Path) -> None:
    plain = (directory / "live.js").read_bytes()
    address = files.address("live.js", "sample")

    compressed = await client.get(address, headers={"Accept-Encoding": "gzip, br"})
    uncompressed = await client.get(address, headers={"Accept-Encoding": "identity"})

    assert compressed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await compressed.read()) == plain
    assert "Content-Encoding" not in uncompressed.headers
    assert await uncompressed.read() == plain
    assert compressed.headers["Vary"] == uncompressed.headers["Vary"] == "Accept-Encoding"


def test_any_change_gives_another_address(files: StaticFiles, directory: Path) -> None:
    before = files.address("live.js", "sample")
    (directory / "parts" / "sse.js").write_text("2;")

    assert StaticFiles.load({"sample": directory}).address("live.js", "sample") != before


def test_a_wrong_name_fails_where_the_page_is_drawn(files: StaticFiles) -> None:
    with pytest.raises(KeyError, match=r"sample has no static file missing\.js"):
        files.address("missing.js", "sample")


def test_a_file_of_an_unknown_type_is_refused_at_the_start(directory: Path) -> None:
    (directory / "archive.zip").write_bytes(b"")

    with pytest.raises(KeyError, match=r"\.zip"):
        StaticFiles.load({"sample": directory})
