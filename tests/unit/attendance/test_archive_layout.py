"""What the manifest of an archive may say."""

import msgspec
import pytest

from services.attendance.application.archive_layout import File, Manifest, UnfitArchiveError, read, write

PRESENCE = "presence/event_day=2037-11-24/event=evt_a/presence-0123456789ab.parquet"


def manifest(path: str) -> bytes:
    whole = Manifest(
        written_by="passerelle",
        written_at="2037-11-24T18:00:00.000Z",
        event_id="evt_a",
        event_day=None,
        cluster="c",
        offsets={},
        gaps=(),
        facts=1,
        evidence=None,
        files=(File(path=PRESENCE, kind="presence", rows=1, bytes=1, sha256="0" * 64),),
    )
    raw = msgspec.json.decode(write(whole))
    raw["files"][0]["path"] = path
    return msgspec.json.encode(raw)


def test_a_file_of_the_archive_is_named_by_its_manifest() -> None:
    assert read(manifest(PRESENCE), Manifest, where="here").files[0].path == PRESENCE


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../letters.txt", "presence/../../letters.txt", "presence//etc/passwd", "facts/part.parquet"],
)
def test_a_manifest_that_names_what_is_not_of_the_archive_is_unfit(path: str) -> None:
    with pytest.raises(UnfitArchiveError, match="leads out of the archive"):
        read(manifest(path), Manifest, where="here")
