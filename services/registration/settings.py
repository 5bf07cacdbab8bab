"""Settings of the registration service."""

from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Annotated, ClassVar, Final
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from services.chassis.periods import PERIOD, KeptFor, Period
from services.chassis.settings import CommonSettings, Port, WebUrl

_PORTS: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """A mail server. `encrypted` is TLS from the first byte; else STARTTLS is used where the server offers it.

    It is insisted on before a password is sent, and left out on this machine's own addresses.
    """

    host: str
    port: int
    encrypted: bool
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """The server of a URL such as `smtp://user:password@mail.example.org:587`; parts are percent-encoded.

        Raises:
            ValueError: if it is no such URL.
        """
        parts = urlsplit(url)
        wrong = (
            parts.path.strip("/") or parts.query or parts.fragment or (parts.username is None) != (not parts.password)
        )
        if parts.scheme not in _PORTS or not parts.hostname or wrong:
            raise ValueError
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            encrypted=parts.scheme == "smtps",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def start_tls(self) -> bool | None:
        """Whether to begin TLS after connecting; None is where the server offers it."""
        if self.encrypted or self._is_here:
            return False
        return None if self.password is None else True

    @property
    def _is_here(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def _smtp_url(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        SmtpServer.parse(value.get_secret_value())
    return value


def _sender(value: str | None, info: ValidationInfo) -> str | None:
    if value is None:
        if info.data.get("smtp_url") is not None:
            raise ValueError
        return None
    name, address = parseaddr(value)
    try:
        parsed = Address(display_name=name, addr_spec=address)
    except MessageError:
        raise ValueError from None
    if not parsed.username or not parsed.domain:
        raise ValueError
    return str(parsed)


def _issuer(value: str | None) -> str | None:
    """TLS everywhere but on this machine: what the provider says is trusted because of whom it comes from."""
    if value is not None:
        parts = urlsplit(value)
        here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if (
            not parts.hostname
            or parts.query
            or parts.fragment
            or parts.scheme not in {"https", *(["http"] if here else [])}
        ):
            raise ValueError
    return value


def _with_issuer(value: str | None, info: ValidationInfo) -> str | None:
    if (value is None) != (info.data.get("oidc_issuer") is None):
        raise ValueError
    return value


def _no_shorter(value: Period, info: ValidationInfo) -> Period:
    return _compared(value, info, sign=1)


def _no_longer(value: Period, info: ValidationInfo) -> Period:
    return _compared(value, info, sign=-1)


def _compared(value: Period, info: ValidationInfo, *, sign: int) -> Period:
    participants = info.data.get("keep_participants")
    # One that was refused has an error of its own.
    if participants is not None and sign * (value.about_days - participants.about_days) < 0:
        raise ValueError
    return value


class RegistrationSettings(CommonSettings):
    """What all services share, on this service's port; how letters leave; who may register; who vouches for people."""

    service: ClassVar[str] = "registration"

    port: Port = 8081
    smtp_url: Annotated[
        SecretStr | None,
        AfterValidator(_smtp_url),
        Field(
            description="a mail server such as smtp://user:password@mail.example.org:587, or smtps://… (TLS from the "
            "start), with what is not a letter or a number percent-encoded in user and password"
        ),
    ] = None
    mail_sender: Annotated[
        str | None,
        AfterValidator(_sender),
        Field(
            validate_default=True,
            description="whom letters come from, such as Colloque <tickets@example.org>: with PASSERELLE_SMTP_URL it "
            "is needed",
        ),
    ] = None

    registrations_per_address: Annotated[
        int, Field(ge=1, le=100_000, description="a whole number between 1 and 100000 (registrations in an hour)")
    ] = 120
    registrations_per_minute: Annotated[
        int, Field(ge=1, le=100_000, description="a whole number between 1 and 100000 (registrations in all)")
    ] = 600

    helloasso_url: Annotated[
        WebUrl,
        Field(description="the address of HelloAsso's API, such as https://api.helloasso-sandbox.com to try it out"),
    ] = "https://api.helloasso.com"
    shops_at_private_addresses: Annotated[
        bool, Field(description="true or false (whether ticket shops may be in the local network, and without TLS)")
    ] = False

    # How long what is kept: `application/retention.py` says what each is about.
    keep_participants: KeptFor = Period.parse("3 years")
    keep_training_proof: Annotated[
        KeptFor,
        AfterValidator(_no_shorter),
        Field(validate_default=True, description=f"{PERIOD}, and no shorter than PASSERELLE_KEEP_PARTICIPANTS"),
    ] = Period.parse("6 years")
    keep_cofunded_training_proof: Annotated[
        KeptFor,
        AfterValidator(_no_shorter),
        Field(validate_default=True, description=f"{PERIOD}, and no shorter than PASSERELLE_KEEP_PARTICIPANTS"),
    ] = Period.parse("10 years")
    keep_accessibility_needs: Annotated[
        KeptFor,
        AfterValidator(_no_longer),
        Field(validate_default=True, description=f"{PERIOD}, and no longer than PASSERELLE_KEEP_PARTICIPANTS"),
    ] = Period.parse("30 days")
    keep_imports: Annotated[
        KeptFor,
        AfterValidator(_no_longer),
        Field(validate_default=True, description=f"{PERIOD}, and no longer than PASSERELLE_KEEP_PARTICIPANTS"),
    ] = Period.parse("90 days")
    keep_letters: KeptFor = Period.parse("1 year")
    keep_audit_log: KeptFor = Period.parse("1 year")
    keep_access: KeptFor = Period.parse("30 days")

    oidc_issuer: Annotated[
        str | None,
        AfterValidator(_issuer),
        Field(description="the issuer of an OpenID provider, such as https://login.example.org/realms/asso"),
    ] = None
    oidc_client_id: Annotated[
        str | None,
        AfterValidator(_with_issuer),
        Field(
            validate_default=True,
            description="the name by which the OpenID provider knows this Passerelle: set with PASSERELLE_OIDC_ISSUER, "
            "and only with it",
        ),
    ] = None
    oidc_client_secret: Annotated[
        SecretStr | None, Field(min_length=1, description="the secret that goes with PASSERELLE_OIDC_CLIENT_ID")
    ] = None
    oidc_name: Annotated[
        str, Field(min_length=1, max_length=60, description="what people call the provider, in 1 to 60 characters")
    ] = "OpenID Connect"

    @property
    def smtp_server(self) -> SmtpServer | None:
        """Where letters are taken to; None if they stay here."""
        return None if self.smtp_url is None else SmtpServer.parse(self.smtp_url.get_secret_value())
