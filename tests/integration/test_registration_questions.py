"""Questions of an event: asked, answered, corrected, taken along, copied, and erased with who answered them."""

import csv
import io
import re
from typing import Any, Final

from services.chassis.access import Role
from tests.databases import ON_BOTH
from tests.integration.running_registration import RunningRegistration, a_registration
from tests.integration.test_registration_editing_together import filled_in

QUESTIONS: Final = (
    {"text": "Meal", "kind": "one_choice", "choices": ["Meat", "Vegetarian"], "required": True},
    {"text": "Lifts", "kind": "several_choices", "choices": ["Train", "Car"], "help": "To share rides"},
    {"text": "First time?", "kind": "yes_no"},
    {"text": "Club", "kind": "short_text"},
    {"text": "Wishes", "kind": "long_text"},
)


async def an_event_asking(
    service: RunningRegistration,
    *questions: object,
    **changed: Any,  # noqa: ANN401  (fields of the event)
) -> tuple[str, list[str]]:
    """A published event, and the ids of its questions."""
    event_id = await service.event(questions=list(questions or QUESTIONS), **changed)
    event = await service.api("GET", f"/events/{event_id}")
    return event_id, [question["question_id"] for question in event["questions"]]


@ON_BOTH
async def test_answers_are_taken_changed_kept_as_asked_and_erased(service: RunningRegistration) -> None:
    event_id, (meal, lifts, first, club, wishes) = await an_event_asking(service)
    everybody = f"/events/{event_id}/registrations"

    async def refused(**answers: object) -> list[dict[str, str]]:
        problem = await service.api("POST", everybody, a_registration(answers=answers), expect=400)
        errors: list[dict[str, str]] = problem["errors"]
        return errors

    assert await refused() == [{"pointer": f"#/answers/{meal}", "detail": "must be answered: the question is required"}]
    for wrong in ({meal: "Fish"}, {meal: 3}, {meal: None}, {meal: "Meat", wishes: "x" * 2001}, {wishes: "\0"}):
        (error,) = await refused(**wrong)
        assert error["pointer"] in {f"#/answers/{meal}", f"#/answers/{wishes}"}
    assert (await refused(**{meal: "Meat", "que_other": "x"}))[0]["pointer"] == "#/answers/que_other"

    said = {meal: "Meat", lifts: ["Car", "Train"], first: False, club: " Rowing ", wishes: "A\nB"}
    person = await service.api("POST", everybody, a_registration(answers=said), token=None, expect=201)
    path = f"{everybody}/{person['participant_id']}"
    in_order = [each["question_id"] for each in (await service.api("GET", path))["answers"]]
    assert in_order == [meal, lifts, first, club, wishes]
    desk = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
    assert (await service.api("GET", everybody, token=desk))["items"][0]["answers"] is None
    await service.api(
        "PATCH", f"/events/{event_id}", {"questions": [{**QUESTIONS[0], "text": "Lunch", "question_id": meal}]}
    )
    bearer = person["personal_token"]
    assert (await service.api("PATCH", path, {"answers": {meal: "Vegetarian"}}, token=bearer))["answers"]
    await service.api("PATCH", path, {"answers": {meal: None}}, token=bearer, expect=400)
    await service.api("PATCH", path, {"name": "Léa Roux"}, token=bearer)
    answers = (await service.api("GET", f"{path}/data", token=bearer))["answers"]
    assert {each["question_id"]: (each["question"], each["answer"]) for each in answers} == {
        meal: ("Lunch", "Vegetarian"),
        lifts: ("Lifts", ["Train", "Car"]),
        first: ("First time?", False),
        club: ("Club", "Rowing"),
        wishes: ("Wishes", "A\nB"),
    }
    assert (await service.api("GET", everybody))["items"][0]["answers"] == answers

    await service.api("DELETE", f"{path}?erase=true", expect=204)
    assert (await service.api("GET", path))["answers"] == []
    facts = repr(await service.outbox())
    assert not any(word in facts for word in ("Vegetarian", "Rowing", "Lunch"))


async def test_questions_keep_their_identity_and_are_copied_with_the_event(service: RunningRegistration) -> None:
    event_id, ids = await an_event_asking(service)
    wrong = {"questions": [{"text": "Meal", "kind": "one_choice", "choices": ["Meat"]}]}
    problem = await service.api("PATCH", f"/events/{event_id}", wrong, expect=400)
    assert problem["errors"][0]["pointer"] == "#/questions/0/choices"
    changed = await service.api("PATCH", f"/events/{event_id}", {"questions": [*QUESTIONS[1:], QUESTIONS[0]]})
    assert [question["question_id"] for question in changed["questions"]] == [*ids[1:], ids[0]]
    body = {"starts_at": "2038-11-23T08:00:00Z"}
    copy = await service.api("POST", f"/events/{event_id}/duplicate", body, expect=201)
    assert [question["text"] for question in copy["questions"]] == [
        each["text"] for each in (*QUESTIONS[1:], QUESTIONS[0])
    ]
    assert not {question["question_id"] for question in copy["questions"]} & set(ids)


