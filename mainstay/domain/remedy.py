"""Whether a remedy may be applied now. Everything that binds it is asked in one place, and a no has one reason.

A remedy is bound by an allowance, by its hours, by how often it was applied within the last hour, and by what went
before in the same incident: after the first that did not help, a person is called and no other is tried.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from mainstay.domain.calendar import NO_BOOK, DayBook, Hours, parse_hours
from mainstay.domain.document_remedies import Remedy
from mainstay.domain.duration import parse_duration
from mainstay.domain.run_plan import Node, every
from mainstay.domain.run_plan import kept as kept_plan
from mainstay.domain.runbook import Runbook
from mainstay.domain.saying import say

HOUR = timedelta(hours=1)


class Refusal(StrEnum):
    """Why a remedy is not applied. The first that holds is the reason."""

    NOT_ALLOWED = "not-allowed"
    CHANGED = "changed"
    """It was allowed as it was before its text, or its runbook's, was changed."""
    LAPSED = "lapsed"
    """Who allowed it may not do so any more."""
    UNDER_WAY = "under-way"
    """One is being applied in this incident."""
    FAILED = "failed"
    """One did not help in this incident: a person's turn."""
    TAKEN = "taken"
    """Somebody has taken the incident on."""
    MUTED = "muted"
    EARLY = "early"
    HOURS = "hours"
    BUSY = "busy"
    """Another is being applied on the system, or a run is open there."""
    OFTEN = "often"
    CANNOT = "cannot"
    """Its runbook cannot be run so."""


SILENT = frozenset({Refusal.EARLY, Refusal.UNDER_WAY})
"""What is no news on an incident's timeline."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often, when, and after how long a remedy may be applied."""

    at_most: int
    hours: Hours
    zone: ZoneInfo
    book: DayBook
    after: timedelta


@dataclass(frozen=True, slots=True)
class Allowance:
    """``sign``: of what was allowed. ``holds``: who allowed it still may."""

    sign: str
    holds: bool = True


@dataclass(frozen=True, slots=True)
class Bound:
    """A remedy and all that binds it. ``sign`` is that of its text and of its runbook's as they are now."""

    name: str
    bounds: Bounds
    sign: str
    allowance: Allowance | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A remedy that was applied on the system. ``here``: in this incident. ``helped`` is None until that is known."""

    remedy: str
    begun: datetime
    over: bool
    helped: bool | None
    here: bool


@dataclass(frozen=True, slots=True)
class Case:
    """What it is about: since when the check fails, whether somebody has taken the incident on, whether the check is
    muted, and whether any run is open on the system."""

    since: datetime
    taken: bool = False
    muted: bool = False
    busy: bool = False


def bounds_of(remedy: Remedy, timezone: str, book: DayBook = NO_BOOK) -> Bounds:
    """What a user wrote."""
    after = timedelta(seconds=parse_duration(remedy.after))
    return Bounds(remedy.at_most, parse_hours(remedy.during), ZoneInfo(timezone), book, after)


def decide(remedy: Bound, case: Case, history: Sequence[Attempt], now: datetime) -> Refusal | None:
    """None: it may be applied now. ``history``: all attempts on the system of the last hour and of this incident, and
    those that are under way."""
    allowance, bounds = remedy.allowance, remedy.bounds
    here = [one for one in history if one.here]
    lately = [one for one in history if one.remedy == remedy.name and one.begun > now - HOUR]
    found = {
        Refusal.UNDER_WAY: any(not one.over for one in here),
        Refusal.FAILED: any(one.helped is False for one in here),
        Refusal.NOT_ALLOWED: allowance is None,
        Refusal.CHANGED: allowance is not None and allowance.sign != remedy.sign,
        Refusal.LAPSED: allowance is not None and not allowance.holds,
        Refusal.TAKEN: case.taken,
        Refusal.MUTED: case.muted,
        Refusal.EARLY: now < case.since + bounds.after,
        Refusal.HOURS: not bounds.hours.contains(now, bounds.zone, bounds.book),
        Refusal.BUSY: case.busy or any(not one.over for one in history),
        Refusal.OFTEN: len(lately) >= bounds.at_most,
    }
    return next((reason for reason, holds in found.items() if holds), None)


def fits(remedy: Remedy, check: str, state: str, fault: str) -> bool:
    """Whether it is for this check, standing so, for this reason: ``fault`` is empty where a value is past its limit. A
    check that sees blocked sessions fails too where the database lets nobody in, and then there is nobody to end."""
    meant = not remedy.because or (fault or "limit") in remedy.because
    return meant and state in remedy.state and names(remedy, check)


def names(remedy: Remedy, check: str) -> bool:
    """Whether it names the check."""
    return any(fnmatchcase(check, pattern) for pattern in remedy.checks)


def sign_of(remedy: Mapping[str, Any], runbook: Runbook, nodes: tuple[Node, ...]) -> str:
    """Stands for all that an allowance is about: the remedy's text, the runbook's inputs and kinds, and every step with
    those of the runbooks inside it. Words that only people read are part of it: they were what was agreed to."""
    whole = {
        "remedy": remedy, "inputs": {key: one.model_dump(mode="json") for key, one in runbook.inputs.items()},
        "kinds": runbook.kinds, "plan": kept_plan(nodes),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(whole, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def objection(nodes: tuple[Node, ...], writes: int, does: Mapping[str, bool]) -> str:
    """Why these steps cannot be a remedy, as a saying; empty when they can. ``does``: kind of step → whether it does
    something after it has asked, so that an allowance can stand in for the answer."""
    for node in every(nodes):
        if not node.asks:
            continue
        if not does.get(node.kind, False):
            return say("the step %(path)s asks a person; at a remedy nobody is asked", path=node.path)
        if not writes:
            return say(
                "the step %(path)s changes data, to which a second person agrees; a remedy says writes: and the most "
                "rows, and its allowance covers them",
                path=node.path,
            )
    return ""


def granted(nodes: tuple[Node, ...], writes: int) -> tuple[Node, ...]:
    """The plan whose steps that ask do what the allowance covers instead: each changes at most so many rows."""
    return tuple(
        node.model_copy(
            update={
                "granted": writes if node.asks else 0,
                "branches": tuple(granted(branch, writes) for branch in node.branches),
                "rollback": granted(node.rollback, writes),
            }
        )
        for node in nodes
    )
