"""A job from waiting to its end. A run holds its job by the run's own name, and each write asks whether it still does.

A worker that was stopped for longer than its lease finds that nothing it writes is taken any more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from mainstay.audit.actions import record
from mainstay.backups.models import Job, Repository
from mainstay.domain.actor import ENGINE
from mainstay.domain.backup_job import LEASE, next_try
from mainstay.domain.evidence import kept

_STORY = 200
"""Entries of a story that are kept: the newest."""


class Lost(Exception):
    """The job is not this run's any more: it must stop without writing anything."""


def lease(run: str, now: datetime) -> Job | None:
    """Take the job that waits longest, among policies of which no job runs; None when there is none. ``run`` is a name
    that no other run has: what it makes in a repository bears it."""
    busy = Job.objects.filter(state="running").values("policy")
    due = Job.objects.filter(Q(not_before=None) | Q(not_before__lte=now), state="waiting", tick__lte=now)
    for job in due.exclude(policy__in=busy).order_by("tick", "pk"):
        if _take(job, run, now):
            job.refresh_from_db()
            return job
    return None


def _take(job: Job, run: str, now: datetime) -> bool:
    try:
        with transaction.atomic():
            taken = Job.objects.filter(pk=job.pk, state="waiting").update(
                state="running", worker=run, leased_until=now + LEASE, attempt=F("attempt") + 1, started_at=now,
                ended_at=None, not_before=None, progress={}, problem={},
            )  # fmt: skip
            return bool(taken)
    except IntegrityError:  # job_alone: another job of this policy was quicker
        return False


def renew(job: Job, now: datetime, progress: Mapping[str, Any] | None = None) -> None:
    """Say that the run lives, and how far it is. Raises Lost."""
    values: dict[str, Any] = {"leased_until": now + LEASE}
    if progress is not None:
        values["progress"] = kept({**progress, "at": now.isoformat()})
    if not _mine(job).update(**values):
        raise Lost


def tell(job: Job, now: datetime, word: str, **data: Any) -> None:
    """Note something that happened in the job's story. Raises Lost."""
    with transaction.atomic():
        _write(held(job), now, word, data)


def held(job: Job) -> Job:
    """The row as it stands, locked. In a transaction. Raises Lost."""
    row: Job | None = _mine(job).select_for_update().first()
    if row is None:
        raise Lost
    return row


def finish(job: Job, now: datetime, report: Mapping[str, Any]) -> None:
    """It got through. In the same transaction as what it made. Raises Lost."""
    with transaction.atomic():
        row = held(job)
        row.state, row.ended_at, row.leased_until, row.report = "done", now, None, kept(report)
        row.progress, row.problem = {}, {}
        _write(row, now, "done", {})
        record(ENGINE, f"backup.{job.act}", str(job.policy), {"job": job.pk, "run": job.worker, "level": job.level})


def fail(job: Job, now: datetime, code: str, detail: str, *, retry: bool) -> Job:
    """It did not: another try later, or the end. Raises Lost."""
    with transaction.atomic():
        return _ended(held(job), now, code, detail, retry=retry)


def _ended(row: Job, now: datetime, code: str, detail: str, *, retry: bool) -> Job:
    again = next_try(row.attempt, now, retry=retry)
    row.problem = kept({"code": code, "detail": detail[:2000]})
    row.state, row.not_before = ("waiting", again) if again else ("failed", None)
    row.ended_at, row.leased_until, row.worker, row.progress = now, None, "", {}
    data = {"code": code, "detail": detail[:500], "attempt": row.attempt}
    _write(row, now, "retry" if again else "failed", {**data, "again": again.isoformat() if again else ""})
    record(
        ENGINE, "backup.retry" if again else "backup.failed", str(row.policy), {"job": row.pk, "act": row.act, **data}
    )
    return row


def give_back(job: Job, now: datetime, why: str) -> None:
    """The worker is asked to end: the job waits again, and the try does not count. Raises Lost."""
    with transaction.atomic():
        row = held(job)
        _soil(row)
        row.state, row.worker, row.leased_until, row.progress = "waiting", "", None, {}
        row.attempt -= 1
        _write(row, now, "given-back", {"why": why})


def reclaim(now: datetime, *, dead: Mapping[int, str] | None = None, but: set[int] | None = None) -> list[Job]:
    """Jobs whose worker is gone: its lease ran out, or it is among ``dead`` (job → how it ended). ``but`` are jobs
    whose worker is known to live, whatever the clock says. What the runs left in their repositories is noted there,
    so that the next job of the policy puts it in order before anything else."""
    gone = Q(leased_until__lt=now) | Q(leased_until=None) | Q(pk__in=list(dead or {}))
    numbers = list(Job.objects.filter(gone, state="running").exclude(pk__in=but or ()).values_list("pk", flat=True))
    found = []
    for number in numbers:
        with transaction.atomic():
            row = Job.objects.select_for_update().filter(gone, pk=number, state="running").first()
            if row is not None:
                found.append(_reclaimed(row, now, (dead or {}).get(number, "its worker gave no sign any more")))
    return found


def _reclaimed(row: Job, now: datetime, how: str) -> Job:
    run = row.worker
    _soil(row)
    _write(row, now, "lost", {"run": run, "how": how, "stage": str(row.progress.get("stage", ""))})
    ended = _ended(row, now, "killed", how, retry=True)
    ended.worker = run  # for whoever cleans up; not saved
    return ended


def _soil(row: Job) -> None:
    for repository in Repository.objects.select_for_update().filter(policy=row.policy_id):
        repository.unclean = [*repository.unclean, row.worker][-100:]
        repository.save(update_fields=["unclean"])


def _write(row: Job, now: datetime, word: str, data: Mapping[str, Any]) -> None:
    row.story = [*row.story, kept({"at": now.isoformat(), "word": word, **data})][-_STORY:]
    row.save()


def _mine(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state="running", worker=job.worker).order_by()
