"""Policies and stores made, changed and retired on three faces; what comes of it is seen before it is saved."""

import html
import json
import re
import shlex
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mainstay.catalogue import actions, editing, queries
from mainstay.catalogue.editing_backups import store_writing
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Policy, Store
from mainstay.cli.main import load
from mainstay.domain.actor import Role
from tests.faces.test_backups import MANUAL, ROOT, by_api
from tests.faces.test_web import person
from tests.faces.test_web_edit import fields
from tests.line.backed_up import copy, nights
from tests.line.test_policy_edit import SHARED, SHOP

pytestmark = pytest.mark.django_db
API = "/api/v1/backups"
NIGHTLY, EDIT, NEW = f"{API}/policies/shop/nightly", "/backups/policies/shop/nightly/edit/", "/backups/policies/new/"
FAR = "/backups/stores/of/far/"


@pytest.fixture(autouse=True)
def shop() -> None:
    actions.apply(examine({"shop.yaml": SHOP, "shared.yaml": SHARED}).catalogue, actor=ROOT)


def own(name: str = "nightly") -> dict[str, Any]:
    found: dict[str, Any] = editing.written("shop").get("backups", {}).get(name, {})
    return found


def send(method: str, path: str, body: Any = None, role: Role = Role.APPROVER) -> Any:
    return by_api(role).generic(method, path, data=json.dumps(body or {}), content_type="application/json")


def tell(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    load("backup").main([*words, "--json"], standalone_mode=False)
    return json.loads(capsys.readouterr().out)


# By API


def test_what_is_read_can_be_put_and_changes_nothing() -> None:
    definition = by_api().get(NIGHTLY).json()["definition"]
    assert send("PUT", NIGHTLY, definition).json() == {"differences": [], "yaml": []}
    assert queries.revision() == 1


def test_a_policy_is_tried_put_and_retired_by_api() -> None:
    wanted = {"of": "db", "stores": ["far"], "keep": {"last": 9}}
    tried = send("PUT", f"{API}/policies/shop/hourly?dry_run=true", wanted).json()
    assert "+  hourly:" in tried["yaml"]
    assert own("hourly") == {}
    done = send("PUT", f"{API}/policies/shop/hourly", wanted).json()
    assert done == tried
    assert own("hourly") == wanted
    assert send("DELETE", f"{API}/policies/shop/hourly?dry_run=true").json()["differences"][0]["act"] == "retired"
    assert own("hourly") == wanted
    send("DELETE", f"{API}/policies/shop/hourly")
    assert own("hourly") == {}


def test_the_preview_by_api_is_of_what_was_sent() -> None:
    nights(Policy.objects.get(), 12, datetime.now(UTC) - timedelta(hours=5))
    told = send("POST", f"{NIGHTLY}/preview", {**own(), "keep": {**own()["keep"], "daily": 0}}).json()
    assert (len(told["runs"]), told["repositories"][0]["goes"]) == (20, 10)
    assert (told["sizes"][0]["level"], told["rooms"]) == ("full", [{"store": "vault", "free": None}])
    assert by_api().get(f"{NIGHTLY}/preview").json()["repositories"][0]["goes"] == 8
    new = send("POST", f"{API}/policies/shop/other/preview", {"of": "db", "stores": ["far"]}).json()
    assert new["repositories"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("PUT", NIGHTLY, {"of": "db", "stores": ["volt"]}, 422, "did you mean 'vault'?"),
        ("PUT", NIGHTLY, {"of": "db", "stores": ["vault"], "keep": {"lst": 1}}, 422, "lst"),
        ("PUT", NIGHTLY, {"of": "db", "stores": ["vault"], "title": "a\0b"}, 422, ""),
        ("PUT", f"{API}/policies/none/nightly", {"of": "db", "stores": ["vault"]}, 404, "no system none"),
        ("DELETE", f"{API}/policies/shop/none", {}, 404, "no backup policy shop/none"),
        ("DELETE", f"{API}/stores/vault", {}, 409, "shop names the store vault"),
        ("DELETE", f"{API}/stores/none", {}, 404, ""),
        ("PUT", f"{API}/stores/far", {"kind": "directory", "path": "srv"}, 422, "write an absolute path"),
    ],
)
def test_what_cannot_be_done_says_why(method: str, path: str, body: Any, status: int, words: str) -> None:
    answer = send(method, path, body)
    assert answer.status_code == status, answer.content
    assert words in answer.content.decode()
    assert queries.revision() == 1


