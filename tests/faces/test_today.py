"""Today: what needs somebody, in which order, and when it may be said that all is quiet."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from mainstay.catalogue.models import Channel, Check, Policy, System
from mainstay.domain.actor import EVERYTHING, Role
from mainstay.domain.state import State
from mainstay.incidents.models import Incident
from mainstay.inspection.actions import run_by_hand
from mainstay.inspection.models import Sheet
from mainstay.monitoring.models import Pulse, Standing
from mainstay.notices.models import Delivery, Notice
from mainstay.web.today import watched
from tests.faces.test_web import ROOT, bad_day, person
from tests.line.backed_up import copy, open_policy, proof

__all__ = ["bad_day"]  # a fixture of the neighbours
pytestmark = pytest.mark.django_db
QUIET, BLIND = "All quiet", "but nobody is watching"
ONE_PLACE = "1 component in one place only"


def good_day() -> None:
    """Everybody is heard of, nothing is wrong."""
    now = datetime.now(UTC)
    Incident.objects.update(state="resolved", resolved_at=now)
    Standing.objects.update(state="ok", message={})
    for name in ("checker-1", "engine-1"):
        Pulse.objects.create(process=name, at=now, started_at=now)
    proof(copy(open_policy()))


def seen(who: Client, *, fragment: bool = False) -> str:
    answer = who.get("/today/", headers={"hx-request": "true"} if fragment else {})
    assert answer.status_code == 200
    return answer.content.decode()


def undelivered() -> Delivery:
    now = datetime.now(UTC)
    channel = Channel.objects.create(name="team", kind="smtp")
    notice = Notice.objects.create(key="x", word="opened", at=now)
    return Delivery.objects.create(
        notice=notice, channel=channel, key="x", due_at=now + timedelta(minutes=5), attempts=1, outcome="refused by it"
    )


@pytest.mark.parametrize("fragment", [False, True], ids=["page", "fragment"])
@pytest.mark.parametrize(
    ("spoiled_by", "said"),
    [
        (lambda: None, QUIET),
        (lambda: Pulse.objects.all().delete(), BLIND),
        (lambda: Pulse.objects.filter(process="engine-1").update(at=datetime(2026, 1, 1, tzinfo=UTC)), BLIND),
        (lambda: Standing.objects.update(state="warning"), "Not ok, without an incident"),
        (lambda: Standing.objects.update(state="unknown"), "Not ok, without an incident"),
        (lambda: Incident.objects.update(state="acknowledged", acknowledged_by="person:ann"), "ann is on it"),
        (undelivered, "Notices that did not arrive"),
        (lambda: Policy.objects.update(retired_at=datetime.now(UTC)), "1 component without a policy"),
        (lambda: Policy.objects.update(document=Policy.objects.get().document | {"stores": ["vault"]}), ONE_PLACE),
        (lambda: open_policy("weekly"), "1 policy of which no copy was ever proved"),
    ],
    ids=[
        "nothing",
        "never watched",
        "engine silent",
        "a warning",
        "unseen",
        "an incident",
        "a notice",
        "no policy",
        "one site",
        "unproved",
    ],
)
def test_quiet_is_said_only_when_it_is_so(bad_day: Check, spoiled_by: Any, said: str, fragment: bool) -> None:
    who = person(Role.VIEWER)
    good_day()
    spoiled_by()
    text = seen(who, fragment=fragment)
    assert [word for word in (QUIET, BLIND) if word in text] == [word for word in (QUIET, BLIND) if word == said]
    assert said in text


def test_what_needs_somebody_stands_in_its_order(bad_day: Check) -> None:
    """Running incidents, the worst first; what waits for a signature; what did not arrive; then what is not ok."""
    who, now = person(Role.OPERATOR), datetime.now(UTC)
    Incident.objects.update(level=2)
    slight = Incident.objects.create(key="slight", title={"en": "Slight"}, level=3, category="data", state="open",
                                     since=now - timedelta(days=1), opened_at=now)  # fmt: skip
    sheet = run_by_hand("shop", actor=ROOT)
    Sheet.objects.update(late_after=now + timedelta(hours=1))
    undelivered()
    Standing.objects.exclude(check_of=bad_day).update(
        state="warning", message={"fault": "refused", "detail": "slow <b>"}
    )
    text = seen(who)
    places = [f'id="incident-{Incident.objects.exclude(pk=slight.pk).get().pk}"', f'id="incident-{slight.pk}"',
              f'id="sheet-{sheet.pk}"', "refused by it", "slow &lt;b&gt;"]  # fmt: skip
    assert sorted(places, key=text.index) == places
    assert [len(re.findall(re.escape(one), text)) for one in places] == [1] * len(places)
    assert "I take it on" in text


def test_what_is_not_ok_stands_worst_first(bad_day: Check) -> None:
    """Whatever the tier and the name of its system."""
    who = person(Role.VIEWER)
    good_day()
    owner = System.objects.create(name="a-first", tier=1)
    for name, state in (("a", "warning"), ("b", "unknown"), ("c", "critical")):
        one = Check.objects.create(system=owner, name=name, kind="http", every=60, category="system", impact="risk")
        Standing.objects.create(check_of=one, state=state, since=datetime.now(UTC), updated_at=datetime.now(UTC))
    Standing.objects.filter(check_of=bad_day).update(state="critical")
    card = seen(who).partition("Not ok, without an incident")[2].partition("</table>")[0]
    assert re.findall(r"state state-(\w+)", card) == ["critical", "critical", *SOFTER]


SOFTER = sorted(("warning", "unknown"), key=lambda one: -State(one).rank)


@pytest.mark.parametrize(("every", "ago", "counts"), [
    (10, 100, True), (10, 140, False), (3600, 3500, True), (3600, 3700, True), (3600, 3800, False),
    (86400, 80000, True),
])  # fmt: skip
def test_a_check_is_looked_at_in_time_by_its_own_interval(bad_day: Check, every: float, ago: int, counts: bool) -> None:
    now = datetime.now(UTC)
    Standing.objects.exclude(check_of=bad_day).update(looked_at=None)
    Check.objects.filter(pk=bad_day.pk).update(every=every)
    Standing.objects.filter(check_of=bad_day).update(looked_at=now - timedelta(seconds=ago))
    assert watched(now, EVERYTHING) == {"checks": 2, "looked": int(counts), "rules": 0, "flows": 1}
