"""The diagnosis of an incident on every face: what is hostile in it is only text."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from mainstay.catalogue.models import Arrangement, Check, System
from mainstay.diagnosis import actions
from mainstay.diagnosis.actions import Taken
from mainstay.diagnosis.models import Deployment
from mainstay.domain.actor import Role
from mainstay.incidents.models import Incident
from mainstay.people.models import Person
from mainstay.web.entering import BACKEND
from tests.faces.test_api import call, client
from tests.line.shop import T0, change, follow, open_shop
from tests.line.test_diagnosis import LOCKED, course, samples

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def number(db: None) -> int:
    checks = open_shop()
    Check.objects.filter(pk=checks["db"].pk).update(kind="postgresql")
    samples(checks["db"], "longest_wait", course(0.01, 80.0, LOCKED))
    Arrangement.objects.create(
        kind="vendor", name="acme", document={"email": "x@y.example", "phone": "+86 21 5555 0100"}
    )
    System.objects.update(document={"vendor": "acme", "users": 240})
    follow(change(checks["app"], "critical"))
    due = actions.begin_due(T0 + timedelta(seconds=5))
    assert due is not None
    assert checks["db"].component is not None
    running = [{"pid": 1, "seconds": 9.5, "account": "erp", "statement": HOSTILE, "held_by": "2", "state": "active"}]
    for taken in (
        Taken(checks["db"].component, "sql", rows={"running": running}, missing=(HOSTILE,)),
        Taken(checks["db"].component, "log", "/var/log/x.log", text=HOSTILE),
    ):
        actions.keep(due, taken, T0)
    return Incident.objects.get().pk


def reader(role: Role = Role.VIEWER) -> Client:
    made, who = Client(), Person.objects.create(username=f"reader-{role}", role=role, password="!")
    made.force_login(who, backend=BACKEND)
    return made


@pytest.mark.parametrize(("language", "words"), [
    ("en", ["Likely root", "longest wait for a lock", "240 people by the catalogue", "held by 2"]),
    ("zh-hans", ["可能的根源", "最长锁等待", "清单登记用户 240 人", "被 2 阻塞"]),
    ("zh-hant", ["可能的根源", "診斷"]),
])  # fmt: skip
def test_the_page_says_it_in_the_readers_language(number: int, language: str, words: list[str]) -> None:
    page = reader().get(f"/incidents/{number}/diagnosis/", headers={"accept-language": language}).content.decode()
    assert [one for one in [*words, "+86 21 5555 0100"] if one not in page] == []
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;alert(1)") == 3
    assert page.count('class="chart diagnosis"') == 3, "one drawing for each width"


def test_the_form_is_for_operators_and_says_what_is_wrong(number: int) -> None:
    assert "/deployed" not in reader().get(f"/incidents/{number}/diagnosis/").content.decode()
    operator, address = reader(Role.OPERATOR), f"/incidents/{number}/deployed"
    operator.post(address, {"component": "app", "version": "2.3", "minutes": "5"})
    assert Deployment.objects.get().version == "2.3"
    for wrong in ({"component": "app", "version": " "}, {"component": "app", "version": "1", "minutes": "soon"}):
        assert operator.post(address, wrong).status_code == 302
    assert operator.post(address, {"component": "nothing", "version": "1"}).status_code == 404
    assert Deployment.objects.count() == 1


def test_the_api_gives_the_same(number: int) -> None:
    api = client(Role.OPERATOR)
    told = {"system": "shop", "component": "app", "version": "2.3", "key": "p-1"}
    first, second = (call(api, "post", "/api/v1/deployments", told).json() for _ in range(2))
    assert first["id"] == second["id"]
    assert call(api, "post", "/api/v1/deployments", {**told, "at": "2099-01-01T00:00:00Z"}).status_code == 409
    assert [one["version"] for one in api.get("/api/v1/deployments?system=shop").json()["items"]] == ["2.3"]
    row = api.get(f"/api/v1/incidents/{number}/diagnosis").json()
    assert row["suspects"][0]["component"] == "shop/db"
    assert (row["signals"][0]["metric"], row["vendors"][0]["name"], row["users"]["people"]) == (
        "longest_wait",
        "acme",
        240,
    )
    assert json.dumps(row["exhibits"]).count(HOSTILE) == 3