def test_a_store_is_read_put_and_retired_by_api() -> None:
    definition = by_api().get(f"{API}/stores/far").json()["definition"]
    assert definition["path"] == "/srv/far"
    assert send("PUT", f"{API}/stores/far", definition).json()["differences"] == []
    lines = send("PUT", f"{API}/stores/far?dry_run=true", {"kind": "directory", "path": "/x"}).json()["yaml"]
    assert "+    path: /x" in lines
    assert store_writing("far").own["path"] == "/srv/far"
    send("PUT", f"{API}/stores/far", {"kind": "directory", "path": "/x"})
    assert store_writing("far").own == {"kind": "directory", "path": "/x"}
    assert send("DELETE", f"{API}/stores/far").json()["differences"][0]["act"] == "retired"
    assert by_api().get(f"{API}/stores/far").status_code == 404


# On the command line


def test_a_policy_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    dry = tell(capsys, "set", "shop/nightly", "--set", "keep.last=5", "--set", "title={zh: 每夜}", "--dry-run")
    assert own()["keep"]["last"] == 2
    assert tell(capsys, "set", "shop/nightly", "--set", "keep.last=5", "--set", "title={zh: 每夜}") == dry
    assert (own()["keep"]["last"], own()["title"]) == (5, {"zh": "每夜"})
    tell(capsys, "set", "shop/nightly", "--set", "keep=", "--set", "title=")
    assert own() == {"of": "db", "stores": ["vault"], "full": "0 2 * * *"}
    tell(capsys, "set", "shop/hourly", "--set", "of=db", "--set", "stores=[far]")
    assert own("hourly") == {"of": "db", "stores": ["far"]}
    assert tell(capsys, "retire", "shop/hourly")["differences"][0]["name"] == "shop/hourly"
    assert own("hourly") == {}


def test_a_preview_on_the_command_line_with_other_keys(capsys: pytest.CaptureFixture[str]) -> None:
    nights(Policy.objects.get(), 12, datetime.now(UTC) - timedelta(hours=5))
    assert tell(capsys, "preview", "shop/nightly", "--set", "keep.daily=12")["repositories"][0]["goes"] == 0
    load("backup").main(["preview", "shop/new", "--set", "of=db", "--set", "stores=[far]"], standalone_mode=False)
    assert "a copy, full: about 977 KiB; the store grows by about 1,000 B" in capsys.readouterr().out


