"""The forms by which one person registers several: people one by one, or a venue with a headcount."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from services.registration.domain.seats import Wish
from services.registration.web.bodies import Email, Headcount, PersonName
from services.registration.web.form_rows import gather_rows
from services.registration.web.session_choice import SessionChoice


class ContactForm(SessionChoice):
    """Who registers others, and the sessions that they all come to.

    `form_id` makes sending it twice the same as sending it once; `website` as in the other.
    """

    email: Email
    language: Literal["fr", "en"]
    website: str | None = None
    form_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class MemberRow(BaseModel):
    """One of them; without an address of their own, their letters go to who registers them."""

    name: PersonName
    email: Email | None = None


class GroupForm(ContactForm):
    """Several people. Rows that are empty are left out, but for the first."""

    mode: Wish
    members: dict[str, MemberRow]

    @model_validator(mode="before")
    @classmethod
    def _rows(cls, filled: Any) -> Any:  # noqa: ANN401  (pydantic hands over what was given)
        nested = gather_rows(filled, {"members": None})
        return nested | {"members": nested["members"] or {"0": {}}}


class VenueForm(ContactForm):
    """A place where several take part behind one connection; whoever registers it answers for the number."""

    name: PersonName
    headcount: Headcount
    attested: Literal["true"]
