"""The forms in which people say who they are, what they need, and what they consent to."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.registration.domain.registrations import Purpose
from services.registration.domain.seats import Wish
from services.registration.web.bodies import Email, Headcount, Needs, PersonName
from services.registration.web.session_choice import SessionChoice


class PersonForm(BaseModel):
    """What somebody says, or corrects, about themselves."""

    name: PersonName
    email: Email
    language: Literal["fr", "en"]
    needs: Needs | None = None


class ConsentForm(BaseModel):
    """What somebody consents to from now on."""

    newsletter: bool = False
    photos: bool = False
    recording: bool = False

    def given(self) -> dict[Purpose, bool]:
        """What is said about each purpose."""
        return {purpose: getattr(self, purpose) for purpose in Purpose}


class HeadcountForm(BaseModel):
    """How many take part at a venue."""

    headcount: Headcount


class RegistrationForm(PersonForm, ConsentForm, SessionChoice):
    """What somebody fills in to register. `form_id` makes sending it twice the same as sending it once.

    `website` is a field that people do not see: only programs that fill in whatever there is fill it in.
    """

    mode: Wish
    website: str | None = None
    form_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
