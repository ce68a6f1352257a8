"""A check fails, a remedy that somebody allowed is applied, and the check says whether it helped."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from mainstay.audit.models import Record
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check, System
from mainstay.catalogue.sources import Invalid
from mainstay.domain.actor import ENGINE, Actor, Denied, Role
from mainstay.domain.remedy import Refusal
from mainstay.domain.run_answers import Refused
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Entry, Incident
from mainstay.monitoring.actions import mute
from mainstay.monitoring.models import RunRequest
from mainstay.notices.models import Delivery, Notice
from mainstay.on_call.models import Call
from mainstay.people.models import Person
from mainstay.remedies import actions, queries
from mainstay.remedies.actions import beginning
from mainstay.remedies.examine import examine as examine_remedies
from mainstay.remedies.models import Allowance, Attempt
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks.examine import examine as runbook_examine
from mainstay.runbooks.models import Run
from tests.line.driven import ANN, OLA, drive, written
from tests.line.on_call import escalate, people
from tests.line.shop import T0, change, channel, follow, stand

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
REASON = "agreed with the owner"
WAIT = "runbook: restart\nkinds: [http]\nsteps: {pause: {kind: wait, for: 1s}}\n"
ASKS = "runbook: asks\nsteps: {yes: {kind: approve}}\n"
WRITES = "runbook: writes\nsteps: {end: {kind: sql, query: delete from t where n = 1, dsn: 'sqlite:////x'}}\n"
SHOP = """
system: shop
components:
  web: {kind: http, url: "http://127.0.0.1:1/"}
  db: {kind: sqlite, dsn: "sqlite:////srv/x.sqlite3"}
checks:
  answer: {probe: {kind: http, on: web}, impact: outage, timeout: 5s}
  rows: {probe: {kind: sql, on: db, query: "select 1"}, category: data}
remedies:
  restart: {checks: answer, runbook: restart, settle: 1m}
  other: {checks: rows, runbook: restart, on: web}
