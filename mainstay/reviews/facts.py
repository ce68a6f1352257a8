"""The facts of an incident, out of the record: looks, states, the timeline, what flows and rules counted."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from mainstay.catalogue.models import Check
from mainstay.domain.review_facts import LEAD, Damage, Facts, Series, damage, first_bad, held, worse
from mainstay.domain.state import Impact, State
from mainstay.domain.threshold import Condition, parse_condition
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.monitoring.models import Series as Measured
from mainstay.monitoring.models import StateChange
from mainstay.monitoring.queries import state_bands_of
from mainstay.monitoring.queries.raw import column, raw

_LOOKS = 5_000
"""Looks before a change that are read at most."""
_BACK = timedelta(days=1)
_FAILURES = 2
"""Of a check that says nothing else."""


def facts(incident: Incident) -> Facts:
    """Of an incident that is over."""
    assert incident.resolved_at is not None  # noqa: S101 - who calls this has looked
    began = _began(incident)
    start, end = min(began or incident.opened_at, incident.opened_at), incident.resolved_at
    entries = Entry.objects.filter(incident=incident)
    taken_on = entries.filter(word="acknowledged").order_by("at", "pk").values_list("at", flat=True).first()
    members = dict(Member.objects.filter(incident=incident).values_list("check_of", "check_of__impact"))
    bands = state_bands_of(list(members), start, end)
    outage = [band for key, found in bands.items() if members[key] == Impact.OUTAGE.value for band in found]
    every = [band for found in bands.values() for band in found]
    return Facts(
        began_at=began, opened_at=incident.opened_at, acknowledged_at=taken_on, resolved_at=end,
        runs=1 + entries.filter(word="reopened").count(),
        down=held(outage, [State.CRITICAL], start, end),
        impaired=held(every, [State.WARNING, State.CRITICAL], start, end),
        **_lost(incident, list(members), start, end),
    )  # fmt: skip


def _began(incident: Incident) -> datetime | None:
    """The first look that was not well of the check by which it was opened; what another program said of its alert;
    None where nobody knows."""
    first = (
        Entry.objects.filter(incident=incident, change__isnull=False)
        .exclude(change__after=State.OK)
        .select_related("change__check_of__system")
        .order_by("at", "pk")
        .first()
    )
    if first is None or first.change is None:
        return incident.since if incident.since < incident.opened_at else None
    return _first_sign(first.change)


def _first_sign(change: StateChange) -> datetime | None:
    check, at = change.check_of, change.at.timestamp()
    names = list(Measured.objects.filter(check_of=check).order_by("pk").values_list("metric", flat=True))
    wanted = names[:1]
    condition = None
    if text := change.message.get("condition"):
        condition, metric = parse_condition(text), change.message.get("metric") or ""
        wanted = [metric] if metric in names else wanted
    looks = raw(check.pk, wanted, at - _BACK.total_seconds(), at, _LOOKS)
    told = [(look.at, _well(condition, look.values, wanted[0])) for look in looks if look.at <= at]
    failures = check.document.get("failures", _FAILURES)
    found = first_bad(at, check.every, failures, told)
    return None if found is None else min(datetime.fromtimestamp(found, UTC), change.at)


def _well(condition: Condition | None, values: Mapping[str, float], metric: str) -> bool | None:
    """None where the values do not tell."""
    if condition is None or metric not in values:
        return None
    return not condition.when.holds(values[metric])


def _lost(incident: Incident, members: Collection[int], start: datetime, end: datetime) -> dict[str, Damage]:
    """Orders that were stuck and money at risk, as the flows of the system counted them; and as its failing rules
    did, whichever is more."""
    flows = list(Check.objects.filter(system=incident.system, kind="flow")) if incident.system else []
    rules = list(Check.objects.filter(pk__in=members, kind="integrity"))
    money = worse(_counted(flows, "stuck_amount", start, end), _counted(rules, "amount", start, end))
    return {"stuck": _counted(flows, "stuck", start, end), "money": money}


def _counted(checks: Collection[Check], metric: str, start: datetime, end: datetime) -> Damage:
    every = {check.pk: check.every for check in checks}
    found = Measured.objects.filter(check_of__in=every, metric=metric).values_list("pk", "check_of")
    series = [_since(pk, start - max(LEAD, timedelta(seconds=3 * every[check])), start, end) for pk, check in found]
    return damage(series, start.timestamp(), end.timestamp())


def _since(key: int, lead: datetime, start: datetime, end: datetime) -> Series:
    """The last sample before the span, and all in it."""
    at, values = column(key, lead.timestamp(), end.timestamp())
    seconds, finite = at / 1000.0, np.isfinite(values)
    seconds, values = seconds[finite], values[finite]
    place = max(0, int(np.searchsorted(seconds, start.timestamp(), "right")) - 1)
    return seconds[place:], values[place:]
