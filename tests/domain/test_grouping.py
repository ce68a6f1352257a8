"""What becomes one incident, as stories on plain values."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mainstay.domain.grouping import Act, Decision, Desk, Turn, Watched, key_of
from mainstay.domain.state import Category, Impact, State

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOST, DB, APP, FRONT = 1, 2, 3, 4
NEEDS = {FRONT: [APP], APP: [DB], DB: [HOST]}
NAMES = {HOST: "host", DB: "db", APP: "app", FRONT: "front"}


def check(number: int, component: int | None, category: Category = Category.SYSTEM, *, impact: Impact = Impact.OUTAGE,
          explained_by: tuple[int, ...] = ()) -> Watched:  # fmt: skip
    return Watched(number, f"shop/{number}", 1, component, category, impact, explained_by)


HOST_UP, DB_UP, DB_SLOW, APP_UP, FRONT_UP = (
    check(1, HOST), check(2, DB), check(3, DB, impact=Impact.DEGRADED), check(4, APP), check(5, FRONT),
)  # fmt: skip
DISK_RISK = check(6, HOST, impact=Impact.RISK)
BALANCE = check(7, DB, Category.DATA)
PERIOD = check(8, DB, Category.DATA, explained_by=(7,))
STOCK = check(9, DB, Category.DATA)
STUCK = check(10, DB, Category.BUSINESS)


def story(*steps: tuple[Watched, State] | tuple[Watched, State, int]) -> tuple[Desk, list[list[tuple[Act, int]]]]:
    """Run the steps a second apart, or at the minute given; what was decided at each."""
    desk, told = Desk([], NEEDS, NAMES), []
    for number, step in enumerate(steps):
        minutes = step[2] if len(step) == 3 else 0
        at = T0 + timedelta(minutes=minutes, seconds=number)
        told.append([(one.act, one.ref) for one in desk.take(Turn(step[0], step[1], at))])
    return desk, told


C, W, U, OK = State.CRITICAL, State.WARNING, State.UNKNOWN, State.OK
STORIES = {
    "one check fails and recovers": (
        [(DB_UP, C), (DB_UP, OK)], [[(Act.OPEN, -1)], [(Act.RECOVER, -1)]],
    ),
    "two checks of one component are one incident": (
        [(DB_UP, C), (DB_SLOW, C)], [[(Act.OPEN, -1)], [(Act.JOIN, -1)]],
    ),
    "a failed dependency explains those above it": (
        [(DB_UP, C), (APP_UP, C), (FRONT_UP, C)], [[(Act.OPEN, -1)], [(Act.ECHO, -1)], [(Act.ECHO, -1)]],
    ),
    "the cause seen later takes the incident over": (
        [(APP_UP, C), (DB_UP, C)], [[(Act.OPEN, -1)], [(Act.REROOT, -1)]],
    ),
    "two effects become one at their cause": (
        [(FRONT_UP, C), (HOST_UP, C)], [[(Act.OPEN, -1)], [(Act.REROOT, -1)]],
    ),
    "a cause of an hour later is another fault": (
        [(APP_UP, C, 0), (DB_UP, C, 60)], [[(Act.OPEN, -1)], [(Act.OPEN, -2)]],
    ),
    "a risk explains nobody": (
        [(DISK_RISK, C), (APP_UP, C)], [[(Act.OPEN, -1)], [(Act.OPEN, -2)]],
    ),
    "a warning explains nobody": (
        [(DB_SLOW, W), (APP_UP, C)], [[(Act.OPEN, -1)], [(Act.OPEN, -2)]],
    ),
    "a warning that turns critical explains from then on": (
        [(DB_SLOW, W), (APP_UP, C), (DB_SLOW, C)],
        [[(Act.OPEN, -1)], [(Act.OPEN, -2)], [(Act.WORSEN, -1), (Act.MERGE, -1)]],
    ),
    "each rule on the data is an incident of its own": (
        [(BALANCE, C), (STOCK, C), (STUCK, C)], [[(Act.OPEN, -1)], [(Act.OPEN, -2)], [(Act.OPEN, -3)]],
    ),
    "a broken rule is broken even while the database is slow": (
        [(DB_SLOW, C), (BALANCE, C)], [[(Act.OPEN, -1)], [(Act.OPEN, -2)]],
    ),
    "a rule explained by another is its echo": (
        [(BALANCE, C), (PERIOD, C)], [[(Act.OPEN, -1)], [(Act.ECHO, -1)]],
    ),
    "and the other way round": (
        [(PERIOD, C), (BALANCE, C)], [[(Act.OPEN, -1)], [(Act.REROOT, -1)]],
    ),
    "what cannot be seen opens nothing": (
        [(BALANCE, U)], [[]],
    ),
    "what cannot be seen because its component is down is an echo": (
        [(DB_UP, C), (BALANCE, U)], [[(Act.OPEN, -1)], [(Act.ECHO, -1)]],
    ),
    "a relapse stays in its incident": (
        [(DB_UP, C), (DB_UP, OK), (DB_UP, C)], [[(Act.OPEN, -1)], [(Act.RECOVER, -1)], [(Act.RELAPSE, -1)]],
    ),
    "what becomes less bad stays in its incident": (
        [(DB_UP, C), (DB_UP, W), (DB_UP, U), (DB_UP, C)],
        [[(Act.OPEN, -1)], [(Act.EASE, -1)], [(Act.EASE, -1)], [(Act.WORSEN, -1)]],
    ),
    "an echo that still fails explains what lies above it": (
        [(DB_UP, C), (APP_UP, C), (DB_UP, OK), (FRONT_UP, C)],
        [[(Act.OPEN, -1)], [(Act.ECHO, -1)], [(Act.RECOVER, -1)], [(Act.ECHO, -1)]],
    ),
    "one that has recovered does not": (
        [(DB_UP, C), (FRONT_UP, C), (DB_UP, OK), (APP_UP, C)],
        [[(Act.OPEN, -1)], [(Act.ECHO, -1)], [(Act.RECOVER, -1)], [(Act.OPEN, -2)]],
    ),
    "ok without an incident is nothing": (
        [(DB_UP, OK)], [[]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    steps, expected = STORIES[name]
    assert story(*steps)[1] == expected


@pytest.mark.parametrize(
    ("minutes", "expected"), [(5, Act.REOPEN), (30, Act.OPEN)], ids=["soon: the old one", "late: a new one"]
)
def test_the_same_root_again(minutes: int, expected: Act) -> None:
    desk, _ = story((DB_UP, C), (DB_UP, OK))
    desk.case(-1).resolved_at = T0 + timedelta(minutes=1)
    (decision,) = desk.take(Turn(DB_UP, C, T0 + timedelta(minutes=1 + minutes)))
    assert decision.act is expected


@pytest.mark.parametrize("joined", [False, True], ids=["a stranger", "a member"])
def test_another_check_of_a_component_that_just_recovered(joined: bool) -> None:
    """Another fault: it is graded by itself, and told as new."""
    desk, _ = story((DB_UP, C), *([(DB_SLOW, C), (DB_SLOW, OK)] if joined else []), (DB_UP, OK))
    desk.case(-1).resolved_at = T0 + timedelta(minutes=1)
    (decision,) = desk.take(Turn(DB_SLOW, C, T0 + timedelta(minutes=3)))
    assert (decision.act, decision.ref) == (Act.OPEN, -2)


def test_what_another_took_in_stays_there_when_the_old_one_is_opened_again() -> None:
    """The application was an echo of the database, then failed by itself after both had been resolved by hand."""
    desk, _ = story((DB_UP, C), (APP_UP, C))
    desk.case(-1).resolved_at = T0
    assert [one.act for one in desk.take(Turn(APP_UP, W, T0 + timedelta(minutes=1)))] == [Act.OPEN]
    assert [one.act for one in desk.take(Turn(DB_UP, W, T0 + timedelta(minutes=2)))] == [Act.REOPEN]
    assert desk.case(-1).parts[APP_UP.id].state is OK
    assert desk.case(-2).parts[APP_UP.id].state is W


def test_a_muted_check_begins_nothing_but_may_recover() -> None:
    desk, _ = story((DB_UP, C))
    assert desk.take(Turn(APP_UP, C, T0, muted=True)) == []
    assert [one.act for one in desk.take(Turn(DB_UP, OK, T0, muted=True))] == [Act.RECOVER]


def acts(decisions: list[Decision]) -> list[tuple[Act, int]]:
    return [(one.act, one.ref) for one in decisions]


def test_a_component_that_cannot_be_seen_is_one_incident() -> None:
    desk = Desk([], NEEDS, NAMES)
    assert acts(desk.blind(Turn(BALANCE, U, T0))) == [(Act.BLIND, -1)]
    assert acts(desk.blind(Turn(STOCK, U, T0))) == [(Act.JOIN, -1)]
    assert desk.blind(Turn(STOCK, U, T0)) == [], "said once"
    assert acts(desk.take(Turn(STOCK, C, T0))) == [(Act.RECOVER, -1), (Act.OPEN, -2)], "it sees again, and sees a fault"
    assert acts(desk.take(Turn(STOCK, W, T0))) == [(Act.EASE, -2)]
    assert acts(desk.take(Turn(STOCK, OK, T0))) == [(Act.RECOVER, -1), (Act.RECOVER, -2)]
    assert desk.case(-1).parts[BALANCE.id].state is U


def test_not_seeing_is_explained_by_what_is_down() -> None:
    desk, _ = story((DB_UP, C))
    assert acts(desk.blind(Turn(BALANCE, U, T0))) == [(Act.ECHO, -1)]


def test_circles_of_dependencies_end() -> None:
    desk = Desk([], {1: [2], 2: [3], 3: [1]}, {})
    assert desk.below(1) == {2, 3}


def test_a_storm_is_one_pass() -> None:
    """10,000 checks of as many components: the work grows with their number, not with its square."""
    desk = Desk([], {}, {})
    for number in range(10_000):
        desk.take(Turn(check(number, number), C, T0))
    assert desk.case(-10_000).root_id == 9_999


class Incidents(RuleBasedStateMachine):
    """Whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.desk, self.states, self.clock = Desk([], NEEDS, NAMES), dict[int, State](), T0
        self.refs: set[int] = set()

    @rule(
        who=st.sampled_from([HOST_UP, DB_UP, DB_SLOW, APP_UP, FRONT_UP, DISK_RISK, BALANCE, PERIOD, STOCK]),
        state=st.sampled_from(list(State)), seconds=st.integers(0, 900),
    )  # fmt: skip
    def turn(self, who: Watched, state: State, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)
        if self.states.get(who.id) is state:
            return
        self.states[who.id] = state
        self.refs |= {one.ref for one in self.desk.take(Turn(who, state, self.clock))}

    @rule(who=st.sampled_from([DB_UP, APP_UP, BALANCE, STOCK]))
    def nothing_seen_for_long(self, who: Watched) -> None:
        if self.states.get(who.id) is U:
            self.refs |= {one.ref for one in self.desk.blind(Turn(who, U, self.clock))}

    @rule(who=st.sampled_from([DB_UP, APP_UP, BALANCE]))
    def told_again(self, who: Watched) -> None:
        """The same change twice, as after a crash, opens nothing."""
        if (state := self.states.get(who.id)) in (W, C):
            told = self.desk.take(Turn(who, state, self.clock))
            assert not {one.act for one in told} & {Act.OPEN, Act.REOPEN}

    @rule()
    def calm_ones_end(self) -> None:
        for case in self.open():
            if all(part.state is OK for part in case.parts.values()):
                case.resolved_at = self.clock

    def open(self) -> list:  # type: ignore[type-arg]
        return [case for ref in self.refs if (case := self.desk.case(ref)).resolved_at is None]

    @invariant()
    def one_open_incident_a_key(self) -> None:
        keys = [case.key for case in self.open()]
        assert len(keys) == len(set(keys))

    @invariant()
    def what_fails_is_in_exactly_one(self) -> None:
        for number, state in self.states.items():
            holding = [case for case in self.open() if number in case.parts]
            if state in (W, C):
                failing = [case for case in holding if case.parts[number].state is not OK]
                assert len(failing) == 1, (number, state)
                assert failing[0].parts[number].state is state
                assert not failing[0].is_blind

    @invariant()
    def a_root_has_the_key(self) -> None:
        for case in self.open():
            roots = [part for part in case.parts.values() if part.role == "root"]
            assert len(roots) <= 1
            assert case.is_blind or all(key_of(part.check) == case.key for part in roots)


TestIncidents = Incidents.TestCase
TestIncidents.settings = settings(max_examples=60, stateful_step_count=30)
