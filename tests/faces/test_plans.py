"""Plans and drills on the three faces: written, printed, drilled to the score, by API, on the command line."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from pypdf import PdfReader

from mainstay.domain.actor import Actor, Role
from mainstay.incidents.models import Incident
from mainstay.plans import actions
from mainstay.plans.models import Attendance, Drill, Plan
from mainstay.reviews.models import Action
from tests.faces.test_api import call, shop
from tests.faces.test_cli import Shell, shell
from tests.faces.test_web import person
from tests.line.planned import PLAN

__all__ = ["shell", "shop"]  # fixtures of the neighbours
pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)
OURS: dict[str, Any] = {**PLAN, "checks": ["home"]}


def day(ahead: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


def in_force(**more: Any) -> Plan:
    return actions.approve(actions.write({**OURS, **more}, actor=ROOT).name, actor=ROOT)


def shown(who: Client, path: str) -> str:
    answer = who.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


FORM = {
    "language": "zh", "name": "fire", "system": "shop", "title": "机房失火", "level": "1", "category": "system",
    "drills": "quarterly", "review": "yearly", "checks": "home，job", "rto": "2h", "steps-0-of": "",
    "steps-0-no": "2", "steps-0-phase": "handling", "steps-0-title": "疏散人员", "steps-1-of": "", "steps-1-no": "1",
    "steps-1-phase": "handling", "steps-1-title": "拨打 119", "steps-1-within": "1m", "steps-2-of": "",
    "steps-2-phase": "handling", "steps-2-title": "", "roles-0-of": "", "roles-0-title": "总指挥",
    "roles-0-who": "carol",
}  # fmt: skip


def test_a_plan_written_on_the_page_in_two_languages(shop: Client) -> None:
    who = person(Role.APPROVER)
    answer = who.post("/plans/new/", {**FORM, "steps-1-within": "soon"})
    assert "拨打 119" in answer.content.decode(), "what was typed is not lost"
    assert not Plan.objects.exists()
    assert who.post("/plans/new/", FORM)["Location"] == "/plans/of/fire/"
    document = Plan.objects.get().document
    assert [one["title"] for one in document["steps"]] == [{"zh": "拨打 119"}, {"zh": "疏散人员"}]
    assert (document["checks"], document["roles"][0]["who"]) == (["home", "job"], "carol")
    page = shown(who, "/plans/of/fire/edit/?lang=en")
    assert 'placeholder="拨打 119"' in page, "what stands in the other language is seen"
    more = {
        **FORM, "language": "en", "title": "Fire", "seen": "1", "steps-0-of": "0", "steps-0-no": "1",
        "steps-0-title": "Call 119", "steps-1-of": "1", "steps-1-no": "2", "steps-1-title": "", "steps-1-within": "",
        "steps-2-title": "Cut the power", "steps-2-no": "1.5", "roles-0-of": "0", "roles-0-title": "",
        "roles-0-drop": "on",
    }  # fmt: skip
    who.post("/plans/of/fire/edit/", more)
    document = Plan.objects.get().document
    assert document["title"] == {"zh": "机房失火", "en": "Fire"}
    assert [one["title"] for one in document["steps"]] == [
        {"zh": "拨打 119", "en": "Call 119"}, {"en": "Cut the power"}, {"zh": "疏散人员"},
    ]  # fmt: skip
    assert document["roles"] == []
    assert "in force" in shown(who, "/plans/of/fire/")
    who.post("/plans/of/fire/approve", {"review_at": day(30)})
    assert (Plan.objects.get().approved_version, str(Plan.objects.get().review_at)) == (2, day(30))


@pytest.mark.parametrize(
    ("language", "words", "until"),
    [
        ("en", "The database dies", "31 Dec 2099"), ("zh", "数据库宕机", "2099年12月31日"),
        ("zh-hant", "應急預案", "2099年12月31日"),
    ],
)  # fmt: skip
def test_a_plan_on_paper_in_each_language(shop: Client, language: str, words: str, until: str) -> None:
    in_force()
    answer = shop.get(f"/api/v1/plans/database-dies/print?language={language}")
    assert answer["Content-Type"] == "application/pdf"
    pdf = PdfReader(BytesIO(answer.content))
    text = "".join(one.extract_text() for one in pdf.pages)
    assert round(float(pdf.pages[0].mediabox.width)) == 595, "A4"
    for said in (words, "+86 21 5555 0100"):
        assert said in text
    assert until.replace(" ", "") in text.replace("\n", "").replace(" ", "")


def test_yaml_that_comes_out_goes_in_again_as_the_same_plan(shop: Client) -> None:
    plan = in_force()
    text = shop.get("/api/v1/plans/database-dies/print?form=yaml").content.decode()
    actions.write(yaml.safe_load(text), name=plan.name, actor=ROOT)
    again = Plan.objects.get()
    assert (again.version, again.document) == (2, plan.document)


def test_what_a_writer_puts_in_does_not_run(shop: Client) -> None:
    hostile = "<script>alert(1)</script>"
    in_force(title=hostile, risk=hostile, steps=[{"title": hostile}])
    page = shown(person(Role.VIEWER), "/plans/of/database-dies/").partition("<main")[2]
    paper = shop.get("/api/v1/plans/database-dies/print?form=html").content.decode()
    assert "<script>alert" not in page + paper
    assert "&lt;script&gt;" in page
    assert "&lt;script&gt;" in paper


def test_by_page_from_the_calendar_to_an_action(shop: Client) -> None:
    who = person(Role.APPROVER)
    me = str(who.session["_auth_user_id"])
    in_force(checks=[])
    assert "The database dies" in shown(who, "/plans/drills/")
    answer = who.post("/plans/drills/plan", {"plan": "database-dies", "kind": "live", "at": f"{day(1)}T14:00"})
    drill = Drill.objects.get()
    at = f"/plans/drills/{drill.pk}/"
    assert answer["Location"] == at
    who.post(f"{at}start")
    assert "Bring the fault about" in shown(who, at)
    who.post(f"{at}inject", {"text": "pulled the plug"})
    incident = Incident.objects.get()
    for page in ("/today/", "/incidents/?state=", f"/incidents/{incident.pk}/", "/wall/", "/find/?q=database", at):
        assert "DRILL The database dies" in shown(who, page), page
    assert "database" not in shown(Client(), "/status/")
    who.post(f"/incidents/{incident.pk}/acknowledge")
    who.post(f"{at}step", {"place": "1"})
    who.post(f"{at}step", {"place": "2", "do": "skip"})
    who.post(f"{at}note", {"text": "the wrong host", "do": "wrong"})
    who.post(f"{at}recover", {"text": "orders come in"})
    who.post(f"{at}end", {"loss": "many"})
    drill.refresh_from_db()
    assert drill.state == "running", "many is no number"
    who.post(f"{at}end", {"loss": "5", "text": "fine"})
    drill.refresh_from_db()
    assert (drill.state, drill.loss, drill.passed) == ("done", 300, True)
    name = Attendance.objects.get().person
    who.post(f"{at}find", {"title": "No spare disk", "owner": name, "due": day(3)})
    assert "No spare disk" in shown(who, "/today/")
    done = f"/reviews/actions/{Action.objects.get().pk}/done"
    assert who.post(done, {"ending": "check", "proof": "shop/home"})["Location"] == at
    assert "The database dies" in shown(who, "/reviews/?view=actions&state=done")
    page = shown(who, at)
    assert "a check" in page
    assert "/ 100" in page
    assert me


def test_by_api_an_incident_says_whose_drill_it_is(shop: Client) -> None:
    call(shop, "post", "/api/v1/plans", {"system": "shop", "document": {**OURS, "checks": []}})
    call(shop, "post", "/api/v1/plans/database-dies/approve", {})
    body = {"plan": "database-dies", "kind": "live", "at": f"{day(1)}T14:00:00+08:00"}
    number = call(shop, "post", "/api/v1/drills", body).json()["id"]
    at = f"/api/v1/drills/{number}"
    call(shop, "post", f"{at}/start")
    assert call(shop, "post", f"{at}/step", {"place": 1}).status_code == 409
    (incident,) = call(shop, "post", f"{at}/inject", {}).json()["incidents"]
    assert shop.get(f"/api/v1/incidents/{incident}").json()["drill"] == number
    assert shop.get("/api/v1/drills/calendar").json()["items"][0]["planned"] == number
    assert 'mainstay_incidents_running{level="1"} 0' in Client().get("/metrics").content.decode()
    call(shop, "post", f"{at}/recover", {})
    ended = call(shop, "post", f"{at}/end", {}).json()
    assert (ended["state"], ended["passed"]) == ("done", False), "nobody took it on"
    assert {one["name"]: one["verdict"] for one in ended["score"]}["acknowledged"] == "missed"
    assert shop.get("/api/v1/incident-stats").json()["total"] == 0


def test_today_warns_of_what_is_due(shop: Client) -> None:
    in_force(supplies=[{"title": "Torch", "expires": "2020-01-31"}])
    Plan.objects.update(review_at="2020-01-01", approved_at=datetime.now(UTC) - timedelta(days=100))
    page = shown(person(Role.VIEWER), "/today/")
    for words in ("Torch", "is overdue", "Look through the plan"):
        assert words in page


def test_the_command_line(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(yaml.safe_dump({**OURS, "checks": []}))
    assert "draft" in shell("plan", "write", "--file", str(file))[1]
    assert shell("plan", "approve", "database-dies")[0] == 0
    number = str(shell.json("drill", "plan", "database-dies", "--at", f"{day(1)}T14:00", "--live")["id"])
    assert shell("drill", "start", number)[0] == 0
    incident = shell.json("drill", "inject", number)["incidents"][0]
    assert "DRILL The database dies" in shell("incident", "list")[1]
    assert "【演练】数据库宕机" in shell("--lang", "zh", "incident", "show", str(incident))[1]
    code, _out, said = shell("--lang", "zh", "drill", "step", number, "9")
    assert (code, "预案没有步骤 9" in said) == (64, True)
    shell("incident", "ack", str(incident))
    shell("drill", "recover", number)
    code, out, _said = shell("drill", "end", number)
    assert (code, "acknowledged" in out) == (0, True)
    assert shell.json("drill", "show", number)["passed"] is True
