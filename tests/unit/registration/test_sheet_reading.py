"""Tables are read whatever the spreadsheet that wrote them."""

import pytest

from services.registration.adapters.sheet_reading import read_sheet
from services.registration.domain.errors import FileTrouble, UnreadableFileError
from services.registration.web.import_columns import match_columns


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "mac_roman", "cp850"])
def test_accents_are_read_in_every_usual_encoding(encoding: str) -> None:
    sheet = read_sheet("Prénom;Nom\r\nLéa;Müller\r\nZoé;Ünal\r\n".encode(encoding))
    assert (sheet.headings, sheet.rows) == (["Prénom", "Nom"], {2: ["Léa", "Müller"], 3: ["Zoé", "Ünal"]})


@pytest.mark.parametrize(
    "text",
    [
        "name;note\nA, B;c",
        'name,note\n"A, B",c',
        "name\tnote\rA, B\tc\r",
        "sep=|\nname|note\nA, B|c",
        '"name","note; or not"\n"A, B",c',
        "name;note\nA, B;c;;\n",
    ],
)
def test_the_separator_is_found(text: str) -> None:
    sheet = read_sheet(text.encode())
    assert sheet.headings[0] == "name"
    assert [row[:2] for row in sheet.rows.values()] == [["A, B", "c"]]


def test_lines_keep_their_numbers_and_texts_lose_the_apostrophe_that_guarded_them() -> None:
    sheet = read_sheet(b"\nname;mail\n\n'=A;a@example.org;more\n'B;b@example.org\n")
    assert sheet.headings == ["name", "mail", ""]
    assert sheet.rows == {4: ["=A", "a@example.org", "more"], 5: ["'B", "b@example.org", ""]}


@pytest.mark.parametrize(
    "raw,trouble",
    [
        (b"name\xff\xfe\x80\x81\x8d\n\x9d\x00", FileTrouble.ENCODING),
        (b"\xff\xfeabc", FileTrouble.ENCODING),
        (b"sep=;", FileTrouble.EMPTY),
        (b"a," * 101 + b"b\nc\n", FileTrouble.TOO_LONG),
        (b'name\n"' + b"x" * 200_000, FileTrouble.NO_TABLE),
    ],
)
def test_what_cannot_be_read_is_said(raw: bytes, trouble: FileTrouble) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_sheet(raw)
    assert caught.value.trouble is trouble


def test_headings_are_known_in_both_languages_each_once() -> None:
    assert match_columns(["NOM", "Prénom", "Adresse e-mail", "E-mail", "Téléphone", "external_id"]) == [
        "last_name",
        "first_name",
        "email",
        "",
        "",
        "external_id",
    ]
    assert match_columns(["Nom", "Besoins d’accessibilité"]) == ["name", "needs"]
