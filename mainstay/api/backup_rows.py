"""What is shown of jobs, copies and proofs: plain data, the same over the API and after ``--json``."""

import json
from datetime import UTC, datetime
from typing import Any

from mainstay.api.rows import Row
from mainstay.backups import queries
from mainstay.backups.actions.keys import Sheet
from mainstay.backups.models import Copy, Job, Proof


def job_row(row: Job) -> Row:
    """A job, and how far it is when it runs."""
    pace = queries.pace_of(row, datetime.now(UTC))
    return {
        "id": row.pk, "policy": str(row.policy), "act": row.act, "level": row.level, "why": row.why,
        "asked_by": row.asked_by, "tick": row.tick, "state": row.state, "attempt": row.attempt,
        "not_before": row.not_before, "started_at": row.started_at, "ended_at": row.ended_at, "copy_id": row.copy_id,
        "stage": pace.stage if pace else "", "percent": pace.percent if pace else None,
        "expected_end": pace.end if pace else None, "code": str(row.problem.get("code", "")),
        "problem": str(row.problem.get("detail", "")),
    }  # fmt: skip


def job_rows(row: Job) -> Row:
    """A job whole, with its steps and its story."""
    return {**job_row(row), "steps": row.report.get("steps", []), "story": row.story}


def copy_row(row: Copy) -> Row:
    """A copy without its fingerprint."""
    return {
        "id": row.pk, "policy": str(row.policy), "store": row.repository.store.name, "identifier": row.identifier,
        "level": row.level, "at": row.at, "made_at": row.made_at, "size": row.size, "added": row.added,
        "made_from": row.made_from_id, "base": row.base_id, "dropped_at": row.dropped_at,
        "why_dropped": row.why_dropped, "proved": proved(row),
    }  # fmt: skip


def proved(row: Copy) -> str:
    """The verdict of its newest proof; empty when nobody has tried."""
    newest = max(row.proofs.all(), key=lambda proof: proof.at, default=None)
    return newest.verdict if newest else ""


def copy_rows(row: Copy) -> Row:
    """A copy whole."""
    return {**copy_row(row), "fingerprint": row.fingerprint, "versions": row.versions}


def proof_row(row: Proof) -> Row:
    """A proof without its gates."""
    return {
        "id": row.pk, "policy": str(row.copy.policy), "copy_id": row.copy_id, "store": row.copy.repository.store.name,
        "job": row.job_id, "at": row.at, "verdict": row.verdict, "figures": row.figures,
        "not_proved": json.loads(row.certificate).get("not_proved", []),
    }  # fmt: skip


def proof_rows(row: Proof) -> Row:
    """A proof whole."""
    return {**proof_row(row), "gates": row.gates}


def sheet_row(row: Sheet) -> dict[str, Any]:
    """A recovery sheet. The key is on it: that is what it is for."""
    return {
        "policy": str(row.policy), "tool": row.policy.tool, "name": row.name, "key": row.key,
        "repositories": [
            {"store": one.store.name, "kind": one.store.kind, "identifier": one.identifier} for one in row.repositories
        ],
    }  # fmt: skip
