"""A drill brings a fault about on a system. Called inside the transaction of the act on the drill, which is audited."""

from collections.abc import Collection
from datetime import datetime

from mainstay.catalogue.models import System
from mainstay.monitoring.models import Exercise


def begin_exercise(system: System, drill: int, check_ids: Collection[int], now: datetime) -> Exercise:
    """From now on what these checks see is the drill's. Raises IntegrityError while another goes on there."""
    return Exercise.objects.create(system=system, drill=drill, checks=sorted(check_ids), begins_at=now)


def end_exercise(drill: int, now: datetime) -> int:
    """What they see from now on is real. Returns how many ended: one, or none."""
    return Exercise.objects.filter(drill=drill, ends_at=None).update(ends_at=now)
