"""The commands of the pages on the help desk, articles, reviews, who is on call, runbooks and plans, word for word:
each is run where what it names is there, by the number that it has here, and on days that are still to come."""

import json
import re
import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.cli.main import load
from mainstay.domain.actor import Actor, Role
from mainstay.help_desk import actions as desk
from mainstay.incidents.actions import open_by_hand, resolve
from mainstay.knowledge.actions import Text, write
from mainstay.on_call import actions as on_call
from mainstay.plans import actions as plans
from mainstay.plans.models import Drill
from mainstay.reviews import actions as reviews
from mainstay.runbooks import actions as runbooks
from tests.domain.test_grafana_oncall import EXPORT
from tests.faces.test_manual import ROOT
from tests.line.driven import begun, drive
from tests.line.on_call import people

pytestmark = pytest.mark.django_db
ADMIN = Actor("test", Role.ADMINISTRATOR)
SHOP = """\
system: shop
components:
  host: {kind: host}
  web: {kind: http, url: "http://192.0.2.1/", depends_on: [host], packs: [web-service]}
checks: {db-up: {probe: {kind: heartbeat, period: 1h}}}
"""
WAITS = "a: {kind: wait, for: 1d}"
FAILS = "restart: {kind: http, url: 'http://192.0.2.1/'}"
STEPS = {
    "approve": "agree: {kind: approve, role: approver}",
    "answer": "lamp: {kind: manual, words: {en: Look at the lamp}, evidence: true}", "retry": FAILS, "skip": FAILS,
}  # fmt: skip
"""What a run has come to when the command is given; else it waits."""
SOON = date.today() + timedelta(days=30)  # noqa: DTZ011 - any day to come
DAYS = {
    "2026-12-24": SOON, "2026-12-25": SOON + timedelta(days=1), "2027-06-30": SOON + timedelta(days=90),
    "2027-01-31": SOON, "2027-02-15": SOON + timedelta(days=15), "2027-03-01": SOON,
}  # fmt: skip


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / f"docs/manual/{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


RUN_HERE = ("help-desk", "knowledge", "on-call", "plans", "remedies", "reviews", "runbooks")
"""Pages whose commands are run here."""


def lines(page: str) -> list[list[str]]:
    """Its commands, word by word."""
    assert page in RUN_HERE
    found = [shlex.split(line, comments=True) for block in blocks(page, "sh") for line in block.splitlines()]
    return [words[1:] for words in found if words[:1] == ["mainstay"]]


def run(words: list[str], numbers: dict[str, Callable[[list[str]], int]]) -> None:
    """One, with what it names made before and its days put off."""
    given = [str(numbers[word](words)) if word in numbers else word for word in words]
    for day, instead in DAYS.items():
        given = [word.replace(day, instead.isoformat()) for word in given]
    assert load(given[0]).main(given[1:], standalone_mode=False) in (0, None), words


def incident(_words: list[str]) -> int:
    told: dict[str, Any] = {"title": "The shop is down", "category": "system", "level": 1, "text": ""}
    return open_by_hand(system="shop", actor=ADMIN, **told).pk


def ticket(_words: list[str]) -> int:
    what = desk.Report("question", "It is slow", "Since nine", "shop", "ann@shop.example", "Ann", "en")
    return desk.open_ticket(what, actor=ADMIN, came_by="shell").pk


def article(_words: list[str]) -> int:
    return write(Text("en", "The pool is exhausted", "Restart it."), actor=ADMIN).pk


def over(_words: list[str]) -> int:
    number = incident([])
    resolve(number, actor=ADMIN)
    return number


def review(words: list[str]) -> int:
    """One that the command finds as it needs it; or an action of one."""
    made = reviews.open_by_hand(over([]), actor=ADMIN).pk
    if words[1] in ("change", "end", "accept"):
        return reviews.add_action(made, "Watch it", owner="ann", due=SOON, actor=ADMIN).pk
    if words[1] in ("close", "reopen"):
        reviews.write(made, whys=["x"], cause="capacity", nothing="x", actor=ADMIN)
    if words[1] == "reopen":
        reviews.close(made, actor=ADMIN)
    return made


def stand_in(_words: list[str]) -> int:
    return on_call.override("it-week", "bob", *span(), actor=ADMIN).pk


def swap(_words: list[str]) -> int:
    """Of a day that is Alice's."""
    on_call.override("it-week", "alice", *span(), actor=ADMIN)
    return on_call.ask_swap("it-week", "alice", *span(), taker="bob", actor=ADMIN).pk


