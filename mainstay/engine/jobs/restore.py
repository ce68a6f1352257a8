"""A restore for real: loaded by the copy's identifier, built beside the place, compared, and only then made to count.

A run that died before the place was changed begins anew. One that died after its marks were kept asks the place itself
how it stands: what is restored is only written down, what is untouched is done anew, and what is neither is said so and
left alone.
"""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from mainstay.backups import actions, queries
from mainstay.backups.models import Copy, Restore
from mainstay.backups.queries.means import source_as_asked
from mainstay.catalogue.policies import definition
from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.restoring import Refused, State, wish_of
from mainstay.domain.saying import say
from mainstay.drivers import program
from mainstay.drivers.backup_tools import Source, ToolFailed
from mainstay.engine.jobs import chain, recovering
from mainstay.engine.jobs.backup import SPARE
from mainstay.engine.jobs.bench import Bench
from mainstay.engine.jobs.landing import landing, point_of
from mainstay.engine.jobs.places import free


def run(bench: Bench) -> None:
    """The job's restore."""
    row = queries.restore_of(bench.job)
    row.job = bench.job
    if row.state != State.RUNNING:
        raise ToolFailed("aborted", say("it was aborted"))
    copy, wish = row.copy, wish_of(row.wanted)
    if copy.dropped_at is not None:
        raise ToolFailed("absent", say("the copy is not kept any more"))
    place = landing(copy, wish, row.pk, point_of(copy))
    if row.marks and _found(bench, row, place) == "restored":
        _end(bench, row, place, {"resumed": True})
        return
    try:
        place, outcome = _built(bench, row, copy, place)
        with bench.step("entering"):
            actions.begin(row, place.marks(), _now())
            place.enter(bench.until)
    except Refused as error:
        _put_away(place)
        raise ToolFailed("aborted", str(error)) from None
    except (ToolFailed, OSError):
        if row.marks:
            _found(bench, row, place)
        if row.place == "untouched":
            _put_away(place)
        raise
    _end(bench, row, place, outcome)


def _found(bench: Bench, row: Restore, place: Any) -> str:
    """How the place stands. Raises ToolFailed when it is neither as it was nor as it should become."""
    with bench.step("looking at the place"):
        found: str = place.stands(row.marks)
    actions.stands(row, found, _now())
    if found == "between":
        _put_away(place, between=True)
        raise ToolFailed(
            "between",
            say("the place is neither as it was nor as the copy; nothing more is done to it, and what was there lies "
                "in copy %(copy)s", copy=_safe_copy(row)),
        )  # fmt: skip
    return found


def _built(bench: Bench, row: Restore, copy: Copy, place: Any) -> tuple[Any, dict[str, Any]]:
    """All of it beside the place, and the same as was copied."""
    with bench.step("looking at the place"):
        place.look(copy.size)
        bench.require_room("this machine", SPARE, free(bench.directory))
    wanted = copy.fingerprint
    if not bench.keeps_own:
        _load(bench, copy, place)
    if wish_of(row.wanted).to != "directory" and hasattr(bench.module, "DUMPS"):
        taken = recovering.dumped(bench, copy, wish_of(row.wanted), _source(copy))
        place, wanted = landing(copy, wish_of(row.wanted), row.pk, taken.point), taken.fingerprint
        place.look(copy.size)
    actions.tell_step(row, _now(), "loaded")
    with bench.step("building"):
        place.build(bench.run(bench.directory))
    with bench.step("comparing"):
        return place, _compared(row, copy, place, Fingerprint(**wanted))


def _load(bench: Bench, copy: Copy, place: Any) -> None:
    """From a repository that is whole, without any cache."""
    with bench.step("opening"):
        restic = bench.known(copy.repository)
        if damage := restic.check(bench.until):
            actions.looked_through(bench.job, copy.repository, _now(), damage)
            raise ToolFailed("damaged", f"the repository in {copy.repository.store.name}: {damage[:300]}")
        bench.versions["restic"] = program.version("restic")
    with bench.step("loading"):
        for where, parts in place.rooms(bench.directory / "copy"):
            if where == bench.directory / "copy":
                bench.require_room("this machine", chain.size(copy) + SPARE, free(bench.directory))
                where.mkdir(mode=0o700, exist_ok=True)
            restic.load(copy.identifier, where, bench.until, parts)
            _require_parts(where, parts)
        chain.load(bench, copy, restic)


def _require_parts(where: Path, parts: tuple[str, ...]) -> None:
    for name in parts:
        if not (where / name.lstrip("/")).is_symlink() and not (where / name.lstrip("/")).exists():
            raise ToolFailed("absent", say("the copy does not hold %(path)s", path=name))


def _compared(row: Restore, copy: Copy, place: Any, whole: Fingerprint) -> dict[str, Any]:
    """Against the fingerprint that was taken with the copy. Raises ToolFailed (differs)."""
    wanted = place.expected(whole)
    if wanted == Fingerprint():
        actions.tell_step(row, _now(), "read-again")  # by restic, file by file
        return {"compared": []}
    found = Fingerprint(**place.fingerprint(_source(copy)))
    if differences := compare(wanted, found):
        shown = ", ".join(f"{one.part} {one.name}: {one.wanted} → {one.found}"[:120] for one in differences[:3])
        raise ToolFailed("differs", say("it is not what was copied: %(shown)s", shown=shown))
    parts = [part for part in ("schema", "rows", "totals", "sums", "files") if getattr(wanted, part)]
    actions.tell_step(row, _now(), "compared", parts=parts)
    return {"compared": parts}


def _source(copy: Copy) -> Source:
    return source_as_asked({"kind": copy.policy.component.kind}, copy.asked, definition(copy.policy).parallel)


def _end(bench: Bench, row: Restore, place: Any, outcome: dict[str, Any]) -> None:
    with bench.step("looking back"):
        if (found := place.stands(row.marks)) == "untouched":
            raise ToolFailed("failed", say("it was done, and the place is as it was"))
        before = place.before()
    now = _now()
    with transaction.atomic():
        actions.restored(row, {**outcome, "found": found, "before": before}, now)
        actions.finish(bench.job, now, bench.report(restore=row.pk))
    _put_away(place)


def _put_away(place: Any, *, between: bool = False) -> None:
    """What lies beside is ours; that it cannot be removed now is no reason to call the rest failed."""
    with suppress(ToolFailed, OSError):
        place.sweep(between=between)


def _safe_copy(row: Restore) -> str:
    return str(row.safety.report.get("copy", "-")) if row.safety else "-"


def _now() -> datetime:
    return datetime.now(UTC)
