"""Systems at a glance: the worst state of each, and its last day as one strip."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import System
from mainstay.domain.actor import Sight
from mainstay.domain.state import Impact, State
from mainstay.monitoring import queries as monitoring
from mainstay.web import charts


def worst(states: Iterable[str]) -> str:
    """The worst of some states; unknown without any."""
    return max((State(one) for one in states), key=lambda state: state.rank, default=State.UNKNOWN).value


@dataclass(frozen=True, slots=True)
class Glanced:
    """A system with how many of its checks are in which state."""

    system: System
    counts: Mapping[str, int]

    @property
    def state(self) -> str:
        return worst(self.counts)

    @property
    def rank(self) -> int:
        """Sorts the worst first."""
        return -State(self.state).rank


def systems(sight: Sight, *unread: str) -> list[Glanced]:
    """All in use that may be seen; ``unread`` are columns that the page has no use for."""
    counts = monitoring.counts()
    return [Glanced(one, counts.get(one.name, {})) for one in catalogue.systems(sight).defer(*unread)]


def strips(systems: Iterable[str], start: datetime, end: datetime) -> dict[str, charts.Strip]:
    """System → its strip; without a bar before the first look. What is only a risk does not colour it."""
    names = list(systems)
    checks = catalogue.checks().exclude(impact=Impact.RISK.value).filter(system__name__in=names)
    owners = dict(checks.order_by().values_list("pk", "system__name"))
    bands: dict[str, list[charts.Spans]] = {name: [] for name in names}
    for check_id, found in monitoring.state_bands_of(list(owners), start, end).items():
        if found:
            bands[owners[check_id]].append(found)
    return {
        name: charts.strip(charts.worst_of(found, start, end), start, end, held=charts.lasted(found))
        for name, found in bands.items()
    }
