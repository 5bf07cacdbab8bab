"""Volunteers' hours as forms and programs send them, and as they are answered."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.chassis.pages.languages import mark
from services.registration.application.volunteers import EventHours, ShiftDraft
from services.registration.domain.volunteering import (
    LEAST_PERCENT,
    MOST_CENTS,
    MOST_MINUTES,
    MOST_PEOPLE,
    MOST_PERCENT,
    Shift,
    Skill,
    Valuation,
    by_task,
)
from services.registration.web.bodies import Address, Body, Label, PersonName

_AMOUNT: Final = re.compile(r"^(\d{1,4})(?:[.,](\d{1,2}))?$")
_BASIS: Final = mark("Say what the rate rests on: auditors ask for the method, and not for the amount alone.")

Minutes = Annotated[int, Field(ge=1, le=MOST_MINUTES)]
People = Annotated[int, Field(ge=1, le=MOST_PEOPLE)]
Percent = Annotated[int, Field(ge=LEAST_PERCENT, le=MOST_PERCENT)]


def _cents(typed: object) -> object:
    """An amount as people type it, in cents.

    Raises:
        PydanticCustomError: if it is none.
    """
    if not isinstance(typed, str):
        return typed
    found = _AMOUNT.match(typed.strip().removesuffix("€").strip())
    if found is None:
        raise PydanticCustomError("amount", mark("Enter an amount in euros, such as 12.02."))
    return int(Decimal(f"{found[1]}.{found[2] or 0}") * 100)


class ShiftForm(BaseModel):
    """A shift as typed: so many hours, and so many minutes more."""

    day: date
    task: Label
    hours: Annotated[int, Field(ge=0, le=24)] = 0
    minutes: Annotated[int, Field(ge=0, le=59, validate_default=True)] = 0
    people: People = 1
    skill: Skill = Skill.SIMPLE
    name: PersonName | None = None

    @field_validator("minutes", mode="after")
    @classmethod
    def _some_time_of_a_day(cls, minutes: int, info: ValidationInfo) -> int:
        if "hours" in info.data and not 1 <= info.data["hours"] * 60 + minutes <= MOST_MINUTES:
            raise PydanticCustomError("duration", mark("Enter a duration of one minute to 24 hours."))
        return minutes

    def draft(self) -> ShiftDraft:
        """The command in the form."""
        return ShiftDraft(
            day=self.day,
            task=self.task,
            minutes=self.hours * 60 + self.minutes,
            people=self.people,
            skill=self.skill,
            name=self.name,
        )


class ValuationForm(BaseModel):
    """The method as typed: the rate in euros, and a word on it; no rate is no valuation."""

    hourly: Annotated[Annotated[int, Field(le=MOST_CENTS)] | None, BeforeValidator(_cents)] = None
    basis: Annotated[Address | None, Field(validate_default=True)] = None
    skilled_percent: Percent = 150
    expert_percent: Percent = 200

    @field_validator("basis", mode="after")
    @classmethod
    def _rests_on_something(cls, basis: str | None, info: ValidationInfo) -> str | None:
        if basis is None and info.data.get("hourly") is not None:
            raise PydanticCustomError("basis", _BASIS)
        return basis

    def valuation(self) -> Valuation:
        """The command in the form."""
        return Valuation(
            hourly_cents=self.hourly,
            basis=self.basis,
            skilled_percent=self.skilled_percent,
            expert_percent=self.expert_percent,
        )


class ShiftBody(Body):
    """What one person, or several alike, did for the event on a day: `minutes` each."""

    day: date
    task: Label
    minutes: Minutes
    people: People = 1
    skill: Skill = Skill.SIMPLE
    name: PersonName | None = None

    def draft(self) -> ShiftDraft:
        """The command in the body."""
        return ShiftDraft(**dict(self))


class ValuationBody(Body):
    """The method: an hourly rate in cents of a euro with what it rests on, or neither."""

    hourly_cents: Annotated[int, Field(ge=1, le=MOST_CENTS)] | None = None
    basis: Address | None = None
    skilled_percent: Percent = 150
    expert_percent: Percent = 200

    @model_validator(mode="after")
    def _rests_on_something(self) -> "ValuationBody":
        if self.hourly_cents is not None and self.basis is None:
            raise PydanticCustomError("basis", "a rate needs its basis")
        return self


class ShiftView(BaseModel):
    """A shift; `cents` is what it is worth, null if hours are not valued."""

    shift_id: str
    day: date
    task: str
    minutes: int
    people: int
    skill: Skill
    name: str | None
    cents: int | None

    @classmethod
    def of(cls, shift: Shift, valuation: Valuation) -> "ShiftView":
        """What is told of a shift."""
        return cls(
            shift_id=shift.shift_id,
            day=shift.day,
            task=shift.task,
            minutes=shift.minutes,
            people=shift.people,
            skill=shift.skill,
            name=shift.name,
            cents=valuation.cents(shift),
        )


class TaskView(BaseModel):
    """What was given to one task; minutes are of all people together."""

    task: str
    person_minutes: int
    cents: int | None


class ValuationView(BaseModel):
    """The method by which hours are valued."""

    hourly_cents: int | None
    basis: str | None
    skilled_percent: int
    expert_percent: int


class HoursView(BaseModel):
    """All that volunteers gave to an event, apart from attendance."""

    event_id: str
    shifts: list[ShiftView]
    tasks: list[TaskView]
    person_minutes: int
    cents: int | None
    valuation: ValuationView

    @classmethod
    def of(cls, hours: EventHours) -> "HoursView":
        """What is told of an event."""
        given = hours.given
        return cls(
            event_id=hours.event.event_id,
            shifts=[ShiftView.of(shift, hours.valuation) for shift in hours.shifts],
            tasks=[
                TaskView(task=task, person_minutes=sums.person_minutes, cents=sums.cents)
                for task, sums in by_task(hours.shifts, hours.valuation)
            ],
            person_minutes=given.person_minutes,
            cents=given.cents,
            valuation=ValuationView.model_validate(hours.valuation, from_attributes=True),
        )
