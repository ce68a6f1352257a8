"""What the engine tends beside sending: the call to the dead-man's switch, the audit trail's head off the machine."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.db import connection, transaction

from mainstay import supervisor
from mainstay.audit import queries as audit
from mainstay.audit.actions import record
from mainstay.catalogue.models import Channel
from mainstay.domain.actor import ENGINE
from mainstay.domain.network import NetworkPolicy
from mainstay.engine import tending
from mainstay.engine.main import Engine
from mainstay.engine.sender import Sender
from mainstay.monitoring.actions import forget_pulses, pulse
from mainstay.monitoring.models import Pulse
from mainstay.monitoring.queries import pulses, silent_processes
from mainstay.notices.actions import announce
from mainstay.notices.models import Delivery, Notice
from mainstay.settings import CONFIGURATION
from tests.line.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """The dead-man's switch, and the desk's webhook."""
    with receiving() as server:
        monkeypatch.setattr(CONFIGURATION.dead_man, "url", f"{server.url}alive")
        yield server


@pytest.fixture
def desk(elsewhere: Receiver) -> Channel:
    return Channel.objects.create(
        name="desk", kind="webhook", settings={"url": elsewhere.url}, document={"language": "en"}
    )


@pytest.fixture
def engine() -> Iterator[Engine]:
    """With a checker beside it that is well."""
    pulse("checker-a", {})
    made = Engine()
    yield made
    made.calls.shutdown()


def heard(engine: Engine, server: Receiver) -> int:
    """How often the switch was called by two rounds, the second of which hears how the first went."""
    before = len(server.visited)
    for _ in range(2):
        engine.report()
        if engine.call is not None:
            engine.call.result(30)
    return len(server.visited) - before


def overdue(channel: Channel) -> Delivery:
    announce(None, "blind", datetime.now(UTC) - 2 * tending.OVERDUE, {"title": "x"}, level=1)
    return Delivery.objects.get(channel=channel)


def test_the_switch_hears_while_all_is_whole(engine: Engine, elsewhere: Receiver) -> None:
    assert heard(engine, elsewhere) == 2
    assert elsewhere.visited[0] == "/alive"
    assert engine.complaint == ""


def test_the_switch_hears_nothing_while_the_checker_is_silent(engine: Engine, elsewhere: Receiver) -> None:
    Pulse.objects.filter(process="checker-a").update(at=datetime.now(UTC) - timedelta(minutes=2))
    assert heard(engine, elsewhere) == 0
    assert engine.complaint == "checker is silent"
    pulse("checker-b", {})
    assert heard(engine, elsewhere) == 2
    assert engine.complaint == ""


def test_the_switch_hears_nothing_while_a_notice_is_overdue(engine: Engine, elsewhere: Receiver, desk: Channel) -> None:
    late = overdue(desk)
    assert heard(engine, elsewhere) == 0
    assert "has reached nobody" in engine.complaint
    Delivery.objects.filter(pk=late.pk).update(sent_at=datetime.now(UTC))
    assert heard(engine, elsewhere) == 2


def test_a_notice_that_somebody_heard_is_not_overdue(engine: Engine, elsewhere: Receiver, desk: Channel) -> None:
    Channel.objects.create(name="other", kind="webhook", settings={"url": elsewhere.url}, document={"language": "en"})
    overdue(desk)
    Delivery.objects.filter(channel=desk).update(sent_at=datetime.now(UTC))
    assert heard(engine, elsewhere) == 2


@pytest.mark.parametrize("away", [True, False])
def test_a_switch_that_is_away_or_refused_is_said(
    engine: Engine, elsewhere: Receiver, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    elsewhere.away = away
    if not away:
        monkeypatch.setattr(tending, "NOTICE_NETWORK", NetworkPolicy((ip_network("10.0.0.0/8"),), setting="networks.x"))
    heard(engine, elsewhere)
    assert ("answered 503" if away else "under networks.x") in engine.complaint


@pytest.mark.parametrize(("vendor", "name"), [("sqlite", "checker"), ("postgresql", "checker-host1.example")])
def test_hosts_that_share_a_database_sign_with_their_names(
    monkeypatch: pytest.MonkeyPatch, vendor: str, name: str
) -> None:
    monkeypatch.setattr(connection, "vendor", vendor)
    monkeypatch.setattr("socket.gethostname", lambda: "host1.example")
    assert supervisor.command("checker")[-1] == name
    assert supervisor.name("engine").partition("-")[0] == "engine"


def test_a_host_that_is_gone_is_forgotten_when_another_does_its_work() -> None:
    now = datetime.now(UTC)
    for name, age in (("checker-old", 25), ("checker-late", 23), ("checker-new", 0), ("engine-old", 25)):
        Pulse.objects.create(process=name, at=now - timedelta(hours=age), started_at=now)
    forget_pulses(now)
    assert [one.process for one in pulses()] == ["checker-late", "checker-new", "engine-old"]
    assert silent_processes(now) == ["engine"]


# The audit trail's head


@pytest.fixture
def heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of heads, with a trail to take one of."""
    monkeypatch.setattr(audit, "HEADS", tmp_path / "heads.log")
    with transaction.atomic():
        record(ENGINE, "incident.note", "incident 1")
    return tmp_path / "heads.log"


def noted(heads: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in heads.read_text().splitlines()]


def test_the_head_is_sent_once_a_day(
    heads: Path, elsewhere: Receiver, desk: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CONFIGURATION, "audit_head", desk.name)
    Channel.objects.create(name="other", kind="webhook", settings={"url": elsewhere.url}, document={"language": "en"})
    tending.send_audit_head()
    tending.send_audit_head()
    sender = Sender()
    sender.step()
    sender.finish()
    number, digest = audit.head()
    ((_, told),) = elsewhere.arrived
    assert (told["word"], told["number"], told["digest"]) == ("head", number, digest)
    assert f"--head {number}:{digest}" in told["text"]
    (line,) = noted(heads)
    assert (line["number"], line["digest"], line["to"]) == (number, digest, "desk")
    Notice.objects.filter(word="head").update(at=datetime.now(UTC) - timedelta(hours=25))
    tending.send_audit_head()
    assert len(noted(heads)) == 2, "the next day again"


@pytest.mark.parametrize("name", ["", "dekc", "gone"])
def test_a_head_that_nobody_was_sent_does_not_say_so(
    heads: Path, desk: Channel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    Channel.objects.create(name="gone", kind="webhook", retired_at=datetime.now(UTC))
    monkeypatch.setattr(CONFIGURATION, "audit_head", name)
    with caplog.at_level(logging.ERROR):
        tending.send_audit_head()
    assert [line["to"] for line in noted(heads)] == [""]
    assert not Delivery.objects.exists()
    assert (f"names {name!r}, which is no channel" in caplog.text) == bool(name)
    assert audit.verify().whole


def test_a_full_disk_is_said_and_the_head_is_noted_later(
    heads: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit, "HEADS", Path("/dev/full"))
    with caplog.at_level(logging.ERROR):
        tending.send_audit_head()
    assert "cannot be noted in /dev/full: No space left on device" in caplog.text
    assert not Notice.objects.exists(), "it is not said to be noted"
    monkeypatch.setattr(audit, "HEADS", heads)
    tending.send_audit_head()
    assert len(noted(heads)) == 1
