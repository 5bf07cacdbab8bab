"""Use cases that rest on attendance as it is reckoned: what is owed to those who were there, or were not."""

from dataclasses import dataclass

from services.chassis.clock import Clock
from services.registration.application.attendance_records import AttendanceReckoning
from services.registration.application.certificate_batches import CertificateBatches
from services.registration.application.certificate_drawing import CertificateDrawing
from services.registration.application.certificate_ports import CertificatePrinter, EvidenceProving
from services.registration.application.certificates import Certificates
from services.registration.application.contests import Contests
from services.registration.application.eligibility import Eligibility
from services.registration.application.eligibility_roll import EligibilityRolls
from services.registration.application.issued_documents import IssuedDocuments
from services.registration.application.issuers import Issuers
from services.registration.application.ports import Mint, Store
from services.registration.application.sheets import SheetPrinter, Sheets
from services.registration.application.signatures import Signatures
from services.registration.application.verification import Verification
from services.registration.domain.certificates import CERTIFICATES
from services.registration.domain.documents import DocumentKind, spelled_code


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofMeans:
    """What proofs need of the outside, beside the store."""

    reckoning: AttendanceReckoning
    sheets: SheetPrinter
    proving: EvidenceProving
    certificates: CertificatePrinter


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofCases:
    """What is proved, and to whom."""

    reckoning: AttendanceReckoning
    signatures: Signatures
    sheets: Sheets
    documents: IssuedDocuments
    issuers: Issuers
    certificates: Certificates
    batches: CertificateBatches
    verification: Verification
    contests: Contests
    eligibility: Eligibility

    @classmethod
    def join(
        cls, means: ProofMeans, *, store: Store, clock: Clock, mint: Mint, secret_key: str, public_url: str
    ) -> "ProofCases":
        """Build them over the same parts."""
        signatures = Signatures.derive(secret_key, store=store, clock=clock)
        documents = IssuedDocuments(store=store, clock=clock, mint=mint)
        contests = Contests.derive(secret_key, store=store, clock=clock, mint=mint)
        eligibility = Eligibility(
            store=store,
            clock=clock,
            mint=mint,
            reckoning=means.reckoning,
            contests=contests,
            rolls=EligibilityRolls(means.reckoning),
        )
        issuers = Issuers(store=store, clock=clock, mint=mint)

        def verify_at(code: str) -> str:
            return f"{public_url}/verify/{spelled_code(code)}"

        certificates = Certificates(
            store=store,
            register=documents,
            issuers=issuers,
            reckoning=means.reckoning,
            judge=eligibility.attended_enough,
            drawing=CertificateDrawing(
                store=store,
                reckoning=means.reckoning,
                proving=means.proving,
                printer=means.certificates,
                granting=contests,
                verify_at=verify_at,
            ),
        )
        sheets = Sheets(
            store=store,
            clock=clock,
            reckoning=means.reckoning,
            signatures=signatures,
            register=documents,
            issuers=issuers,
            printer=means.sheets,
            verify_at=verify_at,
        )
        return cls(
            documents=documents,
            issuers=issuers,
            certificates=certificates,
            batches=CertificateBatches(store=store, clock=clock, mint=mint, certificates=certificates),
            verification=Verification(
                store=store,
                register=documents,
                figures_today={
                    **dict.fromkeys(CERTIFICATES, certificates.figures_today),
                    DocumentKind.ATTENDANCE_SHEET: sheets.figures_today,
                },
            ),
            reckoning=means.reckoning,
            signatures=signatures,
            sheets=sheets,
            contests=contests,
            eligibility=eligibility,
        )
