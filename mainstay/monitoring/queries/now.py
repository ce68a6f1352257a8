"""How things stand now."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, Max, Q, QuerySet, Value, When

from mainstay.catalogue.models import Check
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.duration import parse_duration
from mainstay.domain.state import State
from mainstay.monitoring.models import Mute, Observation, Ping, PingToken, Pulse, RunRequest, Standing
from mainstay.people.queries import seen

EXPECTED = ("checker", "engine")
"""Processes without which nothing is watched, or nobody told."""

SILENCE = timedelta(seconds=30)

LATE = timedelta(minutes=2)
"""How late a look may be and still count as in time: what stands as before is written down once a minute only."""


def standings(
    system: str | None = None, states: Collection[State | str] | None = None, sight: Sight = EVERYTHING
) -> QuerySet[Standing]:
    """How the checks in use stand, with check, system and component at hand."""
    found = Standing.objects.filter(seen(sight, "check_of__system__name"), check_of__retired_at=None)
    found = found.select_related("check_of__system", "check_of__component")
    if system is not None:
        found = found.filter(check_of__system__name=system)
    if states is not None:
        found = found.filter(state__in=[str(state) for state in states])
    return found.order_by("check_of__system__tier", "check_of__system__name", "check_of__name")


def worst_first(found: QuerySet[Standing]) -> QuerySet[Standing]:
    """The same, the worst state before all else."""
    rank = Case(*(When(state=state.value, then=Value(state.rank)) for state in State), default=Value(0))
    return found.order_by(rank.desc(), *found.query.order_by)


def counts() -> Mapping[str, Counter[str]]:
    """System name → how many of its checks in use are in each state; not looked at yet counts as unknown."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    rows = Check.objects.filter(retired_at=None, system__retired_at=None).order_by()
    for name, state, number in rows.values_list("system__name", "standing__state").annotate(number=Count("pk")):
        found[name][state or State.UNKNOWN.value] += number
    return found


def observation(check_id: int) -> Observation | None:
    """The newest large result of a check."""
    return Observation.objects.filter(pk=check_id).first()


def pictures(check_ids: Collection[int]) -> dict[int, Observation]:
    """The same of several, by the check's id; in one query."""
    return Observation.objects.in_bulk(check_ids)


def observations(kind: str, systems: Collection[str]) -> QuerySet[Observation]:
    """The newest large results of the checks of a kind in use on these systems."""
    return Observation.objects.filter(
        check_of__kind=kind, check_of__system__name__in=systems, check_of__retired_at=None
    ).select_related("check_of__system", "check_of__component")


def flow_stages(systems: Collection[str]) -> list[tuple[int, str, list[dict[str, Any]]]]:
    """Check, system and stages of each business flow of these systems, without its cases, of which there are many."""
    found = observations("flow", systems).order_by("pk")
    return list(found.values_list("pk", "check_of__system__name", "payload__stages"))


