"""The part of an event's form that says who answers for the personal data."""

from typing import Annotated, Final

from pydantic import BaseModel, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.chassis.pages.languages import mark
from services.registration.domain.data_contacts import DataContact
from services.registration.web.bodies import Address, Email, Title

_WHO: Final = mark("Fill in who is responsible, too: an address alone tells nobody whose it is.")
_WHERE: Final = mark("Fill in the e-mail address, too: people must be able to ask.")


class DataContactFields(BaseModel):
    """Fields that are all empty, or that name at least the controller and an address."""

    contact_postal_address: Address | None = None
    contact_officer: Address | None = None
    contact_email: Annotated[Email | None, Field(validate_default=True)] = None
    contact_controller: Annotated[Title | None, Field(validate_default=True)] = None

    @field_validator("contact_email", mode="after")
    @classmethod
    def _reachable(cls, email: str | None, info: ValidationInfo) -> str | None:
        if email is None and (info.data.get("contact_postal_address") or info.data.get("contact_officer")):
            raise PydanticCustomError("contact_where", _WHERE)
        return email

    @field_validator("contact_controller", mode="after")
    @classmethod
    def _both_or_neither(cls, controller: str | None, info: ValidationInfo) -> str | None:
        # An address that was refused is missing here, and has an error of its own.
        if "contact_email" in info.data and (controller is None) != (info.data["contact_email"] is None):
            raise PydanticCustomError("contact_who", _WHERE if controller else _WHO)
        return controller

    def data_contact(self) -> DataContact | None:
        """The contact, if one was filled in."""
        if self.contact_controller is None or self.contact_email is None:
            return None
        return DataContact(
            controller=self.contact_controller,
            email=self.contact_email,
            postal_address=self.contact_postal_address,
            officer=self.contact_officer,
        )


def contact_values(contact: DataContact | None) -> dict[str, str]:
    """What the fields are filled with."""
    return {
        "contact_controller": contact.controller if contact else "",
        "contact_email": contact.email if contact else "",
        "contact_postal_address": (contact.postal_address if contact else None) or "",
        "contact_officer": (contact.officer if contact else None) or "",
    }
