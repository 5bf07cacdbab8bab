"""BigBlueButton, through its own webhooks (bbb-webhooks), and its API for the way in.

A message is sent again for five minutes after any answer but 2xx and 401: then its hook is thrown away, unless the
server's administrator has set it for good. A 401 it takes for a success. So whoever proves nothing is answered 403, and
what cannot be read is taken, and kept aside.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, model_validator

from services.chassis.pages.languages import mark
from services.streaming_bridge.adapters.platforms.addresses import mistyped
from services.streaming_bridge.adapters.platforms.anatomy import (
    Delivery,
    Refusals,
    Secret,
    SourceForm,
    Visitor,
    matches_any,
    wrong,
)
from services.streaming_bridge.adapters.platforms.bigbluebutton_messages import Messages, observed, read_messages
from services.streaming_bridge.domain.errors import NoMeetingError, UnreadableDeliveryError, UnverifiedDeliveryError
from services.streaming_bridge.domain.observations import Ignored, Observation
from services.streaming_bridge.domain.sources import PlatformName, Source

_ALGORITHMS: Final = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""By the length of the checksum: the server's administrator chooses."""
_WITH_CHECKSUM: Final = re.compile(r"(?P<callback>.+)[?&]checksum=(?P<checksum>[^&]*)")
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]+")
_SERVER: Final = re.compile(
    r"(?P<origin>https?://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?)(?P<path>(/[A-Za-z0-9._~-]+)*)/?"
)


def _server(value: str) -> str:
    """The address as `bbb-conf --secret` prints it, or without its path, or with that of the API."""
    found = _SERVER.fullmatch(value.strip())
    if found is None:
        raise mistyped(mark("Enter the address of the server, such as https://bbb.example.org/bigbluebutton/."))
    return found["origin"] + (found["path"].removesuffix("/api") or "/bigbluebutton")


class BigBlueButtonForm(SourceForm):
    """A BigBlueButton server; with `server_url` there are join links, rooms made by API, and webhooks that stay.

    `shared_secret` is what `bbb-conf --secret` prints. Behind a load balancer the API has another: `api_secret`.
    """

    platform: Literal["bigbluebutton"]
    shared_secret: Annotated[Secret, Field(validation_alias=AliasChoices("shared_secret", "secret"))]
    server_url: Annotated[str, Field(max_length=300), AfterValidator(_server)] | None = None
    api_secret: Secret | None = None
    creates_meetings: bool = Field(
        default=True, description="Whether who comes first finds a meeting made for them; else it is made elsewhere."
    )
    keeps_hook: bool = Field(
        default=False, description="Whether the webhook is registered on the server, and again when it is thrown away."
    )

    @model_validator(mode="after")
    def _whole(self) -> "BigBlueButtonForm":
        if self.server_url is None and (self.api_secret is not None or self.keeps_hook):
            raise wrong("server_url is needed for api_secret and keeps_hook")
        return self

    def delivery_secret(self) -> str:
        """The server's shared secret."""
        return self.shared_secret

    def settings(self) -> dict[str, str]:
        """Where the server is, and what is done there unasked."""
        if self.server_url is None:
            return {}
        return {
            "server_url": self.server_url,
            "creates_meetings": "yes" if self.creates_meetings else "no",
            "keeps_hook": "yes" if self.keeps_hook else "no",
        }

    def secrets(self) -> dict[str, str]:
        """What signs links and calls of the API: the same secret, or one of the API's own."""
        if self.server_url is None:
            return {}
        own = {} if self.api_secret is None else {"api_secret": self.api_secret}
        return {"shared_secret": self.shared_secret, **own}


