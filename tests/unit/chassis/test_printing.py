import io
import json
from datetime import UTC, datetime

import pytest
import segno
from pypdf import PdfReader

from services.chassis.printing import print_pdf
from tests.verapdf import assert_pdf_ua

TEMPLATE = b"""
#let words = json(bytes(sys.inputs.words))
#set document(title: words.title)
#set text(lang: "en", font: ("Libertinus Serif", "DejaVu Sans Mono"))
= #words.title
#image("code.png", alt: "A code", width: 2cm)
#words.name
"""
STAMPED_AT = datetime(2037, 3, 2, 9, 30, tzinfo=UTC)
EVIDENCE = {"evidence.json": json.dumps({"root": "ab" * 32}).encode()}


def printed(name: str) -> bytes:
    picture = io.BytesIO()
    segno.make_qr("a code").save(picture, kind="png")
    return print_pdf(
        TEMPLATE,
        {"title": "A test", "name": name},
        stamped_at=STAMPED_AT,
        attachments=EVIDENCE,
        pictures={"code.png": picture.getvalue()},
    )


def test_the_same_words_give_the_same_bytes_with_what_is_attached() -> None:
    pdf = printed("Zoë")
    assert pdf == printed("Zoë")
    read = PdfReader(io.BytesIO(pdf))
    assert read.attachments == {"evidence.json": [EVIDENCE["evidence.json"]]}
    assert read.metadata is not None
    assert read.metadata.creation_date == STAMPED_AT


def test_a_document_is_pdf_ua_also_with_names_that_no_font_has() -> None:
    # The last one is a letter of a private use area, so that no machine has it.
    texts = ("Łukasz d’Été", "محمد", "Zoë \ue123 🎉 Łukasz", "#panic(1) *[x]")
    pdfs = [printed(text) for text in texts]
    assert_pdf_ua(*pdfs)
    shown = [PdfReader(io.BytesIO(pdf)).pages[0].extract_text() for pdf in pdfs]
    assert texts[0] in shown[0]
    assert "Łukasz" in shown[2]
    assert "?" in shown[2]
    assert texts[3] in shown[3]


def test_what_is_no_pdf_ua_is_found() -> None:
    untagged = printed("Zoë").replace(b"pdfuaid:part", b"pdfuaid:trap")
    with pytest.raises(AssertionError, match="pdfuaid:part"):
        assert_pdf_ua(untagged)
