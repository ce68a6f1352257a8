"""Runs, from the asking to the end: values passed on, people asked, failures, undoing, and what is refused."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstay.audit.models import Record
from mainstay.catalogue.actions import apply, set_secret
from mainstay.catalogue.examine import examine
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import ENGINE, Actor, Denied, Role
from mainstay.domain.run_answers import Refused
from mainstay.engine.runbooks import driving
from mainstay.incidents.actions.files import File
from mainstay.runbooks import actions, queries
from mainstay.runbooks.actions import driving as notes
from mainstay.runbooks.models import Step
from tests.line.driven import ANN, BOB, EVE, OLA, begun, drive, note, states, step, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``say`` prints its words, ``leave`` writes a line into the file that it is given, ``fail`` fails."""
    for name, body in {
        "say": 'echo "$@"; echo "$TOKEN"',
        "leave": 'echo "$2 $MAINSTAY_STEP_KEY" >> "$1"',
        "fail": "echo oh; exit 3",
    }.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(driving, "PLUGINS", (str(tmp_path),))
    return tmp_path


SYSTEM = """
system: shop
components:
  books: {kind: sqlite, dsn: "sqlite://%s"}
  web: {kind: http, url: "http://192.0.2.1/"}
"""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """A database of the system ``shop``, with three orders, two of which hang."""
    path = tmp_path / "books.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table orders (id integer primary key, state text)")
        db.executemany("insert into orders values (?, ?)", [(1, "stuck"), (2, "stuck"), (3, "done")])
    apply(examine({"shop.yaml": (SYSTEM % path).encode()}).catalogue, actor=ENGINE)
    return path


def rows(path: Path) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("select id, state from orders order by id").fetchall()


def test_values_are_passed_on_and_secrets_are_never_kept(programs: Path) -> None:
    set_secret("API_TOKEN", "sesame-open", actor=ENGINE)
    row = begun(
        """
runbook: greet
inputs: {who: {}, often: {kind: number, default: 2}}
steps:
  hello: {kind: shell, command: [say, "${who}; rm -rf /", "${often}"], env: {TOKEN: "${API_TOKEN}"}}
  echo: {kind: shell, command: [say, "<${hello.text}>", "${hello.code}", "${run}"]}
  never: {kind: shell, when: "${hello.code} != 0", command: [fail]}
  after: {kind: shell, when: ["not ${never.code}", "${often} == 2"], command: [say, end]}
""",
        who="ann ${API_TOKEN}",
    )
    assert (row.state, states(row)) == ("done", {"hello": "done", "echo": "done", "never": "skipped", "after": "done"})
    assert step(row, "hello").outputs["text"] == "ann ${API_TOKEN}; rm -rf / 2\n***"
    assert step(row, "echo").outputs["text"].startswith(f"<ann ${{API_TOKEN}}; rm -rf / 2\n***> 0 {row.pk}")
    assert "sesame" not in str(list(Step.objects.values())) + str(list(Record.objects.values()))


def test_what_is_written_wrong_is_told_with_its_line() -> None:
    with pytest.raises(Invalid) as found:
        written("""runbook: bad
steps:
  one:
    kind: sql
    query: select ${x}
  two: {kind: nonsense}
  three: {kind: shell, command: ["${one.text}"], secretly: 1}
  four: {kind: wait, when: "this and that", for: 1h}
  five: {kind: shell, command: [say, "${six.text}", "${strange name}"]}
  six: {kind: http, url: "https://${one.host}/"}
""")
    told = [f"{flaw.flaw.line} {flaw.flaw.what}" for flaw in found.value.flaws]
    assert any(line.startswith("5 no value may stand here") for line in told), told
    for part in ("6 there is no kind of step 'nonsense'", "7 unknown key 'secretly'", "7 no value may stand here",
                 "8 'this and that' is not a condition", "9 there is no step 'six' before this one",
                 "9 ${strange name} is not a placeholder", "10 no value may stand here"):  # fmt: skip
        assert part in told, told


