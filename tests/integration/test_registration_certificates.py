"""Certificates: issued to one and to all, checked by strangers, replaced, revoked; and when there is none."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
import pytest_asyncio
from pypdf import PdfReader

from services.registration.bootstrap import MIGRATIONS
from services.registration.domain.certificates import BatchState
from services.registration.domain.documents import DocumentKind
from tests.databases import ON_BOTH, NewDatabase
from tests.integration.issuing_certificates import ISSUER, Issuing, issuing_certificates, record_of
from tests.integration.running_registration import START

PROVIDER: Final = {
    **ISSUER,
    "address": "12 rue des Ponts, 31000 Toulouse",
    "siret": "732 829 320 00074",
    "activity_number": "76 31 00001 31",
    "place": "Toulouse",
    "signatory": "Anne Lefèvre",
}


@pytest_asyncio.fixture
async def issuing(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[Issuing]:
    async with issuing_certificates(tmp_path, database=await new_database(MIGRATIONS)) as made:
        yield made


@ON_BOTH
async def test_a_certificate_is_genuine_until_it_is_replaced_or_revoked_and_tells_strangers_no_name(
    issuing: Issuing,
) -> None:
    await issuing.api("PUT", "/issuer", ISSUER)
    issued = await issuing.issue(issuing.lea)
    assert await issuing.issue(issuing.lea) == issued
    pdf = await issuing.file(f"/documents/{issued['code']}.pdf")
    assert pdf == await issuing.file(f"/documents/{issued['code']}.pdf")
    sha256 = hashlib.sha256(pdf).hexdigest()
    told = await issuing.verify(issued["code"].lower().replace("-", ""), f"?sha256={sha256}")
    assert (told["standing"], told["file_matches"], told["event"]["title"]) == ("current", True, "Colloque d’été")
    assert (told["root"], told["figures"]) == (issued["root"], issued["figures"])
    assert "Léa" not in str(told)
    assert (await issuing.verify(issued["code"], f"?sha256={'0' * 64}"))["file_matches"] is False

    issuing.attended(in_person=7200, remote=600)
    told = await issuing.verify(issued["code"])
    assert (told["standing"], told["because"], told["replaced_at"]) == ("outdated", ["figures"], None)
    seen = await issuing.service.page("GET", f"/verify/{issued['code']}", lang="fr")
    assert "n’est plus à jour" in seen
    assert "un passage scanné tardivement" in seen
    await issuing.file(f"/documents/{issued['code']}.pdf", expect=409)
    issuing.clock.now += timedelta(minutes=1)
    newer = await issuing.issue(issuing.lea)
    assert newer["code"] != issued["code"]
    told = await issuing.verify(issued["code"])
    assert (told["standing"], told["because"]) == ("replaced", ["figures"])
    assert told["replaced_at"] == newer["issued_at"]
    assert "Other figures became known" in await issuing.service.page("GET", f"/verify/{issued['code']}")
    issuing.clock.now += timedelta(minutes=1)
    other = await issuing.issue(issuing.lea, language="en" if newer["language"] == "fr" else "fr")
    assert (await issuing.verify(newer["code"]))["because"] == ["language"]
    newer = other
    revoke = {"reason": "Mauvaise personne"}
    await issuing.api("POST", f"/documents/{newer['code']}/revoke", revoke)
    told = await issuing.verify(newer["code"])
    assert (told["standing"], told["revoked"]["reason"]) == ("revoked", "Mauvaise personne")
    assert (await issuing.api("GET", f"/documents/{newer['code']}"))["revoked"] == told["revoked"]
    refused = await issuing.file(f"/documents/{newer['code']}.pdf", expect=409)
    assert b"document_revoked" in refused
    assert [each["code"] for each in (await issuing.api("GET", "/documents?limit=1"))["items"]] == [newer["code"]]
    await issuing.verify("00000-00000-00000-00000", expect=404)
    await issuing.verify("x", expect=404)


@ON_BOTH
async def test_a_certificate_is_in_a_language_that_there_is_whatever_somebody_wishes(issuing: Issuing) -> None:
    await issuing.api("PUT", "/issuer", ISSUER)
    french = await issuing.issue(issuing.lea, language="fr-Latn-FR-x-institut-x")
    assert french["language"] == "fr"
    assert (await issuing.issue(issuing.lea, language="fr"))["code"] == french["code"]
    everybody = await issuing.api("POST", "/certificates", {"language": "en-Latn-GB-x-institut"}, expect=201)
    assert (everybody["state"], everybody["issued"]) == ("done", 2)
    documents = (await issuing.api("GET", "/documents?in_force=true"))["items"]
    assert [each["language"] for each in documents] == ["en", "en"]


@ON_BOTH
async def test_a_page_compares_the_name_and_the_file_without_scripts(issuing: Issuing) -> None:
    await issuing.api("PUT", "/issuer", ISSUER)
    code = (await issuing.issue(issuing.lea))["code"]
    page = issuing.service.page
    assert await issuing.service.redirect("GET", f"/verify?code={code.lower().replace('-', '+')}") == f"/verify/{code}"
    assert "20 letters and digits, such as" in await page("GET", "/verify?code=nonsense", expect=422)
    told = await page("GET", f"/verify/{code}")
    assert "This document is genuine and up to date." in told
    assert "Léa" not in told
    assert "Yes: this is the name" in await page("POST", f"/verify/{code}/name", {"name": " lea  MARTIN"})
    assert "No: the document is not about" in await page("POST", f"/verify/{code}/name", {"name": "Bo Li"})
    for content, answered in (
        (await issuing.file(f"/documents/{code}.pdf"), "Yes: this file was given out"),
        (b"%PDF of somebody", "No: this file was not given out"),
        # As large as sheets with many signatures are.
        (b"%PDF" + bytes(3_000_000), "No: this file was not given out"),
    ):
        form = {"file": io.BytesIO(content)}
        async with issuing.service.client.post(
            f"/verify/{code}/file", data=form, headers={"Sec-Fetch-Site": "same-origin"}
        ) as response:
            assert answered in await response.text()
    for sent, status in ((None, 415), ({"file": ""}, 415)):
        async with issuing.service.client.post(f"/verify/{code}/file", data=sent) as response:
            assert response.status == status
    broken = b"--b\r\nNo header\r\n\r\nx\r\n--b--\r\n"
    for kind, where in (("", "file"), ("; boundary=b", "file"), ("; boundary=b", "name")):
        headers = {"Content-Type": f"multipart/form-data{kind}"}
        async with issuing.service.client.post(f"/verify/{code}/{where}", data=broken, headers=headers) as response:
            assert response.status == 400
    with aiohttp.MultipartWriter("form-data") as nothing:
        nothing.append(b"").set_content_disposition("form-data", name="file", filename="")
    async with issuing.service.client.post(f"/verify/{code}/file", data=nothing) as response:
        assert (response.status, "Choose a file." in await response.text()) == (422, True)
    await issuing.service.api(
        "DELETE", f"/events/{issuing.event_id}/registrations/{issuing.lea}?erase=true", expect=204
    )
    assert "The name is not kept any more" in await page("POST", f"/verify/{code}/name", {"name": "Léa Martin"})
    assert "This document is genuine" in await page("GET", f"/verify/{code}")
    assert "erased" in str(await issuing.file(f"/documents/{code}.pdf", expect=409))
    assert "No document was issued here" in await page("GET", "/verify/00000-00000-00000-00000", expect=404)


@ON_BOTH
async def test_granted_time_makes_another_certificate_and_the_one_before_it_stays_as_it_was(issuing: Issuing) -> None:
    await issuing.api("PUT", "/issuer", ISSUER)
    first = await issuing.issue(issuing.lea)
    seen = await issuing.file(f"/documents/{first['code']}.pdf")
    said = await issuing.api("POST", f"/registrations/{issuing.lea}/contests", {"text": "By telephone."}, expect=201)
    issuing.clock.now += timedelta(minutes=1)
    start, end = START.isoformat(), (START + timedelta(minutes=12)).isoformat()
    grant = {"outcome": "upheld", "mode": "remote", "start": start, "end": end}
    answer = f"/contests/{said['contest_id']}/answer"
    await issuing.api("PUT", answer, grant)
    issuing.clock.now += timedelta(minutes=1)
    issuing.says.as_of = issuing.clock.now.isoformat()
    assert (await issuing.verify(first["code"]))["standing"] == "outdated"
    assert await issuing.file(f"/documents/{first['code']}.pdf") == seen
    newer = await issuing.issue(issuing.lea, language="en")
    (reader,) = PdfReader(io.BytesIO(await issuing.file(f"/documents/{newer['code']}.pdf"))).pages[:1]
    assert "Time granted by the organizer" in reader.extract_text()
    assert (await issuing.verify(newer["code"]))["standing"] == "current"
    assert (await issuing.verify(first["code"]))["standing"] == "replaced"
    await issuing.api("DELETE", answer)
    assert (await issuing.verify(newer["code"]))["standing"] == "outdated"
    assert b"document_outdated" in await issuing.file(f"/documents/{newer['code']}.pdf", expect=409)

    issuing.says.half_days = [{"half_day_id": "2037-11-23/morning", "starts_at": start, "ends_at": end}]
    issuing.attended()
    assert (await issuing.issue(issuing.lea, expect=409))["reason"] == "not_seen"
    await issuing.api("PUT", answer, grant)
    issuing.clock.now += timedelta(minutes=1)
    issuing.says.as_of = issuing.clock.now.isoformat()
    done = await issuing.api("POST", "/certificates", {}, expect=201)
    assert (done["issued"], [each["participant_id"] for each in done["refused"]]) == (1, [issuing.bo])


async def test_whoever_gets_no_certificate_is_told_why(issuing: Issuing) -> None:
    completion: dict[str, Any] = {"kind": "completion_certificate"}
    nobody = await issuing.issue(issuing.lea, expect=409)
    assert (nobody["reason"], nobody["missing"]) == ("issuer_incomplete", ["name"])
    refused = await issuing.api("PUT", "/issuer", {"name": "A", "siret": "123"}, expect=400)
    assert "14 digits" in str(refused)
    await issuing.api("PUT", "/issuer", {"name": "A", "logo": "bm8gcGljdHVyZQ=="}, expect=400)
    await issuing.api("PUT", "/issuer", ISSUER)
    missing = await issuing.issue(issuing.lea, **completion, expect=409)
    assert missing["missing"] == ["address", "activity_number", "place", "signatory"]
    told = await issuing.api("PUT", "/issuer", PROVIDER)
    assert (told["siret"], told["activity_number"]) == ("73282932000074", "76310000131")
    assert (await issuing.issue(issuing.lea, **completion, language="en"))["language"] == "en"
    assert (await issuing.issue(issuing.jean, expect=409))["reason"] == "not_seen"
    await issuing.issue(issuing.lea, kind="attendance_sheet", expect=400)

    await issuing.service.api("POST", f"/events/{issuing.event_id}/reopen")
    issuing.says.is_open = True
    assert (await issuing.issue(issuing.lea, **completion, expect=409))["reason"] == "event_open"
    assert (await issuing.issue(issuing.lea))["provisional"]
    issuing.says.people = [{"participant_id": issuing.lea}]
    await issuing.issue(issuing.lea, expect=503)


@ON_BOTH
async def test_everybody_gets_theirs_after_a_restart_too_and_all_are_in_one_file(issuing: Issuing) -> None:
    await issuing.api("PUT", "/issuer", ISSUER)
    batches = issuing.service.parts.use_cases.proofs.batches
    issuing.says.people = [*issuing.says.people, record_of(issuing.jean)]
    kind = DocumentKind.ATTENDANCE_CERTIFICATE
    begun = await batches.start(issuing.event_id, kind, language=None, letters=True)
    assert (await batches.start(issuing.event_id, kind, language=None, letters=True)) == begun
    other = await issuing.api("POST", "/certificates", {"letters": False}, expect=409)
    assert other["reason"] == "certificates_running"
    # A process that died in the middle left it so: one was dealt with, and the rest was not.
    first = min(issuing.lea, issuing.bo, issuing.jean)
    async with issuing.service.parts.use_cases.events.store.writing() as transaction:
        await transaction.save_batch(replace(begun, done_up_to=first, issued=1))
    await batches.carry_on_all()
    done = await batches.find(issuing.event_id, begun.batch_id)
    assert done.state is BatchState.DONE
    assert done.done == done.total == 3
    again = await issuing.api("POST", "/certificates", {"letters": True}, expect=201)
    assert (again["issued"], [each["reason"] for each in again["refused"]]) == (2, ["not_seen"])
    assert await issuing.api("GET", f"/certificates/{again['batch_id']}") == again
    documents = (await issuing.api("GET", "/documents?in_force=true"))["items"]
    assert sorted(each["participant_id"] for each in documents) == sorted([issuing.lea, issuing.bo])
    letters = await issuing.service.parts.use_cases.letters.page(issuing.event_id, before=None, limit=50)
    told = sorted(each.letter.participant_id for each in letters if each.letter.kind == "document_issued")
    assert told == sorted([issuing.lea, issuing.bo])
    asked_before = len(issuing.says.asked)
    with zipfile.ZipFile(io.BytesIO(await issuing.file("/certificates.zip"))) as archive:
        names = sorted(archive.namelist())
        assert [name.rpartition("-")[0] for name in names] == ["attestation-bo-li", "attestation-lea-martin"]
        assert archive.read(names[0]).startswith(b"%PDF")
    entries = (await issuing.api("GET", "/audit-log"))["items"]
    assert [entry["act"] for entry in entries].count("document.exported") == 1
    (asked,) = issuing.says.asked[asked_before:]
    assert asked["participant_ids"] == sorted([issuing.lea, issuing.bo])
    issuing.attended(in_person=60)
    with zipfile.ZipFile(io.BytesIO(await issuing.file("/certificates.zip"))) as archive:
        assert archive.namelist() == ["left-out.txt"]


async def test_a_participant_takes_their_own_where_the_organizer_lets_them(issuing: Issuing) -> None:
    await issuing.api("PUT", "/issuer", ISSUER)
    links = issuing.service.parts.use_cases.links
    url = links.confirmation_url(event_id=issuing.event_id, participant_id=issuing.lea)
    here = url.removeprefix(issuing.service.settings.public_url) + "/certificates"
    page, redirect = issuing.service.page, issuing.service.redirect
    form = {"kind": "attendance_certificate", "language": ""}
    assert "The organizer has not released" in await page("POST", here, form, expect=409)
    await issuing.api("PUT", "/certificates/settings", {"handed_out": ["attendance_certificate"]})
    code = (await redirect("POST", here, form)).partition("=")[2]
    assert code in await page("GET", here)
    (told,) = (await issuing.api("GET", f"/registrations/{issuing.lea}/data"))["documents"]
    assert (told["code"], told["kind"], told["in_force"]) == (code, "attendance_certificate", True)
    assert code in await page("GET", here.replace("/certificates", "/data"))
    async with issuing.service.client.get(f"{here}/{code}.pdf") as response:
        assert (await response.read()).startswith(b"%PDF")
    other = (await issuing.issue(issuing.bo))["code"]
    await page("GET", f"{here}/{other}.pdf", expect=404)
    await issuing.api("POST", f"/documents/{code}/revoke", {"reason": "Mauvaise personne"})
    assert "The organizer revoked this document" in await page("POST", here, form, expect=409)
    anew = (await issuing.issue(issuing.lea))["code"]
    assert (await redirect("POST", here, form)).partition("=")[2] == anew


@pytest.mark.parametrize("path", ["/issuer", "/documents", "/certificates/settings", "/certificates.zip"])
async def test_only_organizers_see_what_was_issued(issuing: Issuing, path: str) -> None:
    await issuing.service.api("GET", f"/events/{issuing.event_id}{path}", token=None, expect=401)
