"""Which day it is where Mainstay is at home: reviews and actions are due by days."""

from datetime import date, datetime

from django.utils.timezone import get_default_timezone


def day_of(at: datetime) -> date:
    """On the clocks of the setting ``timezone``."""
    return at.astimezone(get_default_timezone()).date()
