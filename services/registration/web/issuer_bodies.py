"""Who issues documents, as clients send and get it; the same fields in the API and in the form."""

import base64
import binascii
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.envelope import Identifier
from services.chassis.printing import can_be_printed
from services.registration.domain.certificates import CertificateSettings, Nature
from services.registration.domain.documents import DocumentKind
from services.registration.domain.issuers import Issuer, read_activity_number, read_siret
from services.registration.domain.pictures import LARGEST_PICTURE, png_size
from services.registration.web.bodies import Address, Body, Description, Title

NO_SIRET: Final = "A SIRET has 14 digits: please check them."
NO_ACTIVITY_NUMBER: Final = "A declaration number has 11 digits: please check them."
NO_PICTURE: Final = "Choose a PNG picture of at most 300 KB and 3000 by 3000 pixels."
_LONGEST_TEXT: Final = 4 * LARGEST_PICTURE // 3 + 4


def _siret(typed: str) -> str:
    if (digits := read_siret(typed)) is None:
        raise PydanticCustomError("siret", NO_SIRET)
    return digits


def _activity_number(typed: str) -> str:
    if (digits := read_activity_number(typed)) is None:
        raise PydanticCustomError("activity_number", NO_ACTIVITY_NUMBER)
    return digits


def checked_picture(content: bytes) -> bytes:
    """A picture that documents can carry.

    Raises:
        PydanticCustomError: otherwise.
    """
    if png_size(content) is None or not can_be_printed(content):
        raise PydanticCustomError("picture", NO_PICTURE)
    return content


def _decoded(sent: object) -> object:
    if not isinstance(sent, str) or len(sent) > _LONGEST_TEXT:
        return sent
    try:
        return base64.b64decode(sent, validate=True)
    except binascii.Error:
        raise PydanticCustomError("picture", NO_PICTURE) from None


Picture = Annotated[
    bytes,
    BeforeValidator(_decoded, json_schema_input_type=str),
    AfterValidator(checked_picture),
    Field(json_schema_extra={"contentEncoding": "base64", "contentMediaType": "image/png"}),
]
_Digits = Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)]


class IssuerFields(BaseModel):
    """As whom documents are issued, in words."""

    name: Title
    address: Address | None = None
    siret: Annotated[_Digits, AfterValidator(_siret)] | None = None
    activity_number: Annotated[_Digits, AfterValidator(_activity_number)] | None = None
    place: Title | None = None
    signatory: Title | None = None
    signatory_role: Title | None = None

    def issuer(self, *, logo: bytes | None, stamp: bytes | None) -> Issuer:
        """With its pictures."""
        words = {name: getattr(self, name) for name in IssuerFields.model_fields}
        return Issuer(**words, logo=logo, stamp=stamp)


class IssuerBody(IssuerFields, Body):
    """The issuer as it is to be from now on; `logo` and `stamp` are PNG pictures, in base 64."""

    logo: Picture | None = None
    stamp: Picture | None = None


class IssuerView(BaseModel):
    """Who issues documents of an event; nulls where nobody said so. `saved`: it was said for this event."""

    name: str | None = None
    address: str | None = None
    siret: str | None = None
    activity_number: str | None = None
    place: str | None = None
    signatory: str | None = None
    signatory_role: str | None = None
    logo: str | None = Field(default=None, json_schema_extra={"contentEncoding": "base64"})
    stamp: str | None = Field(default=None, json_schema_extra={"contentEncoding": "base64"})

    @classmethod
    def of(cls, issuer: Issuer | None) -> "IssuerView":
        """An issuer, if there is one."""
        if issuer is None:
            return cls()
        words = {name: getattr(issuer, name) for name in IssuerFields.model_fields}
        return cls(**words, logo=_encoded(issuer.logo), stamp=_encoded(issuer.stamp))


class CertificateSettingsBody(Body):
    """How certificates of an event are made; see `CertificateSettings`."""

    nature: Nature = Nature.TRAINING
    handed_out: frozenset[DocumentKind] = frozenset()
    employer_question: Identifier | None = None

    def settings(self) -> CertificateSettings:
        """As they are kept."""
        return CertificateSettings(
            nature=self.nature, handed_out=self.handed_out, employer_question=self.employer_question
        )

    @classmethod
    def of(cls, settings: CertificateSettings) -> "CertificateSettingsBody":
        """As they are told."""
        return cls(nature=settings.nature, handed_out=settings.handed_out, employer_question=settings.employer_question)


Reason = Annotated[Description, Field(min_length=3, max_length=500)]


def _encoded(picture: bytes | None) -> str | None:
    return None if picture is None else base64.b64encode(picture).decode()
