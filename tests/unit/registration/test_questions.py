"""What an event may ask of who registers, and what is an answer to it."""

from typing import Any, Final

import pytest

from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.questions import (
    Question,
    QuestionKind,
    Said,
    check_questions,
    read_answer,
    read_answers,
)

CHOICES: Final = ("Train", "Car")


def a_question(kind: QuestionKind, **changed: Any) -> Question:  # noqa: ANN401  (any field)
    given: dict[str, Any] = {"question_id": f"que_{kind}", "text": kind.value, "kind": kind}
    given["choices"] = CHOICES if kind.has_choices else ()
    return Question(**(given | changed))


@pytest.mark.parametrize(
    "questions,pointer,rule",
    [
        ([a_question(QuestionKind.YES_NO)] * 2, "/questions/1/text", Rule.OWN_QUESTION),
        ([a_question(QuestionKind.YES_NO, choices=CHOICES)], "/questions/0/choices", Rule.WITHOUT_CHOICES),
        ([a_question(QuestionKind.ONE_CHOICE, choices=("A",))], "/questions/0/choices", Rule.SOME_CHOICES),
        ([a_question(QuestionKind.SEVERAL_CHOICES, choices=("A", "A"))], "/questions/0/choices", Rule.SOME_CHOICES),
        (
            [a_question(QuestionKind.ONE_CHOICE, choices=tuple(map(str, range(21))))],
            "/questions/0/choices",
            Rule.SOME_CHOICES,
        ),
        (
            [a_question(QuestionKind.YES_NO, text=str(number)) for number in range(11)],
            "/questions",
            Rule.NOT_TOO_MANY_QUESTIONS,
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_at_its_field(questions: list[Question], pointer: str, rule: Rule) -> None:
    with pytest.raises(InvalidValueError) as refused:
        check_questions(questions)
    assert (refused.value.pointer, refused.value.rule) == (pointer, rule)


@pytest.mark.parametrize(
    "kind,said,value",
    [
        (QuestionKind.SHORT_TEXT, "  by \n bike ", "by bike"),
        (QuestionKind.LONG_TEXT, " by\nbike ", "by\nbike"),
        (QuestionKind.ONE_CHOICE, "Car", "Car"),
        (QuestionKind.SEVERAL_CHOICES, ["Car", "Train", "Car"], CHOICES),
        (QuestionKind.YES_NO, False, False),
    ],
)
def test_an_answer_is_kept_with_the_question_as_it_was_asked(kind: QuestionKind, said: Said, value: object) -> None:
    answer = read_answer(a_question(kind, required=True), said)
    assert answer is not None
    assert (answer.question, answer.value) == (kind.value, value)


@pytest.mark.parametrize(
    "kind,said,rule",
    [
        (QuestionKind.SHORT_TEXT, "x" * 2001, Rule.ANSWER_NOT_TOO_LONG),
        (QuestionKind.LONG_TEXT, True, Rule.KIND_OF_QUESTION),
        (QuestionKind.ONE_CHOICE, "Boat", Rule.CHOICE_OF_QUESTION),
        (QuestionKind.ONE_CHOICE, ["Car"], Rule.KIND_OF_QUESTION),
        (QuestionKind.SEVERAL_CHOICES, ["Car", "Boat"], Rule.CHOICE_OF_QUESTION),
        (QuestionKind.SEVERAL_CHOICES, "Car", Rule.KIND_OF_QUESTION),
        (QuestionKind.YES_NO, "yes", Rule.KIND_OF_QUESTION),
        *((kind, said, Rule.ANSWER_NEEDED) for kind in QuestionKind for said in (None, "")),
        (QuestionKind.SEVERAL_CHOICES, [], Rule.ANSWER_NEEDED),
    ],
)
def test_what_is_no_answer_to_a_required_question_is_refused(kind: QuestionKind, said: Said, rule: Rule) -> None:
    with pytest.raises(InvalidValueError) as refused:
        read_answer(a_question(kind, required=True), said)
    assert (refused.value.pointer, refused.value.rule) == (f"/answers/que_{kind}", rule)


def test_only_who_is_asked_has_to_answer() -> None:
    needed = a_question(QuestionKind.YES_NO, required=True)
    free = a_question(QuestionKind.LONG_TEXT)
    assert read_answers([needed, free], {}, all_asked=False) == {}
    assert read_answers([needed, free], {free.question_id: ""}, all_asked=False) == {free.question_id: None}
    with pytest.raises(InvalidValueError) as refused:
        read_answers([needed, free], {free.question_id: "a"}, all_asked=True)
    assert refused.value.pointer == "/answers/que_yes_no"
    with pytest.raises(InvalidValueError) as refused:
        read_answers([needed], {"que_other": "a"}, all_asked=False)
    assert (refused.value.pointer, refused.value.rule) == ("/answers/que_other", Rule.QUESTION_OF_EVENT)
