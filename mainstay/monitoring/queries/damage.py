"""What a system's own checks say of the damage: money at risk, stuck cases, people who use it."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

import numpy as np

from mainstay.catalogue.models import Check, System
from mainstay.domain.severity import Figures
from mainstay.monitoring.models import Series
from mainstay.monitoring.queries.now import flow_stages
from mainstay.monitoring.queries.raw import column
from mainstay.monitoring.queries.samples import last_values
from mainstay.monitoring.queries.telling import primary_metric

_FAILING = ("warning", "critical")


def figures(systems: Collection[System], now: datetime) -> dict[int, Figures]:
    """By system. Money is what is stuck in its flows, or what its failing rules on data sum up, whichever is more: both
    may speak of the same orders, and a sum would count those twice."""
    names = {system.name: system.pk for system in systems}
    flowing, ruled = defaultdict[int, float](float), defaultdict[int, float](float)
    stuck = defaultdict[int, int](int)
    for _, name, stages in flow_stages(names):
        for stage in stages or ():
            flowing[names[name]] += stage["stuck_amount"]
            stuck[names[name]] += stage["stuck"]
    rules = Check.objects.filter(
        system__in=names.values(), kind="integrity", retired_at=None, standing__state__in=_FAILING
    )
    owners = dict(rules.values_list("pk", "system_id"))
    for key, values in (last_values(owners) if owners else {}).items():
        if "amount" in values:
            ruled[owners[key]] += max(0.0, values["amount"].value)
    return {
        system.pk: Figures(max(flowing[system.pk], ruled[system.pk]), stuck[system.pk], _users(system, now))
        for system in systems
    }


def _users(system: System, now: datetime) -> int:
    """The number that is written, or the largest of the last day: while a system is down nobody is counted in it."""
    said = system.document.get("users") or 0
    if isinstance(said, int):
        return said
    check = Check.objects.filter(system=system, name=said, retired_at=None).first()
    if check is None:
        return 0
    series = dict(Series.objects.filter(check_of=check).order_by("pk").values_list("metric", "pk"))
    metric = primary_metric(check, series)
    if metric not in series:
        return 0
    values = column(series[metric], (now - timedelta(days=1)).timestamp(), now.timestamp())[1]
    finite = values[np.isfinite(values)]
    return max(0, int(finite.max())) if len(finite) else 0
