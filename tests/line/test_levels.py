"""Level drives everything: rules that weigh money and stuck cases, clocks that run out, pauses; with real rows."""

from datetime import UTC, datetime, timedelta

import pytest

from mainstay.audit.queries import verify
from mainstay.catalogue.actions import apply
from mainstay.catalogue.examine import examine
from mainstay.catalogue.export import files
from mainstay.catalogue.models import Check, Practice, System
from mainstay.catalogue.queries import differences
from mainstay.domain.actor import ENGINE, Denied
from mainstay.domain.clock import Kind, Stand
from mainstay.incidents import actions, queries
from mainstay.incidents.clocks import clocks_of
from mainstay.incidents.models import Entry, Incident, Mark, Pause
from mainstay.monitoring.models import Observation, Standing
from mainstay.notices.models import Notice
from tests.line.shop import ALICE, BOB, T0, change, channel, follow, stand

pytestmark = pytest.mark.django_db

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def ordered(shop: dict[str, Check], stuck: int, amount: float) -> None:
    """The shop's orders, of which so many are stuck."""
    flow, _ = Check.objects.get_or_create(
        system=shop["db"].system, name="orders", kind="flow", every=60, category="business", impact="degraded"
    )
    stages = [{"name": "paid", "stuck": stuck, "stuck_amount": amount}, {"name": "sent", "stuck": 0, "stuck_amount": 0}]
    Observation.objects.update_or_create(check_of=flow, defaults={"at": T0, "payload": {"stages": stages}})


def rule(shop: dict[str, Check], **said: object) -> None:
    System.objects.filter(pk=shop["db"].system_id).update(document={"grading": {"rich": {"level": 1, **said}}})


def test_money_at_risk_raises_the_level_and_the_rule_is_shown(shop: dict[str, Check]) -> None:
    rule(shop, money=5000, title={"en": "More than 5,000 at risk", "zh": "风险金额超过 5,000"})
    ordered(shop, 12, 5000.0)
    follow(change(shop["books"], "critical"))
    incident = Incident.objects.get()
    assert (incident.level, incident.grounds["rule"], incident.grounds["money"], incident.grounds["stuck"]) == (
        1, "rich", 5000.0, 12
    )  # fmt: skip
    (graded,) = [line for line in queries.explain(incident.pk) if line["word"] == "graded"]
    assert (graded["rule"], graded["title"]["en"]) == ("rich", "More than 5,000 at risk")


def test_below_the_threshold_the_table_decides(shop: dict[str, Check]) -> None:
    rule(shop, money=5000)
    ordered(shop, 12, 4999.0)
    follow(change(shop["books"], "critical"))
    assert (Incident.objects.get().level, Incident.objects.get().grounds["rule"]) == (2, "degraded")


def test_it_is_judged_again_while_it_runs_and_told_as_worse(shop: dict[str, Check]) -> None:
    channel(1)
    rule(shop, stuck=20)
    ordered(shop, 12, 100.0)
    follow(change(shop["books"], "critical"))
    assert actions.judge_again(T0 + MINUTE) == 0
    Notice.objects.get().deliveries.update(sent_at=T0)
    ordered(shop, 20, 100.0)
    assert actions.judge_again(T0 + 2 * MINUTE) == 1
    assert actions.judge_again(T0 + 3 * MINUTE) == 0
    incident = Incident.objects.get()
    assert (incident.level, incident.grounds["rule"]) == (1, "rich")
    assert [one.word for one in Notice.objects.order_by("pk")] == ["opened", "worse"]
    ordered(shop, 0, 0.0)
    assert actions.judge_again(T0 + 4 * MINUTE) == 0
    assert Incident.objects.get().level == 1, "nothing is lowered"


def test_what_a_person_graded_is_left_alone(shop: dict[str, Check]) -> None:
    rule(shop, stuck=20)
    follow(change(shop["books"], "critical"))
    number = Incident.objects.get().pk
    actions.regrade(number, level=3, reason="a test order", actor=ALICE)
    ordered(shop, 99, 1e6)
    assert actions.judge_again(T0 + MINUTE) == 0
    incident = Incident.objects.get()
    assert (incident.level, incident.grounds) == (3, {"by": "person:alice", "reason": "a test order"})


def test_money_of_failing_rules_on_data_counts_once(shop: dict[str, Check]) -> None:
    """The flow says 300 are stuck, the rule says 400 of the same: it is 400, not 700."""
    rule(shop, money=500)
    ordered(shop, 3, 300.0)
    follow(change(shop["books"], "critical"))
    assert Incident.objects.get().level == 2


