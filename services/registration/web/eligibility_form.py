"""The form where an organizer says what it takes to have attended: choices in plain words, or a rule of their own."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from babel.support import NullTranslations
from pydantic import BaseModel, Field

from services.chassis.pages.forms import Form
from services.chassis.pages.languages import mark
from services.registration.domain.eligibility import MOST_LEEWAY_SECONDS, Requirement, Rules, Scope
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.seats import Mode

_PRESETS: Final[Mapping[str, tuple[Requirement, ...]]] = {
    "present": (),
    "event_80": (Requirement(scope=Scope.EVENT, percent=80),),
    "half_days_50": (Requirement(scope=Scope.HALF_DAYS, percent=50),),
}
_SENTENCES: Final = {
    Rule.MINUTES_OR_PERCENT: mark("Say how much: a number of minutes, or a percentage."),
    Rule.WITHIN_BOUNDS: mark("Enter 1 to 100 percent, or at least one minute."),
    Rule.SOME_OF_SEVERAL: mark("Enter 1 or more."),
    Rule.SESSION_NAMED: mark("Choose a session of this event."),
}
_FIELDS: Final = {"minutes": "amount", "percent": "amount", "at_least": "at_least", "session_id": "session_id"}


class RulesForm(BaseModel):
    """What was chosen; `kept` stands for requirements that only the API can say, and `act` tries without saving."""

    preset: Literal["present", "event_80", "half_days_50", "own", "kept"]
    scope: Scope = Scope.EVENT
    amount: Annotated[int, Field(ge=1)] | None = None
    unit: Literal["percent", "minutes"] = "percent"
    at_least: Annotated[int, Field(ge=1, le=1000)] | None = None
    session_id: str | None = None
    mode: Mode | None = None
    inferred: bool = False
    unattributed: bool = False
    leeway_seconds: Annotated[int, Field(ge=0, le=MOST_LEEWAY_SECONDS)] = 0
    act: Literal["save", "try"] = "save"

    def rules(self, known: Rules) -> Rules:
        """As the domain has them.

        Raises:
            InvalidValueError: if the rule of one's own is none.
        """
        return Rules(
            requirements=self._requirements(known),
            mode=self.mode,
            inferred=self.inferred,
            unattributed=self.unattributed,
            leeway_seconds=self.leeway_seconds,
        )

    def _requirements(self, known: Rules) -> tuple[Requirement, ...]:
        if self.preset == "kept":
            return known.requirements
        if self.preset != "own":
            return _PRESETS[self.preset]
        own = Requirement(
            scope=self.scope,
            minutes=self.amount if self.unit == "minutes" else None,
            percent=self.amount if self.unit == "percent" else None,
            at_least=self.at_least if self.scope in {Scope.HALF_DAYS, Scope.SESSIONS} else None,
            session_id=self.session_id if self.scope is Scope.SESSION else None,
        )
        return (own,)


def filled(rules: Rules) -> Form[RulesForm]:
    """The form as the rules stand."""
    own = rules.requirements[0] if len(rules.requirements) == 1 else None
    preset = next((name for name, meant in _PRESETS.items() if meant == rules.requirements), "own" if own else "kept")
    values = {
        "preset": preset,
        "scope": (own.scope if own else Scope.EVENT).value,
        "amount": str((own.minutes or own.percent) if own else ""),
        "unit": "minutes" if own and own.minutes else "percent",
        "at_least": str(own.at_least or "") if own else "",
        "session_id": (own.session_id or "") if own else "",
        "mode": rules.mode.value if rules.mode else "",
        "leeway_seconds": str(rules.leeway_seconds),
    }
    boxes = {name: "true" for name in ("inferred", "unattributed") if getattr(rules, name)}
    return Form.empty(**values, **boxes)


def refused(form: Form[RulesForm], error: InvalidValueError, texts: NullTranslations) -> Form[RulesForm]:
    """The form with what is wrong beside the field."""
    name = _FIELDS.get(error.pointer.rpartition("/")[2], "preset")
    return form.with_error(name, texts.gettext(_SENTENCES[error.rule]))
