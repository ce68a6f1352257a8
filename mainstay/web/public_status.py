"""The public status page's facts: gathered once for all who ask, and kept for a moment."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from django.utils.crypto import salted_hmac

from mainstay.backups import queries as backups
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import System
from mainstay.catalogue.practices import Practices
from mainstay.domain import objective
from mainstay.domain.public_status import Public, judge, tells, worst
from mainstay.domain.state import Impact, State
from mainstay.incidents import queries as incidents
from mainstay.incidents.models import Incident
from mainstay.monitoring import queries as monitoring

T = TypeVar("T")
DAYS = 90
PAST = timedelta(days=14)
SHOWN = 20
FRESH, HISTORY = 15.0, 300.0
"""Seconds for which the present and the last 90 days are kept: many readers cost no more than one."""


class Kept(Generic[T]):
    """A value that is found anew when it is older than so many seconds; by one thread, while the others wait."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, T]] = {}

    def get(self, key: str, find: Callable[[], T]) -> T:
        """The value of a key, from the store or found now."""
        with self._lock:
            kept = self._found.get(key)
            if kept is None or self._clock() - kept[0] >= self._seconds:
                kept = self._found[key] = (self._clock(), find())
            return kept[1]

    def forget(self) -> None:
        """Everything is found anew."""
        with self._lock:
            self._found.clear()


@dataclass(frozen=True, slots=True)
class Day:
    """One of the last days: its share of time up (None: not watched), and how it looks."""

    day: date
    share: float | None
    look: str
    x: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A system as everybody may see it."""

    name: str
    title: dict[str, str]
    state: Public
    share: float | None
    days: list[Day]
    maintenance: bool = False
    """Its data is being restored just now."""

    @property
    def looks(self) -> list[str]:
        return [day.look for day in self.days]


@dataclass(frozen=True, slots=True)
class Trouble:
    """An incident as everybody may see it. ``title`` is empty where it would tell of the inside."""

    key: str
    system: dict[str, str]
    title: dict[str, str]
    category: str
    level: int
    since: datetime
    over: datetime | None
    words: Mapping[str, str] = field(default_factory=dict)
    """What those who use the system are told, by language."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the page, the JSON and the feed say. ``looked_at``: when anything of it was looked at last."""

    at: datetime
    looked_at: datetime | None
    silent: bool
    systems: list[Shown]
    running: list[Trouble] = field(default_factory=list)
    past: list[Trouble] = field(default_factory=list)

    @property
    def worst(self) -> Public:
        return worst(one.state for one in self.systems)


_history: Kept[dict[str, tuple[float | None, list[Day]]]] = Kept(HISTORY)


def forget() -> None:
    """The last 90 days are read anew; for the tests."""
    _history.forget()


def gather(now: datetime | None = None) -> Facts:
    """From the database, in a fixed number of queries."""
    now = now or datetime.now(UTC)
    systems = list(catalogue.on_status_page())
    names = [one.name for one in systems]
    silent = "checker" in monitoring.silent_processes(now)
    found = list(incidents.public(names, now - PAST)[: 5 * SHOWN])
    inside, practices = _inside(names), Practices.read()
    troubles = [_trouble(one, inside, practices) for one in found]
    levels: dict[str, list[int]] = defaultdict(list)
    for one in found:
        if one.resolved_at is None and one.system:
            levels[one.system.name].append(one.level)
    checks = _checks(names)
    restoring = backups.under_maintenance(names)
    days = _history.get(",".join(names), lambda: _days(systems, now))
    shown = [
        Shown(
            one.name, one.title or {"en": one.name}, judge(checks[one.name], levels[one.name], silent=silent),
            *days[one.name], one.name in restoring,
        )
        for one in systems
    ]  # fmt: skip
    looked = monitoring.looked_at(names).values()
    return Facts(
        now, max(looked, default=None), silent, shown,
        [one for one in troubles if one.over is None][:SHOWN],
        sorted((one for one in troubles if one.over), key=lambda one: one.since, reverse=True)[:SHOWN],
    )  # fmt: skip


def _checks(names: list[str]) -> dict[str, list[tuple[Impact, State]]]:
    """System → what its checks mean and how they stand; one that was never looked at is unknown."""
    rows = catalogue.checks().filter(system__name__in=names).order_by()
    found: dict[str, list[tuple[Impact, State]]] = defaultdict(list)
    for name, impact, state in rows.values_list("system__name", "impact", "standing__state"):
        found[name].append((Impact(impact), State(state or State.UNKNOWN)))
    return found


def _days(systems: list[System], now: datetime) -> dict[str, tuple[float | None, list[Day]]]:
    start = now - timedelta(days=DAYS)
    bands = monitoring.outage_bands_of([one.name for one in systems], start, now)
    return {
        one.name: (
            objective.uptime(bands[one.name], start, now).share,
            [
                Day(day, up.share, _look(up.share), 6 * place)
                for place, (day, up) in enumerate(objective.days(bands[one.name], now, DAYS, ZoneInfo(one.timezone)))
            ],
        )
        for one in systems
    }


def _look(share: float | None) -> str:
    if share is None:
        return "none"
    return "ok" if share == 1 else "warning" if share >= 0.99 else "critical"


def _inside(names: list[str]) -> dict[str, set[str]]:
    """System → names and titles of its components, and the names of its checks: what no title may tell."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in catalogue.components().filter(system__name__in=names):
        found[one.system.name] |= {one.name, *map(str, one.title.values())}
    for name, check in catalogue.checks().filter(system__name__in=names).order_by().values_list("system__name", "name"):
        found[name].add(check)
    return found


def _trouble(one: Incident, inside: dict[str, set[str]], practices: Practices) -> Trouble:
    """Only a person's own words are shown, and they only if they name no part: what a check is called is the inside."""
    name, words = (one.system.name, one.system.title) if one.system else ("", {})
    open_words = one.key.startswith(incidents.BY_HAND) and not any(
        tells(text, inside[name]) for text in one.title.values()
    )
    return Trouble(
        salted_hmac("status", str(one.pk)).hexdigest()[:16], words or {"en": name}, one.title if open_words else {},
        one.category, one.level, one.since, one.resolved_at, practices.words(one.system, one.level, one.category),
    )  # fmt: skip
