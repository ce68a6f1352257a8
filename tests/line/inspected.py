"""A shop on a bad day, as an inspection finds it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from mainstay.catalogue import actions as catalogue
from mainstay.catalogue.examine import examine
from mainstay.catalogue.models import Check
from mainstay.domain.actor import ENGINE, Actor, Role
from mainstay.domain.chunk import Batch
from mainstay.incidents.actions import follow
from mainstay.inspection import actions, queries
from mainstay.inspection.models import Line, Sheet
from mainstay.monitoring.actions.samples import compact, name_series, store_samples
from mainstay.monitoring.models import Standing, StateChange

ANN, BEN = Actor("person:ann", Role.OPERATOR), Actor("person:ben", Role.APPROVER)
VIEWER = Actor("person:vic", Role.VIEWER)
SHOP = """
system: shop
title: {en: Online shop, zh: 网上商城}
timezone: Asia/Shanghai
owner: it-team
components:
  host: {kind: host, address: local}
  db: {kind: sqlite, dsn: "sqlite:///tmp/none.db"}
checks:
  processor: {title: {en: Processor, zh: 处理器}, probe: {kind: host, on: host}, warn: "cpu > 80% for 5m"}
  books:
    title: {en: Debits equal credits, zh: 借贷平衡}
    probe: {kind: integrity, on: db, query: "select 1 where 0"}
    category: data
  names: {probe: {kind: dns, on: host, name: shop.example.com}, warn: "> 1s"}
  night-backup: {probe: {kind: heartbeat, period: 1d}}
inspection: {tell: [mail]}
"""
MAIL = "channels: {mail: {kind: smtp, host: 127.0.0.1, port: 1, sender: a@b.example, to: [c@d.example]}}"


def open_shop() -> dict[str, Check]:
    files = {"shop.yaml": SHOP.encode(), "mail.yaml": MAIL.encode()}
    catalogue.apply(examine(files).catalogue, actor=ENGINE)
    return {check.name: check for check in Check.objects.select_related("system")}


def stand(check: Check, state: str, looked: datetime | None, **message: Any) -> StateChange:
    now = datetime.now(UTC)
    Standing.objects.update_or_create(
        check_of=check,
        defaults={"state": state, "since": now, "looked_at": looked, "updated_at": now, "message": message},
    )
    evidence = {"rows": [{"move": 7, "debit": "12.50", "credit": "=1+1"}]} if state != "ok" else {}
    return StateChange.objects.create(
        check_of=check, at=now - timedelta(minutes=3), before="unknown", after=state, message=message, evidence=evidence
    )


def measure(check: Check, metric: str, unit: str, *samples: tuple[timedelta, float]) -> None:
    key = name_series([(check.pk, metric, unit)])[check.pk, metric]
    now = datetime.now(UTC)
    times = np.array([(now - ago).timestamp() for ago, _ in samples])
    store_samples(Batch(np.full(len(samples), key, np.int64), times, np.array([value for _, value in samples])))


def open_bad_day() -> dict[str, Check]:
    """The processor is well, the books are not and have their incident, the name server is slow without one, the
    backup's heartbeat was never looked at."""
    shop = open_shop()
    now = datetime.now(UTC)
    measure(
        shop["processor"], "cpu", "%", (timedelta(days=1, minutes=9), 30.0), (timedelta(hours=23, minutes=58), 31.5)
    )
    compact()
    measure(shop["processor"], "cpu", "%", (timedelta(seconds=5), 12.25))
    stand(shop["processor"], "ok", now)
    stand(shop["names"], "warning", now, metric="time", value=1.5, unit="s", condition="> 1s")
    follow([stand(shop["books"], "critical", now, fault="finding", detail="1 row breaks the rule")], now)
    return shop


def made() -> Sheet:
    return actions.run_by_hand("shop", actor=ANN)


def line(sheet: Sheet, name: str) -> Line:
    return next(row for row in queries.lines(sheet.pk) if row.check_of and row.check_of.name == name)


def countersign(sheet: Sheet) -> None:
    year, week, _ = sheet.day.isocalendar()
    actions.countersign("shop", year, week, "looked over", actor=BEN)
