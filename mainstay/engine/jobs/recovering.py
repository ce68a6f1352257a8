"""A second in time: the server's files and its log are recovered in a scratch server up to the target, and one database
is dumped from there. From then on it is restored like any other dump."""

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


def dumped(bench: Bench, copy: Copy, wish: Wish, source: Source) -> Taken:
    """The dump lies in ``copy/`` of the run; its fingerprint was taken in the snapshot that was dumped. Raises
    ToolFailed."""
    tool, number = bench.tool(bench.means.source), own.number_of(bench, copy.repository)
    moment = datetime.fromisoformat(wish.moment) if wish.moment else None
    if moment is not None:
        _require_reach(tool.reach(bench.run(bench.directory), number), moment)
    with bench.step("recovering"):
        opened = tool.open(bench.run(bench.directory), copy.point, moment)
    with closing(opened):
        if moment is None:
            _require_same(copy, opened.fingerprint(source))
        with bench.step("dumping"):
            return _taken(bench, copy.point, opened.component, source)


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


def _taken(bench: Bench, point: Mapping[str, Any], component: Mapping[str, Any], source: Source) -> Taken:
    dump = backup_tools.load("pg_dump").Tool(
        Source(component, databases=[str(point["database"])], parallel=2, totals=source.totals, tables=source.tables),
        SCRATCH,
    )
    taken: Taken = dump.take(bench.run(bench.room("copy")))
    return taken
