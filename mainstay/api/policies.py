"""Backup policies, their preview, what they cover, and the stores."""

from datetime import UTC, datetime
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema

from mainstay.api import policy_rows as rows
from mainstay.api.answers import Data, StateName, Words
from mainstay.api.auth import actor, needs, sight
from mainstay.api.shapes import Name, Page, Paging, Text, page
from mainstay.backups.queries import overview
from mainstay.backups.queries.preview import preview
from mainstay.catalogue import queries
from mainstay.engine.store_trial import try_store

router = Router(tags=["backups"])


class NewestCopy(Schema):
    """A policy's newest copy."""

    at: datetime
    level: str
    size: int


class NewestProof(Schema):
    """A policy's newest proof."""

    at: datetime
    verdict: Literal["proved", "failed", "unproved"]


class ComingRun(Schema):
    """A run to come; ``tick`` is what it is known by."""

    tick: datetime
    level: str
    begins: datetime


class BackupPolicy(Schema):
    """A policy; ``state`` is the worst of its checks, ``running`` the act of a job under way."""

    system: str
    name: str
    title: Words
    component: str
    tool: str
    data: str
    stores: list[str]
    state: StateName
    last_copy: NewestCopy | None
    last_proof: NewestProof | None
    next_run: ComingRun | None
    running: str


class BackupPolicyInFull(BackupPolicy):
    """A policy with its whole definition."""

    definition: Data


class KeptCopy(Schema):
    """A copy and the rules that keep it; none: it goes."""

    id: int
    at: datetime
    level: str
    size: int
    added: int
    rules: list[str]


class Shelf(Schema):
    """The copies in one store; ``refused`` says why none goes."""

    store: str
    refused: str
    goes: int
    copies: list[KeptCopy]


class Lack(Schema):
    """A program that the tool needs and this machine has not; ``install`` is the command that brings it."""

    program: str
    why: str
    install: str


class ExpectedSize(Schema):
    """What a copy of a level is expected to take, as the copy ``like`` took it: bytes when restored, and bytes that the
    store grew by."""

    level: str
    size: int
    added: int
    like: int


class Room(Schema):
    """Bytes left in a store as they were last found; null where nobody knows."""

    store: str
    free: int | None


class PolicyPreview(Schema):
    """What a policy will do if nothing keeps it from it."""

    runs: list[ComingRun]
    repositories: list[Shelf]
    lacking: list[Lack]
    sizes: list[ExpectedSize]
    rooms: list[Room]


class Coverage(Schema):
    """A component that holds data; ``gap`` is what it lacks."""

    system: str
    component: str
    title: Words
    kind: str
    gap: Literal["policy", "site", ""]
    policies: list[str]
    stores: list[str]


class Store(Schema):
    """A place for copies, and the policies (``system/policy``) that use it."""

    name: str
    kind: str
    title: Words
    policies: list[str]


class StoreInFull(Schema):
    """A store as YAML has it. A secret stands in it by its name only."""

    name: str
    definition: Data


class TriedStore(Schema):
    """Whether a store could be written to; ``free`` in bytes, where it says so."""

    store: str
    reached: bool
    answer: str
    free: int | None


class Coverages(Schema):
    """Those with a gap first."""

    items: list[Coverage]


class Stores(Schema):
    """All of them."""

    items: list[Store]


@router.get("/backups/policies", response=Page[BackupPolicy], **needs("backup.read"))
def list_backup_policies(request: HttpRequest, paging: Query[Paging], system: Text | None = None) -> Any:
    """Those of the most important systems first."""
    now, found = datetime.now(UTC), queries.policies(system, sight(request))
    part = found[paging.offset : paging.offset + paging.limit]
    known = {one.policy.pk: one for one in overview.glances(now, rows=list(part))}
    return page(request, found, paging, lambda row: rows.policy_row(known[row.pk]))


@router.get("/backups/policies/{system}/{name}", response=BackupPolicyInFull, **needs("backup.read"))
def show_backup_policy(request: HttpRequest, system: Name, name: Name) -> Any:
    row = queries.policy(f"{system}/{name}", sight(request))
    return rows.policy_in_full(overview.glances(datetime.now(UTC), rows=[row])[0])


@router.get("/backups/policies/{system}/{name}/preview", response=PolicyPreview, **needs("backup.read"))
def preview_backup_policy(request: HttpRequest, system: Name, name: Name) -> Any:
    """The next 20 runs, and what retention would drop now."""
    row = queries.policy(f"{system}/{name}", sight(request))
    return rows.preview_rows(preview(row, datetime.now(UTC)))


@router.get("/backups/coverage", response=Coverages, **needs("backup.read"))
def show_backup_coverage(request: HttpRequest) -> Any:
    return {"items": list(map(rows.covered_row, overview.coverage(sight(request))))}


@router.get("/backups/stores", response=Stores, **needs("backup.read"))
def list_backup_stores(request: HttpRequest) -> Any:
    seen = sight(request)
    used = overview.stores_used(seen)
    return {"items": [rows.store_row(row, used.get(row.name, [])) for row in queries.stores(seen)]}


@router.post("/backups/stores/{name}/try", response=TriedStore, **needs("store.try"))
def try_backup_store(request: HttpRequest, name: Name) -> Any:
    """Write a little into a store and remove it again."""
    return rows.tried_row(try_store(name, actor=actor(request)))
