"""Incidents follow the checks. ``follow`` runs inside the transaction that commits the state changes (line.py)."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery

from mainstay.catalogue.models import System
from mainstay.domain.actor import ENGINE
from mainstay.domain.grouping import Decision, Turn
from mainstay.domain.state import State
from mainstay.incidents.actions.desk import Room
from mainstay.incidents.actions.ledger import Ledger
from mainstay.incidents.actions.telling import News, tell_all
from mainstay.incidents.models import ALERTS, Entry, Incident, Member
from mainstay.monitoring.models import Standing, StateChange
from mainstay.monitoring.queries import muted_checks

CALM = timedelta(seconds=10)
"""How long all of an incident must have been well before it ends by itself."""

AT_ONCE = 5_000
"""Changes that are followed in one go; SQLite takes 32,766 values in a statement."""

_FAILING = ("warning", "critical")


def follow(changes: Sequence[StateChange], now: datetime, *, together: bool = False) -> None:
    """Open, join, echo, move, worsen and recover, and announce what people should know. What is muted begins nothing,
    but its recovery counts. ``together``: their order says nothing, so causes are taken before what needs them."""
    heard = [change for change in changes if not change.muted or change.after == State.OK]
    for start in range(0, len(heard), AT_ONCE):
        _follow(heard[start : start + AT_ONCE], now, together)


def _follow(changes: Sequence[StateChange], now: datetime, together: bool) -> None:
    room = Room.around({change.check_of_id for change in changes}, now)
    ledger = Ledger(room)
    for change in sorted(changes, key=lambda one: room.depth(one.check_of_id)) if together else changes:
        turn = Turn(room.watched[change.check_of_id], State(change.after), change.at, muted=bool(change.muted))
        for decision in room.desk.take(turn):
            ledger.enter(decision, change)
    ledger.write()


def follow_unmuted(now: datetime) -> int:
    """A mute ended and its check still fails: now it counts. Returns how many."""
    if not (waiting := _unheard(now)):
        return 0
    with transaction.atomic():
        _lock({change.check_of.system_id for change in waiting})
        still = _unheard(now)
        for change in still:
            change.muted, change.at = "", now
        follow(still, now)
    return len(still)


def _unheard(now: datetime) -> list[StateChange]:
    """Newest changes of failing checks that were muted and are so no longer, and that no incident knows of. The newest
    is the one written last: a clock set back gives it an earlier time than the one before."""
    newest = StateChange.objects.filter(check_of=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    in_use = Q(check_of__retired_at=None) | Q(check_of__kind=ALERTS, check_of__component__retired_at=None)
    failing = Standing.objects.filter(in_use, state__in=_FAILING)
    changes = StateChange.objects.filter(
        pk__in=failing.annotate(newest=Subquery(newest)).values("newest"), after__in=_FAILING, entries=None
    ).exclude(muted="")
    found = list(changes.select_related("check_of").order_by("at", "pk")[:AT_ONCE])
    still = muted_checks([change.check_of for change in found], now) if found else {}
    return [change for change in found if change.check_of_id not in still]


def _lock(systems: Iterable[int]) -> None:
    list(System.objects.filter(pk__in=set(systems)).order_by("pk").select_for_update(no_key=True))


def follow_blind(now: datetime) -> int:
    """Say of what could not be seen for long that it cannot. Returns how many checks came into an incident."""
    if not (blind := _blind(now)):
        return 0
    decided: list[Decision] = []
    with transaction.atomic():
        room = Room.around([standing.pk for standing in blind], now)
        ledger = Ledger(room)
        for standing in blind:
            decided += room.desk.blind(Turn(room.watched[standing.pk], State.UNKNOWN, now))
        for decision in decided:
            ledger.enter(decision)
        ledger.write()
    return len(decided)


def _blind(now: datetime) -> list[Standing]:
    """Looked at, unknown for longer than five minutes and three intervals, not muted, in no incident."""
    known = Member.objects.exclude(incident__state="resolved").exclude(state=State.OK).values("check_of")
    unseen = Standing.objects.filter(
        state=State.UNKNOWN, looked_at__isnull=False, since__lt=now - timedelta(minutes=5), check_of__retired_at=None
    ).exclude(pk__in=known)
    found = [
        standing
        for standing in unseen.select_related("check_of").order_by("since", "pk")[:AT_ONCE]
        if now - standing.since > timedelta(seconds=3 * standing.check_of.every)
    ]
    muted = muted_checks([standing.check_of for standing in found], now) if found else {}
    return [standing for standing in found if standing.pk not in muted]


def resolve_calm(now: datetime) -> int:
    """End the incidents all of whose members have been well for a while; returns how many."""
    ready = list(_calm(now).values_list("pk", flat=True)[:500])
    if not ready:
        return 0
    with transaction.atomic():
        locked = list(Incident.objects.filter(pk__in=ready).order_by("pk").select_for_update(no_key=True))
        calm = set(_calm(now).filter(pk__in=ready).values_list("pk", flat=True))
        over = [incident.pk for incident in locked if incident.pk in calm]
        Incident.objects.filter(pk__in=over).update(state="resolved", resolved_at=now, resolved_by=ENGINE.name)
        Entry.objects.bulk_create(
            Entry(incident_id=number, at=now, word="resolved", actor=ENGINE.name) for number in over
        )
        tell_all([News(number, "resolved", now, {}) for number in over])
    return len(over)


def _calm(now: datetime) -> QuerySet[Incident]:
    """A recovery that lies in the future was noted before the clock was set back."""
    return (
        Incident.objects.exclude(state="resolved")
        .annotate(
            members_all=Count("members"),
            well=Count("members", filter=Q(members__recovered_at__isnull=False)),
            last=Max("members__recovered_at"),
        )
        .filter(Q(last__lte=now - CALM) | Q(last__gt=now + CALM), members_all__gt=0, members_all=F("well"))
        .order_by("pk")
    )


def release(now: datetime) -> int:
    """Members that no change will ever free: their check was retired, or is well without having said so. Returns how
    many."""
    open_members = Member.objects.exclude(incident__state="resolved").exclude(state=State.OK)
    born_so = Q(check_of__system__name="mainstay") | Q(check_of__kind=ALERTS, check_of__component__retired_at=None)
    retired = Q(check_of__retired_at__isnull=False) & ~born_so
    free = open_members.filter(retired | Q(check_of__standing__state=State.OK))
    with transaction.atomic():
        rows = list(free.select_related("check_of__system")[:AT_ONCE])
        Member.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.OK.value, recovered_at=now)
        Entry.objects.bulk_create(
            Entry(
                incident_id=row.incident_id, at=now, word="recovered", actor=ENGINE.name,
                data={"check": str(row.check_of), "because": "retired" if row.check_of.retired_at else ""},
            )
            for row in rows
        )  # fmt: skip
    return len(rows)
