"""Backups on three faces: what is covered, what a policy will do and drop, and whether a store can be written to."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mainstay.audit.models import Record
from mainstay.backups.models import Job
from mainstay.backups.queries import overview
from mainstay.backups.queries.overview import coverage
from mainstay.backups.queries.preview import preview
from mainstay.catalogue import kinds
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check, Component, Policy, Store, System
from mainstay.cli.main import load
from mainstay.domain.actor import Actor, Denied, Role, Sight
from mainstay.domain.retention import Rule
from mainstay.engine.store_trial import try_store
from mainstay.people.actions import create_token
from mainstay.people.models import Person
from mainstay.web.entering import BACKEND
from tests.line.backed_up import copy, nights, open_policy, proof, watch

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
MANUAL = Path(__file__).resolve().parents[2] / "docs" / "manual" / "backups.md"
DAY = timedelta(days=1)


def by_api(role: Role = Role.VIEWER) -> Client:
    _, text = create_token(name="t", role=role, actor=ROOT)
    return Client(headers={"authorization": f"Bearer {text}"})


def on_pages(role: Role = Role.VIEWER) -> Client:
    client = Client()
    client.force_login(Person.objects.create(username="ann", role=role, password="!"), backend=BACKEND)
    return client


def tell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """What ``mainstay backup … --json`` prints, and its exit code."""
    code = load("backup").main([*words, "--json"], standalone_mode=False)
    return code or 0, json.loads(capsys.readouterr().out)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def nightly() -> Policy:
    """Twelve nights, the third newest proved; keeps the last two and one of each of four days."""
    policy = open_policy(keep={"last": 2, "daily": 4, "weekly": 0, "monthly": 0, "yearly": 0}, stores=("vault",))
    found = nights(policy, 12, now() - timedelta(hours=5))
    proof(found[8], now() - DAY)
    return policy


def test_what_holds_data_and_is_not_covered_comes_first(nightly: Policy) -> None:
    shop = nightly.system
    Component.objects.create(system=shop, name="web", kind="http")
    Component.objects.create(system=shop, name="host", kind="host")
    books = Component.objects.create(system=shop, name="books", kind="postgresql")
    assert [(one.component.name, one.gap) for one in coverage()] == [("books", "policy"), ("db", "site")]
    open_policy("books", stores=("vault", "far"))
    Policy.objects.filter(name="books").update(component=books)
    assert [(one.component.name, one.gap) for one in coverage()] == [("db", "site"), ("books", "")]
    Policy.objects.filter(name="books").update(retired_at=now())
    assert coverage()[0].gap == "policy"
    System.objects.filter(pk=shop.pk).update(retired_at=now())
    assert coverage() == []


def test_two_policies_with_a_store_each_are_two_sites(nightly: Policy) -> None:
    open_policy("other", stores=("far",))
    (one,) = coverage()
    assert (one.gap, one.stores) == ("", ["vault", "far"])
    assert len(one.policies) == 2
    assert nightly in one.policies


def test_what_nobody_may_see_is_not_counted(nightly: Policy) -> None:
    assert coverage(Sight(rest=True, named=frozenset({nightly.system.name}))) == []


def test_the_preview_says_what_goes_and_why_the_rest_stays(nightly: Policy) -> None:
    found = preview(nightly, now())
    assert len(found.runs) == 20
    (shelf,) = found.shelves
    rules = [[rule.value for rule in fate.rules] for fate in shelf.fates]
    assert rules[:4] == [["last", "daily"], ["last", "daily"], ["daily"], ["daily"]]
    assert rules[8] == ["proved"]
    assert shelf.goes == 7
    copy(nightly, now() + 900 * DAY)
    (refused,) = preview(nightly, now()).shelves
    assert (refused.goes, "dated in the future" in refused.refused) == (0, True)


def test_what_is_owed_to_the_second_site_stays() -> None:
    policy = open_policy(keep={"last": 1, "daily": 0, "weekly": 0, "monthly": 0, "yearly": 0})
    newest, older, oldest = nights(policy, 3, now() - timedelta(hours=5))
    copy(policy, oldest.at, store="far", made_from=oldest)
    first = preview(policy, now()).shelves[0]
    assert {fate.copy.pk: fate.rules for fate in first.fates} == {
        newest.pk: (Rule.LAST, Rule.OWED), older.pk: (Rule.OWED,), oldest.pk: (),
    }  # fmt: skip


def test_the_state_of_a_policy_is_that_of_its_worst_check(nightly: Policy) -> None:
    (glance,) = overview.glances(now())
    assert glance.state == "unknown"
    watch(nightly, "late", "ok")
    watch(nightly, "size", "warning")
    open_policy("size", stores=("vault",))  # its name is not that of the check
    states = {one.policy.name: one.state for one in overview.glances(now())}
    assert states == {"nightly": "warning", "size": "unknown"}
    assert Check.objects.count() == 2


def test_a_run_that_was_planned_already_is_not_the_next(nightly: Policy) -> None:
    (glance,) = overview.glances(now())
    assert glance.next is not None
    assert glance.next.begins > now()
    assert glance.copy is not None
    assert glance.proof is not None
    assert glance.proof.verdict == "proved"


def test_three_faces_say_the_same(nightly: Policy, capsys: pytest.CaptureFixture[str]) -> None:
    client, pages = by_api(), on_pages()
    code, printed = tell(capsys, "policies")
    listed = client.get("/api/v1/backups/policies").json()
    assert (code, printed["count"]) == (0, listed["count"])
    (row,) = listed["items"]
    assert (row["name"], row["last_proof"]["verdict"], row["stores"]) == ("nightly", "proved", ["vault"])
    assert printed["items"][0]["next_run"]["tick"] == row["next_run"]["tick"]
    page = pages.get("/backups/").content.decode()
    assert "its copies lie in one place only" in page
    assert f"/backups/policies/{nightly.system.name}/nightly/" in page
    code, covered = tell(capsys, "coverage")
    assert (code, covered["items"][0]["gap"]) == (1, "site")
    assert client.get("/api/v1/backups/coverage").json()["items"] == covered["items"]
    _, previewed = tell(capsys, "preview", "shop/nightly")
    told = client.get("/api/v1/backups/policies/shop/nightly/preview").json()
    assert [len(told["runs"]), told["repositories"][0]["goes"]] == [20, 7]
    assert len(previewed["repositories"][0]["copies"]) == 12
    policy = pages.get("/backups/policies/shop/nightly/").content.decode()
    assert policy.count('<td><span class="bad">goes</span></td>') == 7
    assert "the newest proved one" in policy
    whole = client.get("/api/v1/backups/policies/shop/nightly").json()["definition"]
    assert whole["keep"]["daily"] == 4
    assert tell(capsys, "policy", "shop/nightly")[1]["definition"] == whole


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.VIEWER, []),
        (Role.OPERATOR, ["Back up now", "Prove now"]),
        (Role.ADMINISTRATOR, ["Back up now", "Prove now", "Recovery sheet"]),
    ],
)
def test_each_is_offered_what_he_may_do(nightly: Policy, role: Role, offered: list[str]) -> None:
    page = on_pages(role).get(f"/backups/policies/{nightly}/").content.decode()
    assert re.findall(r"<summary>(Back up now|Prove now|Recovery sheet)</summary>", page) == offered


def test_a_run_is_asked_for_on_the_policys_page(nightly: Policy) -> None:
    answer = on_pages(Role.OPERATOR).post("/backups/run", {"policy": str(nightly), "act": "check"})
    asked = Job.objects.get(act="check")
    assert (answer["Location"], asked.why) == (f"/backups/jobs/{asked.pk}/", "hand")


def test_today_says_it_in_a_line_a_system(nightly: Policy) -> None:
    Component.objects.create(system=nightly.system, name="books", kind="mariadb")
    (line,) = overview.by_system()
    assert (line.state, line.policies, line.unprotected, line.one_site) == ("critical", 1, 1, 1)
    assert (line.never_proved, line.lacks) == (0, True)
    page = on_pages().get("/today/").content.decode()
    assert "1 component without a policy" in page
    assert "1 component in one place only" in page


def test_nothing_yet(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(capsys, "coverage") == (0, {"items": [], "next": None, "count": 0})
    page = on_pages().get("/backups/").content.decode()
    assert "No backup policy yet" in page
    assert "/help/backups/" in page


def store(path: str) -> None:
    Store.objects.create(name="vault", kind="directory", settings={"path": path})


def test_a_store_is_tried_by_administrators_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(str(tmp_path))
    with pytest.raises(Denied):
        try_store("vault", actor=Actor("person:bob", Role.APPROVER))
    assert by_api(Role.APPROVER).post("/api/v1/backups/stores/vault/try").status_code == 403
    assert "Try it" not in on_pages(Role.APPROVER).get("/backups/").content.decode()
    tried = by_api(Role.ADMINISTRATOR).post("/api/v1/backups/stores/vault/try").json()
    assert (tried["reached"], tried["answer"]) == (True, "")
    assert tried["free"] > 0
    assert tell(capsys, "try", "vault")[0] == 0
    assert list(tmp_path.iterdir()) == []
    assert [record.data["reached"] for record in Record.objects.filter(act="store.try")] == [True, True]


def test_a_store_that_is_away_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(str(tmp_path / "gone"))
    code, tried = tell(capsys, "try", "vault")
    assert (code, tried["reached"]) == (2, False)
    assert "make it, or mount what belongs there" in tried["answer"]


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("directory", {"path": "${NOWHERE_GIVEN}"}, "${NOWHERE_GIVEN} has no value"),
        ("directory", {"path": "canary-of-the-path"}, "the value filled into path does not fit"),
        ("gone", {}, "there is no kind of store gone here"),
    ],
)
def test_a_store_that_is_set_up_wrong(kind: str, settings: dict[str, str], words: str) -> None:
    Store.objects.create(name="vault", kind=kind, settings=settings)
    tried = try_store("vault", actor=ROOT)
    assert not tried.reached
    assert words in tried.answer
    assert "canary" not in tried.answer


def test_the_policies_of_the_manual_are_right() -> None:
    shared, written, *_ = re.findall(r"^```yaml\n(.*?)^```", MANUAL.read_text(), re.DOTALL | re.MULTILINE)
    found = examine({"shop.yaml": b"system: shop\n" + written.encode(), "shared.yaml": shared.encode()})
    policies = found.catalogue.systems["shop"].policies
    assert {name: one.tool for name, one in policies.items()} == {"nightly": "sqlite", "attachments": "files"}
    assert [str(warning) for warning in found.warnings if "install" not in str(warning)] == []


def test_whatever_holds_data_has_a_tool() -> None:
    found = {kind: kinds.backup_tool_for(kind) for kind in (*overview.STATEFUL, "host", "http")}
    assert found == {
        "postgresql": "pg_dump", "mariadb": "mariadb_dump", "sqlite": "sqlite", "host": "files", "http": "",
    }  # fmt: skip
