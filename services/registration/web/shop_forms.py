"""The forms that connect ticket shops, and that say whom their tickets register."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints
from yarl import URL

from services.chassis.pages.forms import Form
from services.chassis.pages.languages import mark
from services.registration.domain.seats import Wish
from services.registration.domain.ticket_shops import Platform, Terms, TicketShop, Trouble
from services.registration.web.bodies import Language

NOBODY: Final = "nobody"
"""Chosen for a kind of ticket whose holders do not take part."""
_NO_ADDRESS: Final = mark("Enter the address of the shop without anything behind it, such as https://pretix.eu.")

Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Secret = Annotated[str, StringConstraints(max_length=300, pattern=r"^[\x21-\x7e]+$")]


def _origin(text: str) -> str:
    """Scheme, host and port alone."""
    try:
        url = URL(text)
        fits = url.scheme in {"http", "https"} and bool(url.host) and url in {url.origin(), url.origin() / ""}
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(_NO_ADDRESS)
    return text.rstrip("/")


class ConnectionForm(BaseModel):
    """Where a shop is, and how it knows us."""

    def settings(self) -> Mapping[str, str]:
        """What may be shown again."""
        return self._told(secret=False)

    def secrets(self) -> Mapping[str, str]:
        """What may not."""
        return self._told(secret=True)

    def _told(self, *, secret: bool) -> Mapping[str, str]:
        told = {name: str(value) for name, value in self if value is not None}
        return {name: text for name, text in told.items() if (name in SECRETS) is secret}


class PretixForm(ConnectionForm):
    """An event of a pretix."""

    url: Annotated[str, StringConstraints(max_length=200), AfterValidator(_origin)]
    organizer: Slug
    event: Slug
    date: Annotated[int, Field(ge=1, le=2**53)] | None = None
    api_token: Secret


class HelloAssoForm(ConnectionForm):
    """A form of an association at HelloAsso."""

    organization: Slug
    form_type: Literal["Event", "Membership"] = "Event"
    form: Slug
    client_id: Secret
    client_secret: Secret
    signature_key: Secret | None = None


FORMS: Final[Mapping[Platform, type[ConnectionForm]]] = {
    Platform.PRETIX: PretixForm,
    Platform.HELLOASSO: HelloAssoForm,
}
SECRETS: Final = frozenset({"api_token", "client_id", "client_secret", "signature_key"})
"""The fields that are sealed."""
_PLACES: Final[Mapping[Platform, Mapping[Trouble, str]]] = {
    Platform.PRETIX: {
        Trouble.CREDENTIALS_REFUSED: "api_token",
        Trouble.NOT_ALLOWED: "api_token",
        Trouble.NOT_FOUND: "event",
    },
    Platform.HELLOASSO: {
        Trouble.CREDENTIALS_REFUSED: "client_secret",
        Trouble.NOT_ALLOWED: "client_id",
        Trouble.NOT_FOUND: "form",
    },
}
_ELSE: Final = {Platform.PRETIX: "url", Platform.HELLOASSO: "organization"}


def place_of(trouble: Trouble, platform: Platform) -> str:
    """The field that a trouble is about."""
    return _PLACES[platform].get(trouble, _ELSE[platform])


class TermsForm(BaseModel):
    """Whom tickets register; the kinds are read beside it."""

    language: Language = "fr"
    unpaid: bool = False
    letters: bool = False


def terms_of(form: Form[Any], typed: TermsForm, shop: TicketShop) -> Terms:
    """The terms of a form; kinds for which nothing was chosen stay unknown."""
    chosen = {kind.kind_id: form.value(f"kind.{kind.kind_id}") for kind in shop.kinds}
    modes = {
        kind_id: None if choice == NOBODY else Wish(choice)
        for kind_id, choice in chosen.items()
        if choice in {NOBODY, *Wish}
    }
    return Terms(modes=modes, language=typed.language, unpaid=typed.unpaid, letters=typed.letters)


def form_of(shop: TicketShop) -> Form[Any]:
    """The form that says the terms as they are."""
    terms = shop.terms
    choices = {f"kind.{kind_id}": NOBODY if mode is None else mode.value for kind_id, mode in terms.modes.items()}
    flags = {name: "true" for name, given in (("unpaid", terms.unpaid), ("letters", terms.letters)) if given}
    return Form[Any].empty(language=terms.language, **choices, **flags)
