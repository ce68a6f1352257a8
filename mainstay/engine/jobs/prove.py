"""A proof: a copy is restored by its own identifier into a scratch place, looked through, and a certificate is written.

A gate that cannot be looked at is said so and never counts as passed. When the restore itself fails that is a verdict
too, and it is kept as one; only what says nothing about the copy (no store, no room, no tool) is a failed job.
"""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.backups import actions
from mainstay.backups.certificates import certificate
from mainstay.backups.models import Copy
from mainstay.backups.queries.means import source_as_asked
from mainstay.catalogue.policies import definition
from mainstay.domain.duration import parse_duration
from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.proof import Gate, Outcome, fingerprint_gates, objective, verdict
from mainstay.drivers import program
from mainstay.drivers.backup_tools import Source, ToolFailed
from mainstay.drivers.far_host import FarHost
from mainstay.drivers.restic import Restic
from mainstay.engine.jobs import application, chain, copied_rules, distance, elsewhere, own
from mainstay.engine.jobs.bench import Bench
from mainstay.engine.jobs.bounded import bounded

SAYS_NOTHING = ("missing", "no-space", "unreachable", "locked", "wrong-key", "refused", "timeout", "killed")
"""Codes of what happened to the proof, not to the copy."""
_INTERRUPTED = ("missing", "no-space", "timeout", "killed")
_CLOSE = 2 * 3600.0
"""Seconds by which a snapshot may be stamped away from our record of it; more means another clock or another copy."""


@dataclass(slots=True)
class Found:
    """What a proof gathers on its way."""

    gates: list[Gate] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    restored: bool = False
    room: dict[str, Any] = field(default_factory=dict)

    def say(self, name: str, outcome: Outcome, detail: str = "", **evidence: Any) -> None:
        self.gates.append(Gate(name, outcome, detail, evidence))


def run(bench: Bench) -> None:
    """Prove the job's copy."""
    copy = bench.job.copy
    if copy is None or copy.dropped_at is not None:
        raise ToolFailed("absent", "the copy that was to be proved is not kept any more")
    bench.require_tools()
    found, begun = Found(), datetime.now(UTC)
    with bounded(bench, copy) as found.room, elsewhere.place(bench, copy) as host:
        try:
            _look(bench, copy, found, host)
        except ToolFailed as error:
            if error.code in SAYS_NOTHING:
                raise
            found.say("open" if found.restored else "load", Outcome.FAILED, f"{error.code}: {error.detail}")
    _keep(bench, copy, found, begun)


def _look(bench: Bench, copy: Copy, found: Found, host: FarHost | None) -> None:
    began = time.monotonic()
    opened = _own_opened(bench, copy, found) if bench.keeps_own else _opened(bench, copy, found, host)
    if opened is None:  # a restore from a damaged repository may hang for hours
        return
    with closing(opened):
        found.restored = True
        restore = time.monotonic() - began
        found.say("open", Outcome.PASSED)
        found.gates.append(objective("rto", restore, parse_duration(_objectives(copy)["rto"])))
        found.figures["restore_ms"] = round(restore * 1000)
        with _gate(bench, found, "fingerprint"):
            _fingerprint(copy, opened, found)
        with _gate(bench, found, "own-checks"):
            _own_checks(opened, found)
        with _gate(bench, found, "rules"):
            _rules(bench, copy, opened, found)
        if bench.meant.prove.start:
            with _gate(bench, found, "application"):
                found.gates += application.gates(bench, dict(opened.component))
        if host and (why := opened.lost()):  # then what was found may be the connection's doing
            raise why
    with bench.step("comparing with the live system"):
        distance.measure(bench, copy, found)


def _opened(bench: Bench, copy: Copy, found: Found, host: FarHost | None) -> Any:
    """What restic brought back, started; None where its repository is damaged."""
    bench.versions |= {"restic": program.version("restic")}
    with bench.step("opening"):
        restic = bench.known(copy.repository)
    with bench.step("checking the repository"):
        if not _is_whole(bench, copy, restic.check(bench.until), found):
            return None
    _record(copy, restic, found)
    tool = bench.tool(_source(copy, {"kind": copy.policy.component.kind}))
    with bench.step("loading"):
        size = elsewhere.poured(bench, copy, restic, host) if host else _loaded(bench, copy, restic)
    wrong = "" if size == copy.size else f"{size} bytes came back, {copy.size} were saved"
    found.say("load", Outcome.FAILED if wrong else Outcome.PASSED, wrong, bytes=size)
    with bench.step("starting"):
        return tool.open_far(bench.run(bench.directory), copy.point, host) if host else (
            tool.open(bench.run(bench.directory), copy.point)
        )  # fmt: skip


