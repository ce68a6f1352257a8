"""One database out of the copy of a whole server: its files are started in a scratch server, recovered up to a second
in time where the tool keeps the log, and the database is dumped from there. From then on it is restored like any other
dump."""

from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from mainstay.backups.models import Copy
from mainstay.domain.fingerprint import Fingerprint, compare
from mainstay.domain.restoring import Wish
from mainstay.domain.saying import say
from mainstay.drivers import backup_tools
from mainstay.drivers.backup_tools import Source, Taken, ToolFailed
from mainstay.engine.jobs import own
from mainstay.engine.jobs.bench import Bench
from mainstay.engine.jobs.copied_rules import SCRATCH
from mainstay.engine.jobs.landing import point_of


def dumped(bench: Bench, copy: Copy, wish: Wish, source: Source) -> Taken:
    """The dump lies in ``copy/`` of the run; its fingerprint was taken in the snapshot that was dumped. A staged copy
    is loaded already. Raises ToolFailed."""
    tool = bench.tool(bench.means.source)
    moment = datetime.fromisoformat(wish.moment) if wish.moment else None
    if moment is not None:
        _require_reach(tool.reach(bench.run(bench.directory), own.number_of(bench, copy.repository)), moment)
    with bench.step("recovering"):
        opened = tool.open(bench.run(bench.directory), copy.point, *([moment] if moment else []))
    with closing(opened):
        if moment is None and copy.point.get("exact", True):
            _require_same(copy, opened.fingerprint(source))
        with bench.step("dumping"):
            return _taken(bench, str(point_of(copy)["own"]), opened.component, source)


def _require_reach(spans: Any, moment: datetime) -> None:
    """The log is there from a copy to the target without a gap, by the repository's own word."""
    if any(span.first <= moment <= span.last for span in spans):
        return
    shown = "; ".join(f"{span.first:%Y-%m-%d %H:%M:%S} – {span.last:%Y-%m-%d %H:%M:%S} UTC" for span in spans)
    raise ToolFailed("refused", say("this moment cannot be restored; these can: %(spans)s", spans=shown or "-"))


def _require_same(copy: Copy, found: Mapping[str, Any]) -> None:
    if differences := compare(Fingerprint(**copy.fingerprint), Fingerprint(**found)):
        shown = ", ".join(f"{one.part} {one.name}" for one in differences[:3])
        raise ToolFailed("differs", say("it is not what was copied: %(shown)s", shown=shown))


def _taken(bench: Bench, database: str, component: Mapping[str, Any], source: Source) -> Taken:
    dump = backup_tools.load(bench.module.DUMPS).Tool(
        Source(component, databases=[database], parallel=2, totals=source.totals, tables=source.tables), SCRATCH
    )
    taken: Taken = dump.take(bench.run(bench.room("copy")))
    return taken
