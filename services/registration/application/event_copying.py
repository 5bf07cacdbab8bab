"""What a copy of an event takes over beside the event itself: how its attendance is proved."""

from collections.abc import Mapping
from dataclasses import replace

from services.registration.application.audit import current_actor
from services.registration.application.eligibility_ports import StoredRules
from services.registration.application.ports import Mint, Writing
from services.registration.domain.eligibility import Rules
from services.registration.domain.event import Event
from services.registration.domain.facts import EligibilityChanged
from services.registration.domain.issuers import KnownIssuer


async def copy_proofs(transaction: Writing, original: Event, copy: Event, *, mint: Mint) -> None:
    """Let documents of a copy that was just added be made as those of the original.

    That is: what its sheets and certificates are made with, the rules of eligibility (which are told as a fact), and
    who issues, without the stamp. Sessions and questions that they name are those of the copy. What was issued, signed,
    contested or granted stays with the original.
    """
    questions = _same(
        [question.question_id for question in original.questions], [question.question_id for question in copy.questions]
    )
    settings = await transaction.certificate_settings(original.event_id)
    employer = questions.get(settings.employer_question or "")
    await transaction.save_certificate_settings(copy.event_id, replace(settings, employer_question=employer))
    await transaction.save_sheet_settings(copy.event_id, await transaction.sheet_settings(original.event_id))
    known = await transaction.issuer_of(original.event_id)
    if known is not None:
        issuer = KnownIssuer(issuer_id=mint.part_id("iss"), event_id=copy.event_id, issuer=known.issuer.without_stamp)
        await transaction.save_issuer(issuer, at=copy.changed_at)
    stored = await transaction.eligibility_rules(original.event_id)
    if stored is not None:
        rules = _rules(stored.rules, original, copy)
        begun = StoredRules(rules=rules, version=1, at=copy.changed_at, by=current_actor())
        await transaction.add_eligibility_rules(copy.event_id, begun)
        told = EligibilityChanged(
            fact_id=mint.fact_id(), event_id=copy.event_id, rules=rules, version=begun.version, at=begun.at
        )
        await transaction.publish([told])


def _rules(rules: Rules, original: Event, copy: Event) -> Rules:
    """The same, of the sessions of the copy; what is asked of one that is gone is asked no more."""
    sessions = _same(
        [session.session_id for session in original.sessions], [session.session_id for session in copy.sessions]
    )
    kept = (each for each in rules.requirements if each.session_id is None or each.session_id in sessions)
    requirements = tuple(
        each if each.session_id is None else replace(each, session_id=sessions[each.session_id]) for each in kept
    )
    return replace(rules, requirements=requirements)


def _same(theirs: list[str], ours: list[str]) -> Mapping[str, str]:
    """What stands at the same place."""
    return dict(zip(theirs, ours, strict=True))
