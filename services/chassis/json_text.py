"""JSON that is stored in the characters it came in, without a way through Python's values and back."""

import json
from typing import Any


class JsonText(str):
    """A JSON document as text; a column of type JSON takes it as it is."""

    __slots__ = ()


def to_json(value: Any) -> str:  # noqa: ANN401  (whatever JSON can say)
    """The serializer of our database engines."""
    return value if isinstance(value, JsonText) else json.dumps(value)
