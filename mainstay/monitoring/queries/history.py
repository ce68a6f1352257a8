"""What happened: state changes, bands of states, availability."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from django.db.models import QuerySet

from mainstay.catalogue.models import Check
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.objective import uptime
from mainstay.domain.state import Impact, State
from mainstay.monitoring.models import Standing, StateChange
from mainstay.people.queries import seen


def changes(
    check_id: int | None = None,
    system: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 100,
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


def newest_changes(check_ids: Collection[int]) -> dict[int, StateChange]:
    """Check → its newest state change, by one indexed read each."""
    newest = (StateChange.objects.filter(check_of_id=check_id).order_by("-at", "-id").first() for check_id in check_ids)
    return {change.check_of_id: change for change in newest if change is not None}


Bands = list[tuple[datetime, datetime, State]]


def state_bands(check_id: int, start: datetime, end: datetime) -> Bands:
    """Which state held from when to when, without gaps, clipped to the span. Empty before the first look."""
    return state_bands_of([check_id], start, end)[check_id]


def availability(system: str, start: datetime, end: datetime) -> float | None:
    """The share of the known time (0 to 1) in which no check that means an outage was critical; None without data."""
    return uptime(outage_bands(system, start, end), start, end).share


def outage_bands(system: str, start: datetime, end: datetime) -> Bands:
    """The bands of all checks of a system whose failing means an outage."""
    return outage_bands_of([system], start, end)[system]


def outage_bands_of(systems: list[str], start: datetime, end: datetime) -> dict[str, Bands]:
    """The same for many systems at once."""
    checks = Check.objects.filter(system__name__in=systems, impact=Impact.OUTAGE.value, retired_at=None)
    owners = dict(checks.values_list("pk", "system__name"))
    found: dict[str, Bands] = {name: [] for name in systems}
    for check_id, bands in state_bands_of(list(owners), start, end).items():
        found[owners[check_id]] += bands
    return found


def state_bands_of(check_ids: list[int], start: datetime, end: datetime) -> dict[int, Bands]:
    """The bands of many checks by three queries."""
    now = min(end, datetime.now(UTC))
    inside: dict[int, list[tuple[datetime, str]]] = {check_id: [] for check_id in check_ids}
    rows = StateChange.objects.filter(check_of_id__in=check_ids, at__gte=start, at__lt=now).order_by("at", "id")
    before = dict[int, str]()
    for check_id, at, earlier, later in rows.values_list("check_of_id", "at", "before", "after"):
        before.setdefault(check_id, earlier)
        inside[check_id].append((at, later))
    before |= _states_at(start, [check_id for check_id in check_ids if not inside[check_id]])
    first_seen = _first_seen([check_id for check_id in check_ids if inside[check_id]], start)
    return {
        check_id: _cut(before.get(check_id) if check_id not in first_seen else None, inside[check_id], start, now)
        for check_id in check_ids
    }


def _states_at(start: datetime, check_ids: list[int]) -> dict[int, str]:
    """The state of checks that have not changed since ``start``: as they stand, if they stood so by then."""
    rows = Standing.objects.filter(pk__in=check_ids).values_list("pk", "state", "since")
    found = {check_id: state for check_id, state, since in rows if since <= start}
    late = [check_id for check_id in check_ids if check_id not in found]
    for check_id in late:  # changed only after the span: rare, one indexed read each
        at_start = StateChange.objects.filter(check_of_id=check_id, at__lt=start).order_by("-at", "-id").first()
        if at_start is not None:
            found[check_id] = at_start.after
    return found


def _first_seen(check_ids: list[int], start: datetime) -> set[int]:
    """Checks whose very first change lies in the span: before it nothing is known of them."""
    older = StateChange.objects.filter(check_of_id__in=check_ids, at__lt=start).order_by()
    return set(check_ids) - set(older.values_list("check_of_id", flat=True).distinct())


def _cut(state: str | None, inside: Iterable[tuple[datetime, str]], start: datetime, end: datetime) -> Bands:
    bands: Bands = []
    since = start
    for at, after in inside:
        if state is not None and at > since:
            bands.append((since, at, State(state)))
        state, since = after, at
    if state is not None and end > since:
        bands.append((since, end, State(state)))
    return bands
