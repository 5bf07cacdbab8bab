"""Answers to the questions of an event in forms: on the public page, and on the personal one."""

from collections.abc import Mapping, Sequence
from typing import Final

from babel.support import NullTranslations
from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from services.chassis.pages.forms import Form, Model
from services.chassis.pages.languages import mark
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.event import Event
from services.registration.domain.questions import Answer, Question, QuestionKind, Said, read_answer
from services.registration.web.bodies import check_lines

_SENTENCES: Final[Mapping[Rule, str]] = {
    Rule.ANSWER_NEEDED: mark("Answer this question."),
    Rule.ANSWER_NOT_TOO_LONG: mark("Answer with at most 2000 characters."),
}
_CHANGED: Final = mark("What is asked has changed meanwhile: look at it, and answer again.")


class AnswerForm(BaseModel):
    """A form of nothing but answers: its fields are those that the event asks for."""


def answers_typed(form: Form[Model], event: Event, texts: NullTranslations) -> tuple[Form[Model], Mapping[str, Said]]:
    """What was answered in a form, by the ids of the questions; and the form, with an error at each wrong answer."""
    said: dict[str, Said] = {}
    for question in event.questions:
        name = field_of(question)
        answer = _typed(form, question)
        try:
            check_lines(answer) if isinstance(answer, str) else None
            read_answer(question, answer)
        except InvalidValueError as error:
            form = form.with_error(name, texts.gettext(_SENTENCES.get(error.rule, _CHANGED)))
        except PydanticCustomError as error:
            form = form.with_error(name, texts.gettext(error.message()))
        said[question.question_id] = answer
    return form, said


def is_about_answers(error: InvalidValueError) -> bool:
    """Whether it is the answer to a question that was refused."""
    return error.pointer.startswith("/answers/")


def refused_answers(form: Form[Model], error: InvalidValueError, texts: NullTranslations) -> Form[Model]:
    """The form again: what the event asks changed between the two times that it was read."""
    return form.with_error(error.pointer.strip("/").replace("/", "."), texts.gettext(_CHANGED))


def filled_answers(answers: Sequence[Answer]) -> Form[AnswerForm]:
    """The form, filled with what was answered."""
    values: dict[str, list[str]] = {}
    for answer in answers:
        value = answer.value
        if isinstance(value, bool):
            typed = ["yes" if value else "no"]
        else:
            typed = [value] if isinstance(value, str) else list(value)
        values[f"answers.{answer.question_id}"] = typed
    return Form(values=values)


def field_of(question: Question) -> str:
    """The name of the field of a question."""
    return f"answers.{question.question_id}"


def _typed(form: Form[Model], question: Question) -> Said:
    name = field_of(question)
    match question.kind:
        case QuestionKind.SEVERAL_CHOICES:
            return [text.strip() for text in form.values.get(name, ()) if text.strip()]
        case QuestionKind.YES_NO:
            typed = form.value(name).strip()
            return {"yes": True, "no": False}.get(typed, typed)
        case _:
            return form.value(name).replace("\r\n", "\n").strip()
