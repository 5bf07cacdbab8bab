"""Questions that an event asks of who registers, and what is answered to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from services.registration.domain.errors import InvalidValueError, Rule

MOST_QUESTIONS: Final = 10
FEWEST_CHOICES: Final = 2
MOST_CHOICES: Final = 20
LONGEST_ANSWER: Final = 2000

Said: TypeAlias = str | bool | Sequence[str] | None
"""What somebody says to a question: a text or a choice, yes or no, several choices, or nothing."""


class QuestionKind(StrEnum):
    """What a question is answered with; the values stand in the API."""

    SHORT_TEXT = "short_text"
    LONG_TEXT = "long_text"
    ONE_CHOICE = "one_choice"
    SEVERAL_CHOICES = "several_choices"
    YES_NO = "yes_no"

    @property
    def has_choices(self) -> bool:
        """Whether the question names what can be answered."""
        return self in {QuestionKind.ONE_CHOICE, QuestionKind.SEVERAL_CHOICES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question; `help` stands below it. One that is `required` is answered by who registers for themselves."""

    question_id: str
    text: str
    kind: QuestionKind
    choices: tuple[str, ...] = ()
    required: bool = False
    help: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody answered, with the question as it was asked: it may be put in other words since, or not at all.

    Choices are kept as their texts, for the same reason.
    """

    question_id: str
    question: str
    value: str | bool | tuple[str, ...]


def check_questions(questions: Sequence[Question]) -> None:
    """Hold the questions of an event to their rules.

    Raises:
        InvalidValueError: naming the field.
    """
    if len(questions) > MOST_QUESTIONS:
        raise InvalidValueError(pointer="/questions", rule=Rule.NOT_TOO_MANY_QUESTIONS)
    texts: set[str] = set()
    for index, question in enumerate(questions):
        if question.text in texts:
            raise InvalidValueError(pointer=f"/questions/{index}/text", rule=Rule.OWN_QUESTION)
        texts.add(question.text)
        number = len(question.choices)
        if not question.kind.has_choices and number:
            raise InvalidValueError(pointer=f"/questions/{index}/choices", rule=Rule.WITHOUT_CHOICES)
        different = len(set(question.choices)) == number
        if question.kind.has_choices and not (FEWEST_CHOICES <= number <= MOST_CHOICES and different):
            raise InvalidValueError(pointer=f"/questions/{index}/choices", rule=Rule.SOME_CHOICES)


def in_order(answers: Sequence[Answer], questions: Sequence[Question]) -> Sequence[Answer]:
    """Answers in the order of the questions as they are asked now, then those to what is asked no more."""
    places = {question.question_id: place for place, question in enumerate(questions)}
    return sorted(answers, key=lambda answer: places.get(answer.question_id, len(places)))


def read_answer(question: Question, said: Said) -> Answer | None:
    """What somebody answers to a question; None is no answer.

    Raises:
        InvalidValueError: if it is required and not answered, or answered with something else than it asks for.
    """
    value = _value(question, said)
    if value in {"", ()}:
        if question.required:
            raise _refused(question, Rule.ANSWER_NEEDED)
        return None
    return Answer(question_id=question.question_id, question=question.text, value=value)


def read_answers(
    questions: Sequence[Question], said: Mapping[str, Said], *, all_asked: bool
) -> Mapping[str, Answer | None]:
    """What somebody answers to some questions, by their ids; None is no answer.

    With `all_asked`, saying nothing of a question is no answer to it; else that is left as it is.

    Raises:
        InvalidValueError: as `read_answer`, and if the event asks no such question.
    """
    known = {question.question_id for question in questions}
    for question_id in said:
        if question_id not in known:
            raise InvalidValueError(pointer=f"/answers/{question_id}", rule=Rule.QUESTION_OF_EVENT)
    return {
        question.question_id: read_answer(question, said.get(question.question_id))
        for question in questions
        if all_asked or question.question_id in said
    }


def _value(question: Question, said: Said) -> str | bool | tuple[str, ...]:
    """An answer in the form that it is kept in; empty if there is none."""
    if said is None:
        return ""
    match question.kind:
        case QuestionKind.SEVERAL_CHOICES if not isinstance(said, str | bool):
            if not set(said) <= set(question.choices):
                raise _refused(question, Rule.CHOICE_OF_QUESTION)
            return tuple(choice for choice in question.choices if choice in said)
        case QuestionKind.YES_NO if isinstance(said, bool):
            return said
        case QuestionKind.ONE_CHOICE if isinstance(said, str):
            if said and said not in question.choices:
                raise _refused(question, Rule.CHOICE_OF_QUESTION)
            return said
        case QuestionKind.SHORT_TEXT | QuestionKind.LONG_TEXT if isinstance(said, str):
            text = " ".join(said.split()) if question.kind is QuestionKind.SHORT_TEXT else said.strip()
            if len(text) > LONGEST_ANSWER:
                raise _refused(question, Rule.ANSWER_NOT_TOO_LONG)
            return text
        case _ if said == "":
            return ""
        case _:
            raise _refused(question, Rule.KIND_OF_QUESTION)


def _refused(question: Question, rule: Rule) -> InvalidValueError:
    return InvalidValueError(pointer=f"/answers/{question.question_id}", rule=rule)
