"""What a proof found, gate by gate, and what follows: a gate that could not be looked at is never passed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from mainstay.domain.fingerprint import Difference, Fingerprint


class Outcome(Enum):
    """``UNSEEN`` was asked for and could not be looked at; ``NOT_ASKED`` was left out by the policy or has nothing to
    compare; ``MISSED`` is an objective that was not met: said, but it says nothing against the copy."""

    PASSED = "passed"
    FAILED = "failed"
    UNSEEN = "unseen"
    NOT_ASKED = "not-asked"
    MISSED = "missed"


class Verdict(Enum):
    """The whole."""

    PROVED = "proved"
    FAILED = "failed"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that was to be shown. ``detail`` is English for programs and logs; ``evidence`` is plain."""

    name: str
    outcome: Outcome
    detail: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name, "verdict": self.outcome.value, "detail": self.detail, "evidence": dict(self.evidence),
        }  # fmt: skip


NEEDED = ("repository", "record", "load", "open", "fingerprint", "own-checks", "rules")
"""Every proof answers for these; one that is missing among its gates was not looked at."""
PARTS = ("schema", "rows", "totals", "sums", "files")
MOST_DIFFERENCES = 20
"""That stand in a gate's evidence; their number is said."""


def verdict(gates: Sequence[Gate]) -> Verdict:
    """FAILED when any gate failed; UNPROVED when any could not be looked at or never came up; else PROVED."""
    outcomes = {gate.outcome for gate in gates}
    if Outcome.FAILED in outcomes:
        return Verdict.FAILED
    if Outcome.UNSEEN in outcomes or missing(gates):
        return Verdict.UNPROVED
    return Verdict.PROVED


def missing(gates: Iterable[Gate]) -> list[str]:
    """Gates that every proof needs and this one does not have; ``rule.x`` counts for ``rule``."""
    have = {gate.name.partition(".")[0] for gate in gates}
    return [name for name in NEEDED if name not in have]


def not_proved(gates: Sequence[Gate]) -> list[str]:
    """By name, what this proof does not show, whatever the reason."""
    shown = (Outcome.PASSED,)
    return [*(gate.name for gate in gates if gate.outcome not in shown), *missing(gates)]


def fingerprint_gates(wanted: Fingerprint, differences: Iterable[Difference]) -> list[Gate]:
    """A gate for each part. A part that was never taken was not asked for; when none was, nothing can be compared."""
    found: dict[str, list[Difference]] = {part: [] for part in PARTS}
    for one in differences:
        found[one.part].append(one)
    gates = [_part(part, bool(getattr(wanted, part)), found[part]) for part in PARTS]
    if all(gate.outcome is Outcome.NOT_ASKED for gate in gates):
        return [Gate("fingerprint", Outcome.UNSEEN, "no fingerprint was taken with this copy")]
    return gates


def _part(part: str, taken: bool, found: Sequence[Difference]) -> Gate:
    name = f"fingerprint.{part}"
    if found:
        shown = [
            {"name": one.name, "wanted": _short(one.wanted), "found": _short(one.found)}
            for one in found[:MOST_DIFFERENCES]
        ]
        return Gate(name, Outcome.FAILED, f"{len(found)} differ", {"differences": shown, "count": len(found)})
    return Gate(name, Outcome.PASSED if taken else Outcome.NOT_ASKED, "" if taken else "nothing was recorded")


def _short(value: Any) -> Any:
    return value[:200] if isinstance(value, str) else value


def room(size: int, asked: float, free: int) -> int:
    """Bytes that the scratch place of a copy of ``size`` may take: what the policy asks for (GB), or else enough for
    the copy, a server with its indexes and its log; never more than is free."""
    wanted = int(asked * 1e9) if asked else 4 * size + _SERVER
    return min(wanted, free)


_SERVER = 2_000_000_000
"""Bytes of an empty server and of its log at its longest."""


def objective(name: str, seconds: float, limit: float) -> Gate:
    """A time against what the business asks for, both in seconds."""
    kept = seconds <= limit
    evidence = {"ms": round(seconds * 1000), "limit_ms": round(limit * 1000)}
    return Gate(name, Outcome.PASSED if kept else Outcome.MISSED, "" if kept else "longer than the objective", evidence)