async def test_who_is_registered_by_others_may_leave_the_questions(service: RunningRegistration) -> None:
    event_id, (meal, *_) = await an_event_asking(service)
    venue = a_registration(mode="remote", headcount=4, email="venue@example.org")
    await service.api("POST", f"/events/{event_id}/registrations", venue, expect=201)
    group = {"mode": "remote", "email": "group@example.org", "members": [{"name": "Ana"}, {"name": "Bo"}]}
    together = await service.api("POST", f"/events/{event_id}/groups", group, expect=201)
    one = together["registrations"][0]["participant_id"]
    path = f"/events/{event_id}/registrations/{one}"
    assert (await service.api("PATCH", path, {"answers": {meal: "Meat"}}))["answers"][0]["answer"] == "Meat"


@ON_BOTH
async def test_forms_ask_keep_what_was_typed_correct_and_fill_a_column_of_the_list(
    service: RunningRegistration,
) -> None:
    event_id, (meal, lifts, first, club, _) = await an_event_asking(service)
    typed = {"mode": "in_person", "name": "Léa Martin", "email": "lea@example.org", "language": "en"}
    typed |= {"form_id": "0" * 32, f"answers.{lifts}": "Car", f"answers.{first}": "no", f"answers.{club}": "y" * 2001}
    page = await service.page("POST", f"/e/{event_id}", typed, expect=422)
    assert page.count("Answer this question.") == 2, "at the field, and in the summary"
    assert "Answer with at most 2000 characters." in page
    assert re.search(r'type="checkbox" value="Car" checked', page)
    page = await service.page("POST", f"/e/{event_id}", typed | {f"answers.{meal}": "Fish"}, expect=422)
    assert "What is asked has changed meanwhile" in page
    typed |= {f"answers.{meal}": "Meat", f"answers.{club}": "Rowing"}
    personal = await service.redirect("POST", f"/e/{event_id}", typed)
    assert re.search(r'type="radio" value="Meat" checked', await service.page("GET", personal))

    wrong = {f"answers.{lifts}": "Train", f"answers.{club}": "Sailing"}
    page = await service.page("POST", f"{personal}/answers", wrong, expect=422)
    assert "Answer this question." in page
    assert 'value="Sailing"' in page
    await service.redirect("POST", f"{personal}/answers", wrong | {f"answers.{meal}": "Vegetarian"})
    await service.api("PATCH", f"/events/{event_id}", {"questions": [QUESTIONS[0]]})
    kept = await service.page("GET", personal)
    assert "<dt>Club</dt>" in kept
    assert "Sailing" in await service.page("GET", f"{personal}/data")

    await service.sign_in()
    (person,) = (await service.api("GET", f"/events/{event_id}/registrations"))["items"]
    path = f"/events/{event_id}/registrations"
    assert "<dt>Club</dt>" in await service.page("GET", f"{path}/{person['participant_id']}")
    (row,) = csv.DictReader(io.StringIO((await service.page("GET", f"{path}.csv")).removeprefix("\ufeff")))
    assert (row["Meal"], row["Lifts"], row["Club"]) == ("Vegetarian", "Train", "Sailing")
    await service.redirect("POST", f"{personal}/erase")
    assert "3 answers to questions of the event" in await service.page("GET", personal)


async def test_an_organizer_asks_in_the_form_of_the_event_and_two_of_them_see_what_the_other_asks(
    service: RunningRegistration,
) -> None:
    event_id, (meal, lifts) = await an_event_asking(service, *QUESTIONS[:2])
    await service.sign_in()
    edit = f"/events/{event_id}/edit"
    chosen = {"questions.0.kind": "one_choice", "questions.1.kind": "several_choices", "questions.0.required": "true"}
    form = filled_in(await service.page("GET", edit)) | chosen | {"questions.2.text": "Club"}
    page = await service.page("POST", edit, form | {"questions.2.choices": "A"}, expect=422)
    assert "only questions with a choice have answers to choose from" in page
    other = [{**QUESTIONS[0], "text": "Lunch", "question_id": meal}, QUESTIONS[1]]
    await service.api("PATCH", f"/events/{event_id}", {"questions": other})
    page = await service.page("POST", edit, form, expect=412)
    assert "Meal" in page
    assert "is now “Lunch”" in page
    await service.redirect("POST", edit, filled_in(page) | chosen)
    questions = (await service.api("GET", f"/events/{event_id}"))["questions"]
    assert [(each["text"], each["kind"]) for each in questions] == [
        ("Lunch", "one_choice"),
        ("Lifts", "several_choices"),
        ("Club", "short_text"),
    ]
    assert [each["question_id"] for each in questions[:2]] == [meal, lifts]
    emptied = filled_in(await service.page("GET", edit)) | chosen | {"questions.0.text": ""}
    await service.redirect("POST", edit, emptied)
    questions = (await service.api("GET", f"/events/{event_id}"))["questions"]
    assert [each["text"] for each in questions] == ["Lifts", "Club"]
