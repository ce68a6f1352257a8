"""What is shown of restores: plain data, the same over the API and after ``--json``."""

from dataclasses import asdict

from mainstay.api.rows import Row
from mainstay.backups.models import Restore
from mainstay.engine.restore_preview import Preview


def restore_row(row: Restore) -> Row:
    """A restore without its story. The target holds no password: those stand for themselves as ``${…}``."""
    wanted = row.wanted
    return {
        "id": row.pk, "policy": str(row.policy), "copy_id": row.copy_id, "at": wanted.get("moment") or row.copy.at,
        "to": wanted["to"], "target": wanted["target"], "only": wanted["only"], "state": row.state,
        "place": row.place, "reason": row.reason, "asked_by": row.asked_by, "asked_at": row.asked_at,
        "approved_by": row.approved_by, "approved_at": row.approved_at, "safety_job": row.safety_id,
        "job": row.job_id, "begun_at": row.begun_at, "ended_at": row.ended_at, "seal": row.seal,
    }  # fmt: skip


def restore_rows(row: Restore) -> Row:
    """A restore whole: each step with who took it, and what came of it."""
    return {**restore_row(row), "story": row.story, "outcome": row.outcome}


def preview_row(found: Preview) -> Row:
    """What a copy holds, and what would be lost."""
    copy = found.copy
    return {
        "copy_id": copy.pk, "policy": str(copy.policy), "at": copy.at, "size": copy.size, "minutes": found.minutes,
        "places": found.places, "databases": found.databases, "tables": found.tables, "silent": str(found.silent),
        "totals": [asdict(one) for one in found.totals], "rows": [asdict(one) for one in found.rows],
        "files": [asdict(one) for one in found.files], "fingerprint": copy.fingerprint,
    }  # fmt: skip
