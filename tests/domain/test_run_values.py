"""What ``${…}`` means, and that nothing which is filled in is read as a name again."""

from typing import Any

import pytest

from mainstay.domain.run_values import Unknown, fill, holds, names, strange

KNOWN: dict[str, Any] = {
    "who": "ann", "n": 7, "flag": True, "trap": "${PASSWORD} ${n}", "look.state": "critical", "look.count": 3,
    "none": None,
}  # fmt: skip


def value(name: str) -> Any:
    if name not in KNOWN:
        raise Unknown(name)
    return KNOWN[name]


def secret(name: str) -> str:
    return f"<{name}>"


@pytest.mark.parametrize(("given", "wanted"), [
    ("${n}", 7), ("${flag}", True), ("n=${n}", "n=7"), ("${flag}!", "true!"), ("${look.state}", "critical"),
    ("${who}/${PASSWORD}", "ann/<PASSWORD>"), ("${PASSWORD}", "<PASSWORD>"), ("plain $ {n}", "plain $ {n}"),
    ({"a": ["${n}", {"b": "${who}"}]}, {"a": [7, {"b": "ann"}]}),
    ("${trap}", "${PASSWORD} ${n}"), ("x${trap}", "x${PASSWORD} ${n}"), ("[${none}]", "[]"),
])  # fmt: skip
def test_what_is_filled_in(given: Any, wanted: Any) -> None:
    assert fill(given, value, secret) == wanted


def test_an_unknown_name_is_no_value() -> None:
    with pytest.raises(Unknown):
        fill("${nobody}", value, secret)


@pytest.mark.parametrize(("conditions", "wanted"), [
    (["${flag}"], True), (["not ${flag}"], False), (["${look.state} == critical"], True),
    (["${look.state} != critical"], False), (["${look.count} > 2"], True), (["${look.count} >= 4"], False),
    (["${look.count} == 3.0"], True), (["${look.state} in ok, critical"], True),
    (["${look.state} in ok, warning"], False),
    (["${flag}", "${look.count} < 3"], False), ([], True), (["${gone.state}"], False), (["not ${gone.state}"], True),
    (["${gone.state} == ok"], False), (["${who} < 3"], False), (["${who} == 'ann'"], True),
])  # fmt: skip
def test_conditions(conditions: list[str], wanted: bool) -> None:
    assert holds(conditions, value) is wanted


def test_what_stands_in_a_text() -> None:
    given = {"a": "${n} ${PASSWORD} ${look.state}", "b": ["${Bad}", "${unclosed"]}
    assert list(names(given)) == ["n", "look.state"]
    assert [text for _, text in strange(given)] == ["${Bad}", "${unclosed"]
