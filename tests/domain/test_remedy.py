"""Whether a remedy may be applied now: each reason for a no, and what never happens whatever comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mainstay.domain.calendar import NO_BOOK, DayBook, parse_hours
from mainstay.domain.document_remedies import Remedy
from mainstay.domain.remedy import (
    HOUR,
    Allowance,
    Attempt,
    Bound,
    Bounds,
    Case,
    Refusal,
    bounds_of,
    decide,
    fits,
    granted,
    objection,
    sign_of,
)
from mainstay.domain.run_plan import Node, plan
from mainstay.domain.runbook import Runbook

MONDAY = datetime(2026, 11, 30, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOUNDS = Bounds(2, parse_hours("Mon-Fri 08:00-18:00"), ZoneInfo("UTC"), NO_BOOK, timedelta())
BOUND = Bound("restart", BOUNDS, "s", Allowance("s"))
CASE = Case(MONDAY - MINUTE)
NOON = replace(BOUNDS, hours=parse_hours("12:00-13:00"))
LAPSED = Allowance("s", holds=False)


def past(
    ago: float, *, remedy: str = "restart", over: bool = True, helped: bool | None = True, here: bool = False
) -> Attempt:
    return Attempt(remedy, MONDAY - ago * MINUTE, over, helped, here)


CASES = {
    "allowed, in its hours, the first": (BOUND, CASE, [], None),
    "nobody allowed it": (replace(BOUND, allowance=None), CASE, [], Refusal.NOT_ALLOWED),
    "its text, or its runbook's, was changed since": (replace(BOUND, sign="t"), CASE, [], Refusal.CHANGED),
    "who allowed it may not any more": (replace(BOUND, allowance=LAPSED), CASE, [], Refusal.LAPSED),
    "a person has taken it on": (BOUND, replace(CASE, taken=True), [], Refusal.TAKEN),
    "the check is muted": (BOUND, replace(CASE, muted=True), [], Refusal.MUTED),
    "it has not failed for long enough": (
        replace(BOUND, bounds=replace(BOUNDS, after=2 * MINUTE)), CASE, [], Refusal.EARLY,
    ),
    "it has failed for long enough": (replace(BOUND, bounds=replace(BOUNDS, after=MINUTE)), CASE, [], None),
    "out of its hours": (replace(BOUND, bounds=NOON), CASE, [], Refusal.HOURS),
    "on a holiday": (
        replace(BOUND, bounds=replace(BOUNDS, book=DayBook(holidays=[MONDAY.date()]))), CASE, [], Refusal.HOURS,
    ),
    "a run is open on the system": (BOUND, replace(CASE, busy=True), [], Refusal.BUSY),
    "another remedy is being applied on the system": (
        BOUND, CASE, [past(1, remedy="other", over=False, helped=None)], Refusal.BUSY,
    ),
    "one is under way in the incident": (BOUND, CASE, [past(1, over=False, helped=None, here=True)], Refusal.UNDER_WAY),
    "one did not help in the incident": (BOUND, CASE, [past(1, remedy="o", helped=False, here=True)], Refusal.FAILED),
    "it did not help in an earlier incident": (BOUND, CASE, [past(30, helped=False)], None),
    "it helped in the incident, and it failed again": (BOUND, CASE, [past(5, here=True)], None),
    "as often as it may within an hour": (BOUND, CASE, [past(59), past(5)], Refusal.OFTEN),
    "one of them is an hour ago": (BOUND, CASE, [past(60), past(5)], None),
    "another remedy counts for itself": (BOUND, CASE, [past(9, remedy="other"), past(5)], None),
    "the clock was set back: what lies ahead counts": (BOUND, CASE, [past(-30), past(-10)], Refusal.OFTEN),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_reason(name: str) -> None:
    bound, case, history, expected = CASES[name]
    assert decide(bound, case, history, MONDAY) == expected


STEPS = st.lists(
    st.tuples(
        st.integers(0, 40),  # minutes until the next thing
        st.sampled_from(["a", "b"]),  # incident
        st.sampled_from(["restart", "clear"]),
        st.integers(0, 30),  # minutes the attempt lasts
        st.booleans(),  # whether it helps
    ),
    max_size=40,
)


@given(STEPS, st.integers(1, 3))
def test_what_never_happens(steps: list[tuple[int, str, str, int, bool]], at_most: int) -> None:
    """Whatever fails when, and whatever helps: never two at once on the system, never more within an hour than it may,
    never out of its hours, and never again in an incident in which one did not help."""
    now, made = MONDAY - timedelta(hours=3), list[tuple[str, str, datetime, datetime, bool]]()
    for wait, incident, name, lasts, helps in steps:
        now += wait * MINUTE
        history = [
            Attempt(which, begun, end <= now, good if end <= now else None, where == incident)
            for which, where, begun, end, good in made
        ]  # fmt: skip
        bound = Bound(name, replace(BOUNDS, at_most=at_most), "s", Allowance("s"))
        if decide(bound, Case(now), history, now) is None:
            assert all(end <= now for *_, end, _ in made)
            assert sum(which == name and begun > now - HOUR for which, _, begun, *_ in made) < at_most
            assert BOUNDS.hours.contains(now, BOUNDS.zone)
            assert not any(where == incident and not good for _, where, *_, good in made)
            made.append((name, incident, now, now + lasts * MINUTE, helps))


def test_what_a_user_writes() -> None:
    remedy = Remedy.model_validate({"checks": "db.*", "runbook": "r", "after": "2m", "during": "Sat 08:00-09:00"})
    assert bounds_of(remedy, "Asia/Shanghai").after == 2 * MINUTE
    assert fits(remedy, "db.locks", "critical", "")
    assert fits(remedy, "db.locks", "critical", "refused")
    assert not fits(remedy, "db.locks", "warning", "")
    assert not fits(remedy, "app.locks", "critical", "")


def test_why_a_check_fails_may_bind_a_remedy() -> None:
    """Sessions that block are ended where some were seen, not where the database lets nobody in to look."""
    remedy = Remedy.model_validate({"checks": "db.*", "runbook": "r", "because": ["limit", "exhausted"]})
    found = {fault: fits(remedy, "db.locks", "critical", fault) for fault in ("", "exhausted", "refused")}
    assert found == {"": True, "exhausted": True, "refused": False}
    with pytest.raises(ValidationError):
        Remedy.model_validate({"checks": "db.*", "runbook": "r", "because": "because"})


def runbook(**steps: dict[str, object]) -> Runbook:
    return Runbook.model_validate({"runbook": "r", "steps": steps})


def nodes(book: Runbook) -> tuple[Node, ...]:
    return plan(book, lambda _name: book, lambda kind, _own: (False, kind in ("approve", "sql")))


DOES = {"sql": True, "shell": True, "approve": False}
WRITE = {"kind": "sql", "query": "delete from t"}


def test_what_asks_a_person_is_no_remedy_unless_its_rows_are_covered() -> None:
    assert objection(nodes(runbook(a={"kind": "shell", "command": ["x"]})), 0, DOES) == ""
    assert "asks a person" in objection(nodes(runbook(a={"kind": "approve"})), 5, DOES)
    assert "writes:" in objection(nodes(runbook(a=WRITE)), 0, DOES)
    assert objection(nodes(runbook(a=WRITE)), 1, DOES) == ""
    inside = runbook(both={"kind": "parallel", "branches": {"left": {"a": {"kind": "approve"}}}})
    assert "both/left/a" in objection(nodes(inside), 1, DOES), "steps inside steps as well"


def test_an_allowance_covers_the_steps_that_would_ask() -> None:
    undone = runbook(a={"kind": "shell", "command": ["x"], "rollback": {"b": WRITE}}, c=WRITE)
    first, second = granted(nodes(undone), 3)
    assert (first.granted, first.rollback[0].granted, second.granted) == (0, 3, 3)


def test_a_sign_changes_with_all_that_was_agreed_to() -> None:
    remedy = {"checks": ["a"], "runbook": "r"}
    book = runbook(a={"kind": "shell", "command": ["x"]})
    sign = sign_of(remedy, book, nodes(book))
    assert sign == sign_of(dict(reversed(remedy.items())), book, nodes(book)), "the order of keys says nothing"
    other = runbook(a={"kind": "shell", "command": ["y"]})
    assert sign != sign_of(remedy, other, nodes(other))
    assert sign != sign_of({**remedy, "at_most": 9}, book, nodes(book))
    asked = Runbook.model_validate({**book.model_dump(), "inputs": {"x": {"default": "1"}}})
    assert sign != sign_of(remedy, asked, nodes(asked))
