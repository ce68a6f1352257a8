"""Whether it is us: unrelated targets that fall silent in the same moment."""

import pytest

from mainstay.domain.online import Sight, is_loopback
from mainstay.domain.reading import Fault, Problem, Reading

UP = Reading({"seconds": 0.1})
GONE = Reading(problem=Problem(Fault.TIMEOUT))
REFUSED = Reading(problem=Problem(Fault.REFUSED))


@pytest.mark.parametrize(
    ("story", "offline", "why"),
    [
        ([("a", GONE, 0), ("b", GONE, 1)], False, "two may be down together"),
        ([("a", GONE, 0), ("b", GONE, 1), ("c", GONE, 2)], True, "three at once and nobody answers"),
        ([("a", GONE, 0), ("a", GONE, 1), ("a", GONE, 2)], False, "one address, however often"),
        ([("a", GONE, 0), ("b", GONE, 1), ("d", UP, 1.5), ("c", GONE, 2)], False, "one of them still answers"),
        ([("d", UP, 0), ("a", GONE, 1), ("b", GONE, 2), ("c", GONE, 3)], True, "it answered before that"),
        ([("a", GONE, 0), ("b", GONE, 1), ("d", REFUSED, 2), ("c", GONE, 3)], False, "a refusal is an answer"),
        ([("a", GONE, 0), ("b", GONE, 200), ("c", GONE, 400)], False, "one after the other, over minutes"),
        ([("127.0.0.1", GONE, 0), ("localhost", GONE, 1), ("::1", GONE, 2)], False, "this machine proves nothing"),
        ([("a", GONE, 0), ("b", GONE, 1), ("127.0.0.1", UP, 1.5), ("c", GONE, 2)], True, "this machine proves nothing"),
        ([("a", GONE, 0), ("b", GONE, 1), ("c", GONE, 2), ("b", UP, 3)], False, "somebody answers again"),
        ([("", GONE, 0), ("", GONE, 1), ("", GONE, 2)], False, "checks without an address"),
    ],
)
def test_sight(story: list[tuple[str, Reading, float]], offline: bool, why: str) -> None:
    sight = Sight()
    for address, reading, at in story:
        sight.see(address, reading, at)
    assert sight.offline is offline, why


def test_beginning_and_end_are_said_once() -> None:
    sight = Sight()
    targets = ["a", "b", "c", "d", "e"]
    said = [sight.see(target, GONE, at) for at, target in enumerate(targets)]
    assert said == [False, False, True, False, False]
    assert sight.holds("e", GONE, 4)
    assert not sight.holds("e", REFUSED, 4)
    assert not sight.holds("127.0.0.1", GONE, 4)
    assert [sight.see(target, UP, 10) for target in targets] == [True, False, False, False, False]
    assert sight.holds("e", GONE, 9), "it was begun while we were off line"
    assert not sight.holds("e", GONE, 11)


@pytest.mark.parametrize(("address", "ours"), [("127.8.8.8", True), ("db.localhost", True), ("10.0.0.1", False)])
def test_loopback(address: str, ours: bool) -> None:
    assert is_loopback(address) is ours
