"""Whose name is like the one that somebody gave in a meeting: proposed to an organizer, never taken for true."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz import fuzz, process

from services.registration.adapters.rows import searchable
from services.registration.application.guests import Likely

_MOST: Final = 3
_ENOUGH: Final = 70
"""Of 100: one letter in four may differ. Below it, what is proposed is noise."""
_PART_OF_A_NAME: Final = 0.9
"""What a first name alone is worth, beside the whole name in any order."""
_FEWEST_LETTERS: Final = 2
_NO_NAMES: Final = frozenset(
    {"de", "du", "d", "l", "la", "le", "s", "invite", "guest", "zoom", "user", "utilisateur", "participant"}
    | {"iphone", "ipad", "mac", "macbook", "pc", "tel", "telephone", "phone", "mobile", "android", "galaxy", "samsung"}
)
"""What telephones and meetings make of a name: `iPhone de Léa`."""
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")


def comparable(name: str) -> str:
    """A name without case, accents, hyphens and the words of devices; empty if nothing is left."""
    words = _BETWEEN_WORDS.sub(" ", searchable(name)).split()
    return " ".join(word for word in words if word not in _NO_NAMES)


def same_name(name: str) -> str:
    """What two names have in common that are the same in any case, accents and order of words."""
    return " ".join(sorted(_BETWEEN_WORDS.sub(" ", searchable(name)).split())) or name


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """The participants of an event, made ready to be compared with many names."""

    people: Mapping[str, str]
    comparable: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, people: Mapping[str, str]) -> "Likeness":
        """Make them ready, once for many comparisons; `people` are names by id."""
        return cls(people=people, comparable={whose: comparable(name) for whose, name in people.items()})

    def likeliest(self, name: str | None) -> Sequence[Likely]:
        """The few whose names are most like it, the likest first; first and last name in either order."""
        words = comparable(name or "").split()
        # `Léa M.`: the letter says which Léa, and would only blur the likeness of what is written out.
        initials = [word for word in words if len(word) == 1]
        given = " ".join(word for word in words if len(word) > 1)
        if len(given) < _FEWEST_LETTERS:
            return ()
        known = self.comparable
        if initials:
            known = {whose: other for whose, other in known.items() if _has_initials(other, initials, given)}
        best: dict[str, float] = {}
        for scorer, worth in ((fuzz.token_sort_ratio, 1.0), (fuzz.token_set_ratio, _PART_OF_A_NAME)):
            found = process.extract(given, known, scorer=scorer, score_cutoff=_ENOUGH / worth, limit=_MOST)
            for _, score, whose in found:
                best[whose] = max(best.get(whose, 0), score * worth)
        ranked = sorted(best, key=lambda whose: (-best[whose], self.people[whose], whose))[:_MOST]
        return [Likely(participant_id=whose, name=self.people[whose], likeness=round(best[whose])) for whose in ranked]


def _has_initials(name: str, initials: Sequence[str], given: str) -> bool:
    """Whether words that are not `given` begin by them: the P of `Paul P.` is not that of Paul."""
    others = [word for word in name.split() if word not in given.split()]
    return all(any(word.startswith(letter) for word in others) for letter in initials)
