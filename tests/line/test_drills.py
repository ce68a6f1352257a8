"""Drills: begun where nothing real is hidden, lived through on the line, marked everywhere, counted nowhere, scored."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import get_current_timezone

from mainstay.audit.models import Record
from mainstay.catalogue.models import Check
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.span import total_length
from mainstay.engine import drilling
from mainstay.incidents import actions as incidents
from mainstay.incidents import queries as incident_queries
from mainstay.incidents.models import Entry, Incident
from mainstay.monitoring.queries import history
from mainstay.on_call import actions as on_call
from mainstay.people.models import Person
from mainstay.plans import actions, queries
from mainstay.plans.models import Attendance, Drill
from mainstay.runbooks.actions import write as write_runbook
from tests.line.on_call import escalate, people
from tests.line.planned import CAROL, begun, in_force
from tests.line.shop import ALICE, T0, Box, change, channel, follow, mail_server, send_all, stand

pytestmark = pytest.mark.django_db
ROOT = Actor("test", Role.ADMINISTRATOR)


def now() -> datetime:
    return datetime.now(UTC)


def injected(**more: object) -> Drill:
    drill = begun(**more)
    return actions.inject(drill.pk, text="stopped it", actor=CAROL)


def broken(check: Check) -> Incident:
    """The check sees the fault."""
    follow(change(check, "critical", now()))
    return Incident.objects.latest("pk")


def well(check: Check) -> None:
    stand(check, "ok")
    follow(change(check, "ok", now(), before="critical"))
    incidents.resolve_calm(now() + timedelta(seconds=20))


def test_a_live_drill_from_the_fault_to_the_score(shop: dict[str, Check], monkeypatch: pytest.MonkeyPatch) -> None:
    people("alice", "bob", "carol")
    escalate(steps=[{"call": "person:alice"}])
    box = Box()
    with mail_server(box) as port:
        channel(port)
        drill = injected()
        incident = broken(shop["db"])
        assert incident.drill == drill.pk
        on_call.call_due(now() + timedelta(seconds=30))
        send_all(monkeypatch, now() + timedelta(seconds=30))
    subjects = [str(mail["subject"]) for mail in box.mails]
    assert len(subjects) == 2, "the team, and alice by the escalation"
    assert all(one.startswith("DRILL [") for one in subjects), subjects
    assert "This is a drill" in box.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    incidents.acknowledge(incident.pk, actor=ALICE)
    actions.step(drill.pk, 1, actor=ALICE)
    actions.step(drill.pk, 2, actor=ALICE)
    actions.step(drill.pk, 3, skipped=True, text="no time", actor=ALICE)
    actions.note(drill.pk, "restarted the wrong host", wrong=True, actor=CAROL)
    with pytest.raises(actions.Illegal, match="db-up still fails"):
        actions.recover(drill.pk, actor=CAROL)
    well(shop["db"])
    drilling.follow()
    drill.refresh_from_db()
    assert drill.recovered_at == Incident.objects.get().resolved_at
    drill = actions.end(drill.pk, loss=60, text="good", actor=CAROL)
    lines = {one["name"]: one["verdict"] for one in drill.score["lines"]}
    assert lines == {
        "detected": "ok", "acknowledged": "ok", "skipped": "missed", "late": "ok", "wrong-turns": "missed",
        "recovered": "ok", "rto": "ok", "rpo": "ok",
    }  # fmt: skip
    assert (drill.passed, drill.state) == (True, "done")
    assert {one.person: one.role for one in Attendance.objects.all()} == {"alice": "", "carol": "leader"}
    assert [one.drill_id for one in queries.attended_by("alice")] == [drill.pk]
    acts = Record.objects.filter(object=str(drill)).order_by("number").values_list("act", flat=True)
    assert list(acts) == [
        "drill.plan", "drill.start", "drill.inject", "drill.step", "drill.step", "drill.step", "drill.note",
        "drill.recover", "drill.end",
    ]  # fmt: skip


def test_no_figure_counts_a_drill(shop: dict[str, Check]) -> None:
    def figures() -> tuple[object, ...]:
        found = incident_queries.statistics(now() + timedelta(minutes=1), get_current_timezone())
        bands = history.outage_bands("shop", T0 - timedelta(days=1), now() + timedelta(hours=1))
        down = total_length([(one.start.timestamp(), one.end.timestamp()) for one in bands if one.state == "critical"])
        return found.total, found.all, round(down), incident_queries.last_resolved_at()

    stand(shop["db"], "ok", T0 - timedelta(hours=1))
    before = figures()
    drill = injected()
    incident = broken(shop["db"])
    incidents.acknowledge(incident.pk, actor=ALICE)
    assert not incident_queries.public(["shop"], T0).exists()
    well(shop["db"])
    actions.end(drill.pk, actor=CAROL)
    assert figures() == before
    broken(shop["db"])
    assert figures() != before, "the same fault without a drill counts"


def test_what_is_not_the_drills_stays_real(shop: dict[str, Check]) -> None:
    injected()
    assert broken(shop["books"]).drill is None
    assert broken(shop["db"]).drill is not None


def test_an_echo_that_came_first_becomes_the_drills_when_its_cause_is_found(shop: dict[str, Check]) -> None:
    drill = injected()
    assert broken(shop["app"]).drill is None
    assert (broken(shop["db"]).drill, Incident.objects.count()) == (drill.pk, 1)


def test_a_real_cause_that_is_found_later_takes_the_mark_away(shop: dict[str, Check]) -> None:
    injected(checks=["app-up"])
    assert broken(shop["app"]).drill is not None
    assert broken(shop["db"]).drill is None


def test_a_fault_after_the_drill_is_real_and_reopens_none_of_it(shop: dict[str, Check]) -> None:
    drill = injected()
    first = broken(shop["db"])
    well(shop["db"])
    actions.recover(drill.pk, actor=CAROL)
    second = broken(shop["db"])
    assert (second.pk != first.pk, second.drill) == (True, None)
    well(shop["db"])
    actions.end(drill.pk, actor=CAROL)
    again = incidents.reopen(first.pk, reason="not over", actor=ALICE)
    assert again.drill is None


def test_a_drill_that_ends_before_its_fault_leaves_a_real_incident_that_is_told_anew(shop: dict[str, Check]) -> None:
    channel(1)
    drill = injected()
    incident = broken(shop["db"])
    incidents.acknowledge(incident.pk, actor=ALICE)
    with pytest.raises(actions.Illegal, match="still runs"):
        actions.end(drill.pk, actor=CAROL)
    drill = actions.end(drill.pk, leave=True, actor=CAROL)
    incident.refresh_from_db()
    assert (incident.drill, incident.state, drill.passed) == (None, "open", False)
    assert incident.notices.filter(word="reopened").count() == 1
    assert Entry.objects.filter(incident=incident, word="real").count() == 1


def test_a_fault_that_no_check_is_to_see_opens_its_incident_at_once(shop: dict[str, Check]) -> None:
    drill = injected(checks=[])
    incident = Incident.objects.get()
    assert (incident.drill, incident.root, incident.level, incident.called["en"]) == (
        drill.pk, None, 1, "DRILL The database dies",
    )  # fmt: skip
    incidents.acknowledge(incident.pk, actor=ALICE)
    drill = actions.recover(drill.pk, actor=CAROL)
    incident.refresh_from_db()
    assert (incident.state, drill.recovered_at) == ("resolved", incident.resolved_at)
    names = {one["name"] for one in actions.end(drill.pk, actor=CAROL).score["lines"]}
    assert "detected" not in names


def test_a_fault_that_nothing_saw_is_raised_by_a_person_and_not_detected(shop: dict[str, Check]) -> None:
    drill = begun()
    with pytest.raises(actions.Illegal, match="not brought about"):
        actions.alarm(drill.pk, actor=ALICE)
    actions.inject(drill.pk, actor=CAROL)
    actions.alarm(drill.pk, text="Ann called", actor=ALICE)
    with pytest.raises(actions.Illegal, match="has its incident"):
        actions.alarm(drill.pk, actor=ALICE)
    actions.recover(drill.pk, actor=CAROL)
    lines = {one["name"]: one["verdict"] for one in actions.end(drill.pk, actor=CAROL).score["lines"]}
    assert (lines["detected"], lines["acknowledged"]) == ("missed", "missed")


def test_a_runbook_brings_the_fault_about(shop: dict[str, Check]) -> None:
    write_runbook("runbook: stop-it\nsteps: {a: {kind: manual, words: pull the plug}}\n", actor=ROOT)
    drill = begun(injection={"runbook": "stop-it"})
    with pytest.raises(Denied):
        actions.inject(drill.pk, actor=ALICE)
    drill = actions.inject(drill.pk, actor=CAROL)
    assert drill.run is not None
    assert (drill.run.version.runbook.name, drill.run.system) == ("stop-it", drill.plan.system)


def test_a_live_drill_does_not_begin_where_it_would_hide_something_real(shop: dict[str, Check]) -> None:
    drill = actions.plan_drill(in_force().name, "live", now(), actor=CAROL)
    stand(shop["db"], "critical")
    with pytest.raises(actions.Illegal, match="db-up is not well"):
        actions.start(drill.pk, actor=CAROL)
    stand(shop["db"], "ok")
    broken(shop["db"])
    with pytest.raises(actions.Illegal, match="is open, or was"):
        actions.start(drill.pk, actor=CAROL)
    well(shop["db"])
    with pytest.raises(actions.Illegal, match="is open, or was"):
        actions.start(drill.pk, actor=CAROL)
    Incident.objects.update(resolved_at=T0 - timedelta(hours=2))
    actions.start(drill.pk, actor=CAROL)
    second = actions.plan_drill(drill.plan.name, "live", now(), actor=CAROL)
    with pytest.raises(actions.Illegal, match="goes on there"):
        actions.start(second.pk, actor=CAROL)


def test_at_the_table_nothing_is_opened_and_each_step_has_its_time(shop: dict[str, Check]) -> None:
    drill = begun("table")
    with pytest.raises(actions.Illegal, match="at the table"):
        actions.inject(drill.pk, actor=CAROL)
    for place in (1, 2, 3):
        actions.step(drill.pk, place, actor=ALICE)
    with pytest.raises(actions.Illegal, match="ticked off already"):
        actions.step(drill.pk, 3, actor=ALICE)
    with pytest.raises(actions.Illegal, match="no step 4"):
        actions.step(drill.pk, 4, actor=ALICE)
    Drill.objects.update(began_at=now() - timedelta(minutes=30))
    actions.recover(drill.pk, actor=CAROL)
    drill = actions.end(drill.pk, actor=CAROL)
    lines = {one["name"]: (one["verdict"], one["measured"]) for one in drill.score["lines"]}
    assert lines["late"] == ("missed", 1), "the first step was to be done within ten minutes"
    assert lines["rto"][0] == "ok"
    assert 1790 < lines["rto"][1] < 1900
    assert not Incident.objects.exists()


def test_the_plan_is_frozen_when_the_drill_begins(shop: dict[str, Check]) -> None:
    drill = begun("table")
    actions.write({**queries.document(drill), "steps": [{"title": "Run"}]}, name=drill.plan.name, actor=ALICE)
    actions.approve(drill.plan.name, actor=CAROL)
    assert len(queries.document(Drill.objects.get())["steps"]) == 3
    assert drill.limits == {"respond": 900.0, "rto": 3600.0, "rpo": 900.0}


def test_a_drill_is_called_off_before_its_fault_but_ended_after_it(shop: dict[str, Check]) -> None:
    plan = in_force()
    drill = actions.plan_drill(plan.name, "live", now() + timedelta(days=3), actor=ALICE)
    actions.cancel(drill.pk, reason="stock-taking", actor=ALICE)
    with pytest.raises(actions.Illegal, match="not planned"):
        actions.start(drill.pk, actor=ALICE)
    drill = actions.plan_drill(plan.name, "live", now(), actor=ALICE)
    actions.start(drill.pk, actor=ALICE)
    actions.inject(drill.pk, actor=CAROL)
    with pytest.raises(actions.Illegal, match="end the drill"):
        actions.cancel(drill.pk, reason="x", actor=ALICE)
    with pytest.raises(actions.Illegal, match="three years"):
        actions.plan_drill(plan.name, "live", T0 - timedelta(days=9), actor=ALICE)


def test_who_took_part_is_on_record_by_hand_too(shop: dict[str, Check]) -> None:
    people("alice", "bob")
    drill = begun("table")
    actions.attend(drill.pk, "bob", role="DBA", hours=2, actor=ALICE)
    actions.attend(drill.pk, "bob", role="DBA", hours=3, actor=ALICE)
    with pytest.raises(actions.Illegal, match="at most"):
        actions.attend(drill.pk, "bob", hours=25, actor=ALICE)
    actions.step(drill.pk, 1, actor=ALICE)
    actions.end(drill.pk, actor=CAROL)
    rows = {one.person: (one.role, one.hours) for one in Attendance.objects.all()}
    assert rows == {"bob": ("DBA", 3), "alice": ("", 0.25)}
    assert Person.objects.filter(username="carol").count() == 0, "who has no account has no training record"