class BigBlueButton:
    """The anatomy of BigBlueButton."""

    name: ClassVar = PlatformName.BIGBLUEBUTTON
    form: ClassVar[type[SourceForm]] = BigBlueButtonForm
    proof_field: ClassVar = "shared_secret"
    webhook_path: ClassVar = "/webhooks/bigbluebutton/{source}"
    refusals: ClassVar = Refusals(unproved=403, unreadable=200)

    def verify(
        self,
        delivery: Delivery,
        secrets: Iterable[str],
        *,
        now: datetime,  # noqa: ARG002  (of the anatomy; it goes on sending what it sent first, under its first instant)
        tolerance: timedelta,  # noqa: ARG002
    ) -> None:
        """Check `checksum`, the SHA of the address without it, the body and the secret; or the bearer token."""
        known = [secret.encode() for secret in secrets]
        found = _WITH_CHECKSUM.fullmatch(delivery.url)
        if found is not None:
            proved = _has_checksum(delivery, found["callback"], found["checksum"], known)
        elif (header := delivery.headers.get("Authorization")) is not None:
            scheme, _, token = header.partition(" ")
            proved = scheme.lower() == "bearer" and matches_any(token.strip().encode(errors="replace"), known)
        else:
            raise UnverifiedDeliveryError("signature_missing", "There is neither a checksum nor a bearer token.")
        if not proved:
            raise UnverifiedDeliveryError(
                "signature_wrong", "Neither the secret nor the callback URL may differ from those of this source."
            )

    def parse(self, delivery: Delivery) -> BaseModel:
        """Read the messages; one that cannot be read costs only itself."""
        return read_messages(delivery.body)

    def observe(self, parsed: BaseModel) -> Sequence[Observation | Ignored | UnreadableDeliveryError]:
        """Meeting and connection, by their internal ids, and the instant of sending make the same fact again."""
        if not isinstance(parsed, Messages):
            message = f"not a delivery of BigBlueButton: {type(parsed).__name__}"
            raise TypeError(message)
        return observed(parsed)

    def join_url(
        self,
        source: Source,
        visitor: Visitor,
        *,
        now: datetime,  # noqa: ARG002  (of the anatomy; a link of BigBlueButton does not say until when it is good)
        lifetime: timedelta,  # noqa: ARG002
    ) -> str:
        """The checksummed `join`, which is of use while the meeting runs; see `join_address`."""
        return join_address(source, visitor)


BIGBLUEBUTTON: Final = BigBlueButton()


def join_address(source: Source, visitor: Visitor, *, made_at: str | None = None) -> str:
    """The address that lets somebody in, participants as viewers; with `made_at`, into no meeting but that made then.

    Raises:
        NoMeetingError: if the source was not told where its server is.
    """
    if "server_url" not in source.settings:
        raise NoMeetingError("source_without_server")
    made = {} if made_at is None else {"createTime": made_at}
    role = "MODERATOR" if visitor.moderates else "VIEWER"
    who = {"fullName": visitor.display_name, "userID": visitor.participant_id, "role": role}
    return api_address(source, "join", {"meetingID": visitor.room, **who, **made, "redirect": "true"})


def api_address(source: Source, call: str, parameters: Mapping[str, str]) -> str:
    """The address of an API call, with the checksum that lets it pass: as secret as what it does."""
    query = urlencode(parameters)
    digest = hashlib.sha256(f"{call}{query}{api_secret(source)}".encode()).hexdigest()
    signed = f"{query}&checksum={digest}" if query else f"checksum={digest}"
    return f"{source.settings['server_url']}/api/{call}?{signed}"


def api_secret(source: Source) -> str:
    """The secret of the API: its own, else the newest of the webhooks'; empty if there is none."""
    return source.secrets.get("api_secret") or source.secrets.get("shared_secret", "")


def _has_checksum(delivery: Delivery, callback: str, checksum: str, secrets: Sequence[bytes]) -> bool:
    """Whether a checksum is right, for the callback URL as it was registered.

    That is known to be ours, or the same with the host that the platform calls, which may be another inside a network.
    """
    algorithm = _ALGORITHMS.get(len(checksum))
    if algorithm is None or not _HEXADECIMAL.fullmatch(checksum):
        raise UnverifiedDeliveryError("signature_malformed", "The checksum is none of SHA-1, SHA-256, 384 or 512.")
    expected: list[bytes] = []
    for address in _callbacks(delivery, callback):
        begun = hashlib.new(algorithm, address.encode() + delivery.body)
        for secret in secrets:
            whole = begun.copy()
            whole.update(secret)
            expected.append(whole.hexdigest().encode())
    return matches_any(checksum.encode(), expected)


def _callbacks(delivery: Delivery, callback: str) -> Iterable[str]:
    origin = re.match(r"[a-z]+://[^/]*", callback)
    host = delivery.headers.get("Host")
    if origin is None or host is None:
        return [callback]
    rest = callback[origin.end() :]
    return dict.fromkeys((callback, f"https://{host}{rest}", f"http://{host}{rest}"))
