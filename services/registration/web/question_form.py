"""The part of an event's form that says what is asked of who registers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from schemas.envelope import Identifier
from services.chassis.pages.languages import mark
from services.registration.application.question_drafts import QuestionDraft
from services.registration.domain.errors import Rule
from services.registration.domain.questions import Question, QuestionKind
from services.registration.web.bodies import Address, Title, check_lines

_LONGEST_CHOICE: Final = 200
SENTENCES: Final[Mapping[Rule, str]] = {
    Rule.NOT_TOO_MANY_QUESTIONS: mark("Ask at most 10 questions."),
    Rule.OWN_QUESTION: mark("Another question says the same: ask it once."),
    Rule.SOME_CHOICES: mark("Enter 2 to 20 answers to choose from, one a line, each different."),
    Rule.WITHOUT_CHOICES: mark("Leave this empty: only questions with a choice have answers to choose from."),
}


def _check_choices(text: str) -> str:
    """Choices, one a line.

    Raises:
        PydanticCustomError: if one is too long to be one.
    """
    if any(len(line.strip()) > _LONGEST_CHOICE for line in check_lines(text).splitlines()):
        raise PydanticCustomError("choices", mark("Use at most 200 characters for each answer."))
    return text


class QuestionRow(BaseModel):
    """A question; one without a kind is answered with a short text."""

    text: Title
    kind: QuestionKind = QuestionKind.SHORT_TEXT
    choices: Annotated[str, AfterValidator(_check_choices)] = ""
    required: bool = False
    help: Address | None = None
    question_id: Identifier | None = None

    def draft(self) -> QuestionDraft:
        """The question as the use case takes it."""
        return QuestionDraft(
            text=self.text,
            kind=self.kind,
            choices=tuple(line.strip() for line in self.choices.splitlines() if line.strip()),
            required=self.required,
            help=self.help,
            question_id=self.question_id,
        )


def without_removed(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """The rows but for questions that the event has and whose text was emptied: they are asked no more."""
    return {key: row for key, row in rows.items() if "text" in row or "question_id" not in row}


def question_drafts(rows: Iterable[QuestionRow]) -> tuple[QuestionDraft, ...]:
    """What the rows ask."""
    return tuple(row.draft() for row in rows)


def question_values(questions: Sequence[Question]) -> dict[str, str]:
    """What the fields are filled with; a short text is the kind of an empty row."""
    values: dict[str, str] = {}
    for index, question in enumerate(questions):
        row = f"questions.{index}"
        values |= {
            f"{row}.question_id": question.question_id,
            f"{row}.text": question.text,
            f"{row}.kind": "" if question.kind is QuestionKind.SHORT_TEXT else question.kind.value,
            f"{row}.choices": "\n".join(question.choices),
            f"{row}.required": "true" if question.required else "",
            f"{row}.help": question.help or "",
        }
    return values
