"""What follows from gates: one that was not looked at never passes for one that passed."""

from itertools import product
from typing import Any

import pytest

from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.proof import (
    NEEDED,
    Gate,
    Outcome,
    Verdict,
    fingerprint_gates,
    missing,
    not_proved,
    objective,
    room,
    verdict,
)


def gates(**outcomes: Outcome) -> list[Gate]:
    named = {name.replace("_", "-"): outcome for name, outcome in outcomes.items()}
    return [Gate(name, named.get(name, Outcome.PASSED)) for name in (*NEEDED, *(set(named) - set(NEEDED)))]


CASES: list[tuple[dict[str, Outcome], Verdict, list[str]]] = [
    ({}, Verdict.PROVED, []),
    ({"load": Outcome.FAILED}, Verdict.FAILED, ["load"]),
    ({"own_checks": Outcome.UNSEEN}, Verdict.UNPROVED, ["own-checks"]),
    ({"rules": Outcome.NOT_ASKED}, Verdict.PROVED, ["rules"]),
    ({"rto": Outcome.MISSED}, Verdict.PROVED, ["rto"]),
    ({"load": Outcome.FAILED, "rules": Outcome.UNSEEN}, Verdict.FAILED, ["load", "rules"]),
]


@pytest.mark.parametrize(("outcomes", "wanted", "unshown"), CASES)
def test_verdict(outcomes: dict[str, Outcome], wanted: Verdict, unshown: list[str]) -> None:
    found = gates(**outcomes)
    assert verdict(found) is wanted
    assert not_proved(found) == unshown


@pytest.mark.parametrize("name", NEEDED)
def test_a_gate_that_never_came_up_is_not_passed(name: str) -> None:
    found = [gate for gate in gates() if gate.name != name]
    assert missing(found) == [name]
    assert verdict(found) is Verdict.UNPROVED
    assert not_proved(found) == [name]


def test_nothing_looked_at_is_nothing_proved() -> None:
    assert verdict([]) is Verdict.UNPROVED


def test_proved_only_when_all_that_was_asked_for_passed() -> None:
    for outcomes in product(Outcome, repeat=3):
        found = [Gate(name, Outcome.PASSED) for name in NEEDED]
        found += [Gate(f"rules.{number}", outcome) for number, outcome in enumerate(outcomes)]
        fine = not {Outcome.FAILED, Outcome.UNSEEN} & set(outcomes)
        assert (verdict(found) is Verdict.PROVED) is fine


WHOLE = Fingerprint(schema="s", rows={"orders": 3}, totals={"debit": "10.00"}, sums={"ledger": "a"})


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"schema": "t"}, "schema"),
        ({"rows": {"orders": 2}}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": {"orders": 3, "more": 1}}, "rows"),
        ({"totals": {"debit": "10.01"}}, "totals"),
        ({"sums": {"ledger": "b"}}, "sums"),
    ],
)
def test_each_part_of_a_fingerprint_is_a_gate(change: dict[str, Any], part: str) -> None:
    other = Fingerprint(**{"schema": "s", "rows": WHOLE.rows, "totals": WHOLE.totals, "sums": WHOLE.sums, **change})
    found = {gate.name: gate.outcome for gate in fingerprint_gates(WHOLE, compare(WHOLE, other))}
    assert found[f"fingerprint.{part}"] is Outcome.FAILED
    assert found["fingerprint.files"] is Outcome.NOT_ASKED
    assert sum(outcome is Outcome.FAILED for outcome in found.values()) == 1


def test_without_a_fingerprint_nothing_can_be_compared() -> None:
    assert [gate.outcome for gate in fingerprint_gates(Fingerprint(), [])] == [Outcome.UNSEEN]


def test_an_objective_that_is_missed_says_nothing_against_the_copy() -> None:
    assert objective("rto", 59.9, 60).outcome is Outcome.PASSED
    late = objective("rto", 60.1, 60)
    assert late.outcome is Outcome.MISSED
    assert late.evidence == {"ms": 60_100, "limit_ms": 60_000}


@pytest.mark.parametrize(
    ("size", "asked", "free", "given"),
    [
        (1_000_000_000, 0.0, 10**12, 6_000_000_000),
        (1_000_000_000, 3.5, 10**12, 3_500_000_000),
        (1_000_000_000, 0.0, 5_000_000_000, 5_000_000_000),
        (1_000_000_000, 9.0, 5_000_000_000, 5_000_000_000),
        (10, 0.0, -5, -5),
    ],
)
def test_what_is_restored_has_its_room_and_never_more_than_is_free(
    size: int, asked: float, free: int, given: int
) -> None:
    assert room(size, asked, free) == given
