"""The API of eligibility: the rules of an event, who attended enough by them, and what people contest."""

from typing import Final

from aiohttp import web

from services.chassis.http import read_json, read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, SortKey, decode_cursor, encode_cursor, page_of
from services.chassis.problems import FieldError, bad_request, not_found
from services.registration.domain.contests import Contest
from services.registration.web.answers import answer
from services.registration.web.contest_bodies import AnswerBody, ClaimBody, ContestView
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.eligibility_bodies import (
    CountsView,
    PeopleQuery,
    RulesBody,
    RulesView,
    VerdictView,
)
from services.registration.web.registrations_api import require_own
from services.registration.web.use_cases import use_cases

api = Api(tag="eligibility")
_RULES: Final = "/api/v1/events/{event_id}/eligibility"
_PEOPLE: Final = f"{_RULES}/people"
_CONTESTS: Final = "/api/v1/events/{event_id}/contests"
_ANSWER: Final = f"{_CONTESTS}/{{contest_id}}/answer"
_OWN: Final = "/api/v1/events/{event_id}/registrations/{participant_id}/contests"


@api.route("GET", _RULES, summary="Read what it takes to have attended", roles=[], answers={200: RulesView})
async def read_rules(request: web.Request) -> web.Response:
    """The rules that hold now, and since when."""
    event_id, proofs = request.match_info["event_id"], use_cases(request).proofs
    known = await proofs.eligibility.rules(event_id)
    return answer(RulesView.of(known, documents_issued=await proofs.eligibility.documents_issued(event_id)))


@api.route(
    "PUT",
    _RULES,
    summary="Say what it takes to have attended",
    roles=[],
    body=RulesBody,
    answers={200: RulesView},
)
async def change_rules(request: web.Request) -> web.Response:
    """In any state of the event: verdicts follow at once. What was issued before stays as it was issued."""
    event_id, proofs = request.match_info["event_id"], use_cases(request).proofs
    body = await read_json(request, RulesBody)
    known = await proofs.eligibility.change(event_id, body.value())
    return answer(RulesView.of(known, documents_issued=await proofs.eligibility.documents_issued(event_id)))


@api.route(
    "GET",
    f"{_RULES}/counts",
    summary="Count who attended enough",
    roles=[],
    answers={200: CountsView},
    problems=[503],
)
async def count_people(request: web.Request) -> web.Response:
    """As it stands now; provisional while the event is open."""
    return answer(CountsView.of(await use_cases(request).proofs.eligibility.count(request.match_info["event_id"])))


@api.route(
    "GET",
    _PEOPLE,
    summary="List who attended enough",
    roles=[],
    query=PeopleQuery,
    answers={200: Page[VerdictView]},
    problems=[503],
)
async def list_people(request: web.Request) -> web.Response:
    """By participant id: all, or those who are eligible, are not, or whose contest waits."""
    event_id, cases, query = request.match_info["event_id"], use_cases(request), read_query(request, PeopleQuery)
    after = None if query.after is None else str(decode_cursor(query.after, str)[0])
    page = await cases.proofs.eligibility.page(event_id, standing=query.standing, after=after, limit=query.limit)
    names = await cases.registrations.names(event_id, [each.record.participant_id for each in page.people])
    items = [
        VerdictView.of(each, name=names.get(each.record.participant_id), version=page.rules.version)
        for each in page.people
    ]
    following = None if page.next is None else encode_cursor((page.next,))
    return answer(Page[VerdictView](items=items, next=following))


@api.route(
    "GET",
    f"{_PEOPLE}/{{participant_id}}",
    summary="Read whether somebody attended enough, and why",
    answers={200: VerdictView},
    problems=[401, 403, 503],
)
async def read_verdict(request: web.Request) -> web.Response:
    """For the organizer, and for the participant with their personal token."""
    match, cases = request.match_info, use_cases(request)
    event_id, participant_id = match["event_id"], match["participant_id"]
    require_own(request, event_id, participant_id)
    judged = await cases.proofs.eligibility.of(event_id, participant_id)
    if judged is None:
        raise not_found("Nothing is known yet of the attendance of this participant.")
    rules = await cases.proofs.eligibility.rules(event_id)
    names = await cases.registrations.names(event_id, [participant_id])
    return answer(VerdictView.of(judged, name=names.get(participant_id), version=rules.version))


@api.route(
    "GET",
    _CONTESTS,
    summary="List contests of attendance",
    roles=[],
    query=PageQuery,
    answers={200: Page[ContestView]},
)
async def list_contests(request: web.Request) -> web.Response:
    """Those of the event, the earliest first: the answered ones too."""
    event_id, cases, query = request.match_info["event_id"], use_cases(request), read_query(request, PageQuery)
    await cases.events.find(event_id)
    contests, after = await cases.proofs.contests.of_event(event_id), read_cursor(query.after)
    later = [each for each in contests if after is None or _place(each) > cursor_key(*after)]
    kept, following = page_of(later[: query.limit + 1], limit=query.limit, key=_place)
    return answer(Page[ContestView](items=[ContestView.of(each) for each in kept], next=following))


@api.route(
    "POST",
    _OWN,
    summary="Contest one's attendance",
    body=ClaimBody,
    answers={201: ContestView},
    problems=[401, 403, 409],
)
async def contest(request: web.Request) -> web.Response:
    """By the participant with their personal token, or by an organizer who writes down what they were told.

    From the start of the event until 30 days after its end, ten times at most.
    """
    match = request.match_info
    event_id, participant_id = match["event_id"], match["participant_id"]
    require_own(request, event_id, participant_id)
    body = await read_json(request, ClaimBody)
    made = await use_cases(request).proofs.contests.contest(event_id, participant_id, body.value())
    return answer(ContestView.of(made), status=201)


@api.route(
    "PUT",
    _ANSWER,
    summary="Answer a contest",
    roles=[],
    body=AnswerBody,
    answers={200: ContestView},
    problems=[409],
)
async def answer_contest(request: web.Request) -> web.Response:
    """Granted time counts for eligibility and stands apart; presence stays what was seen. They are written to."""
    match, contests = request.match_info, use_cases(request).proofs.contests
    event_id, contest_id = match["event_id"], match["contest_id"]
    body = await read_json(request, AnswerBody)
    answered: Contest
    if body.outcome == "refused":
        if body.reason is None:
            raise _needed("/reason")
        answered = await contests.refuse(event_id, contest_id, reason=body.reason)
    else:
        if body.mode is None or body.start is None or body.end is None:
            raise _needed("/mode", "/start", "/end")
        answered = await contests.uphold(event_id, contest_id, mode=body.mode, start=body.start, end=body.end)
    return answer(ContestView.of(answered))


@api.route("DELETE", _ANSWER, summary="Take an answer back", roles=[], answers={200: ContestView}, problems=[409])
async def take_back_answer(request: web.Request) -> web.Response:
    """The contest waits again, and nothing is granted by it. They are written to."""
    match = request.match_info
    taken = await use_cases(request).proofs.contests.take_back(match["event_id"], match["contest_id"])
    return answer(ContestView.of(taken))


def _place(contest: Contest) -> SortKey:
    return cursor_key(contest.at, contest.contest_id)


def _needed(*pointers: str) -> Exception:
    errors = [FieldError(pointer=f"#{pointer}", detail="is needed for this outcome") for pointer in pointers]
    return bad_request(f"The body is not valid: see {', '.join(pointers)}.", errors=errors)
