"""The form of each platform, as its module declares it: what is drawn of it, and the source that comes of it."""

import secrets
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from babel.support import NullTranslations
from pydantic import TypeAdapter

from services.chassis.pages.forms import UNEXPECTED, Form, parse_form
from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.anatomy import Platform, SourceForm
from services.streaming_bridge.domain.sources import Source
from services.streaming_bridge.web.source_words import FieldWords, words_of

_NOT_DRAWN: Final = frozenset({"platform"})
_TOKEN: Final = mark("Use letters without accents, digits and signs, without spaces.")
_FORGET: Final = "forget."
_TICKED: Final = "true"

_BOOLEAN: Final = TypeAdapter(bool)

SourceFields = Form[SourceForm]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """A field as it is drawn."""

    name: str
    label: str
    hint: str | None
    expected: str | None
    required: bool
    secret: bool
    long: bool
    made_here: bool
    box: bool
    options: Mapping[str, str]
    """What can be chosen, each with its label."""


def new_source(platform: Platform, form: SourceForm, *, now: datetime) -> Source:
    """The source of a form that was filled in."""
    return Source(
        name=form.name,
        platform=platform.name,
        webhook_secrets=(form.delivery_secret(),),
        settings=form.settings(),
        secrets=form.secrets(),
        created_at=now,
        updated_at=now,
    )


def changed_source(source: Source, form: SourceForm) -> Source:
    """The source with what a form says, but for the secrets of its deliveries."""
    return replace(source, settings=form.settings(), secrets=form.secrets())


def webhook_address(source: Source, platform: Platform, public_url: str) -> str:
    """What to enter at the platform; where the secret belongs into it, the name of its field stands in braces."""
    address = f"{public_url}/webhooks/{source.platform}/{source.name}"
    parameter = platform.form.proof_parameter
    return address if parameter is None else f"{address}?{parameter}={{{platform.proof_field}}}"


def fields_of(platform: Platform) -> Sequence[FormField]:
    """The fields of a platform's form, in its order."""
    words = words_of(platform.name)
    fields = []
    for name, info in platform.form.model_fields.items():
        if name in _NOT_DRAWN:
            continue
        said, annotation = words.of_field(name), _without_none(info.annotation)
        fields.append(
            FormField(
                name=name,
                label=said.label,
                hint=said.hint,
                expected=_TOKEN if said.secret and not said.long else said.expected,
                required=info.is_required(),
                secret=said.secret,
                long=said.long,
                made_here=said.made_here,
                box=annotation is bool,
                options=_options(annotation, said),
            )
        )
    return fields


def blank_form(platform: Platform) -> SourceFields:
    """A form to be filled in: boxes as they are by default, and a secret where it is for us to make one."""
    fields, defaults = fields_of(platform), platform.form.model_fields
    boxes = {field.name: _TICKED for field in fields if field.box and defaults[field.name].default}
    made = {field.name: secrets.token_urlsafe(24) for field in fields if field.made_here}
    return SourceFields.empty(**boxes, **made)


def filled_form(source: Source, platform: Platform) -> SourceFields:
    """The form as it was filled in, but for the secrets."""
    boxes = {field.name for field in fields_of(platform) if field.box}
    # A setting is text: of a box, in a word that a form reads as true or false.
    ticked = {
        name: _TICKED if _BOOLEAN.validate_python(text) else ""
        for name, text in source.settings.items()
        if name in boxes
    }
    return SourceFields.empty(**{**source.settings, **ticked})


def read_new(platform: Platform, typed: SourceFields, texts: NullTranslations) -> SourceFields:
    """A new source as it was typed."""
    return _read(platform, typed, _known(platform, typed.values), texts)


def read_change(source: Source, platform: Platform, typed: SourceFields, texts: NullTranslations) -> SourceFields:
    """A change as it was typed: secrets left empty stay as they are, unless they are to be forgotten."""
    kept = {
        name: [secret]
        for name, secret in source.secrets.items()
        if not typed.value(name).strip() and not typed.value(_FORGET + name)
    }
    proof = {platform.proof_field: list(source.webhook_secrets[:1])}
    values = {**proof, **_known(platform, typed.values), **kept, "name": [source.name]}
    return _read(platform, typed, values, texts)


def read_secret(source: Source, platform: Platform, typed: SourceFields, texts: NullTranslations) -> SourceFields:
    """A new secret of deliveries as it was typed; all else as it is."""
    told: dict[str, str] = {
        **source.settings,
        **source.secrets,
        platform.proof_field: typed.value(platform.proof_field),
    }
    values = {name: [text] for name, text in told.items()} | {"name": [source.name]}
    return _read(platform, typed, values, texts)


def _read(
    platform: Platform, typed: SourceFields, values: Mapping[str, Sequence[str]], texts: NullTranslations
) -> SourceFields:
    """What was typed, with what became of it: `values` are the whole form, with what was not typed."""
    # A browser sends nothing of a box that is not ticked.
    boxes = {field.name: ["false"] for field in fields_of(platform) if field.box}
    read: SourceFields = parse_form({**boxes, **values, "platform": [platform.name.value]}, platform.form, texts)
    errors = dict(read.errors)
    for field in fields_of(platform):
        if field.expected is not None and errors.get(field.name) == texts.gettext(UNEXPECTED):
            errors[field.name] = texts.gettext(field.expected)
    # What concerns several fields is said at one of them, in words that do not speak of a program's names.
    for said, (name, sentence) in words_of(platform.name).together.items():
        if errors.get("") == texts.gettext(said):
            del errors[""]
            errors[name] = texts.gettext(sentence)
    return Form(values=typed.values, errors=errors, model=read.model)


def _known(platform: Platform, values: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """What was typed into the fields of the form; a browser may send more."""
    return {name: typed for name, typed in values.items() if name in platform.form.model_fields.keys() - _NOT_DRAWN}


def _options(annotation: Any, said: FieldWords) -> Mapping[str, str]:  # noqa: ANN401  (annotations are of any type)
    values = typing.get_args(annotation) if typing.get_origin(annotation) is Literal else ()
    return {value: said.options.get(value, value) for value in values}


def _without_none(annotation: Any) -> Any:  # noqa: ANN401  (annotations are of any type)
    """`X` of `X | None`, and `X` itself of everything else."""
    parts = [part for part in typing.get_args(annotation) if part is not type(None)]
    is_optional = len(parts) == 1 and type(None) in typing.get_args(annotation)
    inner = parts[0] if is_optional else annotation
    return typing.get_args(inner)[0] if typing.get_origin(inner) is typing.Annotated else inner
