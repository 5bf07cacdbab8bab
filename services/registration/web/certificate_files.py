"""Certificates as files: one as PDF, all in force in a ZIP that is written while they are drawn."""

import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from aiohttp import web

from services.chassis.pages import language_of
from services.chassis.pages.downloads import file_name
from services.registration.application.document_ports import DocumentQuery
from services.registration.domain.documents import (
    DocumentKind,
    DocumentNotFoundError,
    IssuedDocument,
    read_document_code,
    spelled_code,
)
from services.registration.web.use_cases import UseCases, use_cases

PDF_TYPE: Final = "application/pdf"
ZIP_TYPE: Final = "application/zip"
_AT_A_TIME: Final = 25
"""Certificates drawn before any of them is sent: nobody who waits is left without a byte for long."""
_LEFT_OUT: Final = "left-out.txt"
NAMES: Final = {
    DocumentKind.ATTENDANCE_CERTIFICATE: {"fr": "attestation", "en": "certificate"},
    DocumentKind.COMPLETION_CERTIFICATE: {"fr": "certificat de realisation", "en": "certificate of completion"},
}


def asked_code(request: web.Request) -> str:
    """The code in the address, as stored.

    Raises:
        DocumentNotFoundError: if it cannot be one.
    """
    typed = request.match_info["code"]
    code = read_document_code(typed)
    if code is None:
        raise DocumentNotFoundError(typed)
    return code


async def certificate_file(request: web.Request, document: IssuedDocument, pdf: bytes) -> web.Response:
    """A certificate to keep, called after whom it is about."""
    names = await use_cases(request).registrations.names(document.event_id, [document.participant_id or ""])
    name = _named(document, names.get(document.participant_id or "", ""))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=pdf, content_type=PDF_TYPE, headers=headers)


async def certificates_zip(request: web.Request, event_id: str, kind: DocumentKind) -> web.StreamResponse:
    """All certificates of a kind that are in force, each drawn as it was issued.

    What cannot be drawn again is named in a file of its own. The audit log says who took them along.
    """
    cases = use_cases(request)
    event = await cases.events.find(event_id)
    await cases.proofs.documents.note_taken_along(event_id, kind)
    name = file_name(NAMES[kind][language_of(request)], event.title, kind="zip")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers)
    response.content_type = ZIP_TYPE
    sink = _Sink()
    left_out: list[str] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        first = True
        async for document, called, pdf in _drawn(cases, event_id, kind):
            if first:
                # Once the answer has begun it cannot say any more that attendance is away.
                await response.prepare(request)
                first = False
            if pdf is None:
                left_out.append(f"{spelled_code(document.code)} {called}")
                continue
            entry = zipfile.ZipInfo(_named(document, called), document.issued_at.timetuple()[:6])
            archive.writestr(entry, pdf)
            await response.write(sink.taken())
        if left_out:
            archive.writestr(_LEFT_OUT, "\n".join([*left_out, ""]))
    if not response.prepared:
        await response.prepare(request)
    await response.write(sink.taken())
    await response.write_eof()
    return response


async def _drawn(
    cases: UseCases, event_id: str, kind: DocumentKind
) -> AsyncIterator[tuple[IssuedDocument, str, bytes | None]]:
    documents, certificates = cases.proofs.documents, cases.proofs.certificates
    query = DocumentQuery(event_id=event_id, limit=_AT_A_TIME, kind=kind, only_in_force=True)
    while found := await documents.page(query):
        names = await cases.registrations.names(event_id, [each.participant_id or "" for each in found])
        for document, pdf in zip(found, await certificates.draw_each(event_id, found), strict=True):
            yield document, names.get(document.participant_id or "", ""), pdf
        query = replace(query, before=(found[-1].issued_at, found[-1].code))


def _named(document: IssuedDocument, called: str) -> str:
    """`attestation-lea-martin-0q8fk.pdf`: the beginning of the code keeps namesakes apart."""
    kind = NAMES.get(document.kind, {}).get(document.language[:2], document.kind.value)
    return file_name(kind, called, document.code[:5], kind="pdf")


class _Sink(io.RawIOBase):
    """What the archive is written to, and taken from again at once: it never stands in memory as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
        self._kept += content
        return len(content)

    def taken(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._kept)
        self._kept.clear()
        return taken