def test_a_store_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    tell(capsys, "set-store", "new", "--set", "kind=directory", "--set", "path=/srv/new")
    assert store_writing("new").own == {"kind": "directory", "path": "/srv/new"}
    tell(capsys, "set-store", "new", "--set", "mounted=true", "--dry-run")
    assert "mounted" not in store_writing("new").own
    assert tell(capsys, "retire-store", "new")["differences"][0]["act"] == "retired"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["set", "shop/nightly", "--set", "keep.last=0"], 78, "keep.last"),
        (["set", "shop/nightly", "--set", "keep.last"], 64, "does not say KEY=VALUE"),
        (["set", "shop/nightly", "--set", "keep={"], 64, "keep:"),
        (["set", "none/nightly"], 64, "there is no system none"),
        (["retire", "shop/none"], 64, "there is no backup policy shop/none"),
        (["retire-store", "vault"], 64, "shop names the store vault"),
        (["retire-store", "none"], 64, "there is no store none"),
    ],
)
def test_what_the_command_line_refuses(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load("backup").main(words, standalone_mode=False) == code
    assert said in capsys.readouterr().err
    assert queries.revision() == 1


def test_the_commands_of_the_manual() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    shared, written, *_ = re.findall(r"^```yaml\n(.*?)^```", manual, re.DOTALL | re.MULTILINE)
    files = {"shop.yaml": b"system: shop\n" + written.encode(), "shared.yaml": shared.encode()}
    actions.apply(examine(files).catalogue, actor=ROOT)
    (block,) = (one for one in re.findall(r"^```sh\n(.*?)^```", manual, re.DOTALL | re.MULTILINE) if "set-store" in one)
    for line in block.splitlines():
        words = shlex.split(line, comments=True)
        assert load("backup").main(words[2:], standalone_mode=False) in (0, None), line
    assert own()["keep"]["daily"] == 14, "it was tried only"
    assert Policy.objects.get(name="hourly").retired_at is not None
    assert Store.objects.get(name="third").retired_at is not None


# On pages


def text(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def page(who: Client, where: str) -> dict[str, str]:
    return fields(who.get(where).content.decode())


def test_what_was_shown_is_saved_and_nothing_else() -> None:
    who = person(Role.APPROVER)
    asked = page(who, EDIT) | {"keep_daily": "7", "rate": "2.5"}
    blind = who.post(EDIT, {**asked, "do": "save"})
    assert "+      daily: 7" in text(blind), "it is shown first"
    assert queries.revision() == 1
    seen = fields(blind.content.decode())
    assert who.post(EDIT, {**seen, "keep_daily": "8", "do": "save"}).status_code == 200, "another try is shown again"
    assert queries.revision() == 1
    assert who.post(EDIT, {**seen, "do": "save"})["Location"] == "/backups/policies/shop/nightly/"
    assert own() == {
        "of": "db", "stores": ["vault"], "full": "0 2 * * *", "rate": 2.5,
        "keep": {"last": 2, "daily": 7, "weekly": 0, "monthly": 0, "yearly": 0},
    }  # fmt: skip


def test_leaving_all_as_it_is_changes_nothing() -> None:
    full = {
        "of": "db", "tool": "sqlite", "stores": ["vault", "far"], "title": {"en": "N", "zh": "夜", "zh-hant": "夜間"},
        "data": "finance", "incremental": "", "window": "22:00-06:00", "deadline": "2h", "databases": ["main"],
        "prove": {"schedule": "", "after_each": False, "within": "9d", "rules": False, "tables": ["t"]},
        "watch": {"late_warn": "1h", "small_warn": 40}, "parallel": 4, "rate": 1.5,
    }  # fmt: skip
    actions.put_policy("shop", "nightly", full, actor=ROOT)
    who = person(Role.APPROVER)
    for where in (EDIT, FAR):
        assert "Nothing would be changed." in text(who.post(where, {**page(who, where), "do": "preview"}))


def test_a_new_policy_from_the_gap_to_its_page() -> None:
    who = person(Role.APPROVER)
    actions.retire_policy("shop", "nightly", actor=ROOT)
    link = re.search(r'href="(/backups/policies/new/[^"]+of=db)"', text(who.get("/backups/")))
    assert link
    asked = page(who, link[1])
    assert (asked["of"], asked["name"], asked["system"]) == ("db", "nightly", "shop")
    shown = who.post(NEW, {**asked, "stores_0": "far", "stores_1": "", "do": "preview"})
    assert shown.content.decode().count('<tr><td class="lead num left">') == 20
    assert who.post(NEW, {**fields(shown.content.decode()), "do": "save"}).status_code == 302
    assert own() == {"of": "db", "stores": ["far"]}
    again = who.post(NEW, {**asked, "stores_0": "far", "do": "preview"})
    assert "A policy of that name is there already." in text(again)


def test_the_fragment_that_follows_the_fields_never_saves() -> None:
    who, rows = person(Role.APPROVER), Policy.objects.get()
    nights(rows, 12, datetime.now(UTC) - timedelta(hours=5))
    asked = page(who, EDIT) | {"keep_daily": "1", "keep_last": "1"}
    shown = who.post(EDIT, asked, headers={"HX-Request": "true"})
    assert "<main" not in shown.content.decode()
    assert "11 copies go at the next thinning out." in text(shown)
    seen = asked | fields(shown.content.decode())
    assert seen["shown"]
    who.post(EDIT, {**seen, "do": "save"}, headers={"HX-Request": "true"})
    assert queries.revision() == 1
    wrong = text(who.post(EDIT, {**asked, "keep_last": "many"}, headers={"HX-Request": "true"}))
    beside = re.search(r'<div class="wrong" id="wrong-keep_last"[^>]*hx-swap-oob="true">(.*?)</div>', wrong, re.DOTALL)
    assert beside
    assert "whole number is expected" in beside[1]


def test_flaws_stand_beside_their_field() -> None:
    who = person(Role.APPROVER)
    asked = page(who, EDIT) | {"full": "<s>often", "keep_last": "0", "stores_1": "vault", "watch": "late_wran: 1h"}
    answer = who.post(EDIT, {**asked, "do": "preview"})
    assert "<s>often" not in answer.content.decode()
    for name in ("full", "keep_last", "stores_1", "watch"):
        assert re.search(
            rf'<div class="wrong" id="wrong-{name}"[^>]*><ul class="errorlist">', answer.content.decode()
        ), name
    assert "<details open>" in answer.content.decode(), "what is wrong is not folded in"


def test_who_was_overtaken_sees_what_is_now() -> None:
    who = person(Role.APPROVER)
    asked = page(who, EDIT) | {"keep_last": "7"}
    seen = fields(who.post(EDIT, {**asked, "do": "preview"}).content.decode())
    actions.put_policy("shop", "nightly", {**own(), "rate": 9.0}, actor=ROOT)
    answer = who.post(EDIT, {**seen, "do": "save"})
    assert "changed by somebody else" in text(answer)
    assert "-    rate: 9.0" in text(answer), "what the form would undo is seen"
    assert own()["rate"] == 9.0
    gone = who.post("/backups/policies/shop/nightly/retire", {"seen": asked["seen"]}, follow=True)
    assert "changed by somebody else" in text(gone)
    assert own()


def test_retiring_says_what_stays() -> None:
    who, row = person(Role.APPROVER), Policy.objects.get()
    copy(row)
    asked = page(who, EDIT)
    assert "its 1 copy in the stores, the key BACKUP_KEY_SHOP__NIGHTLY" in text(who.get(EDIT))
    assert who.post("/backups/policies/shop/nightly/retire", {"seen": asked["seen"]})["Location"] == "/backups/"
    assert own() == {}
    assert who.get(EDIT).status_code == 404
    back = who.post(NEW, {**asked, "system": "shop", "name": "nightly", "seen": editing.seen_of("shop")})
    assert "its 1 copy is taken up again" in text(back)


def test_a_change_of_what_is_copied_warns_of_what_lies_there() -> None:
    copy(Policy.objects.get())
    who = person(Role.APPROVER)
    asked = page(who, EDIT) | {"of": "host", "paths": "/srv/shop"}
    assert "There is 1 copy of something else" in text(who.post(EDIT, {**asked, "do": "preview"}))


def test_a_store_on_its_page() -> None:
    who = person(Role.APPROVER)
    assert "?kind=sftp" in text(who.get("/backups/stores/new/"))
    asked = page(who, "/backups/stores/new/?kind=directory") | {"name": "new", "path": "/srv/new", "title_zh": "新"}
    shown = fields(who.post("/backups/stores/new/", {**asked, "do": "save"}).content.decode())
    assert not Store.objects.filter(name="new").exists(), "it is shown first"
    assert who.post("/backups/stores/new/", {**shown, "do": "save"}).status_code == 302
    assert store_writing("new").own == {"kind": "directory", "title": {"zh": "新"}, "path": "/srv/new"}
    taken = who.post("/backups/stores/new/", {**asked, "do": "preview"})
    assert "A store of that name is there already." in text(taken)
    assert who.post("/backups/stores/of/new/retire")["Location"] == "/backups/"
    assert who.get("/backups/stores/of/new/").status_code == 404
    assert "shop names the store vault" in text(who.post("/backups/stores/of/vault/retire", follow=True))


def test_a_store_that_leads_elsewhere_leaves_its_copies() -> None:
    copy(Policy.objects.get())
    who, where = person(Role.APPROVER), "/backups/stores/of/vault/"
    asked = page(who, where) | {"path": "/srv/elsewhere"}
    assert "1 copy lies where the store leads now" in text(who.post(where, {**asked, "do": "preview"}))
    titled = page(who, where) | {"title_en": "Vault"}
    assert "lies where" not in text(who.post(where, {**titled, "do": "preview"}))


def test_a_secret_goes_by_its_name_and_never_comes_back() -> None:
    who, where = person(Role.APPROVER), "/backups/stores/new/?kind=s3"
    asked = page(who, where) | {
        "name": "cloud", "endpoint": "https://s3.example", "bucket": "copies", "access_key": "S3_ID",
        "secret_key": "canary/of+a+secret",
    }  # fmt: skip
    refused = text(who.post(where, {**asked, "do": "preview"}))
    assert "this is not the name of a secret" in refused
    assert "canary" not in refused
    shown = fields(who.post(where, {**asked, "secret_key": "${S3_KEY}", "do": "preview"}).content.decode())
    assert who.post(where, {**shown, "do": "save"}).status_code == 302
    made = store_writing("cloud").own
    assert (made["access_key"], made["secret_key"]) == ("${S3_ID}", "${S3_KEY}")
    assert page(who, "/backups/stores/of/cloud/")["secret_key"] == "S3_KEY"


@pytest.mark.parametrize(("role", "code"), [(Role.OPERATOR, 403), (Role.APPROVER, 200)])
def test_who_may_change_them(role: Role, code: int) -> None:
    who = person(role)
    for where in (EDIT, NEW, FAR, "/backups/stores/new/"):
        assert who.get(where).status_code == code
    listed, one = text(who.get("/backups/")), text(who.get("/backups/policies/shop/nightly/"))
    assert ("/policies/new/" in listed, FAR in listed, EDIT in one) == (code == 200,) * 3


def test_before_there_is_a_store_or_a_system() -> None:
    who = person(Role.APPROVER)
    Store.objects.all().delete()
    assert "/backups/stores/new/" in text(who.get(NEW))
    assert who.get(f"{NEW}?system=none").status_code == 404
