"""HTML forms read into pydantic models, and their errors told in the reader's language.

    form = await read_form(request, NewRegistration)
    if form.model is None:
        return render(request, "register.html", status=422, form=form)

A form without errors yet is `Form.empty(NewRegistration)`. Templates draw it with the macros of `forms.html`.
"""

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from aiohttp import web
from aiohttp.http import HttpProcessingError
from babel.support import NullTranslations
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from services.chassis.pages import texts_of
from services.chassis.pages.languages import mark
from services.chassis.problems import Problem, bad_request

Model = TypeVar("Model", bound=BaseModel)

UNEXPECTED: Final = mark("This does not have the expected form.")
"""Where nothing better is known; whoever knows what is expected may say it instead."""
_SENTENCES: Final = {
    "missing": mark("Fill in this field."),
    "string_too_short": mark("Use at least %(min_length)s characters."),
    "string_too_long": mark("Use at most %(max_length)s characters."),
    "int_parsing": mark("Enter a whole number, such as 120."),
    "greater_than_equal": mark("Enter %(ge)s or more."),
    "greater_than": mark("Enter more than %(gt)s."),
    "less_than_equal": mark("Enter %(le)s or less."),
    "less_than": mark("Enter less than %(lt)s."),
    "literal_error": mark("Choose one of the proposed answers."),
    "enum": mark("Choose one of the proposed answers."),
    "datetime_parsing": mark("Enter a date and a time, such as 2026-11-23 09:00."),
    "datetime_from_date_parsing": mark("Enter a date and a time, such as 2026-11-23 09:00."),
    "date_parsing": mark("Enter a date, such as 2026-11-23."),
    "date_from_datetime_parsing": mark("Enter a date, such as 2026-11-23."),
    "string_pattern_mismatch": UNEXPECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[Model]):
    """What somebody typed, and what became of it: the model, or an error for each wrong field."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    model: Model | None = None

    @classmethod
    def empty(cls, **values: str) -> "Form[Model]":
        """A form to be filled in, some fields filled already."""
        return cls(values={name: [text] for name, text in values.items()})

    def value(self, name: str) -> str:
        """What was typed in a field."""
        typed = self.values.get(name, ())
        return typed[-1] if typed else ""

    def chosen(self, name: str, option: str) -> bool:
        """Whether a radio button, box or option was chosen."""
        return option in self.values.get(name, ())

    def with_error(self, name: str, sentence: str) -> "Form[Model]":
        """The same form, refused for a reason that only the use case could know."""
        return Form(values=self.values, errors={**self.errors, name: sentence}, model=None)


async def read_form(request: web.Request, model: type[Model]) -> Form[Model]:
    """Read a submitted form; empty fields count as not filled in.

    Raises:
        Problem: 415 when it is no form, 400 when it is broken (no boundary, an unknown charset).
    """
    if request.content_type not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        raise Problem(415, detail="A form was expected.")
    try:
        posted = await request.post()
    except (ValueError, LookupError, HttpProcessingError):
        raise bad_request("The form cannot be read.") from None
    values = {name: [text for text in posted.getall(name) if isinstance(text, str)] for name in dict.fromkeys(posted)}
    return parse_form(values, model, texts_of(request))


def parse_form(values: Mapping[str, Sequence[str]], model: type[Model], texts: NullTranslations) -> Form[Model]:
    """The form of some submitted values, with its errors in the language of `texts`."""
    filled: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, typed in values.items():
        kept = [text.strip() for text in typed if text.strip()]
        if any("\0" in text for text in kept):
            errors[name] = texts.gettext(UNEXPECTED)
        elif kept:
            filled[name] = kept if _holds_many(model, name) else kept[-1]
    try:
        valid = model.model_validate(filled)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False):
            errors.setdefault(".".join(str(step) for step in item["loc"]), _sentence(item, texts))
        return Form(values=values, errors=errors)
    return Form(values=values, errors=errors, model=None if errors else valid)


def _sentence(error: ErrorDetails, texts: NullTranslations) -> str:
    """One error in the reader's language; the sentence of a service's own validator is looked up as it is."""
    if error["type"] == "value_error":
        return texts.gettext(str(error["ctx"]["error"]))
    message = error["msg"]
    template = _SENTENCES.get(error["type"])
    return texts.gettext(message) if template is None else texts.gettext(template) % error.get("ctx", {})


def _holds_many(model: type[BaseModel], name: str) -> bool:
    known = model.model_fields.get(name)
    return known is not None and typing.get_origin(known.annotation) in {list, set, frozenset, tuple}
