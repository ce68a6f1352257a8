"""Whatever a catalogue's file holds, it is examined or refused with a place; it never breaks the program."""

import copy
import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstay.catalogue.examine import examine
from mainstay.catalogue.schema import schema
from mainstay.catalogue.sources import Invalid
from mainstay.domain.document import Pack
from mainstay.domain.pack import PackBook

BOOKS = {
    "jobs": PackBook(
        Pack.model_validate(
            {
                "pack": "jobs",
                "title": "Jobs",
                "kinds": ["host"],
                "parameters": {"late": {"default": "5m"}},
                "checks": {"nightly": {"probe": {"kind": "heartbeat", "period": "1h"}, "warn": "late > $(late)"}},
            }
        )
    )
}
RIGHT: dict[str, Any] = {
    "shop.yaml": {
        "system": "shop",
        "title": {"en": "Shop", "zh": "商城"},
        "tier": 1,
        "timezone": "Asia/Shanghai",
        "calendar": "cn",
        "objectives": {"rto": "1h"},
        "components": {
            "db": {"kind": "postgresql", "dsn": "${DSN}"},
            "app": {"kind": "host", "depends_on": ["db"], "packs": ["jobs", {"jobs": {"late": "1m"}}]},
        },
        "checks": {
            "job": {"probe": {"kind": "heartbeat", "on": "app", "period": "1h"}, "warn": ["late > 5m"], "mask": ["a"]},
            "app.nightly": {"every": "5m", "explained_by": ["job"]},
        },
    },
    "shared.yaml": {"calendars": {"cn": {"holidays": ["2027-01-01"]}}, "channels": {}},
}

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["db", "app", "jobs", "heartbeat", "host", "${X}", "${", "> 5", "5m", "UTC", "../etc", "$(late)"])
)
_ANYTHING = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        found += _paths(child, (*path, key))
    return found


_PATHS = [path for path in _paths(RIGHT) if len(path) > 1]


def _examined(files: dict[str, Any]) -> None:
    try:
        examine({name: json.dumps(value).encode() for name, value in files.items()}, books=BOOKS)
    except Invalid as error:
        places = [str(flaw).count(":") >= 3 for flaw in error.flaws]
    else:
        places = [True]
    assert places
    assert all(places)


def test_the_example_is_right() -> None:
    examine({name: json.dumps(value).encode() for name, value in RIGHT.items()}, books=BOOKS)


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(_PATHS), _ANYTHING), min_size=1, max_size=3))
def test_any_value_in_any_place(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    files = copy.deepcopy(RIGHT)
    for path, value in changes:
        at: Any = files
        with suppress(KeyError, IndexError, TypeError):  # an earlier change may have taken the place away
            for step in path[:-1]:
                at = at[step]
            at[path[-1]] = value
    _examined(files)


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(["a.yaml", "b.yaml"]), _ANYTHING, min_size=1))
def test_anything_at_all(files: dict[str, Any]) -> None:
    _examined(files)


def test_thousands_of_components_in_one_chain() -> None:
    names = [f"c{number}" for number in range(3_000)]
    chain = {name: {"kind": "host", "depends_on": [before]} for before, name in pairwise(names)}
    _examined({"a.yaml": {"system": "shop", "components": {"c0": {"kind": "host"}, **chain}}})
    _examined({"a.yaml": {"system": "shop", "components": {"c0": {"kind": "host", "depends_on": ["c2999"]}, **chain}}})


@pytest.mark.parametrize("name", RIGHT)
def test_the_schema_agrees_on_what_is_right(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema_rs")
    jsonschema.validator_for(schema()).validate(RIGHT[name])


def test_the_schema_finds_what_is_wrong() -> None:
    jsonschema = pytest.importorskip("jsonschema_rs")
    validator = jsonschema.validator_for(schema())
    for path, value in [
        (("shop.yaml", "checks", "job", "probe", "perid"), "1h"),
        (("shop.yaml", "checks", "job", "probe", "kind"), "hartbeat"),
        (("shop.yaml", "checks", "job", "evry"), "1h"),
        (("shop.yaml", "tier"), 4),
        (("shop.yaml", "components", "db", "kind"), "pg"),
        (("shop.yaml", "title", "cn"), "x"),
        (("shared.yaml", "calendar"), {}),
    ]:
        files = copy.deepcopy(RIGHT)
        at = files
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        assert not validator.is_valid(files[path[0]]), path
