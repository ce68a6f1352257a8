"""A check changed by itself: what its user wrote gets those keys and no others, by the ordinary way to the database."""

import json
from pathlib import Path
from typing import Any

import pytest

from mainstay.audit.models import Record
from mainstay.catalogue import actions, drift, editing, export, queries
from mainstay.catalogue.models import Check, Revision
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Actor, Denied, Role, Unseen
from tests.line.looking import apply

pytestmark = pytest.mark.django_db
ALICE = Actor("person:alice", Role.APPROVER)
SHOP = """
system: shop
title: Shop
components:
  web: {kind: http, url: "http://127.0.0.1:1/", packs: [web-service]}
checks:
  home: {probe: {kind: http, on: web}, every: 1m, warn: total > 2s}
"""


@pytest.fixture(autouse=True)
def shop() -> None:
    apply(SHOP)


def edit(name: str, **changes: Any) -> list[str]:
    return [str(one) for one in actions.edit_check("shop", name, changes, actor=ALICE)]


def own() -> dict[str, Any]:
    found: dict[str, Any] = editing.written("shop").get("checks", {})
    return found


def test_an_own_check_is_changed_in_place() -> None:
    assert edit("home", crit=["total > 5s"]) == ["changed check shop/home (crit: – → ['total > 5s'])"]
    assert own() == {
        "home": {"probe": {"kind": "http", "on": "web"}, "every": "1m", "warn": "total > 2s", "crit": "total > 5s"}
    }
    assert Check.objects.get(name="home").document["crit"] == ["total > 5s"]


def test_a_packs_check_gets_the_changed_keys_only_and_loses_them_again() -> None:
    said = editing.writing("shop", "web.answer").definition["warn"]
    edit("web.answer", warn=["total > 9s"], failures=2)
    assert own()["web.answer"] == {"warn": "total > 9s"}
    assert Check.objects.get(name="web.answer").pack == "web-service"
    edit("web.answer", warn=said)
    assert "web.answer" not in own()


def test_it_is_one_revision_on_record_and_nothing_changes_nothing() -> None:
    before = queries.revision()
    edit("home", every="2m")
    assert queries.revision() == before + 1
    record = Record.objects.latest("number")
    assert (record.actor, record.act, record.object) == ("person:alice", "check.edit", "shop/home")
    assert record.data["changed"] == {"every": ["1m", "2m"]}
    assert edit("home", every="2m", warn="total > 2s") == []
    assert queries.revision() == before + 1


def test_a_check_that_is_left_out_can_come_back() -> None:
    edit("web.answer", enabled=False)
    assert Check.objects.get(name="web.answer").retired_at is not None
    assert editing.writing("shop", "web.answer").definition["enabled"] is False
    edit("web.answer", enabled=True)
    assert Check.objects.get(name="web.answer").retired_at is None
    assert "web.answer" not in own()


def test_what_is_wrong_is_said_in_the_words_of_the_files_and_nothing_is_changed() -> None:
    before = Revision.objects.count()
    with pytest.raises(Invalid) as caught:
        edit("home", warn=["total > 2s", "totl > 3s"], every="often", failures=0)
    mine, rest = editing.flaws_by_field(caught.value, "home")
    assert set(mine) == {"warn", "every", "failures"}
    assert mine["warn"][0].right == "did you mean 'total'?"
    assert rest == []
    assert Revision.objects.count() == before


def test_who_was_overtaken_is_told() -> None:
    seen = editing.seen_of("shop")
    edit("home", every="2m")
    with pytest.raises(actions.Overtaken, match="somebody else"):
        actions.edit_check("shop", "home", {"every": "3m"}, actor=ALICE, seen=seen)


def test_the_role_on_the_system_decides() -> None:
    here = Actor("person:bob", Role.VIEWER, systems={"shop": Role.APPROVER})
    assert actions.edit_check("shop", "home", {"every": "2m"}, actor=here)
    with pytest.raises(Denied):
        actions.edit_check("shop", "home", {"every": "3m"}, actor=Actor("person:eve", Role.OPERATOR))
    with pytest.raises(Unseen):
        actions.edit_check("shop", "home", {"every": "3m"}, actor=Actor("person:eve", Role.NONE))


@pytest.mark.parametrize("name", ["none", "web.none", "none.answer"])
def test_what_is_not_there_is_not_changed(name: str) -> None:
    with pytest.raises(Check.DoesNotExist):
        edit(name, every="2m")


def test_the_difference_is_shown_line_by_line() -> None:
    found = editing.proposal(editing.writing("shop", "home"), {"warn": ["total > 3s"]})
    assert [line for line in found.lines if line[0] in "+-"] == ["-    warn: total > 2s", "+    warn: total > 3s"]


def test_a_systems_text_is_of_that_system() -> None:
    with pytest.raises(Invalid, match="another system; write system: shop"):
        editing.examined("shop", "system: other")
    with pytest.raises(Invalid):
        editing.examined("shop", "calendars: {}")
    assert editing.examined("shop", editing.text_of("shop")).catalogue.systems.keys() == {"shop"}


def test_a_change_made_here_is_drift_until_it_is_exported(tmp_path: Path) -> None:
    assert drift.drift(tmp_path / "none").present is False

    def exported() -> None:
        for name, text in export.files().items():
            (tmp_path / name).write_text(text, encoding="utf-8")

    exported()
    assert drift.drift(tmp_path).differences == []
    edit("home", every="2m")
    assert [str(one) for one in drift.drift(tmp_path).differences] == ["changed check shop/home (every: 2m → 1m)"]
    exported()
    assert drift.drift(tmp_path).differences == []
    (tmp_path / "shop.yaml").write_text("system: [", encoding="utf-8")
    assert drift.drift(tmp_path).known is False


def test_what_is_kept_stays_json_in_the_users_order() -> None:
    edit("home", help={"en": "Look", "zh": "查看"})
    assert list(editing.written("shop")) == ["system", "title", "components", "checks"]
    assert json.loads(json.dumps(own()))["home"]["help"] == {"en": "Look", "zh": "查看"}
