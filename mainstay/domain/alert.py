"""What other programs tell: one alert, whatever form it came in."""

from dataclasses import dataclass
from datetime import datetime

from mainstay.domain.state import Level, State


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert as it came in.

    ``fingerprint`` names what fires, ``starts_at`` since when, so that both together name one outbreak; None: not told.
    ``system`` and ``component`` are empty where nothing said which. ``taken``: somebody has taken it on over there.
    """

    fingerprint: str
    firing: bool
    title: str
    text: str
    severity: str
    system: str
    source: str
    starts_at: datetime | None = None
    component: str = ""
    taken: bool = False


_LEVELS = {"page": Level.SEVERE, "severe": Level.SEVERE, "critical": Level.PARTIAL, "error": Level.PARTIAL}


def level_of(alert: Alert) -> Level:
    """How severe an alert makes an incident of its own, where no rule can know more."""
    return _LEVELS.get(alert.severity.lower(), Level.SLIGHT)


def state_of(alert: Alert) -> State:
    """The state that an alert puts its component into."""
    if not alert.firing:
        return State.OK
    return State.WARNING if level_of(alert) is Level.SLIGHT else State.CRITICAL


def is_outage(alert: Alert) -> bool:
    """Whether it says that the component is gone, for those who use the system."""
    return alert.firing and level_of(alert) is Level.SEVERE
