"""Runbooks on all faces: written, begun, followed, steered, and what is said in them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from mainstay.domain.actor import Actor, Role
from mainstay.incidents.models import Incident
from mainstay.people.actions import add_person, create_token
from mainstay.runbooks import actions, queries
from mainstay.runbooks.models import Run
from tests.line.driven import OLA, drive, written
from tests.line.shop import open_shop

pytestmark = pytest.mark.django_db
ROOT, PASSWORD = Actor("test", Role.ADMINISTRATOR), "correct-horse-battery"
TEXT = """runbook: look
title: {en: Look after it, zh: 看一看}
inputs: {why: {title: {en: Reason}}, often: {kind: number, default: 2}}
steps:
  agree: {kind: approve, words: {en: Is it night?}}
  lamp: {kind: manual, words: {en: Look at the lamp}, evidence: true}
  which: {kind: ask, questions: {size: {kind: choice, choices: [small, large]}}}
"""


def person(name: str, role: Role = Role.APPROVER) -> Client:
    add_person(username=name, password=PASSWORD, role=role, actor=ROOT)
    who = Client()
    assert who.post("/sign-in/", {"username": name, "password": PASSWORD}).status_code == 302
    return who


def shown(who: Client, path: str) -> str:
    answer = who.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_a_runbook_from_its_first_word_to_the_end_of_its_run() -> None:
    ann, bob = person("ann"), person("bob")
    wrong = ann.post("/runbooks/new/", {"text": TEXT.replace("kind: ask", "kind: axe"), "do": "check"}).content.decode()
    assert ">7:" in wrong
    assert "axe" in wrong
    assert ann.post("/runbooks/new/", {"text": TEXT, "do": "keep"}).status_code == 302
    page = shown(ann, "/runbooks/of/look/")
    assert "Look after it" in page
    assert "Reason" in page
    foreseen = ann.post("/runbooks/of/look/run", {"input-why": "so", "do": "dry-run"}).content.decode()
    assert "What it would do" in foreseen
    assert not Run.objects.exists()
    assert "why is missing" in ann.post("/runbooks/of/look/run", {"do": "run"}).content.decode()
    began = ann.post("/runbooks/of/look/run", {"input-why": "so", "input-often": "3", "do": "run"})
    row = drive(Run.objects.get())
    at = f"/runbooks/runs/{row.pk}/"
    assert began.headers["Location"] == at
    assert "somebody else has to agree" in shown(ann, at)
    assert "I agree" in shown(bob, at)
    bob.post(f"{at}approve", {"step": "agree", "do": "yes"})
    drive(row)
    with Path(__file__).open("rb") as file:
        ann.post(f"{at}answer", {"step": "lamp", "note": "green", "files": file})
    drive(row)
    assert "test_runbooks.py" in shown(ann, at)
    proof = row.steps.get(path="lamp").answers.get().proofs.get()
    assert ann.get(f"{at}files/{proof.pk}").headers["Content-Disposition"].startswith("attachment")
    ann.post(f"{at}answer", {"step": "which", "answer-size": "large"})
    assert drive(row).state == "done"
    for path in ("/runbooks/", "/runbooks/runs/", "/runbooks/runs/?state=done", at, "/runbooks/of/look/edit/"):
        shown(ann, path)
    assert ann.post("/runbooks/of/look/retire").status_code == 302
    assert ann.get("/runbooks/of/look/").status_code == 404


def test_what_stopped_is_steered_on_its_page() -> None:
    ann = person("ann", Role.OPERATOR)
    name = written("runbook: r\nsteps: {a: {kind: http, url: 'http://192.0.2.1/'}, b: {kind: wait, for: 1d}}\n")
    row = drive(actions.run(name, {}, actor=OLA))
    at = f"/runbooks/runs/{row.pk}/"
    assert "Do it again" in shown(ann, at)
    ann.post(f"{at}skip", {"step": "a", "reason": ""})
    assert "say why the step is left out" in shown(ann, at)
    ann.post(f"{at}retry", {"step": "a"})
    drive(row)
    ann.post(f"{at}skip", {"step": "a", "reason": "not needed"})
    ann.post(f"{at}pause")
    assert drive(row).state == "paused"
    ann.post(f"{at}resume")
    ann.post(f"{at}cancel", {"reason": "enough"})
    assert drive(row).state == "cancelled"
    assert ann.get("/runbooks/new/").status_code == 403


def test_a_run_of_an_incident_stands_on_its_timeline() -> None:
    shop, ann = open_shop(), person("ann")
    incident = Incident.objects.create(
        key="x", system=next(iter(shop.values())).system, title={"en": "Down"}, category="system", level=1,
        opened_at="2026-11-27T00:00Z", since="2026-11-27T00:00Z",
    )  # fmt: skip
    written("runbook: r\nsteps: {a: {kind: wait, for: 0s}}\n")
    assert f"?incident={incident.pk}" in shown(ann, f"/incidents/{incident.pk}/")
    assert f"?incident={incident.pk}" in shown(ann, f"/runbooks/?incident={incident.pk}")
    ann.post("/runbooks/of/r/run", {"incident": str(incident.pk), "target": "shop/app", "do": "run"})
    row = Run.objects.get()
    assert (row.incident, str(row.component)) == (incident, "shop/app")
    drive(row)
    assert [one.word for one in incident.entries.all()] == ["runbook", "runbook"]
    assert f"/runbooks/runs/{row.pk}/" in shown(ann, f"/incidents/{incident.pk}/")


def test_the_api_does_what_the_pages_do() -> None:
    _, secret = create_token(name="t", role=Role.APPROVER, actor=ROOT)
    who = Client(headers={"authorization": f"Bearer {secret}"})

    def post(path: str, **body: Any) -> Any:
        return who.post(f"/api/v1/{path}", json.dumps(body), "application/json")

    assert post("runbooks", text="runbook: r\nsteps: {a: {kind: x}}\n").status_code == 422
    assert post("runbooks/examine", text=TEXT).json() == {"name": "look", "steps": 3}
    assert post("runbooks", text=TEXT).json()["version"] == 1
    assert [one["name"] for one in who.get("/api/v1/runbooks").json()["items"]] == ["look"]
    foreseen = post("runbooks/look/dry-run", inputs={"why": "so"}).json()["steps"]
    assert [one["asks"] for one in foreseen] == [True, True, True]
    row = post("runbooks/look/run", inputs={"why": "so"}).json()
    drive(queries.run(row["id"]))
    assert who.get(f"/api/v1/runs/{row['id']}").json()["steps"][0]["state"] == "asking"
    refused = post(f"runs/{row['id']}/approve", step="agree")
    assert (refused.status_code, refused.json()["detail"]) == (409, "people approve; a token cannot")
    assert post(f"runs/{row['id']}/cancel", reason="x").status_code == 200
    assert drive(queries.run(row["id"])).state == "cancelled"
    assert who.get("/api/v1/runs?state=cancelled").json()["count"] == 1