def handover(_words: list[str]) -> int:
    return on_call.hand_over("it-week", actor=ADMIN).pk


def span() -> tuple[datetime, datetime]:
    start = datetime(SOON.year, SOON.month, SOON.day, 1, tzinfo=UTC)
    return start, start + timedelta(days=1)


def drill(words: list[str]) -> int:
    """One that stands as the command wants it: planned, begun, with its fault, with an incident, or over."""
    kind = "live" if words[1] in ("inject", "alarm") else "table"
    row = plans.plan_drill("database-dies", kind, datetime.now(UTC), actor=ADMIN)
    if words[1] not in ("cancel", "start"):
        plans.start(row.pk, actor=ADMIN)
    if words[1] == "alarm":
        plans.inject(row.pk, actor=ADMIN)
    return row.pk


def drill_to_end(_words: list[str]) -> int:
    """A good one that goes on, and in which somebody took part."""
    row = drill(["drill", "end"])
    for place in (1, 2, 3):
        plans.step(row, place, actor=ADMIN)
    plans.recover(row, actor=ADMIN)
    return row


def drilled_action(_words: list[str]) -> int:
    return reviews.act_on_drill(drill(["drill", "find"]), "x", owner="alice", due=SOON, actor=ADMIN).pk


def begun_run(words: list[str]) -> int:
    row = begun(f"runbook: one\nsteps: {{{STEPS.get(words[1], WAITS)}}}\n")
    if words[1] == "resume":
        runbooks.pause(row.pk, actor=ADMIN)
        drive(row)
    return row.pk


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply(examine({"shop.yaml": SHOP.encode()}).catalogue, actor=ADMIN)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("page", "numbers"), [
    ("help-desk", {"42": ticket, "7": incident}), ("knowledge", {"7": incident, "3": article}),
])  # fmt: skip
def test_the_help_desk_and_its_articles(page: str, numbers: dict[str, Callable[[list[str]], int]]) -> None:
    Path("pool.txt").write_text("The limit of the pool is 200.")
    for words in lines(page):
        run(words, numbers)


def test_reviews_and_figures() -> None:
    people("ann")
    for words in lines("reviews"):
        run(words, {"7": over, "1": review, "2": review})


def test_who_is_on_call() -> None:
    people("alice", "bob", "carol")
    shared, *_ = blocks("on-call", "yaml")
    apply(examine({"shop.yaml": SHOP.encode(), "shared.yaml": shared.encode()}).catalogue, actor=ADMIN)
    Path("grafana-oncall.json").write_text(json.dumps(EXPORT))
    for words in lines("on-call"):
        if words[1] == "swap":
            on_call.override("it-week", "alice", *span(), actor=ADMIN)
        run(words, {"3": stand_in, "1": swap, "5": handover, "7": incident} if words[1] != "simulate" else {})
    made = examine({"on-call.yaml": Path("on-call.yaml").read_bytes()}).catalogue
    assert any(made.arrangements.values())


def test_runbooks(tmp_path: Path) -> None:
    folder = tmp_path / "runbooks"
    folder.mkdir()
    (folder / "restart-shop.yaml").write_text(next(one for one in blocks("runbooks", "yaml") if "restart-shop" in one))
    Path("lamp.jpg").write_bytes(b"a picture")
    for words in lines("runbooks"):
        where = [str(folder)] if words[1] in ("validate", "apply") else []  # the workspace's own, by default
        run([*words, *where], {"7": begun_run})


def test_remedies() -> None:
    runbooks.keep_shipped()
    text = next(one for one in blocks("remedies", "yaml") if "system: shop" in one)
    apply(examine({"shop.yaml": text.encode()}).catalogue, actor=ADMIN)
    for words in lines("remedies"):
        run(words, {})


def test_plans_and_drills() -> None:
    people("alice", "bob")
    (plan,) = blocks("plans", "yaml")
    Path("database-dies.yaml").write_text(plan)
    retire = []
    for words in lines("plans"):
        if words[:2] == ["plan", "retire"]:
            retire = words  # what follows needs it
            continue
        run(words, {"7": drill, "8": drill, "9": drill, "10": drill_to_end, "4": drilled_action})
        if words[1] in ("inject", "alarm"):  # one live drill at a time on a system
            plans.end(Drill.objects.latest("pk").pk, leave=True, actor=ADMIN)
    for row in Drill.objects.filter(state="running"):
        plans.end(row.pk, actor=ADMIN)
    run(retire, {})
