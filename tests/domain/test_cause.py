"""Which component is the likely root, and why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.cause import Ground, Sign, is_clear, reached, suspects

MOMENT = 100_000.0
WEB, APP, DB, DISK = 1, 2, 3, 4
NEEDS = {WEB: {APP}, APP: {DB}, DB: {DISK}}


@pytest.mark.parametrize(("signs", "root", "grounds", "why"), [
    ({WEB: Sign(fails=True, first=50), APP: Sign(fails=True, first=40), DB: Sign(fails=True, first=10, score=40)}, DB,
     [Ground.FAILS, Ground.NEEDED, Ground.FIRST, Ground.MOVED], "all that fails needs it, and it was the first"),
    ({WEB: Sign(fails=True, first=50), DB: Sign(first=10, score=40)}, DB,
     [Ground.NEEDED, Ground.FIRST, Ground.MOVED], "its values moved before what needs it failed"),
    ({WEB: Sign(fails=True, first=50, changed=MOMENT - 300), DB: Sign()}, WEB, [Ground.FAILS, Ground.CHANGED],
     "what it needs shows nothing, and it was changed itself"),
    ({WEB: Sign(fails=True), APP: Sign(fails=True), DB: Sign(changed=MOMENT - 60)}, APP,
     [Ground.FAILS, Ground.NEEDED], "a change alone weighs less than failing and being needed"),
    ({DISK: Sign(fails=True)}, DISK, [Ground.FAILS], "it stands alone"),
    ({WEB: Sign(fails=True, first=90), APP: Sign(fails=True, first=80, changed=MOMENT - 1500, score=100),
      DB: Sign(first=20, score=100), DISK: Sign(first=20, score=6)}, DB,
     [Ground.NEEDED, Ground.FIRST, Ground.MOVED], "what it needs moved before the application failed, changed or not"),
])  # fmt: skip
def test_the_likely_root(signs: dict[int, Sign], root: int, grounds: list[Ground], why: str) -> None:
    first = suspects(signs, NEEDS, MOMENT)[0]
    assert first.component == root, why
    assert {ground for ground, _ in first.reasons} == set(grounds)
    weights = [weight for _, weight in first.reasons]
    assert weights == sorted(weights, reverse=True)


def test_who_shows_nothing_is_not_suspected() -> None:
    assert suspects({WEB: Sign(), DB: Sign(first=5.0, score=1.0)}, NEEDS, MOMENT) == []
    assert not is_clear([])


def test_two_alike_are_not_told_apart() -> None:
    both = suspects({WEB: Sign(fails=True), DISK: Sign(fails=True)}, {}, MOMENT)
    assert not is_clear(both)
    assert is_clear(both[:1])


def test_a_change_fades_and_is_forgotten() -> None:
    def weight(before: float) -> float:
        found = suspects({WEB: Sign(fails=True, changed=MOMENT - before)}, {}, MOMENT)[0]
        return dict(found.reasons).get(Ground.CHANGED, 0.0)

    assert weight(60) > weight(3600) > weight(5 * 3600) > weight(7 * 3600) == 0.0


def test_what_a_component_needs_explains_it_if_it_showed_something_no_later() -> None:
    def explained(db: Sign) -> int | None:
        found = suspects({APP: Sign(fails=True, first=80), DB: db}, NEEDS, MOMENT)
        return next(one for one in found if one.component == APP).explained_by

    assert explained(Sign(first=80, score=20)) == DB
    assert explained(Sign(first=81, score=20)) is None
    assert explained(Sign(first=10, score=1)) is None
    assert explained(Sign(changed=MOMENT - 60)) is None


def test_a_circle_ends() -> None:
    assert reached(WEB, {WEB: {APP}, APP: {WEB, DB}}) == {APP, DB}


signs = st.dictionaries(
    st.integers(1, 6),
    st.builds(
        Sign, st.booleans(), st.none() | st.floats(0, MOMENT), st.none() | st.floats(0, MOMENT), st.floats(0, 100)
    ),
)


@given(signs, st.dictionaries(st.integers(1, 6), st.sets(st.integers(1, 6))))
def test_every_suspect_has_a_reason(found: dict[int, Sign], needs: dict[int, set[int]]) -> None:
    ranked = suspects(found, needs, MOMENT)
    assert [one.weight for one in ranked] == sorted((one.weight for one in ranked), reverse=True)
    assert {one.component for one in ranked} == {key for key, sign in found.items() if sign.shown}
    assert all(one.reasons or found[one.component].changed is not None for one in ranked)