def _own_opened(bench: Bench, copy: Copy, found: Found) -> Any:
    """What the tool brought back from its own repository, started; None where that is damaged."""
    tool, number = bench.tool(bench.means.source), own.number_of(bench, copy.repository)
    bench.versions |= dict(copy.versions)
    with bench.step("checking the repository"):
        if not _is_whole(bench, copy, tool.check(bench.run(bench.directory), number), found):
            return None
        there = copy.identifier in tool.strays(bench.run(bench.directory), (), number)
        found.say("record", Outcome.PASSED if there else Outcome.FAILED, "" if there else "it is not in the repository")
    with bench.step("loading"):
        opened = tool.open(bench.run(bench.directory), copy.point)
    found.say("load", Outcome.PASSED, bytes=copy.size)
    return opened


def _is_whole(bench: Bench, copy: Copy, damage: str, found: Found) -> bool:
    found.say("repository", Outcome.FAILED if damage else Outcome.PASSED, damage[:500])
    actions.looked_through(bench.job, copy.repository, datetime.now(UTC), damage)
    return not damage


@contextmanager
def _gate(bench: Bench, found: Found, name: str) -> Iterator[None]:
    """What keeps a gate from being looked at is said; the others are looked at all the same."""
    with bench.step(f"looking: {name}"):
        try:
            yield
        except (ToolFailed, OSError, ValueError, RuntimeError) as error:
            found.say(name, Outcome.UNSEEN, str(error)[:500])


def _record(copy: Copy, restic: Restic, found: Found) -> None:
    """The snapshot is there, and is the one that was made: by its run, when it was."""
    row = next((one for one in restic.snapshots() if one.identifier == copy.identifier), None)
    if row is None:
        found.say("record", Outcome.FAILED, "the copy is not in the repository")
        return
    made = (copy.made_from or copy).made_at
    apart = abs((row.at - made).total_seconds())
    named = f"policy={copy.policy}" in row.tags
    if apart > _CLOSE + parse_duration(definition(copy.policy).deadline) or not named:
        found.say("record", Outcome.FAILED, f"the repository says it is of {row.at.isoformat()}, {', '.join(row.tags)}")
    else:
        found.say("record", Outcome.PASSED)


def _loaded(bench: Bench, copy: Copy, restic: Restic) -> int:
    """Bytes that came back."""
    target = bench.room("copy")
    restic.load(copy.identifier, target, bench.until)
    chain.load(bench, copy, restic)
    return sum(path.lstat().st_size for path in target.rglob("*") if path.is_file() and not path.is_symlink())


def _source(copy: Copy, settings: dict[str, Any]) -> Source:
    return source_as_asked(settings, copy.asked, definition(copy.policy).parallel)


def _fingerprint(copy: Copy, opened: Any, found: Found) -> None:
    if not copy.point.get("exact", True):
        found.say("fingerprint", Outcome.UNSEEN, "something was written between the copy and its fingerprint")
        return
    wanted = Fingerprint(**copy.fingerprint)
    try:
        again = Fingerprint(**opened.fingerprint(_source(copy, dict(opened.component))))
    except ToolFailed as error:
        if error.code in _INTERRUPTED:
            raise
        found.say("fingerprint", Outcome.FAILED, f"what could be asked of the source cannot be asked of it: {error}")
        return
    found.figures["totals"] = {"copy": {name: str(value) for name, value in again.totals.items()}}
    found.gates += fingerprint_gates(wanted, compare(wanted, again))


def _own_checks(opened: Any, found: Found) -> None:
    outcomes = {True: Outcome.PASSED, False: Outcome.FAILED, None: Outcome.UNSEEN}
    checks = list(opened.checks())
    for one in checks:
        found.say(f"own-checks.{one.name}", outcomes[one.ok], one.detail[:500])
    if not checks:
        found.say("own-checks", Outcome.NOT_ASKED, "the tool has no check of its own")


def _rules(bench: Bench, copy: Copy, opened: Any, found: Found) -> None:
    if not bench.meant.prove.rules:
        found.say("rules", Outcome.NOT_ASKED, "the policy leaves the rules out")
        return
    found.gates += copied_rules.gates(copy.policy.component_id, dict(opened.component), copy.at)


def _objectives(copy: Copy) -> dict[str, str]:
    return {"rto": "4h", "rpo": "24h", **copy.policy.system.objectives}


def _keep(bench: Bench, copy: Copy, found: Found, begun: datetime) -> None:
    """The proof, its certificate and the job's end: all or nothing."""
    now = datetime.now(UTC)
    outcome = verdict(found.gates)
    text, signature = certificate(
        bench.job, found.gates, found.figures, versions=bench.versions, begun=begun, ended=now
    )
    values = {
        "verdict": outcome.value, "gates": [gate.plain() for gate in found.gates], "figures": found.figures,
        "certificate": text, "signature": signature,
    }  # fmt: skip
    with transaction.atomic():
        proof = actions.keep_proof(bench.job, copy, values, now)
        actions.finish(
            bench.job,
            now,
            bench.report(proof=proof.pk, verdict=outcome.value, room=found.room, on=bench.meant.prove.on),
        )
