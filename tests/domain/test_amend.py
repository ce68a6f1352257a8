"""A check's keys changed in what its user wrote: by table, and what must hold of any change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.amend import alike, amend, changed

PACK = {"warn": ["late > 5m"], "crit": [], "failures": 2, "title": {"en": "Nightly", "zh": "夜间"}, "enabled": True}
OWN = {"warn": [], "crit": [], "failures": 2, "title": {}, "enabled": True}


@pytest.mark.parametrize(
    ("checks", "changes", "base", "after"),
    [
        (None, {"warn": ["late > 9m"]}, PACK, {"job": {"warn": "late > 9m"}}),
        (None, {"warn": ["late > 9m", "x > 1"]}, PACK, {"job": {"warn": ["late > 9m", "x > 1"]}}),
        ({"job": {"warn": "late > 9m"}}, {"warn": ["late > 5m"]}, PACK, None),
        ({"job": {"warn": "late > 9m", "every": "5m"}}, {"warn": ["late > 5m"]}, PACK, {"job": {"every": "5m"}}),
        (None, {"enabled": False}, PACK, {"job": {"enabled": False}}),
        ({"job": {"enabled": False}}, {"enabled": True}, PACK, None),
        ({"job": None}, {"crit": ["late > 1h"]}, PACK, {"job": {"crit": "late > 1h"}}),
        ({"job": {"probe": {}}}, {"title": {"en": "Up"}}, OWN, {"job": {"probe": {}, "title": "Up"}}),
        ({"job": {"probe": {}, "title": "Up"}}, {"title": {}}, OWN, {"job": {"probe": {}}}),
        ({"a": {"every": "1m"}, "job": {"crit": "x > 1"}}, {"crit": []}, PACK, {"a": {"every": "1m"}}),
    ],
)  # fmt: skip
def test_only_what_differs_is_written(checks: Any, changes: Any, base: Any, after: Any) -> None:
    written = {"system": "shop", **({} if checks is None else {"checks": checks}), "notify": ["mail"]}
    found = amend(written, "job", changes, base)
    assert found.get("checks") == after
    assert {key: value for key, value in found.items() if key != "checks"} == {"system": "shop", "notify": ["mail"]}


def test_what_it_looks_at_is_not_changed_here() -> None:
    with pytest.raises(KeyError, match="probe"):
        amend({"system": "shop"}, "job", {"probe": {"kind": "sql"}}, OWN)


def test_words_and_lists_are_compared_by_what_they_say() -> None:
    present = {"title": "Up", "warn": "x > 1", "help": {}}
    assert changed(present, {"title": {"en": "Up"}, "warn": ["x > 1"], "help": ""}) == {}
    assert changed(present, {"title": {"en": "Up", "zh": "可用"}}) == {"title": {"en": "Up", "zh": "可用"}}


CHANGES = st.dictionaries(
    st.sampled_from(["warn", "crit"]), st.lists(st.sampled_from(["x > 1", "x > 2"]), max_size=2), max_size=2
)


@given(CHANGES, CHANGES)
def test_the_last_change_holds_and_the_way_back_leaves_no_trace(first: dict[str, Any], second: dict[str, Any]) -> None:
    written = {"system": "shop"}
    once = amend(written, "job", first, PACK)
    twice = amend(once, "job", second, PACK)
    says = {**PACK, **((twice.get("checks") or {}).get("job") or {})}
    for key, value in {**first, **second}.items():
        assert alike(key, says[key]) == alike(key, value)
    assert amend(twice, "job", {"warn": PACK["warn"], "crit": PACK["crit"]}, PACK) == written
