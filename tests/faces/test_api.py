"""The API: who may do what on every route, how errors look, and an incident's story."""

import json
import re
import shutil
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from ninja import Schema

from mainstay.api.document import document
from mainstay.api.shapes import Body
from mainstay.audit.models import Record
from mainstay.domain.actor import Actor, Role
from mainstay.people.actions import create_token
from mainstay.people.models import Token

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
SYSTEM = """
system: shop
tier: 1
components:
  web: {kind: http, url: "http://127.0.0.1:1/"}
checks:
  home:
    probe: {kind: http, on: web}
    impact: outage
  job:
    probe: {kind: heartbeat, period: 1h, grace: 5m}
"""
OPERATIONS = [
    (method, path) for path, item in sorted(document()["paths"].items()) for method in sorted(item)
]  # fmt: skip


def client(role: Role | None, scopes: list[str] | None = None) -> Client:
    if role is None:
        return Client()
    _, text = create_token(name="t", role=role, scopes=scopes, actor=ROOT)
    return Client(headers={"authorization": f"Bearer {text}"})


def call(who: Client, method: str, path: str, body: Any = None) -> Any:
    return who.generic(method.upper(), path, data=json.dumps(body or {}), content_type="application/json")


@pytest.fixture
def shop() -> Client:
    admin = client(Role.ADMINISTRATOR)
    answer = call(admin, "post", "/api/v1/catalogue/apply", {"files": {"shop.yaml": SYSTEM}})
    assert answer.status_code == 200, answer.content
    return admin


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_nobody_gets_in_without_a_token(method: str, path: str) -> None:
    answer = call(client(None), method, re.sub(r"\{[^}]+\}", "1", path))
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


READS = ("/catalogue/validate", "/catalogue/diff", "/preview")


@pytest.mark.parametrize(
    ("method", "path"), [one for one in OPERATIONS if one[0] != "get" and not one[1].endswith(READS)]
)
def test_a_viewer_changes_nothing(method: str, path: str) -> None:
    answer = call(client(Role.VIEWER), method, re.sub(r"\{[^}]+\}", "1", path), fitting(method, path))
    assert answer.status_code == 403, (method, path, answer.content)
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_operation_breaks_on_what_is_not_there(method: str, path: str) -> None:
    answer = call(client(Role.ADMINISTRATOR), method, re.sub(r"\{[^}]+\}", "999999", path), fitting(method, path))
    assert answer.status_code < 500, answer.content
    assert method == "get" or answer.status_code != 422, answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


def fitting(method: str, path: str) -> dict[str, Any]:
    """A body that this operation takes."""
    operation = document()["paths"][path][method]
    if "requestBody" not in operation:
        return {}
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    known = document()["components"]["schemas"][name]["properties"]
    found = {
        key: next(iter(choices(known[key])), value)
        for key, value in FITTING.items()
        if key in known and isinstance(value, list) is (known[key].get("type") == "array")
    }
    return found | ONLY.get(name, {})


def choices(field: dict[str, Any]) -> list[Any]:
    """The values that this field is held to; none where any will do."""
    return [value for one in (field, *field.get("anyOf", ())) for value in one.get("enum", ())]


FITTING = {
    "files": {}, "text": "x", "reason": "x", "system": "none", "title": "x", "category": "data", "level": 3, "hours": 1,
    "value": "x", "username": "x", "password": "violet-otter-31", "name": "x", "role": "viewer", "alerts": [],
    "seal": "x", "policy": "none/none", "to": "directory", "target": "/srv/none",
    "year": 2026, "week": 48, "of": "db", "stores": ["vault"], "kind": "directory",
    "rotation": "week", "person": "zoe", "taker": "zoe", "export": {},
    "at": "2027-01-01T00:00:00Z", "plan": "none", "place": 1, "owner": "zoe",
    "start": "2027-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z", "step": "a",
    "due": "2027-01-31", "ending": "training", "proof": "x",
    "component": "db", "version": "1.0",
}  # fmt: skip
A_PLAN = {"plan": "another", "system": "none", "title": "x", "steps": [{"title": "x"}]}
ONLY: dict[str, dict[str, Any]] = {
    "PlanWritten": {"document": A_PLAN},
    "PlanEdited": {"document": A_PLAN},
    "RotationWanted": {"layers": [{"people": ["zoe"], "start": "2026-01-05"}]},
    "RiskAccepted": {"until": "2027-01-31"},
    "StoreWanted": {"path": "/srv/vault"},
    "Source": {"text": "runbook: another\nsteps: {a: {kind: manual, words: x}}\n", "name": ""},
}
"""Name of a body → what only its kind knows."""


def test_a_catalogue_with_errors_says_where() -> None:
    wrong = SYSTEM.replace("kind: http, on: web", "kind: htpp, on: web")
    answer = call(client(Role.ADMINISTRATOR), "post", "/api/v1/catalogue/apply", {"files": {"shop.yaml": wrong}})
    assert answer.status_code == 422
    (flaw,) = answer.json()["errors"]
    assert (flaw["file"], flaw["line"]) == ("shop.yaml", 8)
    assert "http" in flaw["right"]


def test_lists_come_in_pages(shop: Client) -> None:
    first = shop.get("/api/v1/checks?limit=1").json()
    assert (len(first["items"]), first["count"]) == (1, 2)
    second = shop.get(first["next"]).json()
    assert second["next"] is None
    assert {first["items"][0]["path"], second["items"][0]["path"]} == {"shop/home", "shop/job"}


