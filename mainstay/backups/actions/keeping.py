"""What a job made or found. A copy is kept in the transaction that ends the job that made it, or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.backups.actions.running import held
from mainstay.backups.models import Copy, Job, Proof, Repository
from mainstay.catalogue.models import Store
from mainstay.domain.actor import ENGINE
from mainstay.domain.evidence import kept


def keep_repository(job: Job, store: Store, identifier: str, now: datetime) -> Repository:
    """The repository of the job's policy in a store; made known once. Raises Lost."""
    with transaction.atomic():
        held(job)
        row, new = Repository.objects.get_or_create(
            policy=job.policy, store=store, defaults={"identifier": identifier, "made_at": now}
        )
        if new:
            record(ENGINE, "backup.repository", str(job.policy), {"store": store.name, "identifier": identifier})
    return row


def keep_copy(job: Job, repository: Repository, values: Mapping[str, Any], now: datetime) -> Copy:
    """A copy whose tool was looked behind. ``values`` are the model's own. In one transaction with the job's end."""
    held(job)
    row = Copy.objects.create(policy=job.policy, repository=repository, made_at=now, **values)
    data = {"job": job.pk, "store": repository.store.name, "identifier": row.identifier, "size": row.size}
    record(ENGINE, "backup.copy", str(job.policy), data)
    return row


def keep_proof(job: Job, copy: Copy, values: Mapping[str, Any], now: datetime) -> Proof:
    """A proof with its certificate; never changed afterwards. In one transaction with the job's end."""
    held(job)
    row = Proof.objects.create(job=job, copy=copy, at=now, **values)
    record(ENGINE, "backup.proof", str(job.policy), {"job": job.pk, "copy": copy.pk, "verdict": row.verdict})
    return row


def looked_through(
    job: Job, repository: Repository, now: datetime, damage: str, *, part: int | None = None,
    size: int | None = None, free: int | None = None,
) -> None:  # fmt: skip
    """How a repository was found. ``part``: the one whose data was read. Raises Lost."""
    with transaction.atomic():
        held(job)
        values: dict[str, Any] = {"damage": damage[:4000]}
        # Only a look at data says that it was checked, and only that one may take back what such a look found.
        if part is not None:
            values |= {"part": part, "checked_at": now}
        elif not damage:
            values = {}
        values |= {name: number for name, number in (("size", size), ("free", free)) if number is not None}
        Repository.objects.filter(pk=repository.pk).update(**values)
        if damage and damage[:4000] != repository.damage:
            record(
                ENGINE, "backup.damage", str(job.policy), kept({"store": repository.store.name, "damage": damage[:500]})
            )
    repository.refresh_from_db()


def cleaned(job: Job, repository: Repository, runs: Sequence[str], dropped: Sequence[str]) -> None:
    """What dead runs left in a repository is gone. Raises Lost."""
    with transaction.atomic():
        held(job)
        row = Repository.objects.select_for_update().get(pk=repository.pk)
        row.unclean = [run for run in row.unclean if run not in set(runs)]
        row.save(update_fields=["unclean"])
        record(
            ENGINE, "backup.cleaned", str(job.policy), {"store": row.store.name, "runs": [*runs], "dropped": [*dropped]}
        )


def drop(job: Job, copies: Mapping[int, str], now: datetime) -> list[str]:
    """Copies (id → why) stop counting before the repository is told, so that none counts that is not there; their
    identifiers. Raises Lost."""
    with transaction.atomic():
        held(job)
        rows = list(Copy.objects.select_for_update().filter(pk__in=copies, policy=job.policy_id, dropped_at=None))
        for row in rows:
            row.dropped_at, row.why_dropped = now, copies[row.pk][:200]
            row.save(update_fields=["dropped_at", "why_dropped"])
        if rows:
            record(ENGINE, "backup.drop", str(job.policy), {"job": job.pk, "copies": [row.identifier for row in rows]})
    return [row.identifier for row in rows]
