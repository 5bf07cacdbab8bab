"""Questions as somebody describes them, and the questions that come of it: they get their ids here."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.application.ports import Mint
from services.registration.domain.questions import Question, QuestionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionDraft:
    """A question as somebody describes it; `question_id` is set to keep the identity of one the event has."""

    text: str
    kind: QuestionKind
    choices: tuple[str, ...] = ()
    required: bool = False
    help: str | None = None
    question_id: str | None = None


def new_questions(drafts: Sequence[QuestionDraft], *, known: Sequence[Question], mint: Mint) -> tuple[Question, ...]:
    """Questions with ids: the one asked for if the event has it, else that of the same text, else a new one."""
    ids = {question.question_id for question in known}
    by_text = {question.text: question.question_id for question in known}
    taken: set[str] = set()
    questions = []
    for draft in drafts:
        wanted = draft.question_id if draft.question_id in ids else by_text.get(draft.text)
        question_id = wanted if wanted is not None and wanted not in taken else mint.part_id("que")
        taken.add(question_id)
        questions.append(
            Question(
                question_id=question_id,
                text=draft.text,
                kind=draft.kind,
                choices=draft.choices,
                required=draft.required,
                help=draft.help,
            )
        )
    return tuple(questions)


def copied_questions(questions: Sequence[Question]) -> tuple[QuestionDraft, ...]:
    """The same questions, for another event."""
    return tuple(
        QuestionDraft(
            text=question.text,
            kind=question.kind,
            choices=question.choices,
            required=question.required,
            help=question.help,
        )
        for question in questions
    )