def test_business_hours_that_begin_raise_the_level(shop: dict[str, Check]) -> None:
    night, morning = datetime(2027, 7, 1, 3, tzinfo=UTC), datetime(2027, 7, 1, 9, 30, tzinfo=UTC)
    System.objects.update(tier=2, document={"hours": "Mon-Fri 09:00-18:00"})
    follow(change(shop["db"], "critical", night))
    assert (Incident.objects.get().level, Incident.objects.get().grounds["rule"]) == (2, "outage-out-of-hours")
    assert actions.judge_again(night + HOUR) == 0
    assert actions.judge_again(morning) == 1
    incident = Incident.objects.get()
    assert (incident.level, incident.grounds["rule"]) == (1, "outage-in-hours")
    respond = clocks_of([incident], morning)[incident.pk].readings[0]
    assert respond.due_at == morning + 15 * MINUTE, "the shorter clock begins with the level"


# Clocks


def test_each_clock_is_announced_once_before_and_once_when_it_runs_out(shop: dict[str, Check]) -> None:
    channel(1)
    follow(change(shop["db"], "critical"))
    assert actions.watch_clocks(T0 + 11 * MINUTE) == 0
    assert Incident.objects.get().due_at == T0 + 15 * MINUTE
    assert actions.watch_clocks(T0 + 12 * MINUTE) == 1
    assert actions.watch_clocks(T0 + 13 * MINUTE) == 0
    assert actions.watch_clocks(T0 + 16 * MINUTE) == 1
    assert actions.watch_clocks(T0 + 17 * MINUTE) == 0
    words = [(one.clock, one.word, one.at) for one in Mark.objects.order_by("pk")]
    assert words == [("respond", "close", T0 + 12 * MINUTE), ("respond", "late", T0 + 15 * MINUTE)]
    assert [one.word for one in Notice.objects.order_by("pk")] == ["opened", "clock-close", "clock-late"]
    lines = Entry.objects.filter(word__startswith="clock-").order_by("at")
    assert [(line.word, line.data["limit"]) for line in lines] == [("clock-close", 900.0), ("clock-late", 900.0)]


