"""Inspections on the three faces: the same acts, the same answers; files; a month; what each role may."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from mainstay.api import auth
from mainstay.api.pace import Pace
from mainstay.domain.actor import Actor, Role
from mainstay.incidents.models import Incident
from mainstay.inspection import actions, queries
from mainstay.inspection.models import Sheet
from mainstay.people.actions import add_person, create_token
from tests.faces.test_cli import Shell, applied
from tests.line.inspected import ANN, line, made, open_bad_day
from tests.printing import press

ROOT = Actor("test", Role.ADMINISTRATOR)
PASSWORD = "correct-horse-battery"


@pytest.fixture
def sheet(db: Any) -> Sheet:
    open_bad_day()
    return made()


def person(role: Role) -> Client:
    add_person(username=role.name.lower(), password=PASSWORD, role=role, actor=ROOT)
    who = Client()
    assert who.post("/sign-in/", {"username": role.name.lower(), "password": PASSWORD}).status_code == 302
    return who


class Api:
    def __init__(self, role: Role, scopes: list[str] | None = None) -> None:
        token = create_token(name=f"t{role}{scopes}", role=role, scopes=scopes, actor=ROOT)[1]
        self.client = Client(headers={"authorization": f"Bearer {token}"})

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}")

    def post(self, path: str, **body: Any) -> Any:
        return self.client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def test_the_story_over_the_api(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "KNOWN", Pace(rate=1e6, burst=1e6))
    api, approver = Api(Role.OPERATOR), Api(Role.APPROVER)
    made_one = api.post("inspections", system="shop").json()
    number = made_one["id"]
    lines = {one["check"]: one for part in made_one["sections"] for one in part["lines"]}
    assert (lines["shop/processor"]["value"], lines["shop/processor"]["yesterday"]) == (12.25, 31.5)
    assert lines["shop/night-backup"]["why"] == "not seen today"
    assert api.post(f"inspections/{number}/sign", text="").status_code == 409
    names, books, unseen = (lines[f"shop/{name}"]["place"] for name in ("names", "books", "night-backup"))
    assert api.post(f"inspections/{number}/lines/{unseen}/remark", text="looked at by hand").status_code == 200
    assert api.post(f"inspections/{number}/lines/{books}/remark", text="known").json()["by"].startswith("token:")
    raised = api.post(f"inspections/{number}/lines/{names}/raise", text="slow").json()
    assert raised["incident"] == Incident.objects.latest("pk").pk
    signed = api.post(f"inspections/{number}/sign", text="ok").json()
    assert (signed["stage"], len(signed["digest"])) == ("signed", 64)
    year, week, _ = made_one["day"], *datetime.fromisoformat(made_one["day"]).isocalendar()[1:]
    body = {"system": "shop", "year": int(year[:4]), "week": week}
    assert api.post("inspections/countersign", **body).status_code == 403
    assert approver.post("inspections/countersign", **body).json()["sheets"] == [number]
    assert api.get("inspections/verify").json() == {"whole": True, "sheets": 2, "flaws": []}
    assert api.get("inspections?stage=signed").json()["count"] == 1
    assert api.get(f"inspections/month/shop?month={made_one['day'][:7]}").json()["days"][-1]["id"] == number
    other = api.post(f"inspections/{sheet.pk}/refuse", text="made for the test").json()
    assert other["stage"] == "refused"


@pytest.mark.django_db
def test_a_token_for_inspections_alone_opens_no_incident(sheet: Sheet) -> None:
    api = Api(Role.OPERATOR, ["inspection"])
    place = line(sheet, "names").place
    assert api.post(f"inspections/{sheet.pk}/lines/{place}/raise", text="").status_code == 403
    assert line(sheet, "names").incident is None
    assert api.post(f"inspections/{sheet.pk}/lines/{place}/remark", text="seen").status_code == 200


@pytest.mark.parametrize(("form", "begins"), [("xlsx", b"PK"), ("html", b"<!doctype"), ("pdf", b"%PDF-")])
def test_files_over_the_api_and_from_the_page(sheet: Sheet, form: str, begins: bytes) -> None:
    over_api = Api(Role.VIEWER).get(f"inspections/{sheet.pk}/print?form={form}&language=zh")
    page = person(Role.VIEWER).get(f"/inspections/{sheet.pk}/sheet.{form}?language=zh")
    if form == "pdf":
        press()
    for answer in (over_api, page):
        assert answer.status_code == 200
        assert answer.content.lstrip().startswith(begins)
        assert answer["Content-Disposition"].endswith(f'.{form}"')


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.APPROVER])
def test_the_pages_show_it_and_offer_what_the_role_may(sheet: Sheet, role: Role, language: str) -> None:
    actions.remark(sheet.pk, line(sheet, "books").place, "<script>alert(1)</script>", actor=ANN)
    who = person(role)
    text = who.get(f"/inspections/{sheet.pk}/", headers={"accept-language": language}).content.decode()
    assert ("借贷平衡" if language == "zh-hans" else "Debits equal credits") in text
    assert ("没有检查统计待装补丁" if language == "zh-hans" else "Not watched: no check counts pending") in text
    assert "<script>alert" not in text
    assert "style=" not in text
    assert (f"/inspections/{sheet.pk}/sign" in text) is (role is not Role.VIEWER)
    assert (f"/inspections/{sheet.pk}/{line(sheet, 'names').place}/raise" in text) is (role is not Role.VIEWER)
    assert f"/inspections/{sheet.pk}/{line(sheet, 'processor').place}/raise" not in text
    month = who.get(f"/inspections/month/?system=shop&month={sheet.day:%Y-%m}", headers={"accept-language": language})
    assert "<svg" in month.content.decode()
    assert who.get(f"/inspections/month/?system=shop&month={sheet.day:%Y-%m}&form=json").json()["system"] == "shop"
    assert who.get("/inspections/month/?system=shop&month=x").status_code == 404


def test_the_story_on_the_pages(sheet: Sheet) -> None:
    who = person(Role.OPERATOR)
    books, names, unseen = (line(sheet, name).place for name in ("books", "names", "night-backup"))
    address = f"/inspections/{sheet.pk}/"
    refused = who.post(f"{address}sign", {"text": ""}, follow=True).content.decode()
    assert "raise an incident or write a remark first" in refused
    who.post(f"{address}{books}/remark", {"text": "known"})
    who.post(f"{address}{unseen}/remark", {"text": "looked at by hand"})
    who.post(f"{address}{names}/raise")
    assert who.post(f"{address}999/remark", {"text": "x"}).status_code == 404
    signed = who.post(f"{address}sign", {"text": "all seen"}, follow=True).content.decode()
    assert "the sheet, its digest and the audit trail agree" in signed
    assert queries.sheet(sheet.pk).ended_by == "person:operator"
    year, week, _ = sheet.day.isocalendar()
    asked = {"system": "shop", "year": year, "week": week}
    assert "/inspections/countersign" not in who.get("/inspections/").content.decode()
    assert who.post("/inspections/countersign", asked).status_code == 403
    approver = person(Role.APPROVER)
    assert f'name="week" value="{week}"' in approver.get("/inspections/").content.decode()
    assert "Countersigned" in approver.post("/inspections/countersign", asked, follow=True).content.decode()
    assert "approver" in who.get("/inspections/?stage=signed").content.decode()
    made_one = who.post("/inspections/run", {"system": "shop"}, follow=True)
    assert "#2" in made_one.content.decode()


def test_the_list_is_filtered_and_asks_few_questions(sheet: Sheet, django_assert_max_num_queries: Any) -> None:
    for _ in range(60):
        Sheet.objects.create(
            system=sheet.system, day=sheet.day - timedelta(days=_ + 1), number=0, zone="UTC", made_at=datetime.now(UTC),
            head=sheet.head, counts=sheet.counts, state="ok",
        )  # fmt: skip
    who = person(Role.VIEWER)
    with django_assert_max_num_queries(16):
        text = who.get("/inspections/").content.decode()
    assert "1 / 2" in text
    assert who.get("/inspections/?page=2").content.decode().count("/inspections/") > 11
    assert "No inspection fits" in who.get("/inspections/?state=warning").content.decode()
    assert f"/inspections/{sheet.pk}/" in who.get("/inspections/?state=critical").content.decode()


SHOP = """
system: shop
title: {en: Online shop, zh: 网上商城}
components: {web: {kind: http, url: "http://127.0.0.1:1/"}}
checks: {home: {probe: {kind: http, on: web}, impact: outage}}
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return applied(tmp_path_factory.mktemp("inspected"), shop=SHOP)


