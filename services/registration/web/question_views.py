"""Questions of events, and answers to them, as clients get them."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.registration.domain.questions import Answer, Question, QuestionKind


class QuestionView(BaseModel):
    """A question to who registers; `choices` is empty but for `one_choice` and `several_choices`."""

    question_id: str
    text: str
    kind: QuestionKind
    choices: list[str]
    required: bool
    help: str | None

    @classmethod
    def of(cls, question: Question) -> "QuestionView":
        """A question."""
        return cls(
            question_id=question.question_id,
            text=question.text,
            kind=question.kind,
            choices=list(question.choices),
            required=question.required,
            help=question.help,
        )


class AnswerView(BaseModel):
    """An answer: a text or a choice, several choices, or yes or no. `question` is the text of it when it was asked."""

    question_id: str
    question: str
    answer: bool | str | list[str]

    @classmethod
    def all_of(cls, answers: Sequence[Answer]) -> list["AnswerView"]:
        """What somebody answered."""
        return [
            cls(
                question_id=answer.question_id,
                question=answer.question,
                answer=list(answer.value) if isinstance(answer.value, tuple) else answer.value,
            )
            for answer in answers
        ]