def test_a_version_is_made_when_it_differs_and_a_run_keeps_its_own(programs: Path) -> None:
    text = "runbook: r\nsteps: {a: {kind: approve}, b: {kind: shell, command: [say, one]}}\n"
    row = begun(text)
    assert actions.write(text, actor=ANN).number == 1
    assert actions.write(text.replace("one", "two"), actor=ANN, name="r").number == 2
    with pytest.raises(Refused):
        actions.write(text, actor=ANN, name="other")
    actions.approve(row.pk, "a", actor=BOB)
    assert step(drive(row), "b").outputs["text"].strip() == "one"


def test_an_approval_is_never_the_requesters_and_needs_its_quorum() -> None:
    row = begun("runbook: r\nsteps: {a: {kind: approve, quorum: 2, role: approver}}\n", actor=ANN)
    assert states(row) == {"a": "asking"}
    for actor, why in ((ANN, "a second person"), (Actor("token:x", Role.ADMINISTRATOR), "people approve"),
                       (OLA, "needs the role")):  # fmt: skip
        with pytest.raises(Refused, match=why):
            actions.approve(row.pk, "a", actor=actor)
    actions.approve(row.pk, "a", actor=BOB)
    with pytest.raises(Refused, match="already"):
        actions.approve(row.pk, "a", actor=Actor("shell:BOB", Role.ADMINISTRATOR))
    assert drive(row).state == "running"
    actions.approve(row.pk, "a", actor=EVE)
    assert drive(row).state == "done"


def test_a_no_stops_the_run_and_a_deadline_that_passes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "runbook: r\nsteps: {a: {kind: approve, deadline: 1h}}\n"
    row = begun(text)
    actions.approve(row.pk, "a", yes=False, note="not now", actor=BOB)
    assert (drive(row).state, note(row, "a")) == ("stopped", "bob said no")
    late = begun(text)
    Step.objects.filter(run=late).update(due=late.asked_at)
    with pytest.raises(Refused, match="time"):
        actions.approve(late.pk, "a", actor=BOB)
    assert (drive(late).state, note(late, "a")) == ("stopped", "nobody said anything in time")


def test_answers_are_held_to_their_questions_and_evidence_is_kept() -> None:
    row = begun("""
runbook: r
steps:
  which: {kind: ask, questions: {size: {kind: number, least: 1, most: 9}, why: {kind: choice, choices: [a, b]}}}
  look: {kind: manual, words: {en: Look at the lamp, zh: 看指示灯}, evidence: true}
""")
    for given, why in (({"size": 10, "why": "a"}, "9 at most"), ({"size": 3, "why": "c"}, "one of: a, b"),
                       ({"why": "a"}, "size is missing"), ({"size": 1, "why": "a", "x": 1}, "nobody")):  # fmt: skip
        with pytest.raises(Refused, match=why):
            actions.answer(row.pk, "which", given, actor=OLA)
    actions.answer(row.pk, "which", {"size": "3", "why": "b"}, actor=OLA)
    row = drive(row)
    assert step(row, "which").outputs["size"] == 3
    with pytest.raises(Refused, match="add a file"):
        actions.answer(row.pk, "look", {}, actor=OLA)
    actions.answer(row.pk, "look", {}, note="green", files=[File("../a.png", b"\x89PNG\r\n\x1a\n1")], actor=OLA)
    proof = step(row, "look").answers.get().proofs.get()
    assert (drive(row).state, proof.name, proof.kind) == ("done", "a.png", "image/png")
    assert queries.proof(row.pk, proof.pk) == proof


