"""Which copies stay and which go, by a policy's own record: grandfather, father, son.

A tool's own ``forget`` is never asked: a clock that stood wrong once makes it drop today's copies for those of a year
that has not come. So one copy dated in the future stops all forgetting until somebody has looked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from mainstay.domain.backup_policy import Keep
from mainstay.domain.saying import say

AHEAD = timedelta(minutes=5)
"""How far the clock of a backed up machine may be ahead of ours."""


class Rule(StrEnum):
    """Why a copy stays."""

    LAST = "last"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    PROVED = "proved"  # the newest that was proved
    ONLY = "only"  # there is no other
    BASE = "base"  # one that stays is made upon it
    OWED = "owed"  # it has not reached the second site yet


@dataclass(frozen=True, slots=True)
class Held:
    """One copy of one repository. ``base`` is the number of the copy that it is made upon; ``owed``: it has not reached
    the second site yet."""

    number: int
    at: datetime
    base: int | None = None
    proved: bool = False
    owed: bool = False


@dataclass(frozen=True, slots=True)
class Retention:
    """What stays, with every rule that keeps it, and what goes, the oldest first. ``refused`` says why nothing goes."""

    stays: Mapping[int, tuple[Rule, ...]] = field(default_factory=dict)
    goes: Sequence[int] = ()
    refused: str = ""


def retain(copies: Sequence[Held], keep: Keep, zone: ZoneInfo, now: datetime) -> Retention:
    """Judge all copies of ONE repository that have not been dropped. Days, weeks, months and years are those of
    ``zone``, and only those that have a copy count, so that a machine that was off loses none."""
    newest_first = sorted(copies, key=lambda copy: (copy.at, copy.number), reverse=True)
    if newest_first and newest_first[0].at > now + AHEAD:
        when = newest_first[0].at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        refused = say(
            "a copy is dated in the future (%(when)s): nothing is dropped until the clock is right", when=when
        )
        return Retention({copy.number: () for copy in newest_first}, (), refused)
    rules: dict[int, list[Rule]] = {copy.number: [] for copy in newest_first}
    for rule, count, period in _PERIODS:
        for number in _newest_of_each(newest_first, getattr(keep, count), period, zone):
            rules[number].append(rule)
    if proved := next((copy for copy in newest_first if copy.proved), None):
        rules[proved.number].append(Rule.PROVED)
    for copy in newest_first:
        if copy.owed:
            rules[copy.number].append(Rule.OWED)
    if len(newest_first) == 1:
        rules[newest_first[0].number].append(Rule.ONLY)
    _add_bases(newest_first, rules)
    goes = [copy.number for copy in reversed(newest_first) if not rules[copy.number]]
    return Retention({number: tuple(found) for number, found in rules.items() if found}, tuple(goes))


def _newest_of_each(
    newest_first: Sequence[Held], count: int, period: Callable[[datetime], Any] | None, zone: ZoneInfo
) -> list[int]:
    """The newest copy of each of the last ``count`` periods; without a period each copy is one of its own."""
    found: dict[Any, int] = {}
    for copy in newest_first:
        if len(found) == count:
            break
        found.setdefault(copy.number if period is None else period(copy.at.astimezone(zone)), copy.number)
    return list(found.values())


_PERIODS: tuple[tuple[Rule, str, Callable[[datetime], Any] | None], ...] = (
    (Rule.LAST, "last", None),
    (Rule.DAILY, "daily", lambda local: local.date()),
    (Rule.WEEKLY, "weekly", lambda local: local.isocalendar()[:2]),
    (Rule.MONTHLY, "monthly", lambda local: (local.year, local.month)),
    (Rule.YEARLY, "yearly", lambda local: local.year),
)


def _add_bases(copies: Sequence[Held], rules: dict[int, list[Rule]]) -> None:
    """An incremental copy is nothing without all that it is made upon."""
    known = {copy.number: copy for copy in copies}
    open_ends = [copy for copy in copies if rules[copy.number]]
    while open_ends:
        base = known.get(open_ends.pop().base or 0)
        if base is not None and Rule.BASE not in rules[base.number]:
            rules[base.number].append(Rule.BASE)
            open_ends.append(base)
