"""Which metric a check is told by, wherever there is room for one only."""

from collections.abc import Collection, Iterable

from mainstay.catalogue import kinds
from mainstay.catalogue.models import Check
from mainstay.domain import metric
from mainstay.domain.state import State


def primary_metric(check: Check, measured: Iterable[str]) -> str:
    """The metric that a condition without one is about: what the judge takes."""
    return kinds.primary(check.kind, measured)


def own_metric(check: Check, measured: Collection[str]) -> str:
    """``domain.metric.own_metric`` of a check as it stands now; ``measured`` in the order in which it came first."""
    standing = getattr(check, "standing", None)
    named = standing.message.get("metric") if standing and standing.state != State.OK else ""
    limits = (*check.document.get("crit", []), *check.document.get("warn", []))
    return metric.own_metric(measured, primary_metric(check, measured), limits, str(named or ""))
