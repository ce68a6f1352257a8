"""Policies at a glance, and which components no policy covers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Max, Q

from mainstay.backups.models import Copy, Job, Proof
from mainstay.catalogue import policies, queries
from mainstay.catalogue.models import Check, Component, Policy, System
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.backup_schedule import Run, upcoming
from mainstay.domain.proof import Verdict
from mainstay.domain.state import State

STATEFUL = ("postgresql", "mariadb", "sqlite")
"""Kinds of component that hold data which is lost with them. A host is covered by whoever says what on it matters."""


@dataclass(frozen=True, slots=True)
class Glance:
    """A policy as a list shows it. ``state`` is the worst of its checks; ``next`` None: nothing comes any more."""

    policy: Policy
    state: str
    copy: Copy | None
    proof: Proof | None
    next: Run | None
    stores: Sequence[str]
    running: Job | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """A component that holds data. ``gap``: ``policy`` where none is of it, ``site`` where its copies lie in one place
    only; empty where all is well."""

    component: Component
    policies: Sequence[Policy]
    stores: Sequence[str] = field(default_factory=tuple)

    @property
    def gap(self) -> str:
        if not self.policies:
            return "policy"
        return "site" if len(self.stores) < 2 else ""


@dataclass(frozen=True, slots=True)
class SystemGlance:
    """The backups of one system in a line: the worst of its policies and gaps, how many components lack what, and of
    how many policies no copy was ever proved."""

    system: System
    state: str
    policies: int
    unprotected: int
    one_site: int
    never_proved: int

    @property
    def lacks(self) -> bool:
        """Whether there is something that nobody can count on."""
        return bool(self.unprotected or self.one_site or self.never_proved)


def by_system(sight: Sight = EVERYTHING) -> list[SystemGlance]:
    """Every system with a policy or a component that should have one, the worst first."""
    covered: dict[int, list[Covered]] = {}
    for one in coverage(sight):
        covered.setdefault(one.component.system_id, []).append(one)
    rows = list({policy.pk: policy for parts in covered.values() for one in parts for policy in one.policies}.values())
    states, proved = _states(rows), _ever_proved(rows)
    found = [_in_a_line(parts, states, proved) for parts in covered.values()]
    return sorted(found, key=lambda one: (-State(one.state).rank, one.system.tier, one.system.name))


def _in_a_line(parts: Sequence[Covered], states: dict[int, str], proved: set[int]) -> SystemGlance:
    gaps = [one.gap for one in parts]
    found = [{"policy": State.CRITICAL, "site": State.WARNING, "": State.OK}[gap] for gap in gaps]
    policies = [policy for one in parts for policy in one.policies]
    found += [State(states[policy.pk]) for policy in policies]
    worst = max(found, key=lambda state: state.rank)
    never = sum(policy.pk not in proved for policy in policies)
    counts = len(policies), gaps.count("policy"), gaps.count("site"), never
    return SystemGlance(parts[0].component.system, worst.value, *counts)


def _ever_proved(rows: Sequence[Policy]) -> set[int]:
    found = Proof.objects.filter(copy__policy__in=rows, verdict=Verdict.PROVED.value)
    return set(found.order_by().values_list("copy__policy", flat=True).distinct())


def glances(now: datetime, sight: Sight = EVERYTHING, rows: Sequence[Policy] | None = None) -> list[Glance]:
    """Every policy in use, or these; a fixed number of queries."""
    rows = list(queries.policies(sight=sight)) if rows is None else rows
    plans, states, ticks = policies.plans(rows), _states(rows), _ticks(rows)
    copies, proofs = _newest_copies(rows), _newest_proofs(rows)
    running = {job.policy_id: job for job in Job.objects.filter(policy__in=rows, state="running")}
    return [
        Glance(
            row, states[row.pk], copies.get(row.pk), proofs.get(row.pk),
            next(iter(upcoming(plans[row.pk], max(now, ticks.get(row.pk, now)), 1)), None),
            row.document["stores"], running.get(row.pk),
        )
        for row in rows
    ]  # fmt: skip


def coverage(sight: Sight = EVERYTHING) -> list[Covered]:
    """Every component that holds data, those with a gap first; a host only if a policy is of it."""
    by_component: dict[int, list[Policy]] = {}
    for policy in queries.policies(sight=sight).defer("system__document", "system__objectives", "component__settings"):
        by_component.setdefault(policy.component_id, []).append(policy)
    parts = queries.components(sight=sight).filter(system__retired_at=None).prefetch_related(None)
    parts = parts.filter(Q(kind__in=STATEFUL) | Q(pk__in=by_component))
    parts = parts.order_by("system__tier", "system__name", "name")
    found = [
        Covered(part, mine, list(dict.fromkeys(store for one in mine for store in one.document["stores"])))
        for part in parts
        if (mine := by_component.get(part.pk, [])) or part.kind in STATEFUL
    ]
    return sorted(found, key=lambda one: ("policy", "site", "").index(one.gap))


def checks_of(policy: Policy) -> list[Check]:
    """What watches it, with how each stands."""
    found = queries.checks(policy.system.name).filter(name__startswith=f"backup.{policy.name}.")
    return list(found.select_related("standing").order_by("name"))


def stores_used(sight: Sight = EVERYTHING) -> dict[str, list[str]]:
    """Store → the policies (``system/policy``) that keep copies in it."""
    found: dict[str, list[str]] = {}
    for policy in queries.policies(sight=sight):
        for store in policy.document["stores"]:
            found.setdefault(store, []).append(str(policy))
    return found


def copies_in(store: str) -> int:
    """How many copies lie in a store, of whichever policy, in use or not."""
    return Copy.objects.filter(repository__store__name=store, dropped_at=None).count()


def _states(rows: Sequence[Policy]) -> dict[int, str]:
    """The worst of the checks that every policy brings; unknown before the first look."""
    by_path = {str(row): row.pk for row in rows}
    found = dict.fromkeys(by_path.values(), "")
    checks = Check.objects.filter(pack="backup", retired_at=None, system__in={row.system_id for row in rows})
    for system, name, state in checks.values_list("system__name", "name", "standing__state"):
        key = by_path.get(f"{system}/{name.split('.')[1]}")
        if key is not None:
            known = State(found[key] or "ok"), State(state or "unknown")
            found[key] = max(known, key=lambda one: one.rank).value
    return {key: state or "unknown" for key, state in found.items()}


def _ticks(rows: Sequence[Policy]) -> dict[int, datetime]:
    """The newest tick that was planned already."""
    found = Job.objects.filter(policy__in=rows, act="backup").exclude(why="hand").order_by()
    return dict(found.values_list("policy").annotate(Max("tick")))


def _newest_copies(rows: Sequence[Policy]) -> dict[int, Copy]:
    """In whichever store."""
    kept = Copy.objects.filter(policy__in=rows, dropped_at=None)
    newest = kept.order_by().values("policy").annotate(newest=Max("at"))
    moments = {one["policy"]: one["newest"] for one in newest}
    found = kept.filter(at__in=moments.values()).defer("fingerprint", "point").select_related("repository__store")
    return {copy.policy_id: copy for copy in found if copy.at == moments[copy.policy_id]}


def last_proofs(systems: Sequence[int]) -> dict[int, Proof]:
    """System → the newest proof of any of its policies, by primary keys."""
    newest = Proof.objects.filter(copy__policy__system__in=systems, copy__policy__retired_at=None).order_by()
    keys = [one["newest"] for one in newest.values("copy__policy__system").annotate(newest=Max("pk"))]
    found = Proof.objects.filter(pk__in=keys).select_related("copy__policy").defer("certificate", "copy__fingerprint")
    return {proof.copy.policy.system_id: proof for proof in found}


def _newest_proofs(rows: Sequence[Policy]) -> dict[int, Proof]:
    newest = Proof.objects.filter(copy__policy__in=rows).order_by().values("copy__policy").annotate(newest=Max("pk"))
    keys = [one["newest"] for one in newest]
    found = Proof.objects.filter(pk__in=keys).select_related("copy").defer("certificate", "copy__fingerprint")
    return {proof.copy.policy_id: proof for proof in found}
