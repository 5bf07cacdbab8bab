"""What organizers read of each platform: what it is, how to switch it on, what each field of its form means.

The one place for it: a platform's module says which fields there are, and `PLATFORMS` here what they are called. The
names of platforms, and of the places in them, are no words of a language.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.chassis.pages.languages import mark
from services.streaming_bridge.domain.sources import PlatformName


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldWords:
    """A field of a form. What is `secret` is never shown again; where we make it, the form proposes one.

    `expected` is said where what was typed has not the form of it; `options` are the labels of what can be chosen.
    """

    label: str
    hint: str | None = None
    expected: str | None = None
    secret: bool = False
    long: bool = False
    made_here: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformWords:
    """A platform. `steps` tell how to switch it on; `together` is where a sentence about several fields belongs.

    `together` maps what the form says to a field and to what an organizer reads there.
    """

    name: str
    about: str
    steps: tuple[str, ...]
    fields: Mapping[str, FieldWords]
    together: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def of_field(self, name: str) -> FieldWords:
        """The words of a field."""
        return NAME if name == "name" else self.fields[name]


NAME: Final = FieldWords(
    label=mark("Name"),
    hint=mark(
        "Short, of letters and digits, such as “main”. It stands in the address, and events name it; it cannot change."
    ),
    expected=mark(
        "Use letters without accents, digits, “.”, “_” and “-”, without spaces, beginning with a letter or digit."
    ),
)
_HOST: Final = mark("Enter the name of a server, such as meet.example.org, without spaces or a path.")
_APP_ID: Final = mark("Application id")
_TRY_IT: Final = mark("Open a room in a browser, and look here again.")

PLATFORMS: Final[Mapping[PlatformName, PlatformWords]] = {
    PlatformName.JITSI: PlatformWords(
        name="Jitsi Meet",
        about=mark("A Jitsi Meet server of your own, or of somebody who administers it for you."),
        steps=(
            mark("On the server, add the module event_sync to Prosody (the page step by step shows how)."),
            mark("Set its api_prefix to the address above."),
            mark("Set its api_headers to Authorization: Bearer, followed by the token of this source."),
            mark("Restart Prosody, open a room in a browser, and look here again."),
        ),
        fields={
            "webhook_token": FieldWords(
                label=mark("Token of deliveries"),
                hint=mark("By it the server proves itself. Note it now for the server: it is not shown again."),
                secret=True,
                made_here=True,
            ),
            "domain": FieldWords(
                label=mark("Server"),
                hint=mark("Where the meetings are, such as meet.example.org: for the join links."),
                expected=_HOST,
            ),
            "app_id": FieldWords(
                label=_APP_ID, hint=mark("Only if the server lets nobody in without a token (JWT): its app_id.")
            ),
            "app_secret": FieldWords(
                label=mark("Application secret"), hint=mark("The app_secret beside it."), secret=True
            ),
        },
        together={
            "app_id and app_secret belong together: give both or neither": (
                "app_secret",
                mark("The application id and its secret belong together: fill in both or neither."),
            ),
            "domain is needed to make join links with app_id and app_secret": (
                "domain",
                mark("To sign join links, the server is needed too."),
            ),
        },
    ),
    PlatformName.JAAS: PlatformWords(
        name="JaaS (8x8)",
        about=mark("Jitsi as a service, by 8x8: nothing to administer."),
        steps=(
            mark("In the console of JaaS, open “Webhooks” and add an endpoint with the address above."),
            mark("Choose the events of rooms, participants and live streams."),
            mark("Copy the signing secret of the endpoint (whsec_…) into this source."),
            _TRY_IT,
        ),
        fields={
            "webhook_secret": FieldWords(
                label=mark("Signing secret of the endpoint"),
                hint=mark("The console of JaaS shows it beside the endpoint; it begins with whsec_."),
                secret=True,
            ),
            "app_id": FieldWords(
                label=_APP_ID, hint=mark("For the join links: vpaas-magic-cookie-…, from “API keys” of the console.")
            ),
            "key_id": FieldWords(label=mark("Key id"), hint=mark("The id of a key, as the console shows it.")),
            "private_key": FieldWords(
                label=mark("Private key"),
                hint=mark("The whole file, from BEGIN to END. JaaS has only the public half."),
                secret=True,
                long=True,
            ),
        },
        together={
            "key_id and private_key belong together: give both or neither": (
                "private_key",
                mark("The key id and the private key belong together: fill in both or neither."),
            ),
            "app_id is needed to make join links with key_id and private_key": (
                "app_id",
                mark("To sign join links, the application id is needed too."),
            ),
        },
    ),
    PlatformName.BIGBLUEBUTTON: PlatformWords(
        name="BigBlueButton",
        about=mark("A BigBlueButton server of your own, or of your hoster, with its webhooks (bbb-webhooks)."),
        steps=(
            mark("On the server, install the package bbb-webhooks."),
            mark("Give this source the address of the server, and tick that Passerelle registers the webhook itself."),
            mark("Where that is not wished: have the administrator register the address above (hooks/create)."),
            _TRY_IT,
        ),
        fields={
            "shared_secret": FieldWords(
                label=mark("Shared secret"), hint=mark("What bbb-conf --secret prints on the server."), secret=True
            ),
            "server_url": FieldWords(
                label=mark("Address of the server"),
                hint=mark("As bbb-conf --secret prints it, such as https://bbb.example.org/bigbluebutton/."),
            ),
            "api_secret": FieldWords(
                label=mark("Secret of the API"),
                hint=mark("Only behind a load balancer, whose secret is another one."),
                secret=True,
            ),
            "creates_meetings": FieldWords(
                label=mark("Make the meeting for whoever comes first"),
                hint=mark("Otherwise it has to be made elsewhere, in Greenlight for instance."),
            ),
            "keeps_hook": FieldWords(
                label=mark("Register the webhook on the server, and again when the server throws it away")
            ),
        },
        together={
            "server_url is needed for api_secret and keeps_hook": (
                "server_url",
                mark("The address of the server is needed for that."),
            ),
        },
    ),
    PlatformName.LIVEKIT: PlatformWords(
        name="LiveKit",
        about=mark("A LiveKit server of your own, or LiveKit Cloud."),
        steps=(
            mark("In the server's configuration, below “webhook”, add the address above to its “urls”."),
            mark("As its “api_key”, name the key whose secret this source has; then restart the server."),
            mark("In LiveKit Cloud: “Settings”, “Webhooks”, the same address and the same key."),
            _TRY_IT,
        ),
        fields={
            "api_secret": FieldWords(
                label=mark("Secret of the API key"),
                hint=mark("The secret of the key that signs the webhooks."),
                secret=True,
            ),
            "api_key": FieldWords(
                label=mark("API key"),
                hint=mark("LiveKit Cloud's begin with API. With it, rooms are opened and closed from here."),
            ),
            "server_url": FieldWords(
                label=mark("Address of the server"), hint=mark("As clients connect to it: wss://livekit.example.org.")
            ),
            "meeting_page": FieldWords(
                label=mark("Page of the meetings"),
                hint=mark(
                    "For the join links: the page that leads into a room, such as https://meet.example.org/custom."
                ),
            ),
        },
        together={
            "api_key and server_url belong together: give both or neither": (
                "server_url",
                mark("The API key and the address of the server belong together: fill in both or neither."),
            ),
            "api_key and server_url are needed to make join links with meeting_page": (
                "server_url",
                mark("To sign join links, the API key and the address of the server are needed too."),
            ),
        },
    ),
    PlatformName.ZOOM: PlatformWords(
        name="Zoom",
        about=mark("Meetings and webinars of a Zoom account: whoever administers it makes an app for Passerelle."),
        steps=(
            mark("In the Zoom App Marketplace, make an app and open “Event Subscriptions”."),
            mark("Copy its “Secret Token” into this source first: Zoom tests the address at once."),
            mark("Add a subscription with the address above, and have it validated."),
            mark("Choose the events of meetings and webinars: started, ended, participant joined, participant left."),
            _TRY_IT,
        ),
        fields={
            "secret_token": FieldWords(
                label=mark("Secret Token"), hint=mark("“Features” of the app shows it."), secret=True
            ),
            "join_url": FieldWords(
                label=mark("Address of the meetings"),
                hint=mark("For the join links, with {room} for the meeting's number: https://zoom.us/j/{room}."),
            ),
        },
    ),
    PlatformName.OWNCAST: PlatformWords(
        name="Owncast",
        about=mark("A stream of your own; its chat tells who watches."),
        steps=(
            mark("In Owncast's administration, open “Integrations”, “Webhooks” and create one."),
            mark("As its address, enter the one above, with the token of this source behind it."),
            mark("Choose the events of users joining and parting, and of the stream starting and stopping."),
            mark("Start a stream, open its chat in a browser, and look here again."),
        ),
        fields={
            "webhook_token": FieldWords(
                label=mark("Token of deliveries"),
                hint=mark(
                    "It stands in the address, and is all the proof there is. Note it now: it is not shown again."
                ),
                secret=True,
                made_here=True,
            ),
            "domain": FieldWords(
                label=mark("Server"),
                hint=mark("Where the stream is, such as stream.example.org: for the join links."),
                expected=_HOST,
            ),
        },
    ),
}


def words_of(platform: PlatformName) -> PlatformWords:
    """The words of a platform."""
    return PLATFORMS[platform]
