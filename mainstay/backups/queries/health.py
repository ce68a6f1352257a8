"""What is on record of each policy, for its checks: a fixed number of queries however many there are."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max, Q

from mainstay.backups.models import Copy, Job, Proof, Repository
from mainstay.catalogue import policies, queries
from mainstay.catalogue.models import Policy
from mainstay.catalogue.queries import secret_problem
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.backup_health import HISTORY, Facts, Failure, Site, Size
from mainstay.domain.backup_policy import key_name

_RECENT = timedelta(days=30)
ACTS = ("backup", "forward", "check", "prune")
"""Acts that a policy's check is told of when they fail; a proof is told of by itself."""


@dataclass(slots=True)
class _Record:
    """What the tables hold of one policy, not judged yet."""

    ticks: dict[int, datetime]
    done: dict[tuple[int, str], datetime]
    failed: dict[int, list[Mapping[str, Any]]]
    copies: dict[int, list[Copy]]
    sites: dict[int, list[Repository]]
    proofs: dict[int, list[Proof]]
    proved: dict[int, datetime]
    keys: dict[int, str] = field(default_factory=dict)


def facts(now: datetime, sight: Sight = EVERYTHING) -> dict[str, Facts]:
    """``system/policy`` → what is on record of it."""
    rows = list(queries.policies(sight=sight))
    plans = policies.plans(rows)
    record = _record(rows, now)
    return {str(row): _facts(row, record, plans[row.pk]) for row in rows}


def _facts(row: Policy, record: _Record, plan: Any) -> Facts:
    stores = row.document["stores"]
    mine = record.copies[row.pk]
    first = [copy for copy in mine if copy.dropped_at is None and copy.repository.store.name == stores[0]]
    return Facts(
        plan=plan,
        begun=row.made_at,
        tick=record.ticks.get(row.pk),
        copies=[Size(copy.at, copy.size) for copy in first[: HISTORY + 1]],
        failures=list(_failures(row.pk, record)),
        proved_at=record.proved.get(row.pk),
        refuted=_refuted(record.proofs[row.pk]),
        owed_since=_owed_since(first, mine, stores[1]) if len(stores) > 1 else None,
        sites=[_site(one, mine) for one in record.sites[row.pk] if one.store.name in stores],
        key=record.keys.get(row.pk, ""),
    )


def _failures(key: int, record: _Record) -> Iterable[Failure]:
    """Acts that have failed since they last ended well."""
    by_act: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for job in record.failed[key]:
        done = record.done.get((key, job["act"]))
        if done is None or job["ended_at"] > done:
            by_act[job["act"]].append(job)
    for act, jobs in by_act.items():
        newest = max(jobs, key=lambda job: job["ended_at"])["problem"]
        yield Failure(act, len(jobs), ": ".join(filter(None, (newest.get("code"), newest.get("detail")))))


def _refuted(proofs: list[Proof]) -> str:
    """Why the newest proof that came to an end failed; empty when it did not."""
    newest = next((proof for proof in proofs if proof.verdict in ("proved", "failed")), None)
    if newest is None or newest.verdict == "proved":
        return ""
    gates = [str(gate.get("name")) for gate in newest.gates if gate.get("verdict") == "failed"]
    return ", ".join(gates) or f"proof {newest.pk}"


def _owed_since(first: list[Copy], everything: list[Copy], store: str) -> datetime | None:
    """When the oldest copy was made that is newer than all that have reached the second site."""
    there = {copy.made_from_id for copy in everything if copy.repository.store.name == store}
    arrived = max((copy.at for copy in everything if copy.pk in there), default=None)
    waiting = [copy.made_at for copy in first if arrived is None or copy.at > arrived]
    return min(waiting, default=None)


def _site(one: Repository, copies: list[Copy]) -> Site:
    mine = [copy for copy in copies if copy.repository_id == one.pk]
    growth = [(copy.made_at, copy.added) for copy in mine]
    growth += [(copy.dropped_at, -copy.added) for copy in mine if copy.dropped_at]
    return Site(one.store.name, one.checked_at, one.made_at, one.damage, one.free, growth)


def _record(rows: list[Policy], now: datetime) -> _Record:
    ids = [row.pk for row in rows]
    jobs = Job.objects.filter(policy__in=ids).order_by()
    done = jobs.filter(state="done", act__in=ACTS).values_list("policy", "act").annotate(Max("ended_at"), Max("tick"))
    failed = jobs.filter(state="failed", act__in=ACTS, ended_at__gt=now - _RECENT)
    proofs = Proof.objects.filter(copy__policy__in=ids)
    kept = Q(dropped_at=None) | Q(made_at__gt=now - _RECENT) | Q(dropped_at__gt=now - _RECENT)
    copies = Copy.objects.filter(kept, policy__in=ids).select_related("repository__store").defer("fingerprint", "point")
    sites = list(Repository.objects.filter(policy__in=ids).select_related("store"))
    ends = list(done)
    return _Record(
        ticks={key: tick for key, act, _, tick in ends if act == "backup"},
        done={(key, act): ended for key, act, ended, _ in ends},
        failed=_grouped(failed.values("policy_id", "act", "ended_at", "problem"), lambda job: job["policy_id"]),
        copies=_grouped(copies.order_by("-at", "-pk"), lambda copy: copy.policy_id),
        sites=_grouped(sites, lambda site: site.policy_id),
        proofs=_grouped(
            proofs.filter(at__gt=now - 13 * _RECENT).select_related("copy").defer("certificate", "copy__fingerprint"),
            lambda proof: proof.copy.policy_id,
        ),
        proved=dict(proofs.filter(verdict="proved").order_by().values_list("copy__policy").annotate(Max("at"))),
        keys=_keys(rows, {site.policy_id for site in sites}),
    )


def _keys(rows: list[Policy], begun: set[int]) -> dict[int, str]:
    """Why a key cannot be read, of policies that have made one."""
    found = {}
    for row in rows:
        if row.pk in begun and row.document.get("encrypt", True):
            name = key_name(row.system.name, row.name)
            if secret_problem(name):
                found[row.pk] = f"{name} cannot be read; without it no copy of this policy can"
    return found


def _grouped(rows: Iterable[Any], key: Any) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found
