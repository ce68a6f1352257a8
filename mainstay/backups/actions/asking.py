"""Jobs come to be: by schedule, by hand, and because another job got through.

A job is its policy, its act and its tick: two engines that plan at once plan the same rows, of which the database keeps
one.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from django.db import transaction
from django.db.models import Max

from mainstay.audit.actions import record
from mainstay.backups import queries
from mainstay.backups.models import Copy, Job, Proof, Repository
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Policy
from mainstay.catalogue.policies import definition, levels, zone
from mainstay.catalogue.policies import plan as plan_of
from mainstay.domain import backup_schedule
from mainstay.domain.actor import ENGINE, Actor, authorise
from mainstay.domain.backup_job import OWED_AGAIN
from mainstay.domain.backup_policy import prove_at, prove_each
from mainstay.domain.saying import say

ByHand = Literal["backup", "forward", "check", "prune"]


class Refused(ValueError):
    """No such job now; ``str()`` says why."""


def plan(now: datetime) -> list[Job]:
    """Make the jobs that are due of every policy in use."""
    return [job for policy in catalogue.policies() for job in _due(policy, policy.made_at, now)]


def _due(policy: Policy, since: datetime, now: datetime) -> list[Job]:
    made = []
    if (run := backup_schedule.due(plan_of(policy), _after(policy, "backup", since), now)) is not None:
        made.append(_make(policy, "backup", run.tick, level=level_for(policy, run.level)))
    made += _proof_due(policy, since, now)
    repositories = list(policy.repositories.select_related("store", "policy__system"))
    tick = backup_schedule.missed(_daily(policy), zone(policy), _after(policy, "check", since), now)
    if repositories and tick is not None:
        made.append(_make(policy, "check", tick))
        if any(queries.retention(one, now).goes for one in repositories):
            made.append(_make(policy, "prune", tick))
    return [one for one in made if one is not None]


def _proof_due(policy: Policy, since: datetime, now: datetime) -> list[Job | None]:
    cron = prove_at(definition(policy))
    tick = backup_schedule.missed(cron, zone(policy), _after(policy, "prove", since), now) if cron else None
    copy = copy_to_prove(policy) if tick is not None else None
    return [_make(policy, "prove", tick, copy=copy)] if tick is not None and copy is not None else []


def _after(policy: Policy, act: str, since: datetime) -> datetime:
    """The newest tick that had its run, whatever became of it."""
    newest = Job.objects.filter(policy=policy, act=act, why="schedule").aggregate(at=Max("tick"))["at"]
    return max(newest, since) if newest else since


def _daily(policy: Policy) -> str:
    """When a policy's repositories are looked through each day: in the night, not all at once."""
    number = int.from_bytes(hashlib.sha256(str(policy).encode()).digest()[:4])
    return f"{number % 60} {3 + number // 60 % 3} * * *"


def level_for(policy: Policy, wanted: str) -> str:
    """The level that the policy's tool makes: one that knows only full copies makes those."""
    makes = levels(policy)
    return wanted if wanted in makes else makes[0]


def copy_to_prove(policy: Policy) -> Copy | None:
    """The newest of the repository whose last proof is the oldest: first and second site take turns."""
    last = dict(Proof.objects.filter(copy__policy=policy).values_list("copy__repository").annotate(at=Max("at")))
    never = datetime.min.replace(tzinfo=UTC)
    for repository in sorted(policy.repositories.all(), key=lambda row: (last.get(row.pk, never), row.pk)):
        if (copy := queries.newest_copy(policy, repository)) is not None:
            return copy
    return None


def _make(
    policy: Policy, act: str, tick: datetime, *, why: str = "schedule", by: str = ENGINE.name, **more: Any
) -> Job | None:
    """The job, or None when it is there already."""
    with transaction.atomic():
        values = {"why": why, "asked_by": by, **more}
        job, new = Job.objects.get_or_create(policy=policy, act=act, tick=tick, defaults=values)
        return job if new else None


def ask(path: str, act: ByHand = "backup", *, level: str = "full", actor: Actor, why: str = "hand") -> Job:
    """A job by hand, on a policy as ``system/name``. Raises Policy.DoesNotExist, Refused."""
    policy = _authorised(path, "backup.run", actor)
    copy = None
    if act == "forward":
        copy = next(iter(queries.owed_copies(policy, datetime.now(UTC))), None)
        if copy is None:
            raise Refused(say("every copy of %(policy)s is at the second site already", policy=path))
    return _asked(policy, act, actor, why=why, level=level_for(policy, level) if act == "backup" else "", copy=copy)


def ask_for_proof(path: str, copy: int | None = None, *, actor: Actor) -> Job:
    """A proof by hand, of one copy or of the newest. Raises Policy.DoesNotExist, Copy.DoesNotExist, Refused."""
    policy = _authorised(path, "backup.prove", actor)
    row = queries.copies(policy).get(pk=copy) if copy else copy_to_prove(policy)
    if row is None:
        raise Refused(say("%(policy)s has no copy yet that could be proved", policy=path))
    return _asked(policy, "prove", actor, copy=row)


def _authorised(path: str, act: str, actor: Actor) -> Policy:
    authorise(actor, act, system=path.partition("/")[0])
    return catalogue.policy(path, actor.sight)


def _asked(policy: Policy, act: str, actor: Actor, *, why: str = "hand", **more: Any) -> Job:
    with transaction.atomic():
        waiting = Job.objects.filter(policy=policy, act=act, state="waiting", copy=more.get("copy")).first()
        if waiting is not None:
            raise Refused(say("job %(number)s waits for just that already", number=waiting.pk))
        tick = datetime.now(UTC)
        job = Job.objects.create(policy=policy, act=act, tick=tick, why=why, asked_by=actor.name, **more)
        record(actor, "backup.prove" if act == "prove" else "backup.run", str(policy), {"job": job.pk, "act": act})
    return job


def follow_up(job: Job, copy: Copy, now: datetime) -> list[Job]:
    """What a new copy asks for: the second site, and a proof. In the transaction that keeps it."""
    meant = definition(job.policy)
    made = []
    if len(meant.stores) > 1:
        made.append(_make(job.policy, "forward", now, why="after", by=ENGINE.name, copy=copy))
    if prove_each(meant):
        made.append(_make(job.policy, "prove", now, why="after", by=ENGINE.name, copy=copy))
    return [one for one in made if one is not None]


def owe(now: datetime) -> list[Job]:
    """Jobs for copies that are not at the second site and that no job cares for; again an hour after one failed."""
    made = []
    for policy in catalogue.policies():
        if len(definition(policy).stores) > 1:
            for number, copy in enumerate(queries.owed_copies(policy, now - OWED_AGAIN)[:100]):
                tick = now + timedelta(microseconds=number)
                made.append(_make(policy, "forward", tick, why="after", copy=copy))
    return [one for one in made if one is not None]


def repositories(policy: Policy) -> list[Repository]:
    """Those of a policy, the first store's first."""
    order = {name: number for number, name in enumerate(definition(policy).stores)}
    return sorted(policy.repositories.select_related("store"), key=lambda row: (order.get(row.store.name, 9), row.pk))
