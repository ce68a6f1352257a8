"""What is due once a day, by cron text on a system's own clocks: which day's turn it is now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - only to read the text


@dataclass(frozen=True, slots=True)
class Turn:
    """One day's turn: ``day`` on the clocks of the zone, and the moment at which it was due, if anything wanted it."""

    day: date
    due: datetime | None


def parse_daily(text: str) -> CronSim:
    """Cron with one minute and one hour. Raises ValueError with what would be right."""
    try:
        found = CronSim(text, _ANY_DAY)
    except CronSimError as error:
        raise ValueError(f"{text!r} is not cron ({error}); write such as 30 8 * * * for every day at 08:30") from None
    if len(found.minutes) != 1 or len(found.hours) != 1:
        raise ValueError(f"{text!r} is due more than once a day; write such as 30 8 * * 1-5 for weekdays at 08:30")
    return found


def turn(text: str, zone: ZoneInfo, now: datetime) -> Turn | None:
    """Today's turn, if one was due by ``now``. A turn that nobody took on its day is over: what is seen tomorrow says
    nothing of today."""
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        due = next(CronSim(text, midnight - timedelta(minutes=1)))
    except StopIteration:  # never due
        return None
    return Turn(due.date(), due) if due.date() == local.date() and due <= local else None
