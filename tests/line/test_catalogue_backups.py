"""Policies and stores in the catalogue: examined, applied once, written out again, retired, and always watched."""

import re
from collections.abc import Sequence
from typing import Any

import pytest

from mainstay.backups.queries.means import means
from mainstay.catalogue import actions, editing, export, kinds, packs, policies, queries
from mainstay.catalogue.examine import Known, examine
from mainstay.catalogue.kinds import Tool
from mainstay.catalogue.models import Check, Policy, Store
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import Actor, Role, Sight
from mainstay.domain.backup_policy import key_name
from mainstay.domain.draft import Catalogue
from mainstay.drivers.backup_tools import Missing
from mainstay.drivers.kinds import Strict

ALICE = Actor("person:alice", Role.ADMINISTRATOR)
TOOLS = {
    "pg_dump": Tool(("postgresql",), ("full",), True, far=True),
    "pgbackrest": Tool(("postgresql",), ("full", "incremental"), False, away=("bucket",)),
    "sqlite": Tool(("sqlite",), ("full",), True),
    "files": Tool(("host", "sqlite", "postgresql", "http"), ("full", "incremental"), True),
}
LACKING: dict[str, Sequence[Missing]] = {
    "pgbackrest": [Missing("pgbackrest", "is not here", "apt-get install pgbackrest")]
}


class Folder(Strict):
    """A directory."""

    path: str
    port: int = 1


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tools and one kind of store, whatever else is installed."""
    monkeypatch.setattr(kinds, "backup_tool_kinds", lambda: tuple(TOOLS))
    monkeypatch.setattr(kinds, "backup_tool", TOOLS.__getitem__)
    monkeypatch.setattr(kinds, "lacking", lambda name: LACKING.get(name, ()))
    monkeypatch.setattr(kinds, "store_kinds", lambda: ("folder", "bucket"))
    monkeypatch.setattr(kinds, "store_settings", dict.fromkeys(("folder", "bucket"), Folder).__getitem__)


HEAD = "system: shop\ntimezone: Asia/Shanghai\ncomponents:\n"
HEAD += '  db: {kind: postgresql, dsn: "${SHOP_DSN}"}\n  web: {kind: queue}\n  h: {kind: host}\n'
HEAD += '  spare: {kind: host, address: 192.0.2.7, user: prover, key_file: /k, host_key: "ssh-ed25519 AAAA"}\n'
HEAD += "  two: {kind: postgresql, dsn: 'postgresql://looker@db/shop'}\n"
SHARED = (
    'stores:\n  vault: {kind: folder, path: /srv/vault}\n  far: {kind: folder, path: "${FAR_PATH}", title: Far away}\n'
)
PAIL = "  pail: {kind: bucket, path: /pail}\n"
SHOP = (
    HEAD
    + """\
backups:
  nightly: {of: db, stores: [vault, far], data: finance, window: "22:00-06:00", watch: {late_warn: 1h}}
  home: {of: h, stores: [vault], paths: [/etc, /home], title: {en: Homes, zh: 主目录}, prove: {within: 10d}}
