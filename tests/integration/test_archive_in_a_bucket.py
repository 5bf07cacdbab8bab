"""An archive in a bucket: written, added to, checked, mended and replayed, against a server that speaks S3."""

from pathlib import Path
from urllib.parse import quote

import pytest

from services.attendance.adapters.archive_stores import store_at
from services.attendance.application.archive import Archive
from tests.fakes.attendance_facts import ANNE, EventFacts
from tests.fakes.s3_server import s3_server
from tests.integration.attendance_commands import closed_event, command, produce

pytestmark = pytest.mark.timeout(240)


async def test_an_archive_can_be_in_a_bucket(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "invented")
    event = "evt_bucket_A"
    await produce(kafka, tmp_path, closed_event(event).written)
    async with s3_server() as s3:
        there = s3.address("passerelle")
        code, out, said = await command(kafka, tmp_path, "archive", event, "-o", there)
        assert (code, out, said) == (0, "", "7 records of 1 event are new in s3://archives/passerelle\n")
        more = EventFacts(event_id=event)
        more.checked_out(ANNE, 10)
        await produce(kafka, tmp_path, more.written)
        assert (await command(kafka, tmp_path, "archive", event, "-o", there))[0] == 0
        assert (await command(kafka, tmp_path, "archive", "--check", there))[:2] == (0, "")

        archive = Archive(store_at(there))
        first, second, _ = archive.held(event).files
        assert (first.rows, second.rows) == (7, 1)
        await s3.overwrite(f"passerelle/{quote(first.path)}", b"damaged")
        code, out, said = await command(kafka, tmp_path, "archive", "--check", there)
        assert (code, out) == (1, f"damaged\t{first.path}\t{event}\n")
        assert "passerelle archive EVENT -o s3://archives/passerelle" in said
        assert (await command(kafka, tmp_path, "archive", event, "-o", there))[0] == 0
        assert archive.check() == []

        played = ("replay", event, "--speed", "max")
        _, wanted, _ = await command(kafka, tmp_path, *played)
        assert await command(None, tmp_path / "elsewhere", *played, "--archive", there) == (0, wanted, "")
        code, _, said = await command(kafka, tmp_path, "archive", event, "-o", s3.address("x", bucket="nobodys"))
        assert (code, len(said.splitlines())) == (1, 1)
        assert said.startswith("s3://nobodys/x cannot be written: ")
