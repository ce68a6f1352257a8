"""The diagnosis of an incident: a database is locked, the application above it fails, and all that is on record."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mainstay.audit.models import Record
from mainstay.catalogue.models import Arrangement, Check, Component, Revision, System
from mainstay.diagnosis import actions, queries
from mainstay.diagnosis.models import Deployment, Examination, Exhibit
from mainstay.diagnosis.queries import Diagnosis, Kind
from mainstay.diagnosis.wording import reasons
from mainstay.domain.actor import Actor, Denied, Role
from mainstay.domain.cause import Ground
from mainstay.domain.chunk import Batch, milliseconds, pack_batch, records
from mainstay.domain.chunk import grow as grown
from mainstay.domain.saying import restored
from mainstay.engine import examining
from mainstay.incidents.actions import resolve
from mainstay.incidents.models import Incident
from mainstay.monitoring.models import SampleBatch, SampleChunk, Series
from mainstay.plans.actions import write as write_plan
from mainstay.runbooks.actions import write as write_runbook
from tests.line.planned import CAROL, PLAN, in_force
from tests.line.shop import ALICE, BOB, T0, change, follow

ALICE_APPROVES = Actor("person:alice", Role.APPROVER)
LOCKED = T0 - timedelta(seconds=90)
"""When the lock was taken; the first check fails at T0."""


def samples(check: Check, metric: str, values: Iterable[tuple[float, float]], unit: str = "s") -> Series:
    """A series with these samples, most of them packed and the newest in the raw head."""
    series = Series.objects.create(check_of=check, metric=metric, unit=unit)
    at, value = (np.array(column, np.float64) for column in zip(*values, strict=True))
    packed = at < at[-1] - 120
    for piece in grown(b"", records(milliseconds(at[packed]), value[packed])):
        SampleChunk.objects.create(series=series, start=piece.start, end=piece.end, count=piece.count, data=piece.data)
    rest = Batch(np.full(int((~packed).sum()), series.pk, np.uint32), at[~packed], value[~packed])
    SampleBatch.objects.create(at=float(at[-1]), count=len(rest.at), data=pack_batch(rest))
    return series


def course(
    quiet: float, moved: float, since: datetime, *, noise: float = 0.02, seed: int = 1
) -> list[tuple[float, float]]:
    """A sample a minute for six hours and five minutes, at another height from a moment on."""
    times = (T0 - timedelta(hours=6)).timestamp() + 30.0 * np.arange(730)
    drawn = np.random.default_rng(seed).normal(1.0, noise, len(times))
    return [
        (at, (moved if at >= since.timestamp() else quiet) * one)
        for at, one in zip(times.tolist(), drawn.tolist(), strict=True)
    ]


@pytest.fixture
def locked(shop: dict[str, Check]) -> dict[str, Check]:
    """The database's waits rise first, then the application grows slow and fails; the database's checks are well."""
    Check.objects.filter(pk=shop["db"].pk).update(kind="postgresql")
    Check.objects.filter(pk=shop["app"].pk).update(kind="http")
    samples(shop["db"], "longest_wait", course(0.01, 80.0, LOCKED))
    samples(shop["db"], "cache_hit", course(99.0, 99.0, LOCKED, seed=2), "%")
    samples(shop["app"], "total", course(0.2, 9.0, T0 - timedelta(seconds=30), seed=3))
    return shop


def diagnosed(number: int | None = None) -> Diagnosis:
    incident = Incident.objects.get(pk=number) if number else Incident.objects.latest("pk")
    return queries.diagnosis(incident, "en", T0 + timedelta(minutes=4))


def test_the_root_is_the_database_that_moved_first(locked: dict[str, Check]) -> None:
    follow(change(locked["app"], "critical"))
    found = diagnosed()
    assert [str(found.scope.parts[one.component]) for one in found.suspects] == ["shop/db", "shop/app"]
    first = found.suspects[0]
    assert [ground for ground, _ in first.reasons] == [Ground.NEEDED, Ground.FIRST, Ground.MOVED]
    words = " ".join(reasons(found, first, "en"))
    assert "1 other component that fails depends on it" in words
    assert "longest wait for a lock" in words
    assert (found.signals[0].metric, found.signals[0].check.name) == ("longest_wait", "db-up")
    assert {one.metric for one in found.signals} == {"longest_wait", "total"}, "what only trembles is left out"
    assert abs(found.signals[0].move.at - LOCKED.timestamp()) <= 30
    assert found.looked_at == 3


def test_a_deployment_shortly_before_is_a_reason(locked: dict[str, Check]) -> None:
    told = actions.tell_deployment("shop", "app", "2.3", at=T0 - timedelta(minutes=6), key="build-7", actor=ALICE)
    again = actions.tell_deployment("shop", "app", "2.3", at=T0, key="build-7", actor=ALICE)
    assert (told.pk, again.at) == (again.pk, told.at)
    assert Record.objects.filter(act="deployment.tell").count() == 1
    follow(change(locked["app"], "critical"))
    found = diagnosed()
    app = next(one for one in found.suspects if found.scope.parts[one.component].name == "app")
    assert Ground.CHANGED in dict(app.reasons)
    assert "version 2.3 of shop/app" in " ".join(reasons(found, app, "en"))
    assert Kind.DEPLOYMENT in {one.kind for one in found.events}


@pytest.mark.parametrize(("wrong", "why"), [
    ({"version": " "}, "which version"), ({"at": T0 + timedelta(days=1)}, "still to come"),
    ({"url": "javascript:alert(1)"}, "is no address"),
])  # fmt: skip
def test_a_deployment_that_cannot_be_is_refused(shop: dict[str, Check], wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(actions.Unclear, match=why):
        actions.tell_deployment(**{"system": "shop", "component": "app", "version": "1", **wrong}, actor=ALICE)
    with pytest.raises(Denied):
        actions.tell_deployment("shop", "app", "1", actor=BOB)
    with pytest.raises(Component.DoesNotExist):
        actions.tell_deployment("shop", "nothing", "1", actor=ALICE)
    assert not Deployment.objects.exists()


def test_what_was_applied_and_what_ended_one_like_it(locked: dict[str, Check]) -> None:
    follow(change(locked["app"], "critical", T0 - timedelta(days=2)))
    past = Incident.objects.latest("pk")
    resolve(past.pk, actor=ALICE, note="killed the session that held the lock")
    Incident.objects.filter(pk=past.pk).update(resolved_at=T0 - timedelta(days=1))
    write_runbook("runbook: free\nkinds: [postgresql]\nsteps: {a: {kind: manual, words: x}}\n", actor=ALICE_APPROVES)
    summary = [
        {"act": "changed", "kind": "check", "name": "shop/app-up"},
        {"act": "changed", "kind": "check", "name": "other/x"},
    ]
    Revision.objects.create(number=1, at=T0 - timedelta(hours=1), actor="person:zoe", summary=summary)
    follow(change(locked["app"], "critical"))
    found = diagnosed()
    (applied,) = [one for one in found.events if one.kind is Kind.CATALOGUE]
    assert (applied.component, applied.data["count"]) == (locked["app"].component_id, 1)
    assert [(one.past.incident.pk, one.past.ending and one.past.ending.text) for one in found.alike] == [
        (past.pk, "killed the session that held the lock")
    ]
    assert [(one.name, one.target, one.why) for one in found.runbooks] == [("free", "shop/db", "kind")]


def test_the_plan_that_names_the_failing_check_comes_first(locked: dict[str, Check]) -> None:
    in_force(plan="a-flood", checks=[])
    in_force(plan="nobody-can-order", checks=["app-up"])
    write_plan({**PLAN, "plan": "a-draft", "checks": ["app-up"]}, actor=CAROL)
    follow(change(locked["app"], "critical"))
    found = diagnosed()
    assert [(one.name, one.why) for one in found.plans] == [("nobody-can-order", "sees"), ("a-flood", "system")]
    write_plan({**PLAN, "plan": "a-flood", "checks": ["app-up"]}, name="a-flood", actor=CAROL)
    assert diagnosed().plans[1].why == "system", "what is written is followed only once it is approved"


def test_the_vendor_is_found_by_the_component_then_the_system(locked: dict[str, Check]) -> None:
    for name, phone in (("base", "+86 21 5555 0100"), ("house", "")):
        document = {"email": f"help@{name}.example", "phone": phone, "contract": "C-7", "hours": "Mon-Fri 09:00-18:00"}
        Arrangement.objects.create(kind="vendor", name=name, document=document)
    Component.objects.filter(name="db").update(settings={"vendor": "base"})
    System.objects.filter(name="shop").update(document={"vendor": "house", "users": 12})
    follow(change(locked["app"], "critical"))
    found = diagnosed()
    assert [(one.name, one.part, one.contract.phone) for one in found.vendors] == [
        ("base", "shop/db", "+86 21 5555 0100"), ("house", "", "")
    ]  # fmt: skip
    assert found.users.people == 12


def test_an_incident_by_hand_without_a_component_breaks_nothing(shop: dict[str, Check]) -> None:
    incident = Incident.objects.create(
        key="hand:1",
        system=None,
        title={"en": "The tills are slow"},
        category="business",
        level=3,
        opened_at=T0,
        since=T0,
    )
    found = diagnosed(incident.pk)
    assert (found.suspects, found.signals, found.events, found.clear) == ([], [], [], False)


def test_the_number_of_queries_does_not_grow(locked: dict[str, Check]) -> None:
    follow(change(locked["app"], "critical"))
    with CaptureQueriesContext(connection) as few:
        diagnosed()
    db = locked["db"].component
    for number in range(30):
        more = Check.objects.create(
            system=db.system, component=db, name=f"more-{number}", kind="postgresql", every=10, category="system",
            impact="risk", document={},
        )  # fmt: skip
        samples(more, "connect", course(0.01, 0.01, LOCKED, seed=number))
        change(more, "critical", T0 - timedelta(minutes=1))
        actions.tell_deployment("shop", "app", str(number), at=T0 - timedelta(minutes=number + 1), actor=ALICE)
    with CaptureQueriesContext(connection) as many:
        found = diagnosed()
    assert found.looked_at == 33
    assert len(many) == len(few) <= 37


# What is seen when an incident begins


@pytest.fixture
def logged(locked: dict[str, Check], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The application writes a log in a directory that may be read."""
    monkeypatch.setattr(examining, "LOGS", (str(tmp_path),))
    log = tmp_path / "app.log"
    log.write_text("starting\nERROR cannot lock orders, dsn postgresql://shop:hunter2@db/shop\n")
    Component.objects.filter(name="app").update(settings={"logs": [{"file": str(log)}, {"file": "/etc/hostname"}]})
    return log


