"""What proofs need of the outside, as this installation has it."""

from services.registration.adapters.attendance_records import HttpAttendanceReckoning
from services.registration.adapters.certificates.evidence import HttpEvidenceProving
from services.registration.adapters.certificates.printer import TypstCertificates
from services.registration.adapters.sheets.printer import TypstSheets
from services.registration.application.proof_cases import ProofMeans
from services.registration.settings import RegistrationSettings


def proof_means(settings: RegistrationSettings) -> ProofMeans:
    """Build them."""
    return ProofMeans(
        reckoning=HttpAttendanceReckoning(settings),
        sheets=TypstSheets(),
        proving=HttpEvidenceProving(settings),
        certificates=TypstCertificates(),
    )
