"""A shop under care, as rows: what incidents and notices are told about, and a mail server that takes their mail."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_network
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from mainstay.catalogue.models import Channel, Check, Component, System
from mainstay.domain.actor import Actor, Role
from mainstay.domain.network import NetworkPolicy
from mainstay.engine import sender as sender_module
from mainstay.engine.sender import Sender
from mainstay.incidents import actions
from mainstay.monitoring.models import Standing, StateChange

T0 = datetime.now(UTC).replace(microsecond=0)
ALICE = Actor("person:alice", Role.OPERATOR)
BOB = Actor("person:bob", Role.VIEWER)
LOOPBACK = NetworkPolicy((ip_network("127.0.0.0/8"),))


class Box:
    """Receives mail; refuses the first so many."""

    def __init__(self, refuse: int = 0) -> None:
        self.mails: list[EmailMessage] = []
        self.refuse = refuse

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        await asyncio.sleep(0)
        if self.refuse:
            self.refuse -= 1
            return "451 come back later"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"


@contextmanager
def mail_server(box: Box) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def open_shop() -> dict[str, Check]:
    """A web address above a database, on a tier 1 system, and a rule on the books."""
    system = System.objects.create(name="shop", title={"en": "Shop", "zh": "商城"}, tier=1)
    db = Component.objects.create(system=system, name="db", kind="postgresql")
    app = Component.objects.create(system=system, name="app", kind="http")
    app.depends_on.add(db)

    def check(name: str, component: Component, category: str = "system", impact: str = "outage") -> Check:
        return Check.objects.create(
            system=system, component=component, name=name, title={"en": name, "zh": f"{name}项"}, kind="tcp", every=10,
            category=category, impact=impact, document={"timeout": "5s", "explained_by": []},
        )  # fmt: skip

    return {"db": check("db-up", db), "app": check("app-up", app), "books": check("books", db, "data", "degraded")}


def change(check: Check, after: str, at: datetime = T0, before: str = "ok", muted: str = "") -> StateChange:
    message = {"fault": "refused", "detail": "nobody listens at db:5432"} if after != "ok" else {}
    evidence = {"rows": [{"id": 7, "amount": "12.50"}]} if after != "ok" else {}
    return StateChange.objects.create(
        check_of=check, at=at, before=before, after=after, message=message, evidence=evidence, muted=muted
    )


def follow(*changes: StateChange) -> None:
    actions.follow(changes, max(one.at for one in changes))


def channel(port: int, name: str = "team", **more: Any) -> Channel:
    settings = {"host": "127.0.0.1", "port": port, "sender": "mainstay@shop.example", "to": ["it@shop.example"]}
    return Channel.objects.create(name=name, kind="smtp", settings=settings, document={"language": "en", **more})


def send_all(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    """As one engine would, standing still at a time."""
    monkeypatch.setattr(sender_module, "NOTICE_NETWORK", LOOPBACK)
    run_dry(Sender(clock=lambda: at))


def run_dry(sender: Sender) -> None:
    while sender.step() or sender.flying:
        sender.finish()


def stand(check: Check, state: str, since: datetime = T0) -> None:
    """How the check stands, as the line writes it with the change."""
    Standing.objects.update_or_create(
        check_of=check, defaults={"state": state, "since": since, "looked_at": since, "updated_at": since}
    )
