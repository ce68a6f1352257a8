"""Packs unfold into checks."""

from typing import Any

import pytest

from mainstay.domain.document import Pack
from mainstay.domain.pack import PackBook, Unfoldable, fill, override, unfold, unfold_remedies

TITLE = {"en": "Memory of $(self)", "zh": "$(self) 的内存"}


def book(checks: dict[str, Any], files: dict[str, str] | None = None, **parameters: Any) -> PackBook:
    declared = {name: {"default": value} for name, value in parameters.items()}
    pack = Pack.model_validate({"pack": "p", "title": "P", "kinds": ["host"], "parameters": declared, "checks": checks})
    return PackBook(pack, files or {}, "p/pack.yaml")


MEMORY = {
    "title": TITLE,
    "probe": {"kind": "host", "measure": "memory"},
    "warn": "> $(warn) for $(hold)",
    "failures": "$(n)",
}


def test_a_check_belongs_to_the_component_and_keeps_both_languages() -> None:
    assert unfold(book({"memory": MEMORY}, warn="80%", hold="5m", n=3), "web-1", {}) == {
        "web-1.memory": {
            "title": {"en": "Memory of web-1", "zh": "web-1 的内存"},
            "probe": {"on": "web-1", "kind": "host", "measure": "memory"},
            "warn": "> 80% for 5m",
            "failures": 3,
        }
    }


def test_a_pack_may_look_at_another_component() -> None:
    checks = {"rows": {"probe": {"kind": "sql", "on": "$(database)"}}}
    assert unfold(book(checks, database="db"), "app", {"database": "pg"})["app.rows"]["probe"]["on"] == "pg"


def test_a_query_may_lie_in_a_file_of_its_own() -> None:
    checks = {"rows": {"probe": {"kind": "sql", "query": {"file": "flow/rows.sql"}}}}
    files = {"flow/rows.sql": "select count(*) from $(table)"}
    found = unfold(book(checks, files, table="orders"), "db", {"table": "sales"})
    assert found["db.rows"]["probe"]["query"] == "select count(*) from sales"
    with pytest.raises(Unfoldable, match=r"the pack has no file 'flow/rows.sql'; put it beside p/pack.yaml"):
        unfold(book(checks, {}, table="orders"), "db", {})


@pytest.mark.parametrize(
    ("settings", "meant"),
    [
        ({"url": "https://x"}, True),
        ({"url": "http://x"}, False),
        ({}, False),
        ({"url": "${URL}"}, True),
        (None, True),
    ],
)
def test_a_check_may_be_for_some_components_only(settings: dict[str, Any] | None, meant: bool) -> None:
    subject = book({"c": {"only": {"url": "https://"}, "probe": {"kind": "tls"}}})
    found = unfold(subject, "x", {}, settings)
    assert found == ({"x.c": {"probe": {"kind": "tls", "on": "x"}}} if meant else {})


def test_what_explains_a_check_is_named_in_full() -> None:
    checks = {"up": {"probe": {"kind": "tcp"}}, "rows": {"probe": {"kind": "sql"}, "explained_by": ["up", "other.up"]}}
    assert unfold(book(checks), "db", {})["db.rows"]["explained_by"] == ["db.up", "other.up"]


@pytest.mark.parametrize(
    ("default", "given", "expected"),
    [
        ("80%", "90%", "90%"),
        ("80", 90, "90"),
        (5, 7, 7),
        (5, 7.5, 7.5),
        (True, False, False),
    ],
)
def test_a_parameter_takes_what_its_default_is_like(default: Any, given: Any, expected: Any) -> None:
    subject = book({"c": {"probe": {"kind": "host", "n": "$(n)"}}}, n=default)
    assert unfold(subject, "x", {"n": given})["x.c"]["probe"]["n"] == expected


@pytest.mark.parametrize(
    ("default", "given", "message"),
    [
        (5, "7", "'7' is text where a number is expected; the default is 5"),
        (5, True, "True does not fit; the default is 5"),
        (True, "yes", "'yes' does not fit; the default is True"),
        ("a", True, "True does not fit; the default is 'a'"),
    ],
)
def test_a_parameter_refuses_what_its_default_is_not_like(default: Any, given: Any, message: str) -> None:
    with pytest.raises(Unfoldable) as refused:
        unfold(book({"c": {"probe": {"kind": "host", "n": "$(n)"}}}, n=default), "x", {"n": given})
    assert (refused.value.parameter, str(refused.value)) == ("n", message)


def test_a_parameter_that_is_not_there() -> None:
    with pytest.raises(Unfoldable, match=r"the pack has no parameter 'wran'"):
        unfold(book({"memory": MEMORY}, warn="80%", hold="5m", n=1), "x", {"wran": "1"})
    with pytest.raises(Unfoldable, match=r"\$\(n\) is not a parameter of this pack"):
        unfold(book({"memory": MEMORY}, warn="80%", hold="5m"), "x", {})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("$(n)", 5),
        ("$(n)%", "5%"),
        ("$(b)", True),
        ("is $(b)", "is true"),
        (["$(n)", {"$(s)": "$(s)"}], [5, {"word": "word"}]),
        ("${NAME} $n $( n) $()", "${NAME} $n $( n) $()"),
        (None, None),
        (3, 3),
    ],
)
def test_filling(value: Any, expected: Any) -> None:
    assert fill(value, {"n": 5, "b": True, "s": "word"}) == expected


def test_filling_is_done_once() -> None:
    assert fill("$(a)", {"a": "$(b)", "b": "x"}) == "$(b)"


BASE = {"title": "T", "probe": {"kind": "sql", "on": "db", "query": "q"}, "warn": "> 1", "crit": "> 2"}


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, BASE),
        ({"warn": "> 9"}, {**BASE, "warn": "> 9"}),
        ({"warn": []}, {**BASE, "warn": []}),
        ({"probe": {"query": "r"}}, {**BASE, "probe": {"kind": "sql", "on": "db", "query": "r"}}),
        ({"probe": {"kind": "sql", "query": "r"}}, {**BASE, "probe": {"kind": "sql", "on": "db", "query": "r"}}),
        ({"probe": {"kind": "tcp", "port": 1}}, {**BASE, "probe": {"kind": "tcp", "port": 1}}),
        ({"enabled": False}, {**BASE, "enabled": False}),
    ],
)
def test_the_users_keys_take_the_place_of_the_packs(own: dict[str, Any], expected: dict[str, Any]) -> None:
    assert override(BASE, own) == expected


def test_a_remedy_is_there_once_it_has_what_it_needs() -> None:
    pack = Pack.model_validate({
        "pack": "p", "title": "P", "kinds": ["http"], "parameters": {"host": {"default": ""}, "on": {"default": False}},
        "checks": {"answer": {"probe": {"kind": "http"}}},
        "remedies": {
            "again": {"needs": ["host", "on"], "checks": "answer", "runbook": "r", "inputs": {"host": "$(host)"}},
        },
    })  # fmt: skip
    book = PackBook(pack)
    assert unfold_remedies(book, "web", {"host": "h"}) == {}
    assert unfold_remedies(book, "web", {"host": "h", "on": True}) == {
        "web.again": {"on": "web", "checks": ["web.answer"], "runbook": "r", "inputs": {"host": "h"}}
    }
    assert unfold_remedies(book, "web", {}, whole=True)["web.again"]["inputs"] == {"host": "needed"}
    with pytest.raises(Unfoldable):
        unfold_remedies(book, "web", {"nothing": 1})
