"""What `passerelle verify` says of each thing it looked at, in plain words."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schemas.envelope import format_instant
from services.attendance.adapters.evidence_files import EvidencedFile
from services.attendance.adapters.register_calls import Registered
from services.attendance.application.figure_check import Checked, Difference, Trouble
from services.attendance.application.verification import EvidenceFile, LogFinding, LogVerdict, unproven

_REVOKED: Final = "revoked"
_MOST_NAMED: Final = 5


class Outcome(StrEnum):
    """How a step came out, as it is written."""

    FINE = "yes"
    WRONG = "NO"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What was looked at, and what came out."""

    outcome: Outcome
    words: str


def about(evidence: EvidenceFile) -> str:
    """What a document says of itself."""
    document = evidence.document
    of_whom = "" if document.participant_id is None else f", of {document.participant_id}"
    return (
        f"It says it is {document.kind.replace('_', ' ')} {document.code} on {document.event_id}{of_whom}, issued at "
        f"{format_instant(document.issued_at)} from what was known at {format_instant(document.as_of)}, and that "
        f"{evidence.verify_at} verifies it."
    )


def proofs(evidence: EvidenceFile) -> Step:
    """Whether its evidence holds in itself."""
    if not evidence.proofs:
        words = f"Its evidence is a root alone, of {evidence.facts} facts: it proves none of them by itself."
        return Step(outcome=Outcome.FINE, words=words)
    wrong = unproven(evidence)
    if wrong:
        return Step(
            outcome=Outcome.WRONG, words=f"Its evidence was altered: {_named(wrong)} {_are(wrong)} not under its root."
        )
    return Step(
        outcome=Outcome.FINE,
        words=f"Its evidence holds in itself: each of the {len(evidence.proofs)} facts it rests on is under its root, "
        f"that of {evidence.facts} facts.",
    )


def looked_up(verdict: LogVerdict, where: str, *, is_whole: bool, remedy: str) -> Step:
    """What a log or an archive says of its facts."""
    finding = verdict.finding
    if finding is LogFinding.SAME:
        words = f"{where} has the very facts it was issued from: {verdict.facts}, under the same root."
        return Step(outcome=Outcome.FINE, words=words)
    if finding is LogFinding.LATE:
        words = (
            f"{where} has the very facts it was issued from, and others that were recorded before and came later: "
            f"{verdict.facts} by now."
        )
        return Step(outcome=Outcome.FINE, words=words)
    if finding is LogFinding.NOTHING:
        words = f"{where} knows nothing of its event: it is of another Passerelle, or was not kept."
        return Step(outcome=Outcome.UNKNOWN, words=words)
    if not is_whole and not verdict.altered:
        words = f"{where} has no longer, or not yet, all facts of its event: {remedy}."
        return Step(outcome=Outcome.UNKNOWN, words=words)
    if finding is LogFinding.ALTERED:
        told = [
            f"{_named(ids)} {_are(ids)} {what}"
            for ids, what in ((verdict.altered, "something else there"), (verdict.missing, "not there"))
            if ids
        ]
        return Step(outcome=Outcome.WRONG, words=f"{where} contradicts it: {'; '.join(told)}.")
    words = (
        f"{where} has the facts it rests on, but others of the event are not as they were: {verdict.facts} facts under "
        f"the root {verdict.root[:16]}…"
    )
    return Step(outcome=Outcome.WRONG, words=words)


def not_counted() -> Step:
    """That the figures cannot be counted again."""
    return Step(outcome=Outcome.UNKNOWN, words="Its figures were not counted again, for want of its facts.")


def counted(checked: Checked) -> Step:
    """Whether the figures follow from the facts."""
    if checked.trouble is Trouble.UNREADABLE:
        words = f"Its figures are not such as Passerelle writes: {checked.detail}."
        return Step(outcome=Outcome.WRONG, words=words)
    if checked.trouble is not None:
        why = {
            Trouble.UNKNOWN_KIND: "this version of Passerelle knows no document of this kind",
            Trouble.NO_EVENT: "no fact tells what event it was",
        }[checked.trouble]
        return Step(outcome=Outcome.UNKNOWN, words=f"Its figures were not counted again: {why}.")
    if checked.differences:
        told = [_difference(each) for each in checked.differences[:_MOST_NAMED]]
        more = len(checked.differences) - len(told)
        words = f"Its figures do not follow from the facts. {'; '.join(told)}{f'; and {more} more' if more else ''}."
        return Step(outcome=Outcome.WRONG, words=words)
    words = (
        f"Its {checked.figures} figures follow from the facts, counted again with the event's reconnect grace of "
        f"{checked.grace_seconds} s."
    )
    if checked.rules_version:
        words += (
            f" Version {checked.rules_version} of the rules of eligibility was in force, which is not judged again."
        )
    return Step(outcome=Outcome.FINE, words=words)


def _difference(each: Difference) -> str:
    what = each.what[0].upper() + each.what[1:]
    return f"{what}: the document says {each.said}, the facts say {each.found}"


def answered(found: EvidencedFile, told: Registered | None, register: str) -> Step:
    """What came out, given what the register says of the document's code."""
    evidence = found.evidence
    if told is None:
        return Step(outcome=Outcome.WRONG, words=f"{register} issued nothing under this code.")
    head = evidence.document
    carried = head.kind, head.as_of, evidence.root, evidence.facts, _digest(evidence)
    another_event = told.event.event_id not in {None, head.event_id}
    if another_event or carried != (told.kind, told.as_of, told.root, told.facts, told.figures):
        words = f"{register} issued something else under this code."
        return Step(outcome=Outcome.WRONG, words=words)
    if found.sha256 is not None and not told.file_matches:
        words = f"{register} issued another file under this code: this one was altered, or saved anew."
        return Step(outcome=Outcome.WRONG, words=words)
    if told.standing == _REVOKED:
        words = f"{register} issued it, and revoked it since: it counts for nothing any more."
        return Step(outcome=Outcome.WRONG, words=words)
    what = "this very file" if found.sha256 is not None else "a document with this evidence and these figures"
    return Step(outcome=Outcome.FINE, words=f"{register} issued {what}. {_standing(told.standing)}")


def _standing(standing: str) -> str:
    known = {
        "current": "It would say the same today.",
        "outdated": "Today it would say something else.",
        "replaced": "A newer one has taken its place.",
    }
    return known.get(standing, "Whether it would say the same today is not known.")


def _digest(evidence: EvidenceFile) -> str:
    """Of the figures, as the register takes it."""
    canonical = json.dumps(evidence.figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _named(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _MOST_NAMED} more" if len(ids) > _MOST_NAMED else ""
    return f"{'fact' if len(ids) == 1 else 'facts'} {', '.join(ids[:_MOST_NAMED])}{more}"


def _are(ids: Sequence[str]) -> str:
    return "is" if len(ids) == 1 else "are"
