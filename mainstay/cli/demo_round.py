"""``mainstay demo --once``: break every fault, see it found, graded, announced, taken on and recovered, and nothing
else."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from mainstay.cli.demo_recovery import WAYS, Call, Recovery, allow_all
from mainstay.cli.demo_review import Reviewing
from mainstay.cli.demo_watch import Row, Watch, wait

QUIET = 180.0
"""Seconds that the healthy estate may take until all is green."""


@dataclass
class Result:
    """What became of one fault. Times in seconds since it was caused; None when it did not happen."""

    fault: str
    expected: str
    allowed: float = 0.0
    detected: float | None = None
    found: str = ""
    by: str = ""
    known: bool = False
    """Whether the check that found it is one that the fault names."""
    delivered: bool = False
    way: str = ""
    """The remedy or the runbook that was to recover it."""
    worked: bool = False
    """Whether that was carried to its end, and a remedy found to have helped by the check that failed."""
    acknowledged: float | None = None
    recovered: float | None = None
    clocks: dict[str, str] = field(default_factory=dict)
    """Each clock of the incident: met or late."""
    reviewed: str = ""
    """What its review says, once it is closed."""
    false_alarms: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return (
            self.detected is not None
            and self.detected <= self.allowed
            and self.found == self.expected
            and self.known
            and self.delivered
            and self.worked
            and self.acknowledged is not None
            and self.recovered is not None
            and set(self.clocks.values()) == {"met"}
            and self.reviewed.startswith("closed")
            and not self.false_alarms
        )


def allowed(check: Row) -> float:
    """Seconds within which a check must find what is wrong: its second look begins within two intervals, is over when
    its time is up, and the condition itself may ask for more."""
    return float(2 * check["every"] + check["timeout"] + check["hold"])


def names(fault: Row, check: str) -> bool:
    """Whether the fault says that this check complains."""
    return any(fnmatchcase(check, one) for one in (*fault["trips"], *fault["also"]))


class Round:
    """One pass over the estate's faults."""

    def __init__(self, watch: Watch, facts: Row, directory: Path, estate: list[str], call: Call, person: str) -> None:
        self.watch = watch
        self.call = call
        self.recovery = Recovery(watch, call)
        self.reviewing = Reviewing(watch, call, person)
        self.facts = facts
        self.directory = directory
        self.estate = estate
        self.complaining: set[str] = set()
        """Names of the checks that were not ok since the fault of the moment began."""

    def run(self, only: list[str], as_json: bool) -> int:
        """The exit code: 0 when every row is as expected."""
        allow_all(self.call)
        wait(self._is_quiet, QUIET, f"Not everything became green: {self._noise()}")
        faults = [fault for fault in self._faults() if not only or fault["name"] in only]
        results = []
        for fault in faults:
            typer.echo(f"{fault['name']} …", err=True)
            results.append(self._try(fault))
        typer.echo(json.dumps([asdict(row) | {"right": row.right} for row in results]) if as_json else _table(results))
        return 0 if results and all(row.right for row in results) else 1

    def _faults(self) -> list[Row]:
        output = self._estate("faults", "--json")
        return list(json.loads(output))

    def _estate(self, verb: str, *words: str) -> str:
        command = [*self.estate, verb, *words, "--dir", str(self.directory)]
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(command, cwd=root, text=True, capture_output=True, check=False)
        if done.returncode:
            typer.echo(done.stderr, err=True)
            raise typer.Exit(70)
        return done.stdout

    def _try(self, fault: Row) -> Result:
        expected = f"{fault['category']} {fault['level']}"
        result = Result(fault["name"], expected)
        began = time.time()
        self.complaining.clear()
        self._estate("break", fault["name"])
        broken = time.time()
        incident = self._detected(fault, began, patience=fault["detect_within"])
        if incident:
            self._recover(result, fault, incident, broken)
        self._estate("forget" if result.recovered is not None else "mend", fault["name"])
        result.false_alarms += self._false_alarms(incident, began) + self._strangers(fault)
        return result

    def _recover(self, result: Result, fault: Row, incident: Row, broken: float) -> None:
        """By the way that is meant for it. Nothing else makes it green: the estate mends only what that did not."""
        way, number = WAYS[fault["name"]], incident["id"]
        result.way = way.words
        done = self.recovery.recover(way, number, broken)
        self._describe(result, incident, broken)
        result.known = names(fault, result.by.partition("/")[2])
        self._recovered(result, broken)
        result.worked = done and self.recovery.helped(way, broken)
        whole = self.watch.incident(number)
        taken = whole["acknowledged_at"]
        result.acknowledged = round(_seconds(taken) - broken, 1) if taken else None
        result.clocks = {one["clock"]: "late" if one["late"] else "met" for one in whole["clocks"]}
        if result.recovered is not None:
            result.reviewed = self.reviewing.review(fault, number, result.by)

    def _detected(self, fault: Row, began: float, patience: float) -> Row | None:
        """The incident that this fault opened, once it has its final level or the time is over."""
        deadline = time.monotonic() + patience
        best: Row | None = None
        while time.monotonic() < deadline:
            new = [row for row in self._news() if _seconds(row["since"]) >= began]
            best = next((row for row in new if row["category"] == fault["category"]), new[0] if new else None)
            if best and best["category"] == fault["category"] and best["level"] == fault["level"]:
                return best
            time.sleep(0.5)
        return best

    def _news(self) -> list[Row]:
        """All incidents; what complains is remembered meanwhile."""
        try:
            self._look_around()
            return self.watch.incidents()
        except OSError:
            return []

    def _describe(self, result: Result, incident: Row, broken: float) -> None:
        whole = self.watch.incident(incident["id"])
        root = next((row for row in whole["members"] if row["role"] == "root"), None)
        check = next((row for row in self.watch.checks() if root and row["path"] == root["check"]), None)
        result.found = f"{incident['category']} {incident['level']}"
        result.by = root["check"] if root else ""
        result.detected = round(max(0.0, _seconds(incident["since"]) - broken), 1)
        result.allowed = allowed(check) if check else 0.0
        result.delivered = self._delivered(incident["id"])

    def _delivered(self, number: int) -> bool:
        """Whether every delivery of the first notice was sent, and the mail really came in."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            rows = self.watch.deliveries(number)
            if rows and all(row["sent_at"] for row in rows):
                return any(row["key"] in self._mail() for row in rows)
            time.sleep(0.5)
        return False

    def _mail(self) -> str:
        with urllib.request.urlopen(f"{self.facts['mail_url']}messages.json", timeout=20) as answer:  # noqa: S310
            return str(answer.read(), "utf-8")

    def _recovered(self, result: Result, broken: float) -> None:
        deadline = time.monotonic() + QUIET
        while time.monotonic() < deadline:
            try:
                if self._is_quiet():
                    result.recovered = round(time.time() - broken, 1)
                    return
            except OSError:
                pass
            time.sleep(0.5)
        result.false_alarms.append(f"not green again: {self._noise()}")

    def _look_around(self) -> list[Row]:
        """The checks that are not ok now; each is remembered."""
        found = self.watch.not_ok()
        self.complaining |= {row["path"].partition("/")[2] for row in found}
        return found

    def _is_quiet(self) -> bool:
        """Every check green and no incident running."""
        return not self._look_around() and not self.watch.running()

    def _strangers(self, fault: Row) -> list[str]:
        """Checks that complained though the fault says nothing about them."""
        return [f"{name} complained" for name in sorted(self.complaining) if not names(fault, name)]

    def _false_alarms(self, incident: Row | None, began: float) -> list[str]:
        """Incidents that came in the meantime and are neither the fault's own nor became part of it."""
        own = incident["id"] if incident else None
        return [
            f"{row['category']} {row['level']}: {_words(row['title'])}"
            for row in self.watch.incidents()
            if _seconds(row["since"]) >= began and row["id"] != own and not self._merged(row["id"])
        ]

    def _merged(self, number: int) -> bool:
        return any(entry["word"] == "merged" for entry in self.watch.incident(number)["timeline"][-2:])

    def _noise(self) -> str:
        try:
            failing = [f"{row['path']} is {row['state']}" for row in self.watch.not_ok()]
            running = [f"incident {row['id']} runs: {_words(row['title'])}" for row in self.watch.running()]
            return ", ".join(failing or running) or "only just"
        except OSError as error:
            return str(error)


def _words(title: Any) -> str:
    return title.get("en", "") if isinstance(title, dict) else str(title)


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _after(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


COLUMNS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("", lambda row: "✓" if row.right else "✗"),
    ("fault", lambda row: row.fault),
    ("found after", lambda row: _after(row.detected)),
    ("allowed", lambda row: f"{row.allowed:.0f} s"),
    ("expected", lambda row: row.expected),
    ("found", lambda row: row.found),
    ("by", lambda row: row.by),
    ("notice", lambda row: "yes" if row.delivered else "no"),
    ("taken on after", lambda row: _after(row.acknowledged)),
    ("recovered after", lambda row: _after(row.recovered)),
    ("by what", lambda row: row.way if row.worked else f"{row.way}: no"),
    ("clocks", lambda row: ", ".join(f"{clock} {stand}" for clock, stand in row.clocks.items())),
    ("review", lambda row: row.reviewed or "none"),
    ("false alarms", lambda row: "\n".join(row.false_alarms) or "0"),
)
"""The table's heads, and what stands below each."""


def _table(results: list[Result]) -> str:
    table = Table(*(head for head, _ in COLUMNS))
    for row in results:
        table.add_row(*(said(row) for _, said in COLUMNS))
    console = Console(width=240, record=True, file=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()
