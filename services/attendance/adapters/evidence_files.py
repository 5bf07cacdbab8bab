"""The evidence that a document carries, out of its file: a PDF with an attachment, or the attachment by itself."""

import hashlib
import io
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from services.attendance.application.verification import EvidenceFile
from services.chassis.errors import OperatorError

ATTACHMENT: Final = "passerelle-evidence.json"
_REPORT: Final = "passerelle-report.json"
_PDF: Final = b"%PDF-"
_HEADER_BYTES: Final = 1024
_LARGEST: Final = 256 * 1024 * 1024


class NoEvidenceError(OperatorError):
    """A file holds no evidence that can be read; it says why."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file."""
        super().__init__(f"{path} {reason}.")
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencedFile:
    """What a file carries; `sha256` is that of the whole file if it is a document, None for bare evidence."""

    evidence: EvidenceFile
    sha256: str | None


def read_evidenced(path: Path) -> EvidencedFile:
    """Read a file.

    Raises:
        NoEvidenceError: if it cannot be read, is neither a PDF nor evidence, or carries none.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise NoEvidenceError(path, "is larger than any document of Passerelle")
        content = path.read_bytes()
    except OSError as error:
        raise NoEvidenceError(path, f"cannot be read: {error.strerror}") from None
    if _PDF in content[:_HEADER_BYTES]:
        attached = _attached(path, content)
        return EvidencedFile(evidence=_evidence(path, attached), sha256=hashlib.sha256(content).hexdigest())
    if content.lstrip()[:1] == b"{":
        return EvidencedFile(evidence=_evidence(path, content), sha256=None)
    raise NoEvidenceError(path, f"is neither a PDF nor the {ATTACHMENT} of one")


def _attached(path: Path, content: bytes) -> bytes:
    found, is_report = _read(path, content)
    if is_report:
        raise NoEvidenceError(
            path,
            "is a report of an event, and no register keeps reports: ask for it again as of the instant that it names, "
            "and compare",
        )
    if not found:
        raise NoEvidenceError(
            path, f"carries no {ATTACHMENT}: it is no document that Passerelle issued, or was saved anew"
        )
    if len(found) > 1:
        raise NoEvidenceError(path, f"carries {len(found)} attachments named {ATTACHMENT}: it was altered")
    return found[0]


def _read(path: Path, content: bytes) -> tuple[list[bytes], bool]:
    """The evidence that a PDF carries, each time that it does; and whether it is a report."""
    try:
        attached: Mapping[str, list[bytes]] = PdfReader(io.BytesIO(content)).attachments
        return attached.get(ATTACHMENT, []), _REPORT in attached
    # A damaged file may break its reader anywhere, and what that says of its own insides helps nobody.
    except (PyPdfError, *_BREAKS):
        raise NoEvidenceError(path, "is a PDF that is damaged or cut off: what it carries cannot be read") from None


_BREAKS: Final = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    OSError,
    zlib.error,
)


def _evidence(path: Path, content: bytes) -> EvidenceFile:
    try:
        return EvidenceFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise NoEvidenceError(path, f"carries evidence that cannot be read: {place}: {first['msg']}") from None
