"""What a form gives as text, read as what it means; what cannot be read is said in the reader's language."""

import math
from datetime import date, datetime

from django.utils.timezone import get_current_timezone

from mainstay.domain.saying import say


def moment(text: str) -> datetime:
    """A time, on the reader's clocks where it names no zone. Raises ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(say("%(text)s is no time", text=text[:40])) from None
    return found if found.tzinfo else found.replace(tzinfo=get_current_timezone())


def day(text: str) -> date:
    """A day, such as 2027-01-31. Raises ValueError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(say("%(text)s is no day", text=text[:40])) from None


def number(text: str) -> float:
    """A number. Raises ValueError."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise ValueError(say("%(text)s is no number", text=text[:40]))
    return found