def test_an_incident_by_hand_from_beginning_to_end(shop: Client) -> None:
    body = {"system": "shop", "title": "The till is stuck", "category": "business", "level": 2, "text": "says Ann"}
    number = call(shop, "post", "/api/v1/incidents", body).json()["id"]
    assert (
        call(shop, "post", f"/api/v1/incidents/{number}/acknowledge", {"text": "I look"}).json()["state"]
        == "acknowledged"
    )
    assert call(shop, "post", f"/api/v1/incidents/{number}/acknowledge").status_code == 409
    call(shop, "post", f"/api/v1/incidents/{number}/note", {"text": "restarted"})
    assert (
        call(shop, "post", f"/api/v1/incidents/{number}/regrade", {"level": 1, "reason": "all tills"}).json()["level"]
        == 1
    )
    assert call(shop, "post", f"/api/v1/incidents/{number}/resolve", {"text": "works"}).json()["state"] == "resolved"
    words = [entry["word"] for entry in shop.get(f"/api/v1/incidents/{number}").json()["timeline"]]
    assert words == ["opened", "acknowledged", "note", "regraded", "resolved"]
    assert shop.get("/api/v1/audit/verify").json()["whole"]


def test_scopes_narrow_a_token(shop: Client) -> None:
    narrow = client(Role.OPERATOR, ["incident.acknowledge"])
    assert narrow.get("/api/v1/checks").status_code == 403
    body = {"system": "shop", "title": "x", "category": "data", "level": 3}
    number = call(shop, "post", "/api/v1/incidents", body).json()["id"]
    assert call(narrow, "post", f"/api/v1/incidents/{number}/acknowledge").status_code == 200


def test_a_token_ends(shop: Client) -> None:
    Token.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert shop.get("/api/v1/checks").status_code == 401


def test_the_text_of_a_token_is_nowhere_in_the_database(shop: Client) -> None:
    _, text = create_token(name="canary", role=Role.VIEWER, actor=ROOT)
    assert all(text not in str(row) for row in Token.objects.values())
    assert text not in shop.get("/api/v1/audit?limit=500").content.decode()


ALERT = {
    "version": "4", "status": "firing", "receiver": "m", "groupLabels": {}, "commonLabels": {},
    "alerts": [{
        "status": "firing", "labels": {"alertname": "DiskFull", "severity": "critical", "mainstay_system": "shop"},
        "annotations": {"summary": "Disk full on db1"}, "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://prom/", "fingerprint": "ab12",
    }],
}  # fmt: skip


def test_alertmanager_alerts_become_incidents_once(shop: Client) -> None:
    assert call(shop, "post", "/api/v1/alertmanager", ALERT).json() == {"opened": 1, "ended": 0}
    assert call(shop, "post", "/api/v1/alertmanager", ALERT).json() == {"opened": 0, "ended": 0}
    (row,) = shop.get("/api/v1/incidents?state=running").json()["items"]
    assert (row["title"]["en"], row["level"], row["system"]) == ("Disk full on db1", 2, "shop")
    ended = {**ALERT, "alerts": [{**ALERT["alerts"][0], "status": "resolved"}]}  # type: ignore[index]
    assert call(shop, "post", "/api/v1/alertmanager", ended).json() == {"opened": 0, "ended": 1}


def test_a_heartbeat_has_an_address(shop: Client) -> None:
    url = shop.get("/api/v1/checks/shop/job/ping-address").json()["url"]
    assert "/ping/" in url
    assert shop.get("/api/v1/checks/shop/job/ping-address").json()["url"] == url
    assert Record.objects.filter(act="check.ping-address", object="shop/job").count() == 1, "made once, then read"
    assert shop.get("/api/v1/checks/shop/home/ping-address").status_code == 404


@pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool on this machine")
def test_prometheus_linter_finds_nothing_in_the_metrics(shop: Client) -> None:
    text = shop.get("/metrics").content
    linted = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (linted.returncode, linted.stderr) == (0, b"")


def test_metrics_speak_prometheus(shop: Client) -> None:
    text = shop.get("/metrics").content.decode()
    assert 'mainstay_checks{state="unknown"}' in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? -?[\d.e+]+', line), line


def test_a_check_is_previewed_and_changed(shop: Client) -> None:
    where = "/api/v1/checks/shop/home"
    seen = call(client(Role.VIEWER), "post", f"{where}/preview", {"warn": "total > 2s", "days": 1})
    assert seen.status_code == 200, seen.content
    assert (seen.json()["looks"], seen.json()["after"]["fired"]) == (0, 0)
    trial = call(shop, "patch", where, {"warn": ["total > 2s"], "dry_run": True}).json()
    assert "+    warn: total > 2s" in trial["yaml"]
    assert shop.get(where).json()["definition"]["warn"] == []
    assert call(shop, "patch", where, {"warn": ["total > 2s"]}).json() == trial
    assert shop.get(where).json()["definition"]["warn"] == ["total > 2s"]
    newest = shop.get("/api/v1/catalogue/revisions").json()["items"][0]
    assert newest["summary"] == [{"act": "changed", "kind": "check", "name": "shop/home"}]


def test_a_change_that_is_wrong_says_where(shop: Client) -> None:
    answer = call(shop, "patch", "/api/v1/checks/shop/home", {"crit": "totl > 2s"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["right"] == "did you mean 'total'?"
    assert call(shop, "patch", "/api/v1/checks/shop/home", {"probe": {"kind": "sql"}}).status_code == 422


def under(shape: type) -> set[type]:
    """All that is derived from it, however far."""
    return {deeper for one in shape.__subclasses__() for deeper in (one, *under(one))}


def test_no_two_shapes_share_a_name() -> None:
    """The document would silently describe both as one of them."""
    shapes = {*under(Body), *(one for one in under(Schema) if one.__module__.endswith("answers"))}
    names = Counter(one.__name__ for one in shapes if one.__module__.startswith("mainstay."))
    assert [name for name, count in names.items() if count > 1] == []
