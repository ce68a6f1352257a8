"""How each fault of the demo is recovered: by a remedy that was allowed beforehand, or by a runbook that a person runs.

What a person does goes by the command line, whose user he is: take the incident on, and agree as the second one.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mainstay.cli.demo_watch import Row, Watch

SYSTEM = "meridian"
PATIENCE = 90.0
"""Seconds in which a remedy must have begun, or a run be over."""

Call = Callable[..., str]
"""One command of Mainstay; its output."""


@dataclass(frozen=True)
class Way:
    """``remedy`` begins by itself. ``runbook`` is begun on ``target`` with ``inputs``."""

    remedy: str = ""
    runbook: str = ""
    target: str = SYSTEM
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"remedy {self.remedy}" if self.remedy else f"runbook {self.runbook}"


def operator(fault: str) -> Way:
    """What only the estate's operator can take back; the runbook says so."""
    return Way(runbook="ask-the-operator", inputs={"what": fault})


OPERATORS = (
    "app-slow", "certificate-expiring", "ledger-unbalanced", "stock-negative", "sale-stuck", "invoice-overdue",
    "reference-duplicated", "orphan-row",
)  # fmt: skip
WAYS: dict[str, Way] = {
    "database-down": Way(runbook="restart-database", target=f"{SYSTEM}/db"),
    "database-slow": Way(remedy="end-blocker"),
    "connections-exhausted": Way(remedy="end-leaky-client"),
    "app-down": Way(remedy="restart-erp"),
    "disk-nearly-full": Way(remedy="clear-document-store"),
    "cpu-burning": Way(remedy="end-busy-program"),
    "erp-cron-stopped": Way(remedy="restart-scheduler"),
    "leaver-active": Way(runbook="close-account", target=f"{SYSTEM}/db-owner", inputs={"login": "hugo.left"}),
    **{fault: operator(fault) for fault in OPERATORS},
}


def allow_all(call: Call) -> None:
    """Every remedy that some fault needs, for a day."""
    for way in WAYS.values():
        if way.remedy:
            call("remedy", "allow", f"{SYSTEM}/{way.remedy}", "--days", "1", "--reason", "shown in the demo")


@dataclass
class Recovery:
    """Carries a way out on one incident."""

    watch: Watch
    call: Call

    def recover(self, way: Way, incident: int, broken: float) -> bool:
        """Begun, taken on by a person, and carried to its end; whether it got there. A remedy is waited for before
        the person takes the incident on, for from then on it is his."""
        run = self._remedied(way, broken) if way.remedy else self._begun(way, incident)
        self.call("incident", "ack", str(incident))
        return run is not None and self._ended(run)

    def _remedied(self, way: Way, broken: float) -> int | None:
        found = wait_for(lambda: self._attempt(way, broken))
        return int(found["run"]) if found else None

    def _attempt(self, way: Way, broken: float) -> Row | None:
        """The newest, if it began after the fault was caused (seconds since the epoch)."""
        rows = self.watch.all(f"/attempts?system={SYSTEM}&remedy={way.remedy}")
        return next((row for row in rows if datetime.fromisoformat(row["begun_at"]).timestamp() >= broken), None)

    def _begun(self, way: Way, incident: int) -> int:
        body: dict[str, Any] = {"target": way.target, "inputs": dict(way.inputs), "incident": incident}
        return int(self.watch.post(f"/runbooks/{way.runbook}/run", body)["id"])

    def _ended(self, run: int) -> bool:
        """Until it is over. What it asks the second person agrees to, by what is shown to him."""
        return bool(wait_for(lambda: self._look(run)))

    def _look(self, run: int) -> Row | None:
        row = dict(self.watch.get(f"/runs/{run}"))
        for step in row["steps"]:
            if step["state"] == "asking":
                self.call("runbook", "approve", str(run), step["path"], "--seal", step["asked"]["seal"])
        return row if row["state"] == "done" else None

    def helped(self, way: Way, broken: float) -> bool:
        """Whether the check that failed said so."""
        if not way.remedy:
            return True
        return bool(wait_for(lambda: (one := self._attempt(way, broken)) and one["outcome"] == "helped"))


def wait_for(look: Callable[[], Any]) -> Any:
    """What a look gives once it gives something; None after a while."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if found := look():
                return found
        except OSError:
            pass
        time.sleep(0.5)
    return None
