"""What is shown of policies, stores and coverage: plain data, the same over the API and after ``--json``."""

from mainstay.api.rows import Row
from mainstay.backups.queries.overview import Covered, Glance
from mainstay.backups.queries.preview import Preview, Shelf
from mainstay.catalogue.editing_backups import StoreWriting
from mainstay.catalogue.models import Store
from mainstay.domain.backup_schedule import Run
from mainstay.engine.store_trial import Tried


def policy_row(one: Glance) -> Row:
    """A policy, its newest copy and proof, and its next run."""
    row, copy, proof = one.policy, one.copy, one.proof
    return {
        "system": row.system.name, "name": row.name, "title": row.title, "component": row.component.name,
        "tool": row.tool, "data": row.document.get("data", "other"), "stores": list(one.stores), "state": one.state,
        "last_copy": {"at": copy.at, "level": copy.level, "size": copy.size} if copy else None,
        "last_proof": {"at": proof.at, "verdict": proof.verdict} if proof else None,
        "next_run": run_row(one.next) if one.next else None,
        "running": one.running.act if one.running else "",
    }  # fmt: skip


def policy_in_full(one: Glance) -> Row:
    """The same with the whole definition. No secret can stand in it."""
    return {**policy_row(one), "definition": one.policy.document}


def run_row(run: Run) -> Row:
    """A run to come; it begins later than its tick where the window is closed then."""
    return {"tick": run.tick, "level": run.level, "begins": run.begins}


def preview_rows(found: Preview) -> Row:
    """The next runs, every copy with the rules that keep it (no rule: it goes), what the tool lacks here, and what a
    copy is expected to take."""
    return {
        "runs": list(map(run_row, found.runs)), "repositories": list(map(_shelf_row, found.shelves)),
        "lacking": [{"program": one.program, "why": one.why, "install": one.install} for one in found.lacking],
        "sizes": [
            {"level": one.level, "size": one.size, "added": one.added, "like": one.like.pk} for one in found.sizes
        ],
        "rooms": [{"store": one.store, "free": one.free} for one in found.rooms],
    }  # fmt: skip


def _shelf_row(shelf: Shelf) -> Row:
    return {
        "store": shelf.repository.store.name, "refused": str(shelf.refused), "goes": shelf.goes,
        "copies": [
            {"id": fate.copy.pk, "at": fate.copy.at, "level": fate.copy.level, "size": fate.copy.size,
             "added": fate.copy.added, "rules": [rule.value for rule in fate.rules]}
            for fate in shelf.fates
        ],
    }  # fmt: skip


def covered_row(one: Covered) -> Row:
    """A component that holds data, and what is missing: a policy, a second site, or nothing."""
    part = one.component
    return {
        "system": part.system.name, "component": part.name, "title": part.title, "kind": part.kind, "gap": one.gap,
        "policies": [policy.name for policy in one.policies], "stores": list(one.stores),
    }  # fmt: skip


def store_row(row: Store, used: list[str]) -> Row:
    """A store, without its settings: they say where the copies lie."""
    title = row.document.get("title") or {}
    return {
        "name": row.name, "kind": row.kind, "title": {"en": title} if isinstance(title, str) else title,
        "policies": used,
    }  # fmt: skip


def store_in_full(one: StoreWriting) -> Row:
    """A store with its settings. A secret stands in them by its name only."""
    return {"name": one.name, "definition": one.own}


def tried_row(tried: Tried) -> Row:
    """Whether a store could be written to."""
    return {"store": tried.store, "reached": tried.reached, "answer": str(tried.answer), "free": tried.free}
