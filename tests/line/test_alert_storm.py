"""Alerts of other programs about components: one broken switch is one incident, whatever stands behind it tells."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.alert import Alert
from mainstay.incidents import actions, queries
from mainstay.incidents.models import Incident, Member, Signal
from mainstay.monitoring.models import Mute, Standing
from mainstay.notices.models import Delivery
from tests.line.shop import ALICE, change, channel, follow

pytestmark = pytest.mark.django_db
BELL = Actor("token:bell", Role.OPERATOR)
NOW = datetime.now(UTC)


@pytest.fixture
def site() -> list[Component]:
    """A switch, and two hundred hosts that need it."""
    system = System.objects.create(name="site", tier=1)
    switch = Component.objects.create(system=system, name="switch", kind="network")
    hosts = Component.objects.bulk_create(
        Component(system=system, name=f"host-{number}", kind="host") for number in range(200)
    )
    link = Component.depends_on.through
    link.objects.bulk_create(link(from_component=host, to_component=switch) for host in hosts)
    return [switch, *hosts]


def alert(component: str, number: int = 0, *, firing: bool = True, severity: str = "critical", **more: object) -> Alert:
    return Alert(
        f"{component}/{number}", firing, f"{component} is ill {number}", "", severity, "site", "http://x",
        component=component, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def storm(site: list[Component], count: int) -> list[Alert]:
    """``count`` alerts of all components by turns, in no order."""
    alerts = [alert(site[number % len(site)].name, number // len(site)) for number in range(count)]
    random.Random(7).shuffle(alerts)
    return alerts


def running() -> int:
    return Incident.objects.exclude(state="resolved").count()


@pytest.mark.parametrize("late", [False, True], ids=["the switch among them", "the switch last"])
def test_a_storm_behind_a_switch(site: list[Component], late: bool) -> None:
    channel(1)
    alerts = storm(site, 1000)
    if late:
        alerts.sort(key=lambda one: one.component == "switch")
    for start in range(0, len(alerts), 100):
        actions.receive(alerts[start : start + 100], actor=BELL)
    assert running() == 1
    one = Incident.objects.exclude(state="resolved").get()
    assert one.root is not None
    assert one.root.name == "switch"
    assert Signal.objects.count() == queries.signals(one.pk).count() == 1000
    assert Counter(row.role for row in queries.signals(one.pk))["echo"] >= 995  # type: ignore[attr-defined]
    waiting = Delivery.objects.filter(given_up_at=None, sent_at=None)
    assert waiting.count() <= 3
    told = set(Delivery.objects.exclude(given_up_at=None).values_list("outcome", flat=True))
    assert all(outcome.startswith("merged into incident") for outcome in told)


def test_what_stands_behind_is_one_matter_with_what_we_see(site: list[Component]) -> None:
    """A check that fails behind the switch is an echo of the alert; and the alert of a check that failed first."""
    actions.receive([alert("switch")], actor=BELL)
    one = Incident.objects.get()
    host = Check.objects.create(
        system=site[0].system, component=site[1], name="ping", kind="tcp", every=10, category="system", impact="outage",
        document={},
    )  # fmt: skip
    follow(change(host, "critical", datetime.now(UTC)))
    assert Member.objects.get(check_of=host).role == "echo"
    assert running() == 1
    actions.receive([alert("switch", firing=False)], actor=BELL)
    follow(change(host, "ok", datetime.now(UTC), "critical"))
    later = datetime.now(UTC) + timedelta(seconds=20)
    assert actions.release(later) == 0, "its check is born retired and is in use nevertheless"
    assert actions.resolve_calm(later) == 1
    assert queries.incident(one.pk).state == "resolved"


def test_the_same_again_is_no_news(site: list[Component]) -> None:
    began = NOW - timedelta(minutes=5)
    assert actions.receive([alert("host-1", starts_at=began)], actor=BELL) == (1, 0)
    one = Incident.objects.get()
    assert one.title["en"] == "host-1 is ill 0"
    assert actions.receive([alert("host-1", starts_at=began)], actor=BELL) == (0, 0)
    actions.resolve(one.pk, actor=ALICE)
    assert actions.receive([alert("host-1", starts_at=began)], actor=BELL) == (0, 0), "a person has ended it"
    assert actions.receive([alert("host-1", 1)], actor=BELL)[0] + running() == 1, "another alert is another matter"
    actions.receive([alert("host-1", firing=False, starts_at=began - timedelta(hours=1))], actor=BELL)
    assert Signal.objects.get(fingerprint="host-1/0").state == "critical", "the end of an outbreak before"


def test_a_page_after_a_warning_raises_the_level(site: list[Component]) -> None:
    actions.receive([alert("host-1", severity="warning")], actor=BELL)
    levels = [Incident.objects.get().level]
    for number, severity in enumerate(("critical", "page"), 1):
        actions.receive([alert("host-1", number, severity=severity)], actor=BELL)
        levels.append(Incident.objects.get().level)
    assert levels == [3, 2, 1]


def test_a_mute_is_a_mute(site: list[Component]) -> None:
    Mute.objects.create(
        system=site[0].system, component=site[1], reason="moving", actor="x", starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    assert actions.receive([alert(site[1].name)], actor=BELL) == (0, 0)
    assert Signal.objects.count() == 1
    assert actions.follow_unmuted(NOW + timedelta(minutes=59)) == 0
    assert actions.follow_unmuted(NOW + timedelta(minutes=61)) == 1
    assert running() == 1


def test_a_component_that_is_gone_holds_no_incident(site: list[Component]) -> None:
    actions.receive([alert("host-1")], actor=BELL)
    Component.objects.filter(name="host-1").update(retired_at=NOW)
    assert actions.release(datetime.now(UTC)) == 1


def test_who_took_it_on_there_has_taken_it_on_here(site: list[Component]) -> None:
    actions.receive([alert("switch"), alert("host-1")], actor=BELL)
    actions.receive([alert("host-1", taken=True)], actor=BELL)
    assert Incident.objects.get().state == "open", "it is but an echo"
    actions.receive([alert("switch", taken=True)], actor=BELL)
    assert Incident.objects.get().acknowledged_by == BELL.name
    assert Standing.objects.filter(state="critical").count() == 2
