"""What is refused of a restore by its words alone, who may approve it, and what a seal stands for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.restoring import (
    Refused,
    Wish,
    examine,
    examine_approval,
    examine_moment,
    examine_only,
    lapses,
    seal,
    wish_of,
)

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
LANDS, ROOTS = ("directory", "database", "live"), ("/data/restored", "/srv/")
ADDRESS = "postgresql://u:${RESTORE_PASSWORD}@h:5432/new"


@pytest.mark.parametrize(
    ("to", "target", "reason"),
    [
        ("directory", "/data/restored/a", ""), ("directory", "/srv/a/b", ""), ("database", ADDRESS, ""),
        ("database", "sqlite:///srv/x.sqlite3", ""), ("database", "mariadb://u@h/x", ""), ("live", "", "why"),
    ],
)  # fmt: skip
def test_what_is_right(to: Any, target: str, reason: str) -> None:
    examine(Wish(1, to, target), LANDS, ROOTS, reason)


@pytest.mark.parametrize(
    ("to", "target", "words"),
    [
        ("directory", "/data/restored", "may be written below"), ("directory", "/data/restored-too/x", "below"),
        ("directory", "/data/restored/../../etc", "without . and .."), ("directory", "", "absolute path"),
        ("database", "sqlite:///srv/%2e%2e/etc/x", "without . and .."),
        ("directory", "/srv/a/", "absolute path"), ("database", "sqlite://srv/x", "absolute path"),
        ("database", "postgresql://u:secret@h/x", "write the password as"),
        ("database", "postgresql://h/x?user=u&password=secret", "write the password as"),
        ("database", "postgresql://u:${SHOP_DSN}@h/x", "may not be sent"),
        ("database", "postgresql://${MAINSTAY_KEY}:${RESTORE_X}@h/x", "may not be sent"),
        ("database", "/srv/x", "write where to"), ("live", "", "say why"), ("live", "/x", "name no other"),
    ],
)  # fmt: skip
def test_what_is_refused(to: Any, target: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        examine(Wish(1, to, target), LANDS, ROOTS, " ")


def test_a_place_that_the_tool_does_not_know() -> None:
    with pytest.raises(Refused, match="it can to: directory"):
        examine(Wish(1, "live"), ("directory",), ROOTS, "why")


@pytest.mark.parametrize("name", ["/etc", "/srv/papers-too", "/srv/papers/../x", "/srv/papers/*", "srv/papers"])
def test_paths_that_a_copy_does_not_hold(name: str) -> None:
    examine_only(["/srv/papers", "/srv/papers/2026/bill.txt"], ["/srv/papers"], (), ())
    with pytest.raises(Refused, match="what lies below"):
        examine_only([name], ["/srv/papers"], (), ())


def test_moments() -> None:
    hour = timedelta(hours=1)
    examine_moment(NOW, NOW - hour, NOW)
    for moment, first, words in (
        (NOW + hour, NOW - hour, "in the future"), (NOW - 2 * hour, NOW - hour, "before the first moment"),
        (NOW, None, "their own moment only"),
    ):  # fmt: skip
        with pytest.raises(Refused, match=words):
            examine_moment(moment, first, NOW)


@pytest.mark.parametrize(
    ("asked_by", "approver", "hours", "words"),
    [
        ("person:bob", "person:eve", 1, ""), ("shell:root", "person:eve", 23, ""),
        ("person:bob", "person:bob", 1, "a second person"), ("person:bob", "shell:BOB", 1, "a second person"),
        ("person:bob", "token:1", 1, "a token cannot"), ("person:bob", "engine", 1, "a token cannot"),
        ("person:bob", "person:eve", 24, "ask anew"),
    ],
)  # fmt: skip
def test_approvals(asked_by: str, approver: str, hours: int, words: str) -> None:
    then = NOW + timedelta(hours=hours)
    if not words:
        examine_approval(asked_by, approver, NOW, then)
        assert lapses(then) - then == timedelta(hours=1)
        return
    with pytest.raises(Refused, match=words):
        examine_approval(asked_by, approver, NOW, then)


parts = st.lists(st.text(max_size=3), max_size=2).map(tuple)
moments = st.sampled_from(["", NOW.isoformat()])
wishes = st.builds(Wish, st.integers(1, 9), st.sampled_from(LANDS), st.text(max_size=5), parts, moments)


@given(wishes, wishes, st.text(max_size=3), st.text(max_size=3))
def test_a_seal_is_of_exactly_one_thing(one: Wish, other: Wish, first: str, second: str) -> None:
    assert wish_of(one.plain()) == one
    same = (one, first) == (other, second)
    assert (seal(one, first, ["x"]) == seal(other, second, ["x"])) is same
    assert seal(one, first, ["x"]) != seal(one, first, ["y"])
