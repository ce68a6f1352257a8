"""How far a copy is behind the live system: in minutes, and in orders and money where the live system answers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from mainstay.backups import queries
from mainstay.backups.models import Copy
from mainstay.domain.duration import parse_duration
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.proof import Gate, Outcome, objective
from mainstay.drivers.database import Unread, connect
from mainstay.engine.jobs.bench import Bench
from mainstay.settings import NETWORK

if TYPE_CHECKING:
    from mainstay.engine.jobs.prove import Found

SECONDS = 60.0
"""For all control totals of the live system together at most, each."""


def measure(bench: Bench, copy: Copy, found: "Found") -> None:
    """Only the newest copy is held against the objective: an older one is behind by its nature."""
    behind = (datetime.now(UTC) - copy.at).total_seconds()
    found.figures["behind_minutes"] = round(behind / 60)
    newest = queries.newest_copy(copy.policy)
    limit = parse_duration({"rpo": "24h", **copy.policy.system.objectives}["rpo"])
    if newest is None or newest.at <= copy.at:
        found.gates.append(objective("rpo", behind, limit))
    else:
        found.gates.append(Gate("rpo", Outcome.NOT_ASKED, "there is a newer copy"))
    queries_of = dict(copy.asked.get("totals") or {})
    if not queries_of:
        return
    try:
        live = _live(bench.means.source.component, queries_of)
    except (Unread, Unfilled) as error:
        found.figures["live"] = f"the live system did not answer: {str(error)[:200]}"
        return
    mine: Mapping[str, Any] = (found.figures.get("totals") or {}).get("copy") or {}
    more = {name: _less(value, mine.get(name)) for name, value in live.items()}
    found.figures["totals"] = {"copy": dict(mine), "live": live, "behind": more}


def _live(component: Mapping[str, Any], queries_of: Mapping[str, str]) -> dict[str, str]:
    connection = connect(str(component.get("dsn", "")), NETWORK, SECONDS)
    try:
        found = {}
        for name, text in queries_of.items():
            rows = connection.select(text, {}, 1, SECONDS).rows
            found[name] = str(next(iter(rows[0].values()), "")) if rows else ""
        return found
    finally:
        connection.close()


def _less(live: str, mine: Any) -> str:
    """How much the live system has more; empty where neither is a number."""
    try:
        return str(Decimal(live) - Decimal(str(mine)))
    except (InvalidOperation, ValueError):
        return "" if live == str(mine) else "differs"