def test_a_write_shows_its_rows_and_waits_for_a_yes_to_exactly_those(books: Path) -> None:
    text = """
runbook: free
kinds: [sqlite]
inputs: {state: {default: stuck}}
steps:
  free: {kind: sql, query: "update orders set state = 'new' where state = :state", params: {state: "${state}"}}
  count: {kind: sql, query: "select count(*) as n from orders where state = 'new'"}
"""
    row = begun(text, target="shop/books")
    asked = step(row, "free").asked
    assert states(row) == {"free": "asking"}, note(row, "free")
    assert (asked["shown"]["rows"], rows(books)[0]) == ([[1, "stuck"], [2, "stuck"]], (1, "stuck"))
    with pytest.raises(Refused, match="read it again"):
        actions.approve(row.pk, "free", actor=BOB)
    actions.approve(row.pk, "free", seal=asked["seal"], actor=BOB)
    row = drive(row)
    assert (row.state, step(row, "count").outputs["n"], rows(books)[2]) == ("done", 2, (3, "done"))

    with closing(sqlite3.connect(books)) as db, db:
        db.execute("update orders set state = 'stuck'")
    row = begun(text, target="shop/books")
    with closing(sqlite3.connect(books)) as db, db:
        db.execute("update orders set state = 'done' where id = 3")
    actions.approve(row.pk, "free", seal=step(row, "free").asked["seal"], actor=BOB)
    row = drive(row)
    assert (row.state, rows(books)[0]) == ("stopped", (1, "stuck"))
    assert note(row, "free") == "2 rows would change, 3 were shown; nothing was done"


def test_a_run_is_about_what_it_may_be_about(books: Path) -> None:
    name = written("runbook: r\nkinds: [sqlite]\nsteps: {a: {kind: sql, query: select 1, on: '${component}'}}\n")
    with pytest.raises(Refused, match="component of kind: sqlite"):
        actions.run(name, {}, target="shop/web", actor=OLA)
    with pytest.raises(Denied):
        actions.run(
            name, {}, target="shop/books", actor=Actor("person:v", Role.OPERATOR, systems={"shop": Role.VIEWER})
        )
    other = written("runbook: o\ninputs: {n: {}}\nsteps: {a: {kind: sql, query: select 1, on: '${n}'}}\n")
    row = drive(actions.run(other, {"n": "shop/books"}, actor=OLA))
    assert (row.state, note(row, "a")) == ("stopped", "a value leads to the system shop; the run is about another")


def test_failures_are_tried_again_then_a_person_decides(programs: Path) -> None:
    row = begun("""
runbook: r
steps:
  a: {kind: shell, command: [fail], retries: 1, retry_after: 0s}
  b: {kind: shell, command: [fail], on_failure: skip}
""")
    assert (row.state, step(row, "a").attempt, note(row, "a")) == ("stopped", 2, "it ended with code 3")
    with pytest.raises(Refused, match="say why"):
        actions.skip(row.pk, "a", " ", actor=OLA)
    actions.retry(row.pk, "a", actor=OLA)
    assert drive(row).state == "stopped"
    actions.skip(row.pk, "a", "it is well", actor=OLA)
    row = drive(row)
    assert (row.state, states(row)) == ("done", {"a": "skipped", "b": "failed"})
    with pytest.raises(Refused, match="over"):
        actions.retry(row.pk, "a", actor=OLA)


