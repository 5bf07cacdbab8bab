"""Questions of events, and the answers to them, in the SQL store."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.tables import ANSWERS_TO_QUESTIONS
from services.registration.domain.questions import Answer, Question, QuestionKind

_ANSWER = ANSWERS_TO_QUESTIONS.c


class SqlAnswerReading:
    """A view through one connection; implements the port `AnswerReading`."""

    _connection: AsyncConnection

    async def answers(self, participant_ids: Collection[str]) -> Mapping[str, Sequence[Answer]]:
        """See the port."""
        return await self._answers_where(_ANSWER.participant_id.in_(participant_ids))

    async def all_answers(self, event_id: str) -> Mapping[str, Sequence[Answer]]:
        """See the port."""
        return await self._answers_where(_ANSWER.event_id == event_id)

    async def _answers_where(self, condition: ColumnElement[bool]) -> Mapping[str, Sequence[Answer]]:
        query = select(ANSWERS_TO_QUESTIONS).where(condition)
        found: dict[str, list[Answer]] = {}
        for row in await self._connection.execute(query.order_by(_ANSWER.participant_id, _ANSWER.question_id)):
            value = tuple(row.answer) if isinstance(row.answer, list) else row.answer
            answer = Answer(question_id=row.question_id, question=row.question, value=value)
            found.setdefault(row.participant_id, []).append(answer)
        return found


class SqlAnswerWriting(SqlAnswerReading):
    """A transaction; implements the port `AnswerWriting`."""

    async def save_answers(self, event_id: str, participant_id: str, answers: Mapping[str, Answer | None]) -> None:
        """See the port."""
        mine = (_ANSWER.participant_id == participant_id, _ANSWER.question_id.in_(answers))
        await self._connection.execute(delete(ANSWERS_TO_QUESTIONS).where(*mine))
        rows = [
            {
                "participant_id": participant_id,
                "question_id": answer.question_id,
                "event_id": event_id,
                "question": answer.question,
                "answer": answer.value,
            }
            for answer in answers.values()
            if answer is not None
        ]
        if rows:
            await self._connection.execute(insert(ANSWERS_TO_QUESTIONS), rows)


def question_values(question: Question) -> dict[str, Any]:
    """What `events` stores of a question."""
    return {
        "question_id": question.question_id,
        "text": question.text,
        "kind": question.kind.value,
        "choices": list(question.choices),
        "required": question.required,
        "help": question.help,
    }


def question_from(stored: Mapping[str, Any]) -> Question:
    """The question that was stored."""
    return Question(**{**stored, "kind": QuestionKind(stored["kind"]), "choices": tuple(stored["choices"])})