def flow_steps(check_ids: Collection[int]) -> dict[int, tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Check → how many cases took which step, and the newest steps off the path, of these business flows."""
    rows = Observation.objects.filter(pk__in=check_ids).values_list("pk", "payload__moves", "payload__detours")
    return {key: (moves or [], detours or []) for key, moves, detours in rows}


Cases = list[dict[str, Any]]


def flow_cases(check_ids: Collection[int]) -> dict[int, tuple[Cases, Cases]]:
    """Check → the cases that are stuck, and the oldest ones, of these business flows."""
    rows = Observation.objects.filter(pk__in=check_ids).values_list("pk", "payload__stuck", "payload__oldest")
    return {key: (stuck or [], oldest or []) for key, stuck, oldest in rows}


def flow_titles(check_ids: Collection[int]) -> dict[int, dict[str, dict[str, str]]]:
    """Check → stage → its title by language, of these business flows; left out where a stage has none."""
    rows = Observation.objects.filter(pk__in=check_ids).values_list("pk", "payload__stages")
    return {key: {one["name"]: one["title"] for one in stages or [] if one.get("title")} for key, stages in rows}


def looked_at(systems: Collection[str]) -> dict[str, datetime]:
    """System → when anything of it was looked at last."""
    rows = Standing.objects.filter(check_of__system__name__in=systems, looked_at__isnull=False).order_by()
    return dict(rows.values_list("check_of__system__name").annotate(newest=Max("looked_at")))


def looked_in_time(now: datetime, sight: Sight = EVERYTHING) -> int:
    """How many checks in use were looked at within their own intervals, in two queries."""
    intervals = Check.objects.filter(retired_at=None).order_by().values_list("every", flat=True).distinct()
    in_time = Q(pk__in=())
    for every in intervals:
        in_time |= Q(check_of__every=every, looked_at__gte=now - timedelta(seconds=every) - LATE)
    return standings(sight=sight).filter(in_time).count()


_WRITTEN = timedelta(seconds=2)
"""In which the checker has written down what a look gave."""


def look_result(check: Check, request: int, now: datetime) -> str:
    """How the check stands after a look that was asked for; empty while that is not known. What stays as it was is not
    written down at once, so the look's own time is waited for."""
    asked = RunRequest.objects.filter(pk=request).first()
    if asked is None or asked.taken_at is None:
        return ""
    standing = Standing.objects.filter(pk=check.pk).first()
    bound = timedelta(seconds=parse_duration(str(check.document.get("timeout", "10s")))) + _WRITTEN
    fresh = standing is not None and standing.looked_at is not None and standing.looked_at >= asked.taken_at
    if not fresh and now < asked.taken_at + bound:
        return ""
    return standing.state if standing else State.UNKNOWN.value


def mutes(now: datetime, sight: Sight = EVERYTHING) -> QuerySet[Mute]:
    """Those in force."""
    found = Mute.objects.filter(seen(sight, "system__name"), starts_at__lte=now, ends_at__gt=now)
    return found.select_related("system", "component", "check_of")


def muted(check: Check, now: datetime) -> Mute | None:
    """The mute that covers a check, the narrowest first."""
    return muted_checks([check], now).get(check.pk)


def muted_checks(checks: Iterable[Check], now: datetime) -> dict[int, Mute]:
    """The mutes that cover these checks, by check id; one query for all of them."""
    wanted = list(checks)
    in_force = list(mutes(now).filter(system__in={check.system_id for check in wanted}))
    found = ((check.pk, _narrowest(check, in_force)) for check in wanted)
    return {key: mute for key, mute in found if mute is not None}


def _narrowest(check: Check, in_force: Iterable[Mute]) -> Mute | None:
    covering = [mute for mute in in_force if _covers(mute, check)]
    return max(covering, key=lambda mute: (mute.check_of_id is not None, mute.component_id is not None), default=None)


def _covers(mute: Mute, check: Check) -> bool:
    if mute.check_of_id is not None:
        return mute.check_of_id == check.pk
    if mute.component_id is not None:
        return mute.component_id == check.component_id
    return mute.system_id == check.system_id


def ping_tokens() -> dict[str, int]:
    """Every heartbeat's token and its check."""
    return dict(PingToken.objects.filter(check_of__retired_at=None).values_list("token", "check_of_id"))


def pings(check_id: int, limit: int = 50) -> QuerySet[Ping]:
    """The newest pings of one check, the newest first."""
    return Ping.objects.filter(check_of_id=check_id).order_by("-id")[:limit]


def new_pings(after_id: int, limit: int = 20_000) -> list[Ping]:
    """Pings that came in after the one with this id, the oldest first."""
    return list(Ping.objects.filter(pk__gt=after_id).order_by("pk")[:limit])


def newest_pings(check_ids: Iterable[int], each: int = 20) -> list[Ping]:
    """The last pings of each of these checks, by one small indexed read a check."""
    return [ping for check_id in check_ids for ping in pings(check_id, each)]


def pulses() -> list[Pulse]:
    """The processes of Mainstay and when each was last heard of."""
    return list(Pulse.objects.order_by("process"))


def silent_processes(now: datetime) -> list[str]:
    """Kinds of process that should live and of which none was heard for half a minute."""
    kinds = {kind_of(pulse) for pulse in pulses() if not is_silent(pulse, now)}
    return [name for name in EXPECTED if name not in kinds]


def kind_of(pulse: Pulse) -> str:
    """A process is called by its kind, or by its kind and what tells it apart: ``checker-host1``."""
    return pulse.process.partition("-")[0]


def is_silent(pulse: Pulse, now: datetime) -> bool:
    """Whether this very process was not heard of for half a minute."""
    return pulse.at < now - SILENCE
