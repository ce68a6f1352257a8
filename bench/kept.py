"""What policies leave in a workspace with a past: a copy and its job a night, proofs, a restore that was asked for."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from mainstay.backups.models import Restore
from mainstay.backups.queries.restores import seal_of
from mainstay.catalogue.models import Original, Policy, System
from mainstay.domain.restoring import Wish
from tests.line.backed_up import nights, open_policy, proof, watch

DAY = timedelta(days=1)
PROVED_EVERY = 30


def keep(systems: Sequence[System], now: datetime, count: int) -> None:
    """A policy for each system, with a copy of each of the last ``count`` nights. No tool has run: the rows are what
    pages are made of."""
    for system in systems:
        policy = open_policy(system=system.name)
        original = Original.objects.get(system=system)
        original.text = json.dumps(
            json.loads(original.text) | {"backups": {policy.name: {"of": "db", "stores": ["vault"]}}}
        )
        original.save()
        newest, *older = nights(policy, count, now - timedelta(hours=9))
        for copy in older[::PROVED_EVERY]:
            proof(copy, copy.at + timedelta(hours=1))
        watch(policy, "late", "ok")
        _ask(policy, newest.pk, now)


def _ask(policy: Policy, copy: int, now: datetime) -> None:
    row = Restore(
        policy=policy, copy_id=copy, wanted=Wish(copy, "live").plain(), asked_by="person:ann", asked_at=now,
        reason="The ledger was emptied by mistake",
        story=[{"at": now.isoformat(), "who": "person:ann", "word": "asked"}],
    )  # fmt: skip
    row.seal = seal_of(row)
    row.save()
