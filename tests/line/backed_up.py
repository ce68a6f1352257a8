"""What a policy leaves on record, as rows: jobs, copies, proofs, repositories, without a tool having run."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mainstay.backups.certificates import certificate
from mainstay.backups.models import Copy, Job, Proof, Repository
from mainstay.catalogue.models import Check, Component, Policy, Store, System
from mainstay.domain import backup_policy
from mainstay.domain.draft import DraftPolicy, policy_object
from mainstay.domain.proof import Gate, Outcome
from mainstay.monitoring.models import Standing

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
TONIGHT = NOW.replace(hour=2)
DAY = timedelta(days=1)


def open_policy(
    name: str = "nightly", system: str = "shop", stores: tuple[str, ...] = ("vault", "far"), **keys: Any
) -> Policy:
    """A policy of the database of a system, with both made where they are not there yet."""
    owner, _ = System.objects.get_or_create(name=system, defaults={"title": {"en": "Shop", "zh": "商城"}, "tier": 1})
    part, _ = Component.objects.get_or_create(system=owner, name="db", defaults={"kind": "sqlite"})
    for store in stores:
        Store.objects.get_or_create(name=store, defaults={"kind": "directory", "settings": {"path": f"/srv/{store}"}})
    written = {"of": "db", "stores": list(stores), "full": "0 2 * * *", **keys}
    definition = backup_policy.Policy.model_validate(written)
    value = policy_object(DraftPolicy(definition, "sqlite"))
    return Policy.objects.create(
        system=owner, component=part, name=name, tool="sqlite", title=value["title"], document=value,
        made_at=NOW - 100 * DAY,
    )  # fmt: skip


def repository(policy: Policy, store: str = "vault", **keys: Any) -> Repository:
    place = Store.objects.get(name=store)
    found, _ = Repository.objects.get_or_create(
        policy=policy, store=place, defaults={"identifier": f"{policy}-{store}", "made_at": NOW - 90 * DAY, **keys}
    )
    return found


def job(policy: Policy, tick: datetime = TONIGHT, act: str = "backup", state: str = "done", **keys: Any) -> Job:
    ended = tick + timedelta(minutes=5) if state in ("done", "failed") else None
    values = {"why": "schedule", "asked_by": "engine", "state": state, "level": "full", "ended_at": ended, **keys}
    return Job.objects.create(policy=policy, act=act, tick=tick, **values)


def copy(policy: Policy, at: datetime = TONIGHT, store: str = "vault", size: int = 1_000_000, **keys: Any) -> Copy:
    values = {"level": "full", "made_at": at + timedelta(minutes=5), "added": 1000, **keys}
    identifier = f"{at:%Y%m%d%H%M}-{Copy.objects.count()}"
    return Copy.objects.create(
        policy=policy, repository=repository(policy, store), identifier=identifier, at=at, size=size, **values
    )


def proof(
    of: Copy, at: datetime = NOW - DAY, verdict: str = "proved", gates: list[dict[str, Any]] | None = None
) -> Proof:
    work = job(of.policy, at, "prove", copy=of)
    seen = [Gate(gate["name"], Outcome(gate["verdict"])) for gate in gates or []]
    text, signature = certificate(work, seen, {}, versions={}, begun=at, ended=at)
    return Proof.objects.create(
        job=work, copy=of, at=at, verdict=verdict, gates=gates or [], figures={}, certificate=text, signature=signature
    )


def nights(policy: Policy, count: int, newest: datetime = TONIGHT, **keys: Any) -> list[Copy]:
    """One copy and its job a night, the newest first."""
    found = []
    for number in range(count):
        job(policy, newest - number * DAY)
        found.append(copy(policy, newest - number * DAY, **keys))
    return found


def watch(policy: Policy, what: str, state: str, **message: Any) -> Check:
    """One of the checks that a policy brings, as it stands."""
    title = {"en": f"Backup {policy.name}: {what}", "zh": f"备份 {policy.name}：{what}"}
    check = Check.objects.create(
        system=policy.system, component=policy.component, name=f"backup.{policy.name}.{what}", title=title,
        kind="backup", every=60, category="data", impact="risk", pack="backup",
    )  # fmt: skip
    now = datetime.now(UTC)
    Standing.objects.create(check_of=check, state=state, since=now, looked_at=now, updated_at=now, message=message)
    return check
