"""The evidence of a document: what its file must be, and what a log says of it."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfWriter

from schemas.envelope import Fact
from services.attendance.adapters.evidence_files import NoEvidenceError, read_evidenced
from services.attendance.application.evidence import logged_facts
from services.attendance.application.verification import EvidenceFile, LogFinding, LogVerdict, compared, unproven
from tests.fakes.attendance_facts import ANNE, BASIL, small_event
from tests.fakes.issued_evidence import document_of, evidence_of

EVENT = "evt_" + "a" * 32
FACTS = small_event(EVENT).written
EVIDENCE = evidence_of(EVENT, FACTS, subject=ANNE)


def evidence(**changed: Any) -> EvidenceFile:  # noqa: ANN401  (the fields of the file)
    return EvidenceFile.model_validate({**EVIDENCE, **changed})


def against(facts: list[Fact], *, late: int = 0) -> LogVerdict:
    """With a log, of which the last `late` facts came after all others."""
    times = [0] * (len(facts) - late) + [1] * late
    values = [fact.to_bytes() for fact in facts]
    return compared(evidence(), logged_facts(EVENT, zip(times, values, strict=True)))


def without(fact: Fact) -> list[Fact]:
    return [one for one in FACTS if one is not fact]


ABOUT_ANNE, ABOUT_BASIL = (next(fact for fact in FACTS if fact.subject == who) for who in (ANNE, BASIL))


def test_the_log_that_a_document_was_issued_from_has_the_very_facts() -> None:
    assert unproven(evidence()) == []
    found = against([*reversed(FACTS), *FACTS])
    assert (found.finding, found.root, found.facts) == (LogFinding.SAME, EVIDENCE["root"], len(FACTS))
    assert (len(found.issued_from), found.came_late) == (len(FACTS), [])


def test_what_was_recorded_before_and_came_later_takes_nothing_from_a_document() -> None:
    facts = small_event(EVENT)
    facts.left(BASIL, 25)
    assert against(facts.written, late=1).finding is LogFinding.LATE
    assert against(facts.written).finding is LogFinding.DIFFERENT


def test_a_fact_that_is_gone_or_says_something_else_is_named() -> None:
    assert against(without(ABOUT_ANNE)).missing == (ABOUT_ANNE.id,)
    other = ABOUT_ANNE.model_copy(update={"source": "/somebody"})
    changed = against([*without(ABOUT_ANNE), other])
    assert (changed.finding, changed.altered, changed.missing) == (LogFinding.ALTERED, (ABOUT_ANNE.id,), ())
    assert against(without(ABOUT_BASIL)).finding is LogFinding.DIFFERENT
    assert against([]).finding is LogFinding.NOTHING


def test_evidence_that_was_altered_does_not_hold() -> None:
    first, *others = EVIDENCE["proofs"]
    assert unproven(evidence(root="0" * 64)) == [proof["fact_id"] for proof in EVIDENCE["proofs"]]
    assert unproven(evidence(proofs=[{**first, "leaf": others[0]["leaf"]}, *others])) == [first["fact_id"]]


def test_evidence_is_read_out_of_a_document_and_by_itself(tmp_path: Path) -> None:
    document, bare = tmp_path / "document.pdf", tmp_path / "evidence.json"
    document.write_bytes(document_of(EVIDENCE))
    bare.write_text(json.dumps(EVIDENCE))
    assert read_evidenced(document).evidence == read_evidenced(bare).evidence == evidence()
    assert read_evidenced(bare).sha256 is None


def pdf(*attachments: bytes) -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    for content in attachments:
        writer.add_attachment("passerelle-evidence.json", content)
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "is neither a PDF nor the passerelle-evidence.json of one"),
        (b"GIF89a", "is neither a PDF nor"),
        (b"%PDF-1.7\nbroken", "is a PDF that is damaged or cut off: what it carries cannot be read"),
        (document_of(EVIDENCE)[:4000], "is a PDF that is damaged or cut off"),
        (document_of(EVIDENCE).replace(b"/FlateDecode", b"/FlatDecodes"), "is a PDF that is damaged or cut off"),
        (document_of({}, name="passerelle-report.json"), "is a report of an event, and no register keeps reports"),
        (pdf(), "carries no passerelle-evidence.json: it is no document that Passerelle issued, or was saved anew"),
        (pdf(b"{}", b"{}"), "carries 2 attachments named passerelle-evidence.json: it was altered"),
        (pdf(b"{"), "carries evidence that cannot be read: it: "),
        (b'{"format": "another"}', "carries evidence that cannot be read: format: "),
        (json.dumps({**EVIDENCE, "verify_at": "https://x\x1b[2J"}).encode(), "cannot be read: verify_at: "),
    ],
)
def test_a_file_without_evidence_says_what_is_wrong_with_it(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    with pytest.raises(NoEvidenceError) as error:
        read_evidenced(file)
    assert reason in str(error.value)
    assert str(error.value).startswith(str(file))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoEvidenceError, match="cannot be read: No such file"):
        read_evidenced(tmp_path / "gone.pdf")
