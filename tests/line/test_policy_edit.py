"""A policy or a store changed by itself: in what was written, by the ordinary way, and on the record."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstay.audit.models import Record
from mainstay.backups.queries.preview import Preview, drafted, preview
from mainstay.catalogue import actions, drift, editing, export, queries
from mainstay.catalogue import editing_backups as backups
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check, Policy, Revision, Store, System
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import ENGINE, Actor, Denied, Role
from tests.line.backed_up import copy, nights

pytestmark = pytest.mark.django_db
ALICE = Actor("person:alice", Role.APPROVER)
SHOP = b"""
system: shop
components:
  db: {kind: sqlite, dsn: "sqlite:////srv/shop/x.sqlite3"}
  host: {kind: host, address: local}
backups:
  nightly: {of: db, stores: [vault], full: "0 2 * * *", keep: {last: 2, daily: 4, weekly: 0, monthly: 0, yearly: 0}}
checks:
  backup.nightly.late: {warn: "late > 1h"}
"""
SHARED = b"""
stores:
  vault: {kind: directory, path: /srv/vault}
  far: {kind: directory, path: /srv/far, title: {en: Far, zh: "\xe5\xbc\x82\xe5\x9c\xb0"}}
"""


@pytest.fixture(autouse=True)
def shop() -> None:
    actions.apply(examine({"shop.yaml": SHOP, "shared.yaml": SHARED}).catalogue, actor=ENGINE)


def own(name: str = "nightly") -> dict[str, Any]:
    found: dict[str, Any] = editing.written("shop").get("backups", {}).get(name, {})
    return found


def put(name: str = "nightly", **keys: Any) -> list[str]:
    done = actions.put_policy("shop", name, {**own(name), **keys}, actor=ALICE)
    return [f"{one.act} {one.kind} {one.name}" for one in done if one.kind != "check"]


def look(name: str = "nightly", **keys: Any) -> Preview:
    present = backups.policy_writing("shop", name)
    found = backups.policy_proposal(present, {**own(name), **keys})
    return preview(drafted(present, found), datetime.now(UTC))


def test_a_changed_key_is_all_that_differs_and_both_its_values_are_on_the_record() -> None:
    before, number = own(), queries.revision()
    assert put(keep={**before["keep"], "daily": 7}) == ["changed policy shop/nightly"]
    assert own() == {**before, "keep": {**before["keep"], "daily": 7}}
    record = Record.objects.latest("number")
    assert (record.actor, record.act, record.object) == ("person:alice", "catalogue.apply", "policy shop/nightly")
    assert [one["daily"] for one in record.data["changed"]["keep"]] == [4, 7]
    assert put() == []
    assert queries.revision() == number + 1


def test_what_is_shown_of_a_policy_can_be_put_again_and_changes_nothing() -> None:
    shown = Policy.objects.get(name="nightly").document
    assert actions.put_policy("shop", "nightly", shown, actor=ALICE) == []


def test_a_new_one_brings_its_checks_and_is_written_short() -> None:
    assert put("files", of="host", stores=["far"], paths=["/srv/shop/files"], tool=None) == [
        "created policy shop/files"
    ]
    assert own("files") == {"of": "host", "stores": ["far"], "paths": ["/srv/shop/files"]}
    assert Policy.objects.get(name="files").tool == "files"
    assert Check.objects.filter(name="backup.files.late", retired_at=None).exists()


def test_retired_it_keeps_its_copies_and_put_again_it_takes_them_up() -> None:
    row = Policy.objects.get(name="nightly")
    copy(row)
    before = own()
    actions.retire_policy("shop", "nightly", actor=ALICE)
    assert editing.written("shop").keys() == {"system", "components"}
    assert Policy.objects.get(pk=row.pk).retired_at is not None
    assert not Check.objects.filter(name__startswith="backup.", retired_at=None).exists()
    assert look(**before).copies == 1, "they are seen before it is put again"
    put(**before)
    row.refresh_from_db()
    assert (row.retired_at, row.copies.count()) == (None, 1)


def test_what_other_checks_name_is_not_retired() -> None:
    text = SHOP + b"  shop: {probe: {kind: http, on: host}, explained_by: [backup.nightly.late]}\n"
    actions.apply(examine({"shop.yaml": text, "shared.yaml": SHARED}).catalogue, actor=ENGINE)
    with pytest.raises(Invalid, match="there is no check"):
        actions.retire_policy("shop", "nightly", actor=ALICE)
    assert own()


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"keep": {"last": 0}, "rate": -1, "full": "often"}, {"keep.last", "rate", "full"}),
        ({"stores": ["vault", "vault"]}, {"stores.1"}),
        ({"stores": ["volt"]}, {"stores.0"}),
        ({"of": "none"}, {"of"}),
        ({"tool": "pg_dump"}, {"tool"}),
        ({"watch": {"late_wran": "1h"}}, {"watch.late_wran"}),
        ({"paths": ["/srv"]}, {"paths"}),
        ({"dsn": "sqlite:////srv/shop/other.sqlite3"}, {"dsn"}),
        ({"title": "a\0b"}, {"title"}),
    ],
)
def test_what_is_wrong_is_said_by_key_and_nothing_is_changed(keys: dict[str, Any], where: set[str]) -> None:
    before = Revision.objects.count()
    with pytest.raises(Invalid) as caught:
        put(**keys)
    mine, rest = backups.flaws_by_key(caught.value, "backups", "nightly")
    assert (set(mine), rest) == (where, [])
    assert Revision.objects.count() == before


def test_a_name_that_is_none_is_said_of_the_name() -> None:
    with pytest.raises(Invalid) as caught:
        put("No Name", of="db", stores=["vault"])
    assert "" in backups.flaws_by_key(caught.value, "backups", "No Name")[0]


def test_who_was_overtaken_is_told() -> None:
    seen, store = editing.seen_of("shop"), backups.store_writing("far").seen
    put(rate=5.0)
    actions.put_store("far", {"kind": "directory", "path": "/srv/further"}, actor=ALICE)
    with pytest.raises(actions.Overtaken):
        actions.put_policy("shop", "nightly", own(), actor=ALICE, seen=seen)
    with pytest.raises(actions.Overtaken):
        actions.retire_policy("shop", "nightly", actor=ALICE, seen=seen)
    with pytest.raises(actions.Overtaken):
        actions.put_store("far", {"kind": "directory", "path": "/srv/far"}, actor=ALICE, seen=store)


def test_it_is_for_who_may_change_every_system() -> None:
    """A policy names accounts and paths of its own choice: who edits one system's checks may not."""
    here = Actor("person:bob", Role.VIEWER, systems={"shop": Role.APPROVER})
    for act in (
        lambda: actions.put_policy("shop", "nightly", own(), actor=here),
        lambda: actions.retire_policy("shop", "nightly", actor=here),
        lambda: actions.put_store("far", {"kind": "directory", "path": "/x"}, actor=here),
    ):
        with pytest.raises(Denied):
            act()