def test_the_command_line(shell: Shell, tmp_path: Path) -> None:
    code, printed, _ = shell("inspect", "shop")
    assert (code, "not seen today" in printed, "Not backed up" in printed) == (3, True, True)
    code, printed, _ = shell("inspect", "shop", LANG="zh_CN.UTF-8")
    assert (code, "今日未检查到" in printed, "没有备份策略" in printed) == (3, True, True)
    file = tmp_path / "sheet.xlsx"
    assert shell("inspect", "--format", "xlsx", "--out", str(file))[0] == 3
    assert load_workbook(io.BytesIO(file.read_bytes())).sheetnames
    whole = json.loads(shell("inspect", "show", "1", "--format", "json")[1])
    assert (whole["id"], whole["state"], whole["stage"]) == (1, "unknown", "open")
    assert shell("inspect", "nosuch")[::2] == (64, "there is no system nosuch; mainstay system list shows all\n")
    place = next(one["place"] for part in whole["sections"] for one in part["lines"] if one["check"])
    assert shell("inspect", "remark", "1", str(place), "the checker is off")[0] == 0
    assert shell("inspect", "sign", "1")[0] == 0
    assert shell("inspect", "sign", "1")[0] == 64
    assert shell("inspect", "refuse", "2", "--reason", "twice")[0] == 0
    year, week, _ = datetime.fromisoformat(whole["day"]).isocalendar()
    code, _, said = shell("inspect", "countersign", "shop", f"{year}-W{week}")
    assert (code, "another must countersign" in said) == (64, True)
    assert shell("inspect", "countersign", "shop", "yesterday")[0] == 64
    assert shell("inspect", "verify") == (0, "ok: 3 sheets are as they were made and signed\n", "")
    assert [row["stage"] for row in shell.json("inspect", "list")["items"]] == ["open", "refused", "signed"]
    assert shell.json("inspect", "month", "shop")["days"][-1]["id"] == 3
    assert shell("inspect", "--help")[0] == 0


def test_today_asks_whoever_may_sign(sheet: Sheet) -> None:
    """The engine's sheet, in time and late; one by hand is asked for by whoever made it."""
    operator, viewer = person(Role.OPERATOR), person(Role.VIEWER)

    def asks(who: Client) -> bool:
        return f'id="sheet-{sheet.pk}"' in who.get("/today/").content.decode()

    assert not asks(operator)
    Sheet.objects.filter(pk=sheet.pk).update(late_after=datetime.now(UTC) + timedelta(hours=1))
    assert (asks(operator), asks(viewer)) == (True, False)
    Sheet.objects.filter(pk=sheet.pk).update(late_at=datetime.now(UTC))
    assert "It should have been signed by" in operator.get("/today/").content.decode()
    actions.refuse(sheet.pk, "the checker was down", actor=ANN)
    assert not asks(operator)
