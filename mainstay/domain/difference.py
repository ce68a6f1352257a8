"""What would change between two catalogues, said object by object."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

ObjectKey = tuple[str, str]
"""Kind (``system``, ``component``, ``check``, ``channel``, ``calendar`` …) and name (``shop``, ``shop/db`` …)."""
Objects = Mapping[ObjectKey, Mapping[str, Any]]

_ORDER = {
    kind: place
    for place, kind in enumerate((
        "calendar", "channel", "store", "team", "rotation", "vendor", "escalation", "help desk",
        "grading", "clock", "words",
        "system", "component", "policy", "check",
    ))
}  # fmt: skip


class Act(StrEnum):
    """What happens to an object. Nothing is ever deleted: what is no longer wanted is retired and can come back."""

    CREATED = "created"
    CHANGED = "changed"
    RETIRED = "retired"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Change:
    """One key of an object, before and after; None where it is not set."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """What happens to one object."""

    act: Act
    kind: str
    name: str
    changes: tuple[Change, ...] = ()

    @classmethod
    def rewritten(cls, system: str) -> "Difference":
        """The system means the same as before and is written otherwise."""
        return cls(Act.CHANGED, "system", system, (Change("wording", "", "written otherwise"),))

    def __str__(self) -> str:
        keys = ", ".join(f"{change.key}: {_word(change.before)} → {_word(change.after)}" for change in self.changes)
        return f"{self.act} {self.kind} {self.name}" + (f" ({keys})" if keys else "")

    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self) | {"act": self.act.value}


def _word(value: Any) -> str:
    text = "–" if value in (None, "", [], {}) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def compare(before: Objects, after: Objects, retired: frozenset[ObjectKey] = frozenset()) -> list[Difference]:
    """What leads from ``before`` to ``after``; ``retired`` are objects that exist but are out of use."""
    found = [Difference(Act.RETIRED, *key) for key in before if key not in after]
    for key, wanted in after.items():
        if key in before:
            changes = _changes(before[key], wanted)
            if changes:
                found.append(Difference(Act.CHANGED, *key, changes))
        else:
            found.append(Difference(Act.RESTORED if key in retired else Act.CREATED, *key))
    return sorted(found, key=lambda difference: (_ORDER[difference.kind], difference.name))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    keys = sorted({*before, *after})
    return tuple(Change(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key))
