"""Reviews decided and worked out: what closing needs, when owners are chased, and the facts of an incident."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from mainstay.domain.review import Chase, chased, lacking
from mainstay.domain.review_facts import Damage, Facts, Series, damage, facts_of, first_bad, held, worse
from mainstay.domain.state import State

DUE = date(2026, 12, 10)
T0 = datetime(2026, 12, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cause", "whys", "actions", "nothing", "said"),
    [
        ("", ["x"], 1, "", "of what kind"),
        ("data", [], 1, "", "why it happened"),
        ("data", ["x"], 0, " ", "add an action"),
        ("data", ["x"], 1, "", ""),
        ("data", ["x"], 0, "it was a drill of the vendor", ""),
    ],
)
def test_closing_needs_a_cause_a_why_and_an_action_or_a_reason(
    cause: str, whys: list[str], actions: int, nothing: str, said: str
) -> None:
    found = lacking(cause, whys, actions, nothing)
    assert said in found
    assert bool(said) == bool(found)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-4, []), (-3, [Chase.SOON]), (0, [Chase.SOON]), (1, [Chase.LATE]), (6, [Chase.LATE]),
        (7, [Chase.LATE, Chase.HIGHER]), (400, [Chase.LATE, Chase.HIGHER]),
    ],
)  # fmt: skip
def test_an_owner_hears_before_and_after_and_approvers_after_a_week(days: int, words: list[Chase]) -> None:
    assert chased(DUE, DUE + timedelta(days=days)) == words


@pytest.mark.parametrize(
    ("failures", "looks", "first"),
    [
        (1, [], 100.0),
        (2, [], None),
        (2, [(80.0, True), (90.0, False), (100.0, False)], 90.0),
        (2, [(70.0, True), (80.0, False), (85.0, True), (90.0, False)], 90.0),
        (1, [(80.0, False), (90.0, False)], 80.0),
        (2, [(60.0, None)], 70.0),
        (2, [(88.0, None)], 98.0),
        (2, [(90.0, None), (98.0, None)], 98.0),
        (3, [(80.0, None), (90.0, None), (98.0, None)], 90.0),
        (1, [(90.0, None)], 100.0),
        (2, [(90.0, True), (98.0, True)], 100.0),
    ],
)
def test_the_first_bad_look_is_found(
    failures: int, looks: list[tuple[float, bool | None]], first: float | None
) -> None:
    """A look every ten seconds led to a change at 100; a failed one may have left no values."""
    assert first_bad(100.0, 10.0, failures, looks) == first


def samples(*pairs: tuple[float, float]) -> Series:
    return np.array([at for at, _ in pairs]), np.array([value for _, value in pairs])


@pytest.mark.parametrize(
    ("series", "most", "more"),
    [
        ([], None, None),
        ([samples()], None, None),
        ([samples((5, 3))], 3, 0),
        ([samples((5, 3), (12, 7), (14, 2), (16, 4))], 7, 6),
        ([samples((5, 3), (25, 70))], 3, 0),
        ([samples((5, 3), (12, 7)), samples((5, 0), (11, 2), (13, 0))], 9, 6),
        ([samples((12, 7), (15, 9))], 9, 2),
    ],
)
def test_damage_is_the_most_at_once_and_what_was_added(
    series: list[Series], most: float | None, more: float | None
) -> None:
    """Between 10 and 20; what a number was before stands until the next sample."""
    assert damage(series, 10.0, 20.0) == Damage(most, more)


def test_of_two_that_may_speak_of_the_same_the_larger_counts() -> None:
    assert worse(Damage(5, 1), Damage(3, 2)) == Damage(5, 2)
    assert worse(Damage(), Damage(3, 2)) == Damage(3, 2)
    assert worse(Damage(), Damage()) == Damage()


def test_overlapping_bands_count_once_and_only_inside() -> None:
    minute = timedelta(minutes=1)
    bands = [
        (T0 - minute, T0 + 2 * minute, State.CRITICAL), (T0 + minute, T0 + 3 * minute, State.CRITICAL),
        (T0 + 3 * minute, T0 + 9 * minute, State.WARNING), (T0 + 9 * minute, T0 + 99 * minute, State.OK),
    ]  # fmt: skip
    end = T0 + 5 * minute
    assert held(bands, [State.CRITICAL], T0, end) == 180
    assert held(bands, [State.CRITICAL, State.WARNING], T0, end) == 300


def test_facts_come_back_as_they_were_kept() -> None:
    minute = timedelta(minutes=1)
    found = Facts(
        T0 - minute, T0, None, T0 + 9 * minute, 1, 60.0, 90.0, Damage(3, 1), Damage()
    )  # fmt: skip
    assert facts_of(found.plain()) == found
    assert (found.detection, found.acknowledge, found.resolve) == (60, None, 540)