def examined() -> Examination:
    due = actions.begin_due(T0 + timedelta(seconds=5))
    assert due is not None
    examining.examine(due)
    return due


def test_the_end_of_a_log_is_kept_without_its_secrets(logged: Path, locked: dict[str, Check]) -> None:
    follow(change(locked["app"], "critical"))
    examined()
    logged.write_text("turned over\n")
    found = diagnosed()
    kept, refused = (one for one in found.exhibits if one.kind == "log")
    assert kept.text == "starting\nERROR cannot lock orders, dsn postgresql://shop:•••@db/shop"
    assert not refused.text
    assert "none of the directories of logs" in restored(refused.problem)


def test_an_incident_is_looked_into_once_and_again_after_a_death(logged: Path, locked: dict[str, Check]) -> None:
    follow(change(locked["app"], "critical"))
    now = T0 + timedelta(seconds=5)
    first = actions.begin_due(now)
    assert first is not None
    assert actions.begin_due(now) is None, "it is under way"
    later = now + actions.examining.LOST + timedelta(seconds=1)
    second = actions.begin_due(later)
    assert second == first
    assert second is not None
    examining.examine(second)
    examining.examine(first)  # it had not died after all
    assert Exhibit.objects.filter(kind="log").count() == 2
    assert actions.begin_due(later + timedelta(minutes=5)) is None


def test_an_old_incident_is_not_looked_into(logged: Path, locked: dict[str, Check]) -> None:
    follow(change(locked["app"], "critical", T0 - timedelta(hours=2)))
    assert actions.begin_due(T0) is None
