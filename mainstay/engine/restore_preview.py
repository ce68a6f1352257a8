"""What a copy holds, and what would be lost: the live system's totals and rows now against the copy's. For somebody who
waits for the answer, so that it has an end; what did not answer by then is said."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from mainstay.backups.models import Copy
from mainstay.backups.queries.means import component_settings
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.saying import say
from mainstay.drivers import tree
from mainstay.drivers.database import Connection, Unread, connect
from mainstay.engine.jobs.landing import point_of
from mainstay.engine.restoring import databases_of, tables_of, to_places
from mainstay.settings import NETWORK

SECONDS = 15.0
"""For all of the live system's answers together."""
MOST_TABLES = 300


@dataclass(frozen=True, slots=True)
class Less:
    """One figure: the copy's, the live system's, and how much the live system has more (empty: neither is a number, and
    they are the same; ``differs`` when not)."""

    name: str
    copy: str
    live: str
    more: str


@dataclass(slots=True)
class Preview:
    """``minutes``: what happened since is lost. ``silent``: why the live system says nothing; empty when it did."""

    copy: Copy
    minutes: int
    places: list[str]
    tables: list[str]
    databases: list[str]
    totals: list[Less] = field(default_factory=list)
    rows: list[Less] = field(default_factory=list)
    files: list[Less] = field(default_factory=list)
    silent: str = ""

    @property
    def changed(self) -> list[Less]:
        """Tables whose number of rows is another now."""
        return [one for one in self.rows if one.more not in ("", "0")]


def preview(copy: Copy, *, actor: Actor, seconds: float = SECONDS) -> Preview:
    """Nothing is written anywhere."""
    authorise(actor, "backup.restore", system=copy.policy.system.name)
    minutes = max(0, round((datetime.now(UTC) - copy.at).total_seconds() / 60))
    found = Preview(copy, minutes, to_places(copy), tables_of(copy), databases_of(copy))
    until = time.monotonic() + seconds
    try:
        if copy.point.get("paths"):
            _files(copy, found, until)
        else:
            _database(copy, found, until)
    except (Unread, Unfilled) as error:
        found.silent = str(error.problem.detail if isinstance(error, Unread) else error.args[0])[:300]
    except OSError as error:
        found.silent = f"{error.filename}: {error.strerror}"
    return found


def _database(copy: Copy, found: Preview, until: float) -> None:
    address = str(component_settings(copy.policy.component).get("dsn", ""))
    live = connect(address, NETWORK, _left(until))
    try:
        totals = dict(copy.fingerprint.get("totals") or {})
        for name, text in (copy.asked.get("totals") or {}).items():
            found.totals.append(_less(name, totals.get(name), _one(live, text, until)))
        own = point_of(copy).get("own")
        for name, count in _counts(copy):
            text = f"select count(*) from {_quoted(name, own, live.dialect)}"  # noqa: S608 - quoted
            shown = name.removeprefix(f"{own}.") if own else name
            try:
                found.rows.append(_less(shown, count, _one(live, text, until)))
            except Unread as error:
                if time.monotonic() >= until:
                    raise
                found.rows.append(Less(shown, str(count), str(error.problem.detail)[:60], "differs"))
    finally:
        live.close()


def _counts(copy: Copy) -> Iterator[tuple[str, int]]:
    """Rows of the tables of the component's own database."""
    rows: Mapping[str, int] = copy.fingerprint.get("rows") or {}
    own = point_of(copy).get("own")
    mine = [(name, count) for name, count in sorted(rows.items()) if own is None or name.startswith(f"{own}.")]
    yield from mine[:MOST_TABLES]


def _quoted(name: str, own: str | None, dialect: str) -> str:
    """A table of the copy's record, as the live server writes it."""
    mark = "`" if dialect == "mysql" else '"'
    words = name.removeprefix(f"{own}.").split(".", 1) if own else [name]
    return ".".join(f"{mark}{word.replace(mark, mark * 2)}{mark}" for word in words)


def _one(live: Connection, text: str, until: float) -> str:
    rows = live.select(text, {}, 1, _left(until)).rows
    return str(next(iter(rows[0].values()), "")) if rows else ""


def _left(until: float) -> float:
    return max(0.1, until - time.monotonic())


def _files(copy: Copy, found: Preview, until: float) -> None:
    count = size = 0
    for path in tree.walk(
        [Path(one) for one in copy.point["paths"] if Path(one).exists()], copy.point.get("exclude", ())
    ):
        count, size = count + 1, size + path.lstat().st_size
        if time.monotonic() > until:
            found.silent = say("the live files could not be counted within %(seconds)s s", seconds=round(SECONDS))
            return
    held = copy.fingerprint.get("files") or {}
    found.files = [_less("count", held.get("count"), str(count)), _less("bytes", held.get("bytes"), str(size))]


def _less(name: str, mine: Any, live: str) -> Less:
    try:
        return Less(name, str(mine), live, str(Decimal(live) - Decimal(str(mine))))
    except (InvalidOperation, ValueError):
        return Less(name, str(mine), live, "" if live == str(mine) else "differs")
