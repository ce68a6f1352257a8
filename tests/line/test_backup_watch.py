"""From what is on record of a policy to the state of its checks."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mainstay.backups.queries.health import facts
from mainstay.catalogue.actions import set_secret
from mainstay.catalogue.models import Policy, Secret, Store
from mainstay.checker.desk import BACKUPS_EVERY, Desk
from mainstay.domain.actor import Actor, Role, Sight
from mainstay.domain.backup_health import look
from mainstay.domain.backup_policy import key_name
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Reading
from mainstay.domain.schedule import SHARDS
from mainstay.drivers.probes import Reach, backup
from tests.line.backed_up import DAY, NOW, TONIGHT, copy, job, nights, open_policy, proof, repository
from tests.line.looking import apply
from tests.line.site import Site, until

ALICE = Actor("person:alice", Role.ADMINISTRATOR)
HOUR = timedelta(hours=1)
database = pytest.mark.django_db


def seen(policy: Policy, what: str) -> Reading:
    return look(what, facts(NOW)[str(policy)], NOW)


@database
def test_late_counts_from_the_oldest_tick_without_a_run() -> None:
    policy = open_policy()
    assert seen(policy, "late").values["late"] > 99 * 86400  # never: since it came to be
    job(policy, TONIGHT - 2 * DAY)
    assert seen(policy, "late").values["late"] == 34 * 3600
    job(policy, TONIGHT - DAY, state="failed")
    assert seen(policy, "late").values["late"] == 34 * 3600  # a run that failed is none
    job(policy, NOW - HOUR, why="hand")
    assert seen(policy, "late").values["late"] == 0


@database
def test_failures_count_until_the_act_ends_well() -> None:
    policy = open_policy()
    job(policy, TONIGHT - 3 * DAY, state="failed", problem={"code": "killed", "detail": ""})
    job(policy, TONIGHT - 2 * DAY)
    assert seen(policy, "failed").problem is None
    job(policy, TONIGHT - DAY, state="failed", problem={"code": "no-space", "detail": "2 GB needed, 1 GB free"})
    once = seen(policy, "failed")
    assert once.problem is not None
    assert (once.problem.detail, once.problem.warning) == (
        "the backup failed the last time: no-space: 2 GB needed, 1 GB free", True,
    )  # fmt: skip
    job(policy, TONIGHT, state="failed", problem={"code": "no-space"})
    twice = seen(policy, "failed")
    assert twice.values["failures"] == 2
    job(policy, NOW - HOUR, act="prune")  # another act says nothing of this one
    assert seen(policy, "failed").values["failures"] == 2
    job(policy, NOW - HOUR)
    assert seen(policy, "failed").values["failures"] == 0


@database
def test_size_is_that_of_the_first_store() -> None:
    policy = open_policy()
    nights(policy, 6)
    copy(policy, TONIGHT + HOUR, size=100_000)
    copy(policy, TONIGHT + 2 * HOUR, store="far", size=5_000_000)
    copy(policy, TONIGHT + 3 * HOUR, size=7, dropped_at=NOW)
    assert seen(policy, "size").values["size_ratio"] == 10


@database
def test_a_proof_that_could_not_be_made_proves_nothing() -> None:
    policy = open_policy()
    (newest, older) = nights(policy, 2)
    assert seen(policy, "unproved").values["unproved"] == 100 * 86400
    proof(older, NOW - 9 * DAY)
    proof(newest, NOW - 2 * DAY, "unproved")
    assert seen(policy, "unproved").values["unproved"] == 9 * 86400
    assert seen(policy, "unproved").problem is None
    gates = [{"name": "restore", "verdict": "passed"}, {"name": "rows", "verdict": "failed"}]
    proof(newest, NOW - DAY, "failed", gates)
    refuted = seen(policy, "unproved").problem
    assert refuted is not None
    assert refuted.detail == "the last proof failed: rows"
    proof(newest, NOW - HOUR)
    assert seen(policy, "unproved").problem is None


@database
def test_what_has_not_reached_the_second_site() -> None:
    policy = open_policy()
    newest, middle, oldest = nights(policy, 3)
    assert seen(policy, "second-site").values["behind"] == (NOW - oldest.made_at).total_seconds()
    copy(policy, oldest.at, store="far", made_from=oldest)
    assert seen(policy, "second-site").values["behind"] == (NOW - middle.made_at).total_seconds()
    copy(policy, newest.at, store="far", made_from=newest)  # the one between was jumped over
    assert seen(policy, "second-site").values["behind"] == 0


@database
def test_damage_and_room_of_each_repository() -> None:
    policy = open_policy()
    repository(policy, "vault", checked_at=NOW - DAY, free=9_000)
    far = repository(policy, "far", checked_at=NOW - 5 * DAY, free=3_000)
    for number in range(5):
        copy(policy, TONIGHT - number * DAY, store="far", added=1000)
    assert seen(policy, "repository").values["unchecked"] == 5 * 86400
    assert seen(policy, "space").values == {"free": 3_000, "days_left": 3}
    far.damage = "pack 3fa1 is missing"
    far.save()
    problem = seen(policy, "repository").problem
    assert problem is not None
    assert problem.detail == "far: pack 3fa1 is missing"


@database
def test_a_store_that_is_left_behind_is_watched_no_more() -> None:
    policy = open_policy()
    Store.objects.create(name="old", kind="directory")
    repository(policy, "old", damage="gone")
    assert seen(policy, "repository").problem is None


@database
def test_a_key_that_is_gone() -> None:
    policy = open_policy()
    assert seen(policy, "key").problem is None  # none was made yet
    repository(policy)
    name = key_name("shop", "nightly")
    lost = seen(policy, "key").problem
    assert lost is not None
    assert lost.detail == f"{name} cannot be read; without it no copy of this policy can"
    set_secret(name, "canary-of-the-key", actor=ALICE)
    assert seen(policy, "key").problem is None
    Secret.objects.filter(name=name).update(sealed=b"x" * 60)
    changed = seen(policy, "key").problem
    assert changed is not None
    assert "canary" not in changed.detail


@database
def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries: Any) -> None:
    for number in range(12):
        policy = open_policy(f"p{number}")
        proof(nights(policy, 5)[0])
    with django_assert_max_num_queries(24):  # one for each key that is opened
        assert len(facts(NOW)) == 12


@database
def test_nobody_learns_of_a_policy_that_he_may_not_see() -> None:
    open_policy()
    open_policy(system="other")
    assert list(facts(NOW, Sight(rest=False, named=frozenset({"other"})))) == ["other/nightly"]


CHECK = """
system: shop
components: {db: {kind: sqlite, dsn: "sqlite:///nowhere"}}
checks:
  late:
    {probe: {kind: backup, on: db, policy: nightly, look: late}, every: 1s, failures: 1, flapping: false,
     warn: "late > 3h", crit: "late > 24h"}