"""
)


def texts(**files: str) -> dict[str, bytes]:
    return {f"{name}.yaml": text.encode() for name, text in files.items()}


def flaws(policy: str, shared: str = SHARED) -> list[str]:
    """What is said of one policy, behind its file and place."""
    try:
        found = examine(texts(shop=f"{HEAD}backups:\n  nightly: {{{policy}}}\n", shared=shared))
    except Invalid as error:
        return [str(one).split(": ", 1)[1] for one in error.flaws]
    return [f"{str(one).split(': ', 1)[1]} (warning)" for one in found.warnings]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("of: db, stores: [vault, far]", []),
        ("of: d, stores: [vault]", ["backups.nightly.of: there is no component 'd'; did you mean 'db'?"]),
        ("of: db, stores: []", ["backups.nightly.stores: .*at least 1 item.*"]),
        ("of: db, stores: [valt]", ["backups.nightly.stores.0: there is no store 'valt'; did you mean 'vault'?"]),
        ("of: db, stores: [vault, vault]", [
            "backups.nightly.stores.1: the second site is the first one; name another store, or leave it out",
        ]),
        ("of: web, stores: [vault]", [
            "backups.nightly.of: no backup tool fits a component of kind 'queue'; "
            "there are some for host, http, postgresql, sqlite",
        ]),
        ("of: db, tool: pgdump, stores: [vault]", [
            "backups.nightly.tool: there is no backup tool 'pgdump'; did you mean 'pg_dump'?",
        ]),
        ("of: db, tool: sqlite, stores: [vault]", [
            "backups.nightly.tool: 'sqlite' does not fit a component of kind 'postgresql'; it fits sqlite",
        ]),
        ('of: db, stores: [vault], incremental: "0 3 \\* \\* \\*"', [
            "backups.nightly.incremental: pg_dump makes full copies only; leave it out, or take another tool",
        ]),
        ("of: db, stores: [vault], encrypt: false", [
            "backups.nightly.encrypt: pg_dump cannot leave its copies unencrypted; "
            "leave it out: what restic keeps is always encrypted",
        ]),
        ("of: db, stores: [vault], paths: [/etc]", [
            "backups.nightly.paths: pg_dump takes no paths; leave them out, or write tool: files",
        ]),
        ("of: db, stores: [vault], on: spare", [
            "backups.nightly.on: pg_dump asks the server itself, by its dsn; leave it out; pgbackrest needs it",
        ]),
        ("of: db, tool: pgbackrest, stores: [pail], on: h", [
            "backups.nightly.on: the component 'h' does not say address, user, key_file, host_key; "
            "write them there; the host_key is what ssh-keyscan -t ed25519 prints",
            "backups.nightly.tool: pgbackrest: pgbackrest is not here; install it with: apt-get install pgbackrest",
        ]),
        ("of: db, tool: pgbackrest, stores: [pail, vault], on: spare", [
            "backups.nightly.tool: pgbackrest: pgbackrest is not here; install it with: apt-get install pgbackrest",
            "backups.nightly.stores.1: pgbackrest on another host cannot send its copies to the folder store 'vault'; "
            "name a store of kind bucket, which both hosts reach",
        ]),
        ("of: db, stores: [vault], prove: {on: spare}", []),
        ("of: db, stores: [vault], prove: {on: spar}", [
            "backups.nightly.prove.on: there is no component 'spar'; did you mean 'spare'?",
        ]),
        ("of: db, stores: [vault], prove: {on: two}", [
            "backups.nightly.prove.on: 'two' is no host; name a component of kind host",
        ]),
        ("of: db, stores: [vault], prove: {on: h}", [
            "backups.nightly.prove.on: the component 'h' does not say address, user, key_file, host_key; "
            "write them there; the host_key is what ssh-keyscan -t ed25519 prints",
        ]),
        ("of: h, stores: [vault], paths: [/etc], prove: {on: spare}", [
            "backups.nightly.prove.on: copies of files are proved on this machine only; "
            "leave it out; elsewhere: pg_dump",
        ]),
        ("of: db, stores: [vault], prove: {on: spare, start: [erp]}", [
            "backups.nightly.prove.start: an application is started on this machine, not on another host; "
            "leave one of the two out",
        ]),
        ("of: h, stores: [vault]", ["backups.nightly.paths: no path is named; write paths: \\[/srv/shop/files\\]"]),
        ("of: h, stores: [vault], paths: [etc]", [
            "backups.nightly.paths.0: 'etc' does not begin at the root; write such as /srv/shop/files",
        ]),
        ('of: db, stores: [vault], full: ""', [
            "backups.nightly.full: no copy would ever be taken; write a cron line, such as 30 1 \\* \\* 0",
        ]),
        ('of: db, tool: pgbackrest, stores: [vault], full: "", incremental: "0 3 \\* \\* \\*"', [
            "backups.nightly.full: an incremental copy needs a full one; write a cron line, such as 30 1 \\* \\* 0",
            "backups.nightly.tool: pgbackrest: pgbackrest is not here; install it with: apt-get install pgbackrest",
        ]),
        ('of: db, stores: [vault], full: "61 \\* \\* \\* \\*"', [
            "backups.nightly.full: '61 \\* \\* \\* \\*' is not a cron expression .*",
        ]),
        ("of: db, tool: pgbackrest, stores: [vault]", [
            "backups.nightly.tool: pgbackrest: pgbackrest is not here; "
            "install it with: apt-get install pgbackrest \\(warning\\)",
        ]),
        ("of: db, stores: [vault], watch: {late: 1h}", [
            "backups.nightly.watch.late: the pack has no parameter 'late'; did you mean 'late_warn'?",
        ]),
        ("of: db, stores: [vault], watch: {policy: x}", [
            "backups.nightly.watch.policy: the policy is this one; leave it out",
        ]),
        ("of: db, stores: [vault], watch: {late_warn: soon}", [
            "backups.nightly.watch.backup.nightly.late.warn.0: .*soon.*",
        ]),
        ('of: db, stores: [vault], dsn: "${SHOP_DUMP_DSN}"', []),
        ('of: db, stores: [vault], dsn: "${shop}"', [
            r"backups.nightly.dsn: \$\{shop\} is not a placeholder; write \$\{NAME\} in capitals, digits and _",
        ]),
        ("of: db, stores: [vault], dsn: 'postgresql://dumper:hush@db/shop'", [
            "backups.nightly.dsn: a secret is written in clear; "
            r"write \$\{NAME\} and give it with: mainstay secret set NAME",
        ]),
        ("of: h, stores: [vault], paths: [/etc], dsn: 'postgresql://dumper@db/shop'", [
            "backups.nightly.dsn: files signs in to nothing here; leave it out",
        ]),
        ("of: two, stores: [vault], dsn: 'postgresql://dumper@standby/shop'", []),
        ("of: two, stores: [vault], dsn: 'postgresql://dumper@db/shpo'", [
            "backups.nightly.dsn: it names another database than the component 'two'; "
            "name the same one, with an account that may read everything",
        ]),
        ('of: h, stores: [vault], paths: ["${SHOP_FILES}/sent"]', []),
        ("of: db, stores: [vault], kepe: {last: 2}", [
            "backups.nightly.kepe: unknown key 'kepe'; did you mean 'keep'?",
        ]),
    ],
)  # fmt: skip
def test_flaws_of_a_policy(policy: str, expected: list[str]) -> None:
    found = flaws(policy.replace("\\", ""), SHARED + PAIL)
    assert len(found) == len(expected), found
    for one, pattern in zip(sorted(found), sorted(expected), strict=True):
        assert re.fullmatch(pattern.replace("?", r"\?"), one), (one, pattern)


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("{kind: floder, path: /x}", ["stores.vault.kind: there is no kind of store 'floder'; did you mean 'folder'?"]),
        ("{kind: folder}", ["stores.vault.path: the key 'path' is missing"]),
        ("{kind: folder, path: /x, prt: 1}", ["stores.vault.prt: unknown key 'prt'; did you mean 'port'?"]),
        ('{kind: folder, path: "${FAR}", port: "${PORT}"}', []),  # judged when it is filled in
    ],
)
def test_flaws_of_a_store(store: str, expected: list[str]) -> None:
    found = flaws("of: db, stores: [vault]", f"stores:\n  vault: {store}\n")
    assert [one.partition(";")[0] for one in found] == [one.partition(";")[0] for one in expected]


def drawn(**files: str) -> Catalogue:
    return examine(texts(**files)).catalogue


def applied(**files: str) -> list[str]:
    return list(map(str, actions.apply(drawn(**files), actor=ALICE)))


database = pytest.mark.django_db


@database
def test_the_first_apply_creates_them_and_the_second_changes_nothing() -> None:
    told = applied(shop=SHOP, shared=SHARED)
    assert [one for one in told if "store" in one or "policy" in one] == [
        "created store far", "created store vault", "created policy shop/home", "created policy shop/nightly",
    ]  # fmt: skip
    assert applied(shop=SHOP, shared=SHARED) == []
    nightly = queries.policy("shop/nightly")
    assert (nightly.component.name, nightly.tool) == ("db", "pg_dump")
    assert policies.definition(nightly).data == "finance"
    assert queries.policy("shop/home").tool == "files"
    assert queries.policy("shop/home").title == {"en": "Homes", "zh": "主目录"}
    assert queries.store("far").settings == {"path": "${FAR_PATH}"}
    assert "backups" not in queries.system("shop").document  # the head does not carry them a second time


@database
def test_what_is_changed_is_named() -> None:
    applied(shop=SHOP, shared=SHARED)
    changed = SHOP.replace("data: finance", "data: other").replace("late_warn: 1h", "late_warn: 2h")
    assert [one.split(" (")[0] for one in applied(shop=changed, shared=SHARED)] == [
        "changed policy shop/nightly", "changed check shop/backup.nightly.late",
    ]  # fmt: skip
    assert applied(shop=changed, shared=SHARED.replace("/srv/vault", "/mnt/vault")) == [
        "changed store vault (path: /srv/vault → /mnt/vault)"
    ]


@database
def test_what_is_written_out_changes_nothing_when_it_is_applied() -> None:
    applied(shop=SHOP, shared=SHARED)
    again = examine({name: text.encode() for name, text in export.files().items()}).catalogue
    assert queries.differences(again) == []


@database
def test_a_policy_that_is_left_out_is_retired_with_its_checks_and_can_come_back() -> None:
    applied(shop=SHOP, shared=SHARED)
    made = queries.policy("shop/nightly").made_at
    told = applied(shop=HEAD, shared=SHARED)
    assert "retired policy shop/nightly" in told
    assert not Check.objects.filter(name__startswith="backup.", retired_at=None).exists()
    assert list(queries.policies()) == []
    assert "restored policy shop/nightly" in applied(shop=SHOP, shared=SHARED)
    assert queries.policy("shop/nightly").made_at > made  # nothing was awaited of it meanwhile
    assert Policy.objects.count() == 2


@database
def test_a_store_that_is_named_is_not_retired() -> None:
    applied(shop=SHOP, shared=SHARED)
    assert queries.users_of("store", "vault") == ["shop"]
    with pytest.raises(actions.Refused, match="shop names the store vault; change that first"):
        actions.retire("store", "vault", actor=ALICE)
    applied(shop=HEAD, shared=SHARED)
    actions.retire("store", "vault", actor=ALICE)
    assert [store.name for store in queries.stores()] == ["far"]
    assert Store.objects.count() == 2


@database
def test_a_single_file_may_name_stores_that_are_in_use() -> None:
    applied(shop=SHOP, shared=SHARED)
    alone = examine(texts(shop=SHOP), whole=False, known=queries.known())
    assert queries.differences(alone.catalogue) == []
    with pytest.raises(Invalid):
        examine(texts(shop=SHOP), whole=False, known=Known())


@database
def test_secrets_of_stores_are_asked_for_and_seen_nowhere() -> None:
    applied(shop=SHOP, shared=SHARED)
    assert queries.secret_uses()["FAR_PATH"] == ["far"]
    assert queries.names_without_value() == ["FAR_PATH", "SHOP_DSN"]
    actions.set_secret("FAR_PATH", "/mnt/canary", actor=ALICE)
    assert queries.store_settings(queries.store("far")) == {"path": "/mnt/canary"}
    assert "canary" not in "".join(export.files().values())


@database
def test_secrets_of_policies_are_asked_for_where_they_may_stand() -> None:
    asking = 'dsn: "${SHOP_DUMP_DSN}", of: db, title: "not ${ASKED}"'
    applied(shop=f"{HEAD}backups:\n  nightly: {{{asking}, stores: [vault]}}\n", shared=SHARED)
    assert queries.secret_uses()["SHOP_DUMP_DSN"] == ["shop/nightly"]
    assert queries.names_without_value() == ["FAR_PATH", "SHOP_DSN", "SHOP_DUMP_DSN"]


@database
def test_the_hosts_that_a_policy_names_are_handed_to_its_run() -> None:
    policy = "{of: two, tool: pgbackrest, stores: [pail], on: spare}"
    proved = "{of: two, stores: [vault], prove: {on: spare}}"
    text = f"{HEAD}backups:\n  files: {policy}\n  dump: {proved}\n"
    actions.apply(examine(texts(shop=text, shared=SHARED + PAIL)).catalogue, actor=ALICE)
    away, far = (means(Policy.objects.get(name=name)) for name in ("files", "dump"))
    assert (away.source.host["address"], away.host) == ("192.0.2.7", None)
    assert (dict(far.source.host), far.host and far.host["user"]) == ({}, "prover")


@pytest.mark.django_db
def test_who_sees_what() -> None:
    applied(shop=SHOP, shared=SHARED)
    stranger = Sight(rest=False, named=frozenset({"other"}))
    assert list(queries.policies(sight=stranger)) == []
    assert list(queries.stores(stranger)) == []  # they belong to no system
    assert queries.users("store", stranger) == {}


@database
def test_every_policy_brings_its_checks() -> None:
    applied(shop=SHOP, shared=SHARED)
    found = {check.name: check for check in queries.checks("shop")}
    names = {name.removeprefix("backup.nightly.") for name in found if name.startswith("backup.nightly.")}
    assert names == {"late", "failed", "size", "unproved", "second-site", "repository", "space", "key"}
    late = found["backup.nightly.late"]
    assert late.component is not None
    assert (late.component.name, late.pack, late.kind, late.category) == ("db", "backup", "backup", "data")
    assert late.document["warn"] == ["late > 1h"]
    assert late.document["title"]["zh"] == "备份 nightly：按时执行"
    assert "backup.home.second-site" not in found  # it has one store
    home = found["backup.home.unproved"]
    assert (home.document["warn"], home.document["crit"]) == (["unproved > 10d"], ["unproved > 20d"])
    assert all(not spec.setup_problem for spec in queries.specs() if spec.kind == "backup")


@database
def test_wal_is_watched_where_it_is_archived() -> None:
    applied(shop=f"{HEAD}backups: {{pitr: {{of: db, tool: pgbackrest, stores: [vault]}}}}\n", shared=SHARED)
    check = queries.check("shop/backup.pitr.archive")
    assert "pg_stat_archiver" in check.document["probe"]["query"]


@database
def test_a_check_of_a_policy_can_be_changed_and_left_out_like_any_other() -> None:
    applied(shop=SHOP, shared=SHARED)
    name = "backup.nightly.space"
    assert editing.writing("shop", name).base["crit"] == ["days_left < 7"]
    actions.edit_check("shop", name, {"crit": ["days_left < 14"]}, actor=ALICE)
    assert queries.check(f"shop/{name}").document["crit"] == ["days_left < 14"]
    actions.edit_check("shop", name, {"enabled": False}, actor=ALICE)
    assert not queries.checks("shop").filter(name=name).exists()
    assert editing.writing("shop", name).definition["enabled"] is False


@database
def test_the_plan_follows_the_tool_and_the_calendar() -> None:
    shared = SHARED + "calendars: {cn: {holidays: [2027-01-01]}}\n"
    shop = SHOP.replace("components:", "calendar: cn\ncomponents:")
    applied(shop=shop, shared=shared)
    plan = policies.plan(queries.policy("shop/nightly"))
    assert (plan.zone.key, plan.levels) == ("Asia/Shanghai", ("full",))
    assert [str(day) for day in plan.book.holidays] == ["2027-01-01"]
    assert policies.plan(queries.policy("shop/home")).levels == ("full", "incremental")


def test_the_name_of_a_key_is_one_for_a_secret() -> None:
    assert key_name("web-shop", "nightly-full") == "BACKUP_KEY_WEB_SHOP__NIGHTLY_FULL"


def test_the_pack_is_right_with_its_defaults() -> None:
    book: Any = packs.find()["backup"]
    assert book.readme.count("\n# ") == 1


def test_secrets_in_clear_are_refused() -> None:
    found = flaws("of: db, stores: [vault]", "stores:\n  vault: {kind: folder, path: /x, password: hush}\n")
    assert any("a secret is written in clear" in one for one in found)
    assert not any("hush" in one for one in found)
