"""Who answers for the personal data of an event, and how people reach them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DataContact:
    """The controller of an event's personal data, as people are told who register: an organisation, or a person.

    `email` also gets what people reply to letters. `officer` is the data protection officer and how to reach them,
    where the controller has one.
    """

    controller: str
    email: str
    postal_address: str | None = None
    officer: str | None = None
