"""The words for how well something is, and for what went wrong."""

from enum import IntEnum, StrEnum


class State(StrEnum):
    """The judged state of a check."""

    OK = "ok"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """Larger is worse; unknown lies between ok and warning, for not seeing is not yet a fault."""
        return _RANK[self]


_RANK = {State.OK: 0, State.UNKNOWN: 1, State.WARNING: 2, State.CRITICAL: 3}


class Level(IntEnum):
    """How severe an incident is; a smaller number is worse."""

    SEVERE = 1
    PARTIAL = 2
    SLIGHT = 3


class Category(StrEnum):
    """What kind of thing is broken."""

    SYSTEM = "system"
    DATA = "data"
    BUSINESS = "business"


class Impact(StrEnum):
    """What a failing check means for those who use the system."""

    OUTAGE = "outage"
    DEGRADED = "degraded"
    RISK = "risk"
