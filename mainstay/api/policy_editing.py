"""Putting and retiring a backup policy or a store, and seeing first what it would do. A part of ``policies``."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from mainstay.api import policy_rows as rows
from mainstay.api.auth import actor, needs
from mainstay.api.editing import Edited
from mainstay.api.policies import PolicyPreview, StoreInFull, router
from mainstay.api.shapes import Name
from mainstay.backups.queries.preview import drafted, preview
from mainstay.catalogue import actions, editing_backups, queries
from mainstay.catalogue.editing import Proposal
from mainstay.domain import backup_policy
from mainstay.domain.difference import Difference

__all__ = ["router"]


class PolicyWanted(backup_policy.Policy):
    """A backup policy as YAML has it, whole: what is not said is the default."""


class StoreWanted(backup_policy.Store):
    """A store as YAML has it, whole; what else it says belongs to its kind. A secret is written as ``${NAME}``."""


@router.post("/backups/policies/{system}/{name}/preview", response=PolicyPreview, **needs("catalogue.apply"))
def preview_wanted_policy(request: HttpRequest, system: Name, name: Name, body: PolicyWanted) -> Any:
    """The next 20 runs of the policy if it said this, and what retention would drop now; nothing is changed."""
    present = editing_backups.policy_writing(system, name)
    found = editing_backups.policy_proposal(present, _said(body))
    return rows.preview_rows(preview(drafted(present, found), datetime.now(UTC)))


@router.put("/backups/policies/{system}/{name}", response=Edited, **needs("catalogue.apply"))
def put_backup_policy(request: HttpRequest, system: Name, name: Name, body: PolicyWanted, dry_run: bool = False) -> Any:
    """Make a policy or change it, in what its system's user wrote; all else there stays as it is."""
    present = editing_backups.policy_writing(system, name)
    found = editing_backups.policy_proposal(present, _said(body))
    done = found.differences
    if not dry_run:
        done = actions.put_policy(system, name, _said(body), actor=actor(request), seen=present.seen)
    return _edited(found, done)


@router.delete("/backups/policies/{system}/{name}", response=Edited, **needs("catalogue.apply"))
def retire_backup_policy(request: HttpRequest, system: Name, name: Name, dry_run: bool = False) -> Any:
    """No copy is taken, proved or dropped by it any more. Its copies, their key and the record stay; put again under
    the same name, it takes them up."""
    present = editing_backups.policy_writing(system, name)
    found = editing_backups.policy_retirement(present)
    done = found.differences
    if not dry_run:
        done = actions.retire_policy(system, name, actor=actor(request), seen=present.seen)
    return _edited(found, done)


@router.get("/backups/stores/{name}", response=StoreInFull, **needs("catalogue.export"))
def show_backup_store(request: HttpRequest, name: Name) -> Any:
    """With its settings, which say where the copies lie."""
    queries.store(name)
    return rows.store_in_full(editing_backups.store_writing(name))


@router.put("/backups/stores/{name}", response=Edited, **needs("catalogue.apply"))
def put_backup_store(request: HttpRequest, name: Name, body: StoreWanted, dry_run: bool = False) -> Any:
    """Make a store or change it. Copies that lie where it led before are not moved."""
    present = editing_backups.store_writing(name)
    found = editing_backups.store_proposal(present, _said(body))
    done = found.differences
    if not dry_run:
        done = actions.put_store(name, _said(body), actor=actor(request), seen=present.seen)
    return _edited(found, done)


@router.delete("/backups/stores/{name}", response=Edited, **needs("catalogue.apply"))
def retire_backup_store(request: HttpRequest, name: Name) -> Any:
    """Refused while a policy names it. What lies in it stays."""
    queries.store(name)
    done = actions.retire("store", name, actor=actor(request))
    return {"differences": [one.plain() for one in done], "yaml": []}


def _said(body: PolicyWanted | StoreWanted) -> dict[str, Any]:
    """What was said, and no default."""
    return body.model_dump(mode="json", exclude_unset=True)


def _edited(found: Proposal, done: list[Difference]) -> dict[str, Any]:
    return {"differences": [one.plain() for one in done], "yaml": found.lines}
