"""`passerelle verify` as a process: the evidence of a document against a real log, an archive, and its register."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from services.registration.domain.documents import digest_of
from tests.fakes.attendance_facts import ANNE
from tests.fakes.issued_evidence import CODE, Register, document_of, evidence_of, registering
from tests.integration.attendance_commands import closed_event, command, produce

pytestmark = pytest.mark.timeout(180)


def issued(register: Register, file: Path, evidence: dict[str, Any]) -> None:
    """Give a document out."""
    content = document_of(evidence)
    file.write_bytes(content)
    told = {"kind": "attendance_certificate", "as_of": evidence["document"]["as_of"], "facts": evidence["facts"]}
    told |= {"standing": "current", "root": evidence["root"], "figures": digest_of(evidence["figures"])}
    register.documents[CODE] = told
    register.files.add(hashlib.sha256(content).hexdigest())


async def test_a_document_is_genuine_by_its_evidence_by_the_log_and_by_the_register(kafka: str, tmp_path: Path) -> None:
    event_id = "evt_verify_genuine"
    facts = closed_event(event_id)
    await produce(kafka, tmp_path, facts.written)
    (tmp_path / "kept").touch()
    evidence = evidence_of(event_id, facts.written, subject=ANNE)
    file = tmp_path / "certificate.pdf"
    async with registering() as register:
        issued(register, file, evidence)
        code, out, said = await command(kafka, tmp_path, "verify", str(file), "--server", register.url)
        assert (code, [line[:4].strip() for line in out.splitlines()[1:5]]) == (0, ["yes"] * 4), out + said
        assert f"The log has the very facts it was issued from: {len(facts.written)}, under the same root." in out
        assert "Its 19 figures follow from the facts, counted again with the event's reconnect grace of 60 s." in out
        assert out.endswith("The document is genuine.\n")

        archive = tmp_path / "archive"
        await command(kafka, tmp_path, "archive", event_id, "-o", str(archive))
        where = ("--archive", str(archive), "--server", register.url)
        code, out, said = await command(None, tmp_path, "verify", str(file), *where)
        assert (code, f"The archive {archive} has the very facts" in out) == (0, True), out + said

        figures = evidence["figures"]
        longer = {**evidence, "figures": {**figures, "whole": {**figures["whole"], "total": 36_120}}}
        file.write_bytes(document_of(longer))
        code, out, _ = await command(None, tmp_path, "verify", str(file), *where)
        assert (code, "issued something else under this code." in out) == (1, True)
        assert "The whole event, in all: the document says 10 hrs 2 mins, the facts say 8 hrs." in out
        # Whoever keeps the register may have issued it so.
        issued(register, file, longer)
        assert (await command(None, tmp_path, "verify", str(file), *where))[0] == 1
        issued(register, file, evidence)
        file.write_bytes(document_of(evidence) + b"\n")
        code, out, _ = await command(None, tmp_path, "verify", str(file), *where)
        assert code == 1
        assert "issued another file under this code: this one was altered, or saved anew." in out


async def test_evidence_by_itself_is_held_by_its_facts_and_by_the_register_together(kafka: str, tmp_path: Path) -> None:
    event_id = "evt_verify_bare"
    facts = closed_event(event_id)
    await produce(kafka, tmp_path, facts.written)
    archive = tmp_path / "archive"
    await command(kafka, tmp_path, "archive", event_id, "-o", str(archive))
    evidence = evidence_of(event_id, facts.written, subject=ANNE)
    async with registering() as register:
        issued(register, tmp_path / "certificate.pdf", evidence)
        where = ("--archive", str(archive), "--server", register.url)
        bare = tmp_path / "passerelle-evidence.json"
        bare.write_text(json.dumps(evidence))
        assert (await command(None, tmp_path, "verify", str(bare), *where))[0] == 0
        bare.write_text(json.dumps({**evidence, "proofs": []}))
        code, out, _ = await command(None, tmp_path, "verify", str(bare), *where)
        assert (code, f"a root alone, of {len(facts.written)} facts" in out) == (0, True)
        bare.write_text(json.dumps({**evidence, "figures": {}}))
        code, out, _ = await command(None, tmp_path, "verify", str(bare), *where)
        assert (code, "issued something else under this code." in out) == (1, True)

        elsewhere = {**evidence, "document": {**evidence["document"], "event_id": "evt_elsewhere"}}
        bare.write_text(json.dumps(elsewhere))
        code, out, _ = await command(None, tmp_path, "verify", str(bare), *where)
        assert (code, f"The archive {archive} holds nothing of evt_elsewhere." in out) == (2, True)
        register.documents[CODE]["event"] = {"event_id": event_id}
        code, out, _ = await command(None, tmp_path, "verify", str(bare), *where)
        assert (code, "issued something else under this code." in out) == (1, True)

        register.documents[CODE]["standing"] = "revoked"
        bare.write_text(json.dumps(evidence))
        code, out, _ = await command(None, tmp_path, "verify", str(bare), *where)
        assert (code, "revoked it since" in out) == (1, True)
        register.documents.clear()
        code, out, _ = await command(None, tmp_path, "verify", str(bare), *where)
        assert (code, "issued nothing under this code." in out) == (1, True)


async def test_a_fact_that_the_log_tells_otherwise_is_named(kafka: str, tmp_path: Path) -> None:
    event_id = "evt_verify_altered"
    facts = closed_event(event_id)
    (tmp_path / "kept").touch()
    scan = next(fact for fact in facts.written if fact.subject == ANNE)
    told = [fact.model_copy(update={"source": "/another"}) if fact is scan else fact for fact in facts.written]
    await produce(kafka, tmp_path, told)
    async with registering() as register:
        issued(register, tmp_path / "file.pdf", evidence_of(event_id, facts.written, subject=ANNE))
        code, out, _ = await command(kafka, tmp_path, "verify", str(tmp_path / "file.pdf"), "--server", register.url)
    assert code == 1
    assert f" NO  The log contradicts it: fact {scan.id} is something else there." in out


async def test_without_a_log_and_a_register_nothing_can_be_told(tmp_path: Path) -> None:
    evidence = evidence_of("evt_any", closed_event("evt_any").written, subject=ANNE)
    file = tmp_path / "certificate.pdf"
    file.write_bytes(document_of(evidence))
    nowhere = ("--data-dir", str(tmp_path / "nowhere"))
    code, out, said = await command(None, tmp_path, "verify", str(file), *nowhere)
    assert (code, [line[:4].strip() for line in out.splitlines()[1:5]]) == (2, ["yes", "?", "?", "?"]), out + said
    (verdict,) = out.splitlines()[5:]
    assert verdict == "It cannot be told whether it is genuine: only the register knows what was printed."
    assert said == ""
    where = ("--archive", str(tmp_path / "no archive"), "--server", "http://127.0.0.1:9")
    code, out, said = await command(None, tmp_path, "verify", str(file), *where)
    assert (code, said) == (2, "")
    assert f"  ?  Its facts were not looked up. There is no archive at {tmp_path / 'no archive'}." in out
    assert "  ?  http://127.0.0.1:9 does not answer whether it issued the document: no connection to it" in out
    file.write_bytes(file.read_bytes()[:4000])
    code, out, said = await command(None, tmp_path, "verify", str(file), *where)
    assert (code, out) == (2, "")
    assert said == f"{file} is a PDF that is damaged or cut off: what it carries cannot be read.\n"
    code, out, said = await command(None, tmp_path, "verify", str(tmp_path / "gone.pdf"), *nowhere)
    assert (code, out, said) == (2, "", f"{tmp_path / 'gone.pdf'} cannot be read: No such file or directory.\n")
