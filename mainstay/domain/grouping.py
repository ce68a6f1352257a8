"""What becomes one incident: decided change by change on plain values, with the reason for each decision.

* Checks of the category *system* group by their component. A component that depends, however far, on one that is badly
  broken is explained by it: its checks join that incident as *echoes*. When the cause is seen later than its echo, the
  incident moves to the cause (*rerooted*) and, where there are several, they become one (*merged*).
* Checks of *data* and *business* are an incident each: two rules on the books break for two reasons. A check may name
  the checks that explain it (``explained_by``); while one of those fails, it is an echo of that.
* A check that cannot see (unknown) opens nothing by itself; it is an echo where its component, or one below it, is
  broken. When that lasts, one incident says so for all checks of a component (``Desk.blind``). A check that sees again
  and finds a fault leaves it.
* What recovers is noted; the incident ends once all of it has stayed well for a while. The same failing again soon
  afterwards continues the old incident.
* While a check is muted nothing begins or grows because of it; that it recovered is still noted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from mainstay.domain.state import Category, Impact, State

REROOT_WITHIN = timedelta(minutes=10)
"""A cause is looked for among what broke at about the same time; a fault of yesterday has another."""
REOPEN_WITHIN = timedelta(minutes=10)


class Act(StrEnum):
    """What to do about a change."""

    OPEN = "opened"
    REOPEN = "reopened"
    JOIN = "joined"
    ECHO = "echo"
    REROOT = "rerooted"
    MERGE = "merged"
    WORSEN = "worse"
    RELAPSE = "relapsed"
    EASE = "eased"
    RECOVER = "recovered"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Watched:
    """A check as grouping needs to know it."""

    id: int
    path: str
    system_id: int
    component_id: int | None
    category: Category
    impact: Impact
    explained_by: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A check took a state."""

    check: Watched
    state: State
    at: datetime
    muted: bool = False


@dataclass(slots=True)
class Part:
    """A check's part in an incident."""

    check: Watched
    role: str
    state: State

    @property
    def explains(self) -> bool:
        """A mere risk or a warning explains nobody else's fault."""
        return self.state is State.CRITICAL and self.check.impact is not Impact.RISK