def test_an_engine_that_was_away_tells_the_end_only(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    assert actions.watch_clocks(T0 + 5 * HOUR) == 4
    told = [(one.word, one.data["clock"]) for one in Notice.objects.order_by("pk")[1:]]
    assert told == [("clock-late", "respond"), ("clock-late", "resolve")]


def test_what_ended_late_between_two_rounds_is_noted_and_not_told(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    number = Incident.objects.get().pk
    Incident.objects.update(state="acknowledged", acknowledged_at=T0 + 20 * MINUTE, acknowledged_by="person:alice")
    assert actions.watch_clocks(T0 + 21 * MINUTE) == 2
    assert [one.word for one in Notice.objects.all()] == ["opened"]
    assert Mark.objects.get(incident=number, word="late").at == T0 + 15 * MINUTE


def test_opened_again_it_has_new_clocks(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    actions.watch_clocks(T0 + 16 * MINUTE)
    number = Incident.objects.get().pk
    actions.resolve(number, actor=ALICE)
    assert Incident.objects.get().due_at is None
    again = actions.reopen(number, actor=ALICE, reason="it came back")
    assert again.due_at == again.since + 15 * MINUTE
    assert actions.watch_clocks(again.since + 16 * MINUTE) == 2


def test_who_takes_it_on_is_next_due_when_it_should_be_over(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    incident = actions.acknowledge(Incident.objects.get().pk, actor=ALICE)
    assert incident.due_at == T0 + 4 * HOUR


def test_a_pause_stops_the_clock_with_a_reason_and_is_audited(shop: dict[str, Check]) -> None:
    began = datetime.now(UTC).replace(microsecond=0) - 2 * HOUR
    follow(change(shop["db"], "critical", began))
    number = Incident.objects.get().pk
    with pytest.raises(actions.Illegal, match="not taken on"):
        actions.pause(number, reason="vendor", actor=ALICE)
    actions.acknowledge(number, actor=ALICE)
    Incident.objects.update(acknowledged_at=began + MINUTE)
    with pytest.raises(Denied):
        actions.pause(number, reason="vendor", actor=BOB)
    with pytest.raises(actions.Illegal, match="what it waits for"):
        actions.pause(number, reason="other", actor=ALICE)
    with pytest.raises(ValueError, match="lunch"):
        actions.pause(number, reason="lunch", actor=ALICE)
    incident = actions.pause(number, reason="vendor", text="case 4711", actor=ALICE)
    assert incident.due_at is None
    with pytest.raises(actions.Illegal, match="paused already"):
        actions.pause(number, reason="user", actor=ALICE)
    found = clocks_of([incident], began + 9 * HOUR)[number]
    assert found.pause is not None
    assert (found.pause.reason, found.readings[1].stand) == ("vendor", Stand.PAUSED)
    assert actions.watch_clocks(began + 9 * HOUR) == 0, "it waits for the vendor"
    Pause.objects.update(begun_at=began + HOUR)
    resumed = actions.resume(number, actor=ALICE)
    pause = Pause.objects.get()
    assert pause.ended_at is not None
    assert resumed.due_at is not None
    assert abs(resumed.due_at - (began + 4 * HOUR + (pause.ended_at - pause.begun_at))) < timedelta(seconds=2)
    with pytest.raises(actions.Illegal, match="not paused"):
        actions.resume(number, actor=ALICE)
    assert [one.word for one in queries.timeline(number) if one.word in ("paused", "resumed")] == ["paused", "resumed"]
    assert verify().whole


def test_an_end_ends_the_pause_and_opened_again_it_runs(shop: dict[str, Check]) -> None:
    follow(change(shop["db"], "critical"))
    stand(shop["db"], "critical")
    number = Incident.objects.get().pk
    actions.acknowledge(number, actor=ALICE)
    actions.pause(number, reason="user", actor=ALICE)
    follow(change(shop["db"], "ok", T0 + MINUTE, "critical"))
    Standing.objects.update(state="ok")
    assert actions.resolve_calm(T0 + 2 * MINUTE) == 1
    again = actions.reopen(number, actor=ALICE, reason="it came back")
    clocks = clocks_of([again], again.since + MINUTE)[number]
    assert clocks.pause is None
    assert {one.stand for one in clocks.readings} == {Stand.COUNTING}


def test_an_incident_of_no_system_has_clocks_too(db: None) -> None:
    alert = actions.Alert("f1", True, "Disk full", "", "critical", "", "grafana")
    actions.receive([alert], actor=ENGINE)
    incident = Incident.objects.get()
    kinds = [one.kind for one in clocks_of([incident], incident.since)[incident.pk].readings]
    assert kinds == [Kind.RESPOND, Kind.RESOLVE]


# The catalogue


SHARED = b"""
grading:
  rich: {level: 1, money: 5000, title: {en: Much money, zh: \xe5\xa4\xa7\xe9\xa2\x9d}}
clocks:
  books: {category: data, resolve: 2h}
words:
  severe: {level: 1, text: {en: We are on it., zh: \xe6\xad\xa3\xe5\x9c\xa8\xe5\xa4\x84\xe7\x90\x86\xe3\x80\x82}}
"""


def test_shared_documents_are_applied_exported_and_retired(shop: dict[str, Check]) -> None:
    apply(examine({"shared.yaml": SHARED}, whole=False).catalogue, actor=ENGINE)
    assert {(one.kind, one.name) for one in Practice.objects.all()} == {
        ("grading", "rich"), ("clock", "books"), ("words", "severe")
    }  # fmt: skip
    written = files()["shared.yaml"]
    again = examine({"shared.yaml": written.encode()}, whole=False)
    assert differences(again.catalogue) == []
    ordered(shop, 1, 6000.0)
    follow(change(shop["books"], "critical"))
    incident = Incident.objects.select_related("system").get()
    assert incident.grounds["rule"] == "rich"
    assert clocks_of([incident], T0)[incident.pk].readings[1].limit == 2 * HOUR
    apply(examine({"shared.yaml": b"channels: {}\n"}).catalogue, actor=ENGINE)
    assert not Practice.objects.filter(retired_at=None).exists()


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_is_set_takes_no_time_and_gives_none(shop: dict[str, Check], hours: int) -> None:
    """However the wall clock is set while an incident runs, its clocks have as long to go as before."""
    follow(change(shop["books"], "critical"))
    number = Incident.objects.get().pk
    Incident.objects.filter(pk=number).update(state="acknowledged", acknowledged_at=T0 + 5 * MINUTE)
    Pause.objects.create(incident_id=number, reason="vendor", begun_at=T0 + 10 * MINUTE, ended_at=T0 + 15 * MINUTE)
    Pause.objects.create(incident_id=number, reason="user", begun_at=T0 + 20 * MINUTE)
    before = clocks_of([Incident.objects.get()], T0 + 30 * MINUTE)[number]
    by = hours * HOUR
    actions.shift(by)
    after = clocks_of([Incident.objects.get()], T0 + 30 * MINUTE + by)[number]
    assert [one.spent for one in after.readings] == [one.spent for one in before.readings]
    assert [one.spent for one in before.readings] == [5 * MINUTE, 15 * MINUTE]
    assert after.pause is not None
    assert Incident.objects.get().since == T0, "the record keeps its moments"
    actions.shift(-by)
    assert clocks_of([Incident.objects.get()], T0 + 30 * MINUTE)[number].readings == before.readings
