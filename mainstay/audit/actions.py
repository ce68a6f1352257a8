"""Writing the audit trail. A record is part of the transaction of the act that it is about."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from mainstay.audit.models import Record
from mainstay.domain.actor import Actor
from mainstay.domain.audit_chain import GENESIS, Link, digest
from mainstay.domain.evidence import plain

_LOCK = 0x4D41494E
"""PostgreSQL advisory lock: one transaction appends at a time, so that the chain has one order."""


def record(actor: Actor, act: str, object: str, data: dict[str, Any] | None = None) -> Record:
    """Append one act. Must run inside the transaction that does what it records."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an act and its audit record belong in one transaction")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
    last = Record.objects.order_by("-number").values_list("number", "digest").first() or (0, GENESIS)
    link = Link(last[0] + 1, datetime.now(UTC), actor.name, act, object[:300], plain(data or {}), last[1])
    return Record.objects.create(
        number=link.number, at=link.at, actor=link.actor, act=link.act, object=link.object, data=dict(link.data),
        before=link.before, digest=digest(link),
    )  # fmt: skip
