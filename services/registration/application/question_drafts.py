"""Questions as somebody describes them, and the questions that come of it: they get their ids here."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.application.kept_ids import kept_ids
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
    """Questions with ids, in the order they were given."""
    wanted = [(draft.question_id, draft.text) for draft in drafts]
    texts = {question.question_id: question.text for question in known}
    ids = kept_ids(wanted, known=texts, new=lambda: mint.part_id("que"))
    return tuple(
        Question(
            question_id=question_id,
            text=draft.text,
            kind=draft.kind,
            choices=draft.choices,
            required=draft.required,
            help=draft.help,
        )
        for question_id, draft in zip(ids, drafts, strict=True)
    )


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
