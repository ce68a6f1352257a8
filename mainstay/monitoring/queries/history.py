"""What happened: state changes, bands of states, availability."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from django.db.models import OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from mainstay.catalogue.models import Check
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.objective import uptime
from mainstay.domain.state import Impact, State
from mainstay.monitoring.models import Exercise, StateChange
from mainstay.people.queries import seen


class Band(NamedTuple):
    """A state, and from when to when it held."""

    start: datetime
    end: datetime
    state: State


def changes(
    check_id: int | None = None,
    system: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int | None = 100,
    *,
    sight: Sight = EVERYTHING,
) -> QuerySet[StateChange]:
    """State changes, the newest first, with check, system and component at hand."""
    found = StateChange.objects.filter(seen(sight, "check_of__system__name"))
    found = found.select_related("check_of__system", "check_of__component")
    if check_id is not None:
        found = found.filter(check_of_id=check_id)
    if system is not None:
        found = found.filter(check_of__system__name=system)
    if start is not None:
        found = found.filter(at__gte=start)
    if end is not None:
        found = found.filter(at__lt=end)
    return found[:limit]


def news(system: str, limit: int) -> QuerySet[StateChange]:
    """The newest changes of a system without those by which a check was first seen to be well."""
    found = StateChange.objects.filter(check_of__system__name=system).exclude(before="unknown", after="ok")
    return found.select_related("check_of__system", "check_of__component")[:limit]


def newest_changes(check_ids: Collection[int]) -> dict[int, StateChange]:
    """Check → its newest state change, by one indexed read each."""
    newest = (StateChange.objects.filter(check_of_id=check_id).order_by("-at", "-id").first() for check_id in check_ids)
    return {change.check_of_id: change for change in newest if change is not None}


def state_bands(check_id: int, start: datetime, end: datetime) -> list[Band]:
    """Which state held from when to when, without gaps, clipped to the span. Empty before the first look."""
    return state_bands_of([check_id], start, end)[check_id]


def state_bands_of(check_ids: Collection[int], start: datetime, end: datetime) -> dict[int, list[Band]]:
    """The bands of each of many checks, by two queries however many they are."""
    end = min(end, datetime.now(UTC))
    found: dict[int, list[Band]] = {}
    for some in _pieces(check_ids):
        before = _states_at(some, start)
        turns = _turns(StateChange.objects.filter(check_of_id__in=some, at__gte=start, at__lt=end))
        found |= {check_id: _cut(before.get(check_id), turns[check_id], start, end) for check_id in some}
    return found


def availability(system: str, start: datetime, end: datetime) -> float | None:
    """The share of the known time (0 to 1) in which no check that means an outage was critical; None without data."""
    return uptime(outage_bands(system, start, end), start, end).share


def outage_bands(system: str, start: datetime, end: datetime) -> list[Band]:
    """The bands that count for the availability of one system."""
    return outage_bands_of([system], start, end)[system]


def outage_bands_of(systems: Collection[str], start: datetime, end: datetime) -> dict[str, list[Band]]:
    """System → the bands of all its checks whose failing means an outage. Only what counts for availability is read:
    the turns to critical or unknown and back. In between a check is simply up. The time of a drill that brought a fault
    about counts neither way."""
    end = min(end, datetime.now(UTC))
    found: dict[str, list[Band]] = {name: [] for name in systems}
    owners = _outage_checks(systems)
    for some in _pieces(owners):
        before = _states_at(some, start)
        inside = StateChange.objects.filter(_COUNTS, check_of_id__in=some, at__gte=start, at__lt=end)
        turns = _turns(inside)
        for check_id in some:
            found[owners[check_id]] += _cut(before.get(check_id), turns[check_id], start, end)
    for name, spans in _exercises(systems, start, end).items():
        found[name] = [piece for band in found[name] for piece in _outside(band, spans)]
    return found


def _exercises(systems: Collection[str], start: datetime, end: datetime) -> dict[str, list[tuple[datetime, datetime]]]:
    """System → when drills brought faults about on it; those that had none are not in it."""
    found: dict[str, list[tuple[datetime, datetime]]] = defaultdict(list)
    rows = Exercise.objects.filter(Q(ends_at=None) | Q(ends_at__gt=start), system__name__in=systems, begins_at__lt=end)
    for name, begins_at, ends_at in rows.order_by("begins_at").values_list("system__name", "begins_at", "ends_at"):
        found[name].append((begins_at, ends_at or end))
    return found


def _outside(band: Band, spans: Iterable[tuple[datetime, datetime]]) -> Iterator[Band]:
    """What of a band lies in none of the spans, which are in their order."""
    start = band.start
    for begin, stop in spans:
        if stop > start and begin < band.end:
            if begin > start:
                yield Band(start, begin, band.state)
            start = min(stop, band.end)
    if start < band.end:
        yield Band(start, band.end, band.state)


_SEVERE = (State.CRITICAL.value, State.UNKNOWN.value)
_COUNTS = Q(before__in=_SEVERE) | Q(after__in=_SEVERE)


def _outage_checks(systems: Collection[str]) -> dict[int, str]:
    """Check id → system name of the checks in use whose failing means an outage."""
    found = Check.objects.filter(system__name__in=systems, impact=Impact.OUTAGE.value, retired_at=None).order_by()
    return dict(found.values_list("pk", "system__name"))


def _pieces(check_ids: Collection[int], most: int = 5_000) -> Iterator[list[int]]:
    """As many as every database takes in one statement."""
    wanted = list(check_ids)
    for first in range(0, len(wanted), most):
        yield wanted[first : first + most]


def _states_at(check_ids: Collection[int], at: datetime) -> dict[int, str | None]:
    """The state of each check at one moment, None where it was not known yet: one indexed seek a check. One that was
    looked at and never changed has only its standing."""
    last = StateChange.objects.filter(check_of_id=OuterRef("pk"), at__lt=at).order_by("-at", "-id").values("after")[:1]
    rows = Check.objects.filter(pk__in=check_ids).order_by().annotate(last=Subquery(last))
    return {
        check_id: state or (standing if since is not None and since <= at else None)
        for check_id, state, standing, since in rows.values_list("pk", "last", "standing__state", "standing__since")
    }


def _turns(rows: QuerySet[StateChange]) -> defaultdict[int, list[tuple[datetime, str]]]:
    """When each check became what, the oldest first: in the order of the index, which holds all that is read."""
    turns: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
    found = rows.annotate(moment=Cast("at", TextField())).order_by("-check_of_id", "at", "id")
    for check_id, moment, after in found.values_list("check_of_id", "moment", "after"):
        turns[check_id].append((datetime.fromisoformat(moment).replace(tzinfo=UTC), after))  # ten times as quick
    return turns


_STATES = {one.value: one for one in State}
"""Ten thousands of times a page: to look up is a fifth of what it takes to make an enum's member of its value."""


def _cut(state: str | None, turns: Iterable[tuple[datetime, str]], start: datetime, end: datetime) -> list[Band]:
    bands: list[Band] = []
    since = start
    for at, after in turns:
        if state is not None and at > since:
            bands.append(Band(since, at, _STATES[state]))
        state, since = after, at
    if state is not None and end > since:
        bands.append(Band(since, end, _STATES[state]))
    return bands