"""


@database
def test_the_desk_reads_the_record_now_and_then() -> None:
    apply(CHECK)
    policy = open_policy()
    time = [NOW.timestamp()]
    desk = Desk("test", lambda: time[0])
    everything = frozenset(range(SHARDS))
    roll = desk.visit([], everything).roll
    assert roll is not None
    assert roll.backups["shop/nightly"].tick is None
    job(policy)
    assert desk.visit([], everything).backups is None
    time[0] += BACKUPS_EVERY
    found = desk.visit([], everything).backups
    assert found is not None
    assert found["shop/nightly"].tick == TONIGHT


RECORD = """
import django; django.setup()
from datetime import timedelta
from django.utils import timezone
from tests.line.backed_up import job, open_policy
from mainstay.catalogue.models import Policy
now = timezone.now()
if not Policy.objects.exists():
    Policy.objects.filter(pk=open_policy().pk).update(made_at=now - timedelta(days=9))
else:
    job(Policy.objects.get(), now)
"""


def test_from_a_run_that_was_missed_to_an_incident_and_back(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.apply(CHECK)
    site.run(RECORD)
    with site.process("checker"):
        until(lambda: site.states().get("late") == "critical")
        site.run(RECORD)
        until(lambda: site.states().get("late") == "ok")
    ((message,),) = site.rows("select message from monitoring_statechange where after = 'critical'")
    assert json.loads(message)["condition"] == "late > 24h"
    assert site.count("select count(*) from incidents_incident") == 1


def test_a_policy_that_is_not_there_cannot_be_seen() -> None:
    settings = backup.Settings(policy="nightly", look="late")
    reach = Reach(1.0, NetworkPolicy(()), {}, lambda _key, _factory: lambda: backup.Recorded(None, NOW.timestamp()))
    reading = asyncio.run(backup.Probe(settings, reach).read())
    assert reading.blind
    assert reading.problem is not None
    assert "nightly" in reading.problem.detail
