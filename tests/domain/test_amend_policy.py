"""A policy put into what its system's user wrote: what is meant as before stays as it is written."""

from typing import Any

import pytest

from mainstay.domain.amend_policy import changed, put, take_out, whole

OWN: dict[str, Any] = {
    "of": "db", "stores": ["vault"], "tool": "sqlite", "keep": {"last": 3, "daily": 7}, "title": "Nightly",
}  # fmt: skip
SYSTEM: dict[str, Any] = {
    "system": "shop",
    "backups": {"nightly": OWN, "weekly": {"of": "db", "stores": ["far"]}},
    "checks": {"home": {"every": "1m"}, "backup.nightly.late": {"warn": "late > 1h"}},
}


def after(**keys: Any) -> dict[str, Any]:
    present = whole(OWN, "sqlite")
    found: dict[str, Any] = put(SYSTEM, "nightly", {**present, **keys}, present, "sqlite")["backups"]["nightly"]
    return found


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ({}, OWN),
        ({"title": {"en": "Nightly"}}, OWN),
        ({"title": {"en": "Nightly", "zh": "每夜"}}, {**OWN, "title": {"en": "Nightly", "zh": "每夜"}}),
        ({"title": ""}, {key: value for key, value in OWN.items() if key != "title"}),
        ({"rate": 5.0}, {**OWN, "rate": 5.0}),
        ({"rate": 0.0}, OWN),
        ({"incremental": ""}, {**OWN, "incremental": ""}),
        ({"keep": {**whole(OWN)["keep"], "daily": 5}}, {**OWN, "keep": {"last": 3, "daily": 5}}),
        ({"keep": {**whole(OWN)["keep"], "daily": 14}}, {**OWN, "keep": {"last": 3}}),
        ({"prove": {**whole(OWN)["prove"], "after_each": False}}, {**OWN, "prove": {"after_each": False}}),
        ({"of": "host", "tool": "files"}, {**OWN, "of": "host", "tool": "files"}),
        ({"kep": 1}, {**OWN, "kep": 1}),
    ],
)
def test_only_what_means_another_thing_is_written(keys: dict[str, Any], written: dict[str, Any]) -> None:
    assert after(**keys) == written


def test_a_mapping_that_says_only_defaults_is_left_out() -> None:
    own = {"of": "db", "stores": ["vault"], "keep": {"last": 9}}
    present = whole(own, "sqlite")
    found = put({"backups": {"x": own}}, "x", {**present, "keep": whole({})["keep"]}, present, "sqlite")
    assert found["backups"]["x"] == {"of": "db", "stores": ["vault"]}


def test_a_new_one_is_written_short_and_the_others_stay() -> None:
    wanted = whole({"of": "db", "stores": ["vault"], "keep": {"last": 5}}, "sqlite")
    found = put(SYSTEM, "hourly", wanted, {}, "sqlite")
    assert found["backups"] == {**SYSTEM["backups"], "hourly": {"of": "db", "stores": ["vault"], "keep": {"last": 5}}}
    assert put({"system": "shop"}, "hourly", wanted, {}, "sqlite")["backups"].keys() == {"hourly"}


def test_the_record_names_what_was_and_what_shall_be() -> None:
    present = whole(OWN, "sqlite")
    assert changed({**present, "rate": 5.0, "title": {"en": "Nightly"}}, present) == {"rate": [0.0, 5.0]}
    assert changed(whole({"of": "db", "stores": ["vault"]}, "sqlite"), {}) == {
        "of": [None, "db"], "stores": [None, ["vault"]], "tool": [None, "sqlite"],
    }  # fmt: skip


def test_with_a_policy_goes_what_is_said_of_its_checks() -> None:
    found = take_out(SYSTEM, "nightly")
    assert (found["backups"].keys(), found["checks"].keys()) == ({"weekly"}, {"home"})
    assert take_out(found, "weekly") == {"system": "shop", "checks": {"home": {"every": "1m"}}}
    with pytest.raises(KeyError):
        take_out(SYSTEM, "none")