def test_what_was_done_is_undone_the_last_first(programs: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    row = begun(f"""
runbook: r
steps:
  a: {{kind: shell, command: [leave, {log}, a], rollback: {{back: {{kind: shell, command: [leave, {log}, un-a]}}}}}}
  b: {{kind: shell, command: [leave, {log}, b], rollback: {{back: {{kind: shell, command: [leave, {log}, un-b]}}}}}}
  c: {{kind: shell, command: [fail], on_failure: roll-back}}
""")
    assert (row.state, [line.split()[0] for line in log.read_text().splitlines()]) == (
        "undone",
        ["a", "b", "un-b", "un-a"],
    )


def test_pause_resume_and_cancel(programs: Path) -> None:
    text = "runbook: r\nsteps: {a: {kind: wait, for: 21d}, b: {kind: shell, command: [say, x]}}\n"
    row = begun(text)
    assert row.state == "running"
    actions.pause(row.pk, actor=OLA)
    assert drive(row).state == "paused"
    with pytest.raises(Refused, match="paused already"):
        actions.pause(row.pk, actor=OLA)
    actions.resume(row.pk, actor=OLA)
    Step.objects.filter(run=row).update(began_at=row.asked_at - timedelta(days=22), due=row.asked_at)
    assert drive(row).state == "done"
    row = begun(text)
    actions.cancel(row.pk, "wrong system", actor=OLA)
    assert (drive(row).state, states(row)) == ("cancelled", {"a": "skipped"})


def test_branches_and_other_runbooks_have_their_own_values(programs: Path) -> None:
    written(
        "runbook: inner\ninputs: {n: {kind: number, default: 1}}\nsteps: {s: {kind: shell, command: [say, 'n=${n}']}}\n"
    )
    row = begun(
        """
runbook: outer
steps:
  first: {kind: run, runbook: inner, with: {n: 5}}
  second: {kind: run, runbook: inner}
  both:
    kind: parallel
    branches:
      left: {l: {kind: shell, command: [say, left]}, m: {kind: shell, command: [say, "${l.code}"]}}
      right: {r: {kind: run, runbook: inner, with: {n: "${l.code}"}}}
""".replace('"${l.code}"}}}', "7}}}")
    )
    assert row.state == "done", states(row)
    assert [step(row, path).outputs["text"].strip() for path in ("first/s", "second/s", "both/right/r/s")] == [
        "n=5", "n=1", "n=7",
    ]  # fmt: skip


def test_a_step_whose_process_died_is_repeated_only_when_it_may_be(programs: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for repeatable, state, runs in (("false", "doubtful", 0), ("true", "done", 1)):
        name = written(f"""
runbook: r
steps: {{a: {{kind: shell, command: [leave, {log}, a], repeatable: {repeatable}}}}}
""")
        row = actions.run(name, {}, actor=OLA)
        node = queries.plan(row)[0]
        notes.claim(row.pk, "dead", row.asked_at)
        notes.look(row.pk, "dead", row.asked_at)
        notes.begin(row.pk, node, "dead", "dead/1", row.asked_at, bounded=True)
        row = drive(row)
        assert states(row) == {"a": state}
        assert (len(log.read_text().splitlines()) if log.exists() else 0) == runs
        with pytest.raises(notes.Lost):  # the dead one comes back
            notes.look(row.pk, "dead", row.asked_at)
        if state == "doubtful":
            actions.skip(row.pk, "a", "the log says that it ran", actor=OLA)
            assert drive(row).state == "done"


def test_a_driver_that_was_overtaken_writes_nothing(programs: Path) -> None:
    row = actions.run(written("runbook: r\nsteps: {a: {kind: shell, command: [say, x]}}\n"), {}, actor=OLA)
    now = row.asked_at
    notes.claim(row.pk, "old", now)
    notes.look(row.pk, "old", now)
    begun_ = notes.begin(row.pk, queries.plan(row)[0], "old", "old/1", now, bounded=True)
    assert notes.begin(row.pk, queries.plan(row)[0], "old", "old/1", now, bounded=True).step == begun_.step
    notes.claim(row.pk, "new", now)
    with pytest.raises(notes.Lost):
        notes.finish(begun_, now, {})
    assert states(row) == {"a": "doubtful"}


def test_a_mainstay_that_was_put_back_asks_before_it_goes_on(programs: Path) -> None:
    row = begun("runbook: r\nsteps: {a: {kind: approve}, b: {kind: shell, command: [say, x]}}\n")
    assert notes.hold_after_restore(row.asked_at) == 1
    actions.approve(row.pk, "a", actor=BOB)
    row = drive(row)
    assert (row.state, states(row)) == ("paused", {"a": "done"})
    actions.resume(row.pk, actor=BOB)
    assert drive(row).state == "done"