def test_what_is_not_there() -> None:
    with pytest.raises(Policy.DoesNotExist, match="no backup policy shop/none"):
        actions.retire_policy("shop", "none", actor=ALICE)
    with pytest.raises(System.DoesNotExist):
        actions.put_policy("none", "nightly", own(), actor=ALICE)


def test_the_preview_is_of_the_policy_that_is_wanted() -> None:
    row, now = Policy.objects.get(name="nightly"), datetime.now(UTC)
    nights(row, 12, now - timedelta(hours=5), size=5_000_000)
    assert (look().goes, look().copies) == (8, 12)
    wanted = look(keep={**own()["keep"], "daily": 10}, full="0 4 * * *", stores=["vault", "far"])
    assert wanted.goes == 0, "what is owed to the second site stays"
    assert look(keep={**own()["keep"], "daily": 10}).goes == 2
    assert [run.tick.hour for run in wanted.runs] == [4] * 20
    assert [(one.level, one.size) for one in wanted.sizes] == [("full", 5_000_000)]
    assert [(one.store, one.free) for one in wanted.rooms] == [("vault", None), ("far", None)]
    assert preview(Policy.objects.get(name="nightly"), now).goes == 8, "nothing was kept of it"


def test_a_new_policys_size_is_told_by_another_of_the_same_component() -> None:
    copy(Policy.objects.get(name="nightly"), size=7_000_000)
    found = look("hourly", of="db", stores=["far"])
    assert (found.copies, [one.size for one in found.sizes]) == (0, [7_000_000])
    assert look("files", of="host", stores=["far"], paths=["/srv"]).sizes == []


def test_a_store_is_put_changed_and_retired() -> None:
    actions.put_store("new", {"kind": "directory", "path": "/srv/new"}, actor=ALICE)
    shown = backups.store_writing("far")
    assert shown.own == {"kind": "directory", "path": "/srv/far", "title": {"en": "Far", "zh": "异地"}}
    found = backups.store_proposal(shown, {**shown.own, "path": "/srv/further"})
    assert found.changes == {"path": ["/srv/far", "/srv/further"]}
    assert [line for line in found.lines if line[0] in "+-"] == ["-    path: /srv/far", "+    path: /srv/further"]
    actions.put_store("far", {**shown.own, "path": "/srv/further"}, actor=ALICE)
    assert Record.objects.latest("number").object == "store far"
    assert actions.put_store("far", backups.store_writing("far").own, actor=ALICE) == []
    actions.retire("store", "new", actor=ALICE)
    assert Store.objects.get(name="new").retired_at is not None
    with pytest.raises(actions.Refused, match="shop names the store vault"):
        actions.retire("store", "vault", actor=ALICE)


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"kind": "directory", "path": "srv"}, "path"),
        ({"kind": "direktory", "path": "/srv"}, "kind"),
        ({"kind": "sftp", "address": "h", "user": "u", "host_key": "ssh-ed25519 AAAA", "path": "/x",
          "key": "canary-of-a-key"}, "key"),
        ({"kind": "s3", "endpoint": "https://h", "bucket": "abc", "access_key": "${K}", "secret_key": "canary"},
         "secret_key"),
    ],
)  # fmt: skip
def test_a_store_that_is_wrong_or_says_a_secret(wanted: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.put_store("new", wanted, actor=ALICE)
    mine, rest = backups.flaws_by_key(caught.value, "stores", "new")
    assert (set(mine), rest) == ({where}, [])
    assert "canary" not in str(caught.value)


def test_a_change_made_here_is_drift_until_it_is_exported(tmp_path: Path) -> None:
    def exported() -> None:
        for name, text in export.files().items():
            (tmp_path / name).write_text(text, encoding="utf-8")

    exported()
    put(rate=5.0)
    actions.put_store("far", {"kind": "directory", "path": "/srv/further"}, actor=ALICE)
    assert [f"{one.act} {one.kind} {one.name}" for one in drift.drift(tmp_path).differences] == [
        "changed store far", "changed policy shop/nightly",
    ]  # fmt: skip
    exported()
    assert drift.drift(tmp_path).differences == []
