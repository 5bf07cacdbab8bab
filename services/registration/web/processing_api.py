"""The register of processing for programs, and how long the people of an event are kept."""

from typing import Self

from aiohttp import web
from pydantic import BaseModel

from schemas.envelope import Instant
from services.chassis.http import read_json
from services.chassis.openapi import Api
from services.chassis.retention_views import RunView
from services.registration.application.retention import KeepingTimes
from services.registration.domain.training_proofs import TrainingProof
from services.registration.web.answers import answer
from services.registration.web.bodies import Body
from services.registration.web.processing_register import Entry, Register, register_of
from services.registration.web.use_cases import use_cases

api = Api(tag="personal data")
_RETENTION = "/api/v1/events/{event_id}/retention"


class ControllerView(BaseModel):
    """Who answers for the personal data of events."""

    controller: str
    email: str
    postal_address: str | None
    officer: str | None


class KeptForView(BaseModel):
    """How long a part of the data is kept: `kept_for` is such as `3 years`."""

    purpose: str
    what: str
    kept_for: str
    counted_from: str


class ActivityView(BaseModel):
    """One activity of processing; texts are in the language that is asked for."""

    key: str
    name: str
    purpose: str
    legal_basis: str
    people: str
    data: str
    recipients: str
    kept: list[KeptForView]
    besides: list[str]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """An entry of the register."""
        activity = entry.activity
        return cls(
            key=activity.key,
            name=activity.name,
            purpose=activity.purpose,
            legal_basis=activity.basis,
            people=activity.people,
            data=activity.data,
            recipients=activity.recipients,
            kept=[
                KeptForView(
                    purpose=each.rule.purpose,
                    what=each.what,
                    kept_for=str(each.rule.period),
                    counted_from=each.rule.counted_from,
                )
                for each in entry.kept
            ],
            besides=list(entry.besides),
        )


class RegisterView(BaseModel):
    """The register of processing (GDPR, article 30).

    `nobody_named` if some event that is not archived says of nobody that they answer for its data; `is_whole` is false
    while the bridge does not answer, whose periods are missing then. `last_runs` of the retention are by service.
    """

    controllers: list[ControllerView]
    nobody_named: bool
    activities: list[ActivityView]
    measures: list[str]
    is_whole: bool
    last_runs: dict[str, RunView | None]

    @classmethod
    def of(cls, register: Register) -> Self:
        """The register."""
        return cls(
            controllers=[ControllerView.model_validate(who, from_attributes=True) for who in register.controllers],
            nobody_named=register.nobody_named,
            activities=[ActivityView.of(entry) for entry in register.entries],
            measures=list(register.measures),
            is_whole=register.is_whole,
            last_runs=dict(register.runs),
        )


class ProofBody(Body):
    """What attendance of an event proves: names are kept for longer where it must be proved."""

    proof: TrainingProof


class EventRetentionView(BaseModel):
    """Until when what is kept of the people of an event: names of who did not cancel, of who did, and needs."""

    proof: TrainingProof
    names_until: Instant
    cancelled_until: Instant
    needs_until: Instant

    @classmethod
    def of(cls, times: KeepingTimes) -> Self:
        """The times of an event."""
        return cls.model_validate(times, from_attributes=True)


@api.route(
    "GET", "/api/v1/processing", summary="Read the register of processing", roles=[], answers={200: RegisterView}
)
async def read_register(request: web.Request) -> web.Response:
    """What is done with personal data, on what basis and for how long, as the retention applies it."""
    return answer(RegisterView.of(await register_of(request)))


@api.route(
    "GET",
    _RETENTION,
    summary="Read how long the people of an event are kept",
    roles=[],
    answers={200: EventRetentionView},
)
async def read_retention(request: web.Request) -> web.Response:
    """The days after which they are deleted."""
    times = await use_cases(request).keeping.times(request.match_info["event_id"])
    return answer(EventRetentionView.of(times))


@api.route(
    "PATCH",
    _RETENTION,
    summary="Say whether attendance of an event must be proved",
    roles=[],
    body=ProofBody,
    answers={200: EventRetentionView},
)
async def change_retention(request: web.Request) -> web.Response:
    """Whatever the state of the event; what was deleted does not come back."""
    body, event_id = await read_json(request, ProofBody), request.match_info["event_id"]
    keeping = use_cases(request).keeping
    await keeping.prove(event_id, body.proof)
    return answer(EventRetentionView.of(await keeping.times(event_id)))
