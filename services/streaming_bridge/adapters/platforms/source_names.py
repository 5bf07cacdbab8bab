"""How a source may be called."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.chassis.pages.languages import mark

_RESERVED: Final = "page"
"""Under this name stands what our own player tells (`application.watching`)."""
_IS_RESERVED: Final = mark("“page” is what Passerelle’s own player page is called: choose another name.")


def _unreserved(name: str) -> str:
    if name.lower() == _RESERVED:
        raise PydanticCustomError("wrong", "{message}", {"message": _IS_RESERVED})
    return name


SourceName = Annotated[
    str,
    Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"),
    AfterValidator(_unreserved),
]
"""The name of a source: it stands in addresses, and events name it to claim a room."""
