"""The shapes of ``restore_rows.py``, as the OpenAPI document shows them."""

from datetime import datetime
from typing import Any, Literal

from ninja import Schema

RestoreState = Literal["asked", "safety", "running", "done", "failed", "aborted", "lapsed"]


class Restore(Schema):
    """A restore for real. ``seal`` stands for exactly this copy and this target; an approval names it. ``place``: how
    the target stands. ``safety_job`` takes the fresh copy of the live place."""

    id: int
    policy: str
    copy_id: int
    at: datetime
    to: Literal["directory", "database", "live"]
    target: str
    only: list[str]
    state: RestoreState
    place: Literal["untouched", "restored", "between"]
    reason: str
    asked_by: str
    asked_at: datetime
    approved_by: str
    approved_at: datetime | None
    safety_job: int | None
    job: int | None
    begun_at: datetime | None
    ended_at: datetime | None
    seal: str


class WholeRestore(Restore):
    """With each step and who took it; ``outcome``: what was compared, and where what was there before lies."""

    story: list[dict[str, Any]]
    outcome: dict[str, Any]


class RestorePreview(Schema):
    """What a copy holds, and what would be lost by it: each figure as ``name``, ``copy``, ``live``, and ``more``, which
    the live system has more. ``silent``: why the live system says nothing."""

    copy_id: int
    policy: str
    at: datetime
    size: int
    minutes: int
    places: list[str]
    databases: list[str]
    tables: list[str]
    silent: str
    totals: list[dict[str, str]]
    rows: list[dict[str, str]]
    files: list[dict[str, str]]
    fingerprint: dict[str, Any]


class CopiedFile(Schema):
    """One thing in a directory of a copy; ``kind``: file, dir, symlink."""

    path: str
    kind: str
    size: int


class CopiedFiles(Schema):
    """The first thousand; ``more`` says how many are not among them."""

    below: str
    items: list[CopiedFile]
    more: int
