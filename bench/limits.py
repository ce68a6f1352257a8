"""What is promised of each figure, and whether a run kept it.

What a busy machine cannot spoil decides whether ``make bench`` ends well: ratios to a peer of the same minutes, bytes,
memory, queries, what was proved. Times are said to be met or missed, and decide nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Figures = Any
"""What a part measured, as it goes into ``results.json``."""


@dataclass(frozen=True, slots=True)
class Limit:
    """``figure`` of a part's figures has to be at most, or with ``least`` at least, ``bound``; None: not measured."""

    part: str
    said: str
    figure: Callable[[Figures], float | None]
    bound: float
    least: bool = False
    decides: bool = False

    def kept(self, value: float) -> bool:
        return value >= self.bound if self.least else value <= self.bound


def _peer(found: Figures) -> float | None:
    return found["peer_cpu_ms"] / found["cpu_ms"] if found["peer_cpu_ms"] else None


def _slowest(found: Figures) -> float:
    return float(max(page["cpu_ms"] for page in found.values()))


def _overhead(found: Figures) -> float:
    """In percent of the tools' own time; the fingerprint is no tool's work."""
    return float(100 * (found["ours"] - found["fingerprint"] - found["hand"]) / found["hand"])


def _storm_cpu(found: Figures) -> float | None:
    return float(found["cpu"] / found["peer_cpu"]) if found["peer_cpu"] else None


def _storm_first(found: Figures) -> float | None:
    return float(found["first"] - found["peer_first"]) if found["peer_first"] else None


LIMITS = (
    Limit("http", "CPU a check, ms", lambda found: found["cpu_ms"], 0.20),
    Limit("http", "the peer's CPU, times ours", _peer, 5, least=True, decides=True),
    Limit("http", "delay p99, ms", lambda found: found["delay_p99"], 250),
    Limit("http", "memory, MB", lambda found: found["memory"], 300, decides=True),
    Limit("tcp", "CPU a check, ms", lambda found: found["cpu_ms"], 0.20),
    Limit("tcp", "the peer's CPU, times ours", _peer, 5, least=True, decides=True),
    Limit("sustained", "checks a second on one core", lambda found: found["per_second_on_one_core"], 3000, least=True),
    Limit("heartbeats", "pings a second on one core", lambda found: found["per_cpu_second"], 5000, least=True),
    Limit("memory", "all processes, MB", lambda found: found["all"], 400, decides=True),
    Limit("samples", "bytes a sample", lambda found: found["bytes_per_sample"], 4, decides=True),
    Limit("samples", "last values of 5,000 series, ms", lambda found: found["last_values_ms"], 20),
    Limit("samples", "one series over one day, ms", lambda found: found["one_day_ms"], 20),
    Limit("pages", "CPU of Today, ms", lambda found: found["today"]["cpu_ms"], 100),
    Limit("pages", "CPU of the slowest page, ms", _slowest, 200),
    Limit("pages", "queries of a page", lambda found: max(one["queries"] for one in found.values()), 40, decides=True),
    Limit("pitr", "moments whose ledger differs", lambda found: found["wrong"], 0, decides=True),
    Limit("backups", "our time around the tools, %", _overhead, 5),
    Limit("backups", "time of an increment, of a full", lambda found: found["increment"] / found["full"], 0.25),
    Limit("backups", "space of an increment", lambda found: found["increment_bytes"] / found["full_bytes"], 0.05),
    Limit("backups", "space of a second dump", lambda found: found["dump_added"][1] / found["dump_added"][0], 0.05),
    Limit("backups", "a proof, times a plain restore", lambda found: found["proof"] / found["plain"], 1.3),
    Limit("storm", "incidents", lambda found: found["incidents"], 3, decides=True),
    Limit("storm", "messages", lambda found: found["messages"], 10, decides=True),
    Limit("storm", "alerts not accounted for", lambda found: found["alerts"] - found["accounted"], 0, decides=True),
    Limit("storm", "CPU, times the peer's", _storm_cpu, 2),
    Limit("storm", "first message after the peer's, s", _storm_first, 0.5),
    Limit("storm", "a page meanwhile, s", lambda found: found["page"], 1),
    Limit("takeover", "longest, s", lambda found: found[-1], 3),
    Limit("proofs", "copies not proved", lambda found: sum(one["verdict"] != "proved" for one in found), 0,
          decides=True),
)  # fmt: skip


def judged(part: str, found: Figures) -> Iterator[tuple[str, bool]]:
    """A line for each promise about a part, and whether it may not decide that the run failed."""
    for limit in LIMITS:
        value = limit.figure(found) if limit.part == part else None
        if value is not None:
            kept = limit.kept(value)
            word = "at least" if limit.least else "at most"
            told = f"{part}: {limit.said}: {value:.4g}; {word} {limit.bound:g}: {'met' if kept else 'MISSED'}"
            yield told, kept or not limit.decides
