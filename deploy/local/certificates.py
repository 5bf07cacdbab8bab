"""Certificates for the local network: an authority of this installation, kept, and what it vouches for.

A telephone warns of a certificate that it does not know. Who lets it trust the authority once (`/telephone` says how)
has a desk that also opens without the network; who only accepts the warning has a desk that works, camera and all.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.chassis.errors import OperatorError

_AUTHORITY_LIFETIME: Final = timedelta(days=3650)
_LIFETIME: Final = timedelta(days=397)
"""Telephones refuse what is good for longer."""
_RENEWED: Final = timedelta(days=30)
"""Before its end a certificate is made anew."""
_BACKDATED: Final = timedelta(hours=24)
"""A telephone's clock may be behind ours."""


class DamagedAuthorityError(OperatorError):
    """The authority's files cannot be read, or do not belong together."""

    def __init__(self, folder: Path) -> None:
        """Say what to do."""
        super().__init__(
            f"--lan: the certificate authority in {folder} cannot be read. Put its files back from a copy, or remove "
            "the folder: a new one is made then, which every telephone must be made to trust again"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where the certificate, its key and the authority's certificate are, as PEM."""

    certificate: Path
    key: Path
    authority: Path


def tls_files(folder: Path, names: Sequence[str], *, now: datetime) -> TlsFiles:
    """The files for IP addresses and host names, made where they are missing, lack a name, or are near their end.

    The authority stays the same as long as its file does: telephones that trust it go on doing so.

    Raises:
        DamagedAuthorityError: if its files cannot be read.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = TlsFiles(certificate=folder / "certificate.pem", key=folder / "key.pem", authority=folder / "authority.pem")
    try:
        authority, authority_key = _authority(files.authority, folder / "authority-key.pem", now=now)
    except (ValueError, TypeError):
        raise DamagedAuthorityError(folder) from None
    if not _serves(files, authority, names, now):
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder("Passerelle", authority.subject, key.public_key(), now=now, lifetime=_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )
        _write_key(files.key, key)
        _write(files.certificate, _pem(builder.sign(authority_key, hashes.SHA256())))
    return files


def _authority(
    certificate: Path, key_file: Path, *, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if certificate.exists() and key_file.exists():
        known = x509.load_pem_x509_certificate(certificate.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != known.public_key():
            raise DamagedAuthorityError(certificate.parent)
        if known.not_valid_after_utc - _LIFETIME > now:
            return known, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Passerelle (local network)")])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _builder("Passerelle (local network)", name, key.public_key(), now=now, lifetime=_AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    made = builder.sign(key, hashes.SHA256())
    _write_key(key_file, key)
    _write(certificate, _pem(made))
    return made, key


def _builder(
    subject: str, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, *, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
        public_key=public_key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - _BACKDATED,
        not_valid_after=now - _BACKDATED + lifetime,
    )


def _serves(files: TlsFiles, authority: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    """Whether the certificate is there, names all of these, is good for long enough, and has the key beside it."""
    try:
        known = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), password=None)
        known.verify_directly_issued_by(authority)
        named = known.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001  (whatever is wrong with it, it is made anew)
        return False
    fits = key.public_key() == known.public_key() and {_general_name(name) for name in names} <= set(named)
    return fits and known.not_valid_after_utc - _RENEWED > now


def _general_name(name: str) -> x509.GeneralName:
    try:
        address: IPv4Address | IPv6Address = ip_address(name)
    except ValueError:
        return x509.DNSName(name)
    return x509.IPAddress(address)


def fingerprint(certificate: Path) -> str:
    """The SHA-256 of a certificate as telephones show it: `3F A0 …`."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex(" ").upper()


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    _write(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _write(path: Path, content: bytes) -> None:
    """For its owner alone, and whole or not at all."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
