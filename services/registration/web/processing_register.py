"""The register of processing as it stands: its activities with the periods in force, and who answers for the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from aiohttp import web
from babel.support import NullTranslations

from schemas.topics import DEAD_LETTER
from services.chassis.pages import texts_of
from services.chassis.periods import Period, Unit
from services.chassis.retention import Rule
from services.chassis.retention_views import RetentionView, RunView
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.imports import KEPT_FOR
from services.registration.web.periods import worded
from services.registration.web.processing import (
    ACTIVITIES,
    COUNTED_FROM,
    DEAD_LETTERS,
    IMPORTED_FILES,
    MEASURES,
    WHAT,
    Activity,
)
from services.registration.web.use_cases import use_cases

_RETAINED: Final = timedelta(milliseconds=int(DEAD_LETTER.settings["retention.ms"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """How long a part of the data is kept, in words; `sentence` is all of it."""

    rule: Rule
    what: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An activity, its texts in the language of the reader."""

    activity: Activity
    kept: Sequence[KeptFor]
    besides: Sequence[str]

    def keeping(self) -> Sequence[str]:
        """For how long, as sentences."""
        return [*(each.sentence for each in self.kept), *self.besides]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All of it. `runs` are the last ones of the retention, by service; None is a service that never ran one.

    `is_whole` is false while the bridge does not answer: its periods are missing then.
    """

    controllers: Sequence[DataContact]
    nobody_named: bool
    entries: Sequence[Entry]
    measures: Sequence[str]
    is_whole: bool
    runs: Mapping[str, RunView | None] = field(default_factory=dict)


async def register_of(request: web.Request) -> Register:
    """The register, in the language of the reader."""
    cases, texts = use_cases(request), texts_of(request)
    own, bridge = await RetentionView.of(cases.retention), await cases.neighbours.retention()
    controllers = await cases.keeping.controllers()
    told = [*own.rules, *(bridge.rules if bridge else ())]
    rules = {rule.purpose: rule for rule in (*_FIXED, *(each.rule() for each in told))}
    return Register(
        controllers=[contact for contact in controllers if contact is not None],
        nobody_named=None in controllers,
        entries=[_entry(activity, rules, texts) for activity in ACTIVITIES],
        measures=[texts.gettext(measure) for measure in MEASURES],
        is_whole=bridge is not None,
        runs={"registration": own.last_run, "streaming_bridge": bridge.last_run if bridge else None},
    )


def what_is_kept(purpose: str, texts: NullTranslations) -> str:
    """What a rule is about."""
    return str(texts.gettext(WHAT.get(purpose, purpose)))


def _entry(activity: Activity, rules: Mapping[str, Rule], texts: NullTranslations) -> Entry:
    said = texts.gettext
    translated = Activity(
        key=activity.key,
        name=said(activity.name),
        purpose=said(activity.purpose),
        basis=said(activity.basis),
        people=said(activity.people),
        data=said(activity.data),
        recipients=said(activity.recipients),
        kept=activity.kept,
    )
    return Entry(
        activity=translated,
        kept=[_kept_for(rules[purpose], texts) for purpose in activity.kept if purpose in rules],
        besides=[said(sentence) for sentence in activity.besides],
    )


def _kept_for(rule: Rule, texts: NullTranslations) -> KeptFor:
    what, period = what_is_kept(rule.purpose, texts), worded(rule.period, texts)
    since = texts.gettext(COUNTED_FROM[rule.counted_from])
    sentence = texts.gettext("%(what)s: %(period)s %(since)s") % {"what": what, "period": period, "since": since}
    return KeptFor(rule=rule, what=what, sentence=sentence)


def _fixed(purpose: str, kept: timedelta) -> Rule:
    return Rule(purpose=purpose, period=Period(count=kept // timedelta(days=1), unit=Unit.DAY), counted_from="made")


_FIXED: Final = (_fixed(DEAD_LETTERS, _RETAINED), _fixed(IMPORTED_FILES, KEPT_FOR))
"""What is not deleted by the retention, and is not set."""
