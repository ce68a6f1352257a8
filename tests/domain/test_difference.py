"""What would change, said object by object."""

from hypothesis import given
from hypothesis import strategies as st

from mainstay.domain.difference import Act, compare

CHECK = ("check", "shop/orders")


def test_the_four_things_that_can_happen() -> None:
    before = {CHECK: {"every": "1m"}, ("system", "old"): {}}
    after = {CHECK: {"every": "5m"}, ("system", "new"): {}, ("channel", "back"): {}}
    found = compare(before, after, frozenset({("channel", "back")}))
    assert list(map(str, found)) == [
        "restored channel back",
        "created system new",
        "retired system old",
        "changed check shop/orders (every: 1m → 5m)",
    ]


def test_a_long_value_is_shortened_and_nothing_is_a_dash() -> None:
    found = compare({CHECK: {"help": ""}}, {CHECK: {"help": "x" * 100}})
    assert str(found[0]) == f"changed check shop/orders (help: – → {'x' * 57}…)"


_OBJECTS = st.dictionaries(
    st.tuples(st.sampled_from(["system", "component", "check", "channel", "calendar"]), st.sampled_from("abc")),
    st.dictionaries(st.sampled_from("xyz"), st.integers(0, 2), max_size=2),
)


@given(_OBJECTS, _OBJECTS)
def test_nothing_differs_from_itself_and_every_difference_is_named_once(before: dict, after: dict) -> None:  # type: ignore[type-arg]
    assert compare(before, before) == []
    found = compare(before, after)
    assert len({(one.kind, one.name) for one in found}) == len(found)
    made = {(one.kind, one.name) for one in found if one.act is Act.CREATED}
    gone = {(one.kind, one.name) for one in found if one.act is Act.RETIRED}
    assert (before.keys() - gone) | made == after.keys()