"""


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> dict[str, Check]:
    """A shop with two remedies and somebody on call."""
    people("ann", role=Role.APPROVER)
    people("alice", "bob", "carol")
    written(WAIT)
    apply(examine({"shop.yaml": SHOP.encode()}).catalogue, actor=ENGINE)
    channel(1)
    escalate()
    return {row.name: row for row in Check.objects.all()}


def fail(check: Check, after: str = "critical") -> Incident:
    follow(change(check, after))
    stand(check, after)
    return Incident.objects.filter(members__check_of=check).latest("pk")


def allow(name: str = "restart", actor: Actor = ANN, **more: Any) -> Allowance:
    return actions.allow("shop", name, **{"days": 30, "reason": REASON, "actor": actor, **more})


def looked(attempt: Attempt, state: str, at: Any) -> None:
    """The checker takes the look that was asked for."""
    attempt.refresh_from_db()
    RunRequest.objects.filter(pk=attempt.look).update(taken_at=at)
    stand(attempt.check_of, state, at)


def ended(run: Run) -> None:
    """The run is driven to its end."""
    run.steps.update(began_at=run.asked_at - MINUTE)
    drive(drive(run))
    run.steps.update(began_at=run.asked_at - MINUTE, due=None)
    Run.objects.filter(pk=run.pk).update(state="done", ended_at=T0)


def words(incident: Incident) -> list[str]:
    return list(Entry.objects.filter(incident=incident, word__startswith="remedy").values_list("word", flat=True))


def reasons(incident: Incident) -> list[str]:
    found = Entry.objects.filter(incident=incident, word="remedy-not").values_list("data", flat=True)
    return [data["refusal"] for data in found]


def test_it_helps(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    assert actions.begin_due(T0) == []
    assert actions.begin_due(T0) == []
    assert reasons(incident) == ["not-allowed"], "written down is not allowed, and that is said once"
    allow()
    (attempt,) = actions.begin_due(T0)
    run = attempt.run
    assert (run.asked_by, run.why, run.state, str(run.component)) == ("remedy:ann", "remedy", "running", "shop/web")
    assert actions.begin_due(T0) == [], "while one is under way nothing begins"
    assert actions.follow(T0) == 1
    ended(run)
    actions.follow(T0 + SECOND)
    attempt.refresh_from_db()
    assert (attempt.looked_from, attempt.outcome) == (T0 + SECOND, "")
    looked(attempt, "ok", T0 + 2 * SECOND)
    actions.follow(T0 + 3 * SECOND)
    assert actions.follow(T0 + 3 * SECOND) == 0
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.ended_at) == ("helped", T0 + 3 * SECOND)
    assert words(incident) == ["remedy-not", "remedy-begun", "remedy-helped"]
    incident.refresh_from_db()
    assert incident.state == "open", "it ends as always: when its checks have been well for a while"
    follow(change(shop["answer"], "ok", T0 + 3 * SECOND, "critical"))
    incidents.resolve_calm(T0 + MINUTE)
    incident.refresh_from_db()
    assert incident.state == "resolved"
    acts = Record.objects.filter(act__startswith="remedy.").order_by("pk").values_list("act", "actor")
    assert list(acts) == [
        ("remedy.allow", "person:ann"), ("remedy.run", "remedy:ann"), ("remedy.run", "engine"),
    ]  # fmt: skip
    assert not Call.objects.exists()


def test_it_does_not_help_and_a_person_is_called_at_once(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    allow()
    (attempt,) = actions.begin_due(T0)
    ended(attempt.run)
    actions.follow(T0)
    looked(attempt, "critical", T0 + SECOND)
    actions.follow(T0 + 10 * SECOND)
    first = attempt.look
    attempt.refresh_from_db()
    assert attempt.look > first, "it is looked at again until its time is over"
    actions.follow(T0 + MINUTE)
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.because) == ("failed", "failing")
    assert Call.objects.count() == 1
    assert Notice.objects.filter(word="remedy-failed", incident=incident).count() == 1
    assert Delivery.objects.filter(notice__word="remedy-failed").exists()
    assert actions.begin_due(T0 + 2 * MINUTE) == []
    assert actions.begin_due(T0 + 90 * MINUTE) == []
    assert words(incident) == ["remedy-begun", "remedy-failed", "remedy-not"]
    assert reasons(incident) == ["failed"]


def test_a_look_that_was_not_taken_says_nothing(shop: dict[str, Check]) -> None:
    fail(shop["answer"])
    allow()
    (attempt,) = actions.begin_due(T0)
    ended(attempt.run)
    stand(shop["answer"], "ok", T0)
    actions.follow(T0)
    actions.follow(T0 + SECOND)
    attempt.refresh_from_db()
    assert attempt.outcome == ""


@pytest.mark.parametrize(("state", "because"), [("stopped", "stopped"), ("cancelled", "ended"), ("running", "slow")])
def test_a_run_that_comes_to_nothing(shop: dict[str, Check], state: str, because: str) -> None:
    fail(shop["answer"])
    allow()
    (attempt,) = actions.begin_due(T0)
    Run.objects.filter(pk=attempt.run_id).update(state=state)
    actions.follow(T0 + 11 * MINUTE)
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.because) == ("failed", because)
    assert Run.objects.get(pk=attempt.run_id).wish == ("pause" if because == "slow" else "")
    assert Call.objects.count() == 1


def test_never_two_at_once_on_a_system(shop: dict[str, Check]) -> None:
    fail(shop["answer"])
    books = fail(shop["rows"])
    allow()
    allow("other")
    assert len(actions.begin_due(T0)) == 1
    assert reasons(books) == ["busy"]
    attempt = Attempt.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(
            system=attempt.system, remedy="other", allowance=attempt.allowance, incident=books, since=books.since,
            number=1, check_of=shop["rows"], run=runbooks.run("restart", {}, target="shop/web", actor=OLA),
            document={}, begun_at=T0,
        )  # fmt: skip
    Run.objects.update(state="done")
    looked_after(attempt)
    assert [row.remedy for row in actions.begin_due(T0 + MINUTE)] == ["other"]


def looked_after(attempt: Attempt) -> None:
    actions.follow(T0)
    looked(attempt, "ok", T0)
    actions.follow(T0)


def test_a_run_by_hand_keeps_remedies_away(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    allow()
    runbooks.run("restart", {}, target="shop/web", actor=OLA)
    assert actions.begin_due(T0) == []
    assert reasons(incident) == ["busy"]


def test_who_has_taken_it_on_is_not_interfered_with(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    allow()
    incidents.acknowledge(incident.pk, actor=OLA)
    assert actions.begin_due(T0) == []
    assert reasons(incident) == ["taken"]


def test_what_is_muted_is_left_alone(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    allow()
    mute(system=shop["answer"].system, check=shop["answer"], until=T0 + 60 * MINUTE, reason="work on it", actor=OLA)
    assert actions.begin_due(T0 + 30 * MINUTE) == []
    assert reasons(incident) == ["muted"]


def test_an_echo_is_not_mended(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    allow()
    incident.members.update(role="echo")
    assert actions.begin_due(T0) == []
    assert words(incident) == []


def test_what_changes_after_the_allowance_ends_it(shop: dict[str, Check]) -> None:
    incident = fail(shop["answer"])
    allow()
    written(WAIT.replace("for: 1s", "for: 2s"))
    assert standing().refusal is Refusal.CHANGED
    assert actions.begin_due(T0) == []
    allow()
    text = SHOP.replace("settle: 1m", "settle: 2m")
    apply(examine({"shop.yaml": text.encode()}).catalogue, actor=ENGINE)
    assert actions.begin_due(T0) == []
    assert reasons(incident) == ["changed"]
    allow()
    assert standing().refusal is None
    assert len(actions.begin_due(T0)) == 1


def standing(name: str = "restart") -> queries.Standing:
    return queries.remedy("shop", name, T0)


def test_who_may_not_any_more_holds_no_allowance(shop: dict[str, Check]) -> None:
    allow()
    Person.objects.filter(username="ann").update(role=Role.OPERATOR)
    assert standing().refusal is Refusal.LAPSED
    Person.objects.filter(username="ann").update(role=Role.APPROVER, is_active=False)
    assert standing().refusal is Refusal.LAPSED
    incident = fail(shop["answer"])
    assert actions.begin_due(T0) == []
    assert reasons(incident) == ["lapsed"]


def test_an_allowance_is_a_persons_and_ends(shop: dict[str, Check]) -> None:
    with pytest.raises(Denied):
        allow(actor=OLA)
    for wrong in ({"actor": Actor("token:x", Role.ADMINISTRATOR)}, {"reason": " "}, {"days": 0}, {"sign": "00"}):
        with pytest.raises(Refused):
            allow(**wrong)
    first = allow(sign=standing().sign[:12])
    second = allow(days=1)
    first.refresh_from_db()
    assert (first.ended_by, second.ended_at) == ("person:ann", None)
    assert queries.remedy("shop", "restart", second.until).refusal is Refusal.NOT_ALLOWED
    actions.revoke("shop", "restart", reason="not today", actor=OLA)
    assert standing().refusal is Refusal.NOT_ALLOWED
    with pytest.raises(Refused):
        actions.revoke("shop", "restart", reason="", actor=OLA)


def test_a_runbook_that_cannot_be_run_so(shop: dict[str, Check]) -> None:
    """The allowance was given while it could; then the runbook is taken out of use."""
    incident = fail(shop["answer"])
    allow()
    runbooks.retire("restart", actor=ANN)
    assert actions.begin_due(T0) == []
    entry = Entry.objects.get(incident=incident, word="remedy-not")
    assert (entry.data["refusal"], entry.data["why"]["text"]) == ("cannot", "there is no runbook %(name)s")
    with pytest.raises(Refused):
        allow()


def test_it_stays_on_its_system(shop: dict[str, Check]) -> None:
    text = "system: bank\nchecks: {b: {probe: {kind: heartbeat, period: 1h, grace: 5m}}}\n"
    apply(examine({"bank.yaml": text.encode()}, whole=False).catalogue, actor=ENGINE)
    written("runbook: restart\nsteps: {a: {kind: check, check: bank/b}}\n")
    incident = fail(shop["answer"])
    allow()
    assert actions.begin_due(T0) == []
    assert reasons(incident) == ["cannot"]
    assert not Run.objects.exists()


def test_begun_is_all_or_nothing(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the engine is killed before the commit: no run, no attempt, no line; then it is begun once."""
    fail(shop["answer"])
    allow()

    def die(*_: Any, **__: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(beginning, "record", die)
        with pytest.raises(RuntimeError), transaction.atomic():
            actions.begin_due(T0)
    assert (Run.objects.count(), Attempt.objects.count()) == (0, 0)
    assert len(actions.begin_due(T0)) == 1


def test_what_was_tried_for_a_check_counts_where_its_incident_went(shop: dict[str, Check]) -> None:
    first = fail(shop["answer"])
    allow()
    (attempt,) = actions.begin_due(T0)
    Run.objects.filter(pk=attempt.run_id).update(state="stopped")
    actions.follow(T0)
    Run.objects.update(state="cancelled")
    second = fail(shop["rows"])
    second.members.create(check_of=shop["answer"], role="joined", joined_at=T0)
    Incident.objects.filter(pk=second.pk).update(since=first.since)
    Incident.objects.filter(pk=first.pk).update(state="resolved")
    assert actions.begin_due(T0 + MINUTE) == []
    assert "failed" in reasons(second)


def test_what_asks_a_person_is_refused_at_its_line(db: None) -> None:
    documents = {name: one.document for name, one in _examined(ASKS, WRITES, WAIT).items()}
    text = SHOP.replace("runbook: restart, settle: 1m", "runbook: asks")
    text = text.replace("runbook: restart, on: web", "runbook: writes, writes: 3")
    files = {"shop.yaml": text.encode()}
    with pytest.raises(Invalid) as found:
        examine_remedies(files, examine(files).catalogue, documents)
    (flaw,) = found.value.flaws
    assert (flaw.file, flaw.flaw.line) == ("shop.yaml", 1 + text[: text.index("  restart:")].count("\n"))
    assert "asks a person" in flaw.flaw.what
    files = {"shop.yaml": text.replace("writes: 3", "writes: 0").replace("runbook: asks", "runbook: gone").encode()}
    with pytest.raises(Invalid) as found:
        examine_remedies(files, examine(files).catalogue, documents)
    assert ["no runbook" in one.flaw.what for one in found.value.flaws] == [True, False]
    assert "writes:" in found.value.flaws[1].flaw.what


def _examined(*texts: str) -> Any:
    return runbook_examine({f"{number}.yaml": text.encode() for number, text in enumerate(texts)})


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("  x: {checks: nothing, runbook: restart}", "no check has such a name"),
        ("  x: {checks: answer, runbook: restart, on: gone}", "there is no component 'gone'"),
        ("  a.b: {checks: answer, runbook: restart}", "no pack gives a remedy"),
        ("  x: {checks: answer, runbook: restart, at_most: 0}", "at_most"),
        ("  x: {checks: answer, runbook: restart, during: late}", "are not hours"),
    ],
)
def test_what_is_wrong_with_a_remedy_is_told_at_its_line(db: None, line: str, what: str) -> None:
    text = SHOP + line + "\n"
    with pytest.raises(Invalid) as found:
        examine({"shop.yaml": text.encode()})
    (flaw,) = found.value.flaws
    assert flaw.flaw.line == text.count("\n")
    assert what in str(flaw)


def test_a_system_keeps_its_remedies_and_export_gives_them_back(shop: dict[str, Check]) -> None:
    kept = System.objects.get().document["remedies"]
    assert sorted(kept) == ["other", "restart"]
    assert kept["restart"]["state"] == ["critical"]