@dataclass(slots=True)
class Case:
    """An incident while it is open, or just resolved. ``ref`` is its number, or negative while it has none."""

    ref: int
    key: str
    system_id: int | None
    root_id: int | None
    category: Category
    since: datetime
    parts: dict[int, Part] = field(default_factory=dict)
    resolved_at: datetime | None = None

    @property
    def is_blind(self) -> bool:
        """Whether it is about not seeing, rather than about a fault that was seen."""
        return self.key.startswith(_BLIND)


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing to do. ``because`` names the component, check or incident that was the reason."""

    act: Act
    ref: int
    turn: Turn
    because: str = ""
    other: int | None = None
    """The incident that a merge takes in."""


class Desk:
    """All open incidents of some systems, and what depends on what. Decides turn after turn.

    Cases are found by check, by root component and by key, so that a storm costs as much as its turns do.
    """

    def __init__(self, cases: Iterable[Case], needs: Mapping[int, Iterable[int]], names: Mapping[int, str]) -> None:
        self._cases: dict[int, Case] = {}
        self._by_check: dict[int, set[int]] = defaultdict(set)
        self._by_root: dict[int, set[int]] = defaultdict(set)
        self._by_component: dict[int, set[tuple[int, int]]] = defaultdict(set)
        self._explained: dict[int, set[int]] = defaultdict(set)
        self._by_key: dict[str, int] = {}
        self._needs = needs
        self._needed: dict[int, set[int]] = defaultdict(set)
        for above, below in needs.items():
            for one in below:
                self._needed[one].add(above)
        self._names = names
        self._reached: dict[tuple[int, bool], frozenset[int]] = {}
        self._next = -1
        for case in cases:
            self._file(case)

    def case(self, ref: int) -> Case:
        return self._cases[ref]

    def _file(self, case: Case) -> None:
        """Make a new or changed case findable."""
        self._cases[case.ref] = case
        if case.resolved_at is None:
            self._by_key[case.key] = case.ref
        if case.root_id is not None:
            self._by_root[case.root_id].add(case.ref)
        for part in case.parts.values():
            self._file_part(case, part)

    def _file_part(self, case: Case, part: Part) -> None:
        self._by_check[part.check.id].add(case.ref)
        if part.check.component_id is not None:
            self._by_component[part.check.component_id].add((case.ref, part.check.id))
        for cause in part.check.explained_by:
            self._explained[cause].add(case.ref)

    def take(self, turn: Turn) -> list[Decision]:
        """What a check's new state means."""
        member = self._open(self._by_check[turn.check.id])
        if turn.state is State.OK:
            return [self._recover(case, turn) for case in member]
        if turn.muted:
            return []
        if turn.state is State.UNKNOWN:
            return self._lose_sight(member, turn)
        left = [self._recover(case, turn) for case in member if case.is_blind and self._is_failing(case, turn)]
        member = [case for case in member if not case.is_blind]
        return left + (self._again(self._current(member, turn), turn) if member else self._fail(turn))

    def blind(self, turn: Turn) -> list[Decision]:
        """The check has seen nothing for long."""
        check = turn.check
        if any(self._is_failing(case, turn) for case in self._open(self._by_check[check.id])):
            return []
        if cause := self._cause(turn):
            return [self._join(cause, turn, Act.ECHO)]
        key = f"{_BLIND}{check.id if check.component_id is None else f'component:{check.component_id}'}"
        same = self._running(key)
        if same:
            return [self._join(same, turn, Act.JOIN)]
        return [Decision(Act.BLIND, self._new(key, turn).ref, turn)]

    def _open(self, refs: Iterable[int]) -> list[Case]:
        """The open ones among them, oldest first."""
        found = [case for ref in refs if (case := self._cases[ref]).resolved_at is None]
        return sorted(found, key=lambda case: (case.since, abs(case.ref)))

    def _running(self, key: str) -> Case | None:
        """The open incident with this key. One that has moved on to its cause has another key by now."""
        case = self._cases.get(self._by_key.get(key, 0))
        return case if case and case.resolved_at is None and case.key == key else None

    @staticmethod
    def _is_failing(case: Case, turn: Turn) -> bool:
        return case.parts[turn.check.id].state is not State.OK

    def _current(self, member: list[Case], turn: Turn) -> Case:
        """The incident that the check is part of now, before those that it has recovered in."""
        return next((case for case in member if self._is_failing(case, turn)), member[0])

    def _lose_sight(self, member: list[Case], turn: Turn) -> list[Decision]:
        """What cannot be seen stays what it was last seen to be part of."""
        for case in member:
            if self._is_failing(case, turn):
                return self._again(case, turn)
        cause = self._cause(turn)
        return [self._join(cause, turn, Act.ECHO)] if cause else []

    def _recover(self, case: Case, turn: Turn) -> Decision:
        case.parts[turn.check.id].state = State.OK
        return Decision(Act.RECOVER, case.ref, turn)

    def _again(self, case: Case, turn: Turn) -> list[Decision]:
        part = case.parts[turn.check.id]
        before, part.state = part.state, turn.state
        if before is State.OK:
            decisions = [Decision(Act.RELAPSE, case.ref, turn)]
        elif turn.state.rank > before.rank:
            decisions = [Decision(Act.WORSEN, case.ref, turn)]
        else:
            return [Decision(Act.EASE, case.ref, turn)]
        return decisions + (self._draw_in(case, turn) if part.role != "echo" else [])

    def _fail(self, turn: Turn) -> list[Decision]:
        if cause := self._cause(turn):
            return [self._join(cause, turn, Act.ECHO)]
        key = key_of(turn.check)
        if same := self._running(key):
            decision = self._join(same, turn, Act.JOIN)
            return [decision, *self._draw_in(same, turn)]
        if old := self._lately(turn):
            self._leave_to_others(old)
            old.resolved_at, old.since = None, turn.at
            old.parts.setdefault(turn.check.id, Part(turn.check, "joined", turn.state)).state = turn.state
            self._file(old)
            return [Decision(Act.REOPEN, old.ref, turn), *self._draw_in(old, turn)]
        return self._open_new(key, turn)

    def _leave_to_others(self, old: Case) -> None:
        """What another incident took in while this one was resolved stays there: a failure belongs to one."""
        for part in old.parts.values():
            number = part.check.id
            if any(case.parts[number].state is not State.OK for case in self._open(self._by_check[number])):
                part.state = State.OK

    def _open_new(self, key: str, turn: Turn) -> list[Decision]:
        """Open, unless what this explains is open already: then that incident moves here."""
        check = turn.check
        part = Part(check, "root", turn.state)
        effects = [case for case in self._above(check) if self._explains(part, case, turn)]
        if effects:
            first = min(effects, key=lambda case: case.since)
            return self._reroot(first, key, part, turn) + [
                self._merge(first, case, turn) for case in effects if case is not first
            ]
        return [Decision(Act.OPEN, self._new(key, turn).ref, turn)]

    def _new(self, key: str, turn: Turn) -> Case:
        check, part = turn.check, Part(turn.check, "root", turn.state)
        case = Case(self._next, key, check.system_id, check.component_id, check.category, turn.at, {check.id: part})
        self._next -= 1
        self._file(case)
        return case

    def _reroot(self, case: Case, key: str, part: Part, turn: Turn) -> list[Decision]:
        for other in case.parts.values():
            other.role = "echo"
        case.key, case.root_id = key, turn.check.component_id
        case.category = turn.check.category
        case.parts[turn.check.id] = part
        self._file(case)
        return [Decision(Act.REROOT, case.ref, turn, self._place(turn.check))]

    def _draw_in(self, case: Case, turn: Turn) -> list[Decision]:
        """Other incidents that this one explains, now that it is as bad as this."""
        part = case.parts[turn.check.id]
        effects = [
            other for other in self._above(turn.check) if other is not case and self._explains(part, other, turn)
        ]
        return [self._merge(case, other, turn) for other in effects]

    def _merge(self, case: Case, other: Case, turn: Turn) -> Decision:
        for number, part in other.parts.items():
            mine = case.parts.get(number)
            if mine is None:
                mine = case.parts[number] = Part(part.check, "echo", part.state)
                self._file_part(case, mine)
            elif mine.state is State.OK:
                mine.state = part.state
        other.resolved_at = turn.at
        return Decision(Act.MERGE, case.ref, turn, self._place(turn.check), other.ref)

    def _explains(self, part: Part, case: Case, turn: Turn) -> bool:
        """Whether the check's failing explains the whole of an open incident."""
        roots = [other for other in case.parts.values() if other.role != "echo"]
        if roots and all(part.check.id in other.check.explained_by for other in roots):
            return True
        return (
            part.explains
            and part.check.category is Category.SYSTEM
            and case.category is Category.SYSTEM
            and case.system_id == part.check.system_id
            and part.check.component_id is not None
            and case.root_id is not None
            and part.check.component_id in self.below(case.root_id)
            and turn.at - case.since <= REROOT_WITHIN
        )

    def _above(self, check: Watched) -> list[Case]:
        """Open incidents that this check's failing might explain."""
        refs = set(self._explained[check.id])
        if check.component_id is not None:
            for component in self.reached(check.component_id, up=True):
                refs |= self._by_root[component]
        return self._open(refs)

    def _cause(self, turn: Turn) -> Case | None:
        """The open incident that explains this check's failing, if any."""
        check = turn.check
        for number in check.explained_by:
            for case in self._open(self._by_check[number]):
                if case.parts[number].state not in (State.OK, State.UNKNOWN):
                    return case
        if check.component_id is None or (check.category is not Category.SYSTEM and turn.state is not State.UNKNOWN):
            return None
        wanted = self.below(check.component_id)
        if turn.state is State.UNKNOWN:
            wanted = wanted | {check.component_id}
        return next(iter(self._open({ref for component in wanted for ref in self._breaking(component)})), None)

    def _breaking(self, component_id: int) -> list[int]:
        """Incidents in which a check of this component is badly broken, so that all above it must suffer."""
        return [
            ref
            for ref, number in self._by_component[component_id]
            if (part := self._cases[ref].parts[number]).explains and part.check.category is Category.SYSTEM
        ]

    def _lately(self, turn: Turn) -> Case | None:
        """The last just resolved incident that this very check was the root of. Another check of the component failing
        now is another fault: it may be of another level, and what helped the first does not help it."""
        found = [
            case
            for ref in self._by_check[turn.check.id]
            if (case := self._cases[ref]).resolved_at and turn.at - case.resolved_at <= REOPEN_WITHIN
            and case.parts[turn.check.id].role == "root" and not case.is_blind
        ]  # fmt: skip
        return max(found, key=lambda case: case.resolved_at or turn.at, default=None)

    def _join(self, case: Case, turn: Turn, act: Act) -> Decision:
        role = "echo" if act is Act.ECHO else "joined"
        part = case.parts[turn.check.id] = Part(turn.check, role, turn.state)
        self._file_part(case, part)
        return Decision(act, case.ref, turn, self._names.get(case.root_id or 0, ""))

    def _place(self, check: Watched) -> str:
        return self._names.get(check.component_id or 0, check.path)

    def below(self, component_id: int) -> frozenset[int]:
        """All components that this one needs, directly or through others."""
        return self.reached(component_id, up=False)

    def reached(self, component_id: int, *, up: bool) -> frozenset[int]:
        """All components below, or above; a circle does no harm."""
        key = (component_id, up)
        if key not in self._reached:
            edges: Mapping[int, Iterable[int]] = self._needed if up else self._needs
            seen: set[int] = set()
            waiting = list(edges.get(component_id, ()))
            while waiting:
                one = waiting.pop()
                if one not in seen:
                    seen.add(one)
                    waiting += edges.get(one, ())
            self._reached[key] = frozenset(seen - {component_id})
        return self._reached[key]


_BLIND = "blind:"


def key_of(check: Watched) -> str:
    """What makes two failing checks one incident: the component for the category system, the check itself else."""
    if check.category is Category.SYSTEM and check.component_id is not None:
        return f"component:{check.component_id}"
    return f"check:{check.id}"
