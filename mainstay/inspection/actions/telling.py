"""Who hears of a sheet: the channels that its system names, by the outbox."""

from datetime import datetime
from typing import Any

from mainstay.catalogue import inspections
from mainstay.domain.trend import ABNORMAL
from mainstay.inspection.models import Line, Sheet
from mainstay.notices.actions import Telling, announce, announce_all

SHOWN = 20
"""Lines that a notice names."""

LINE = ("state", "title", "check_title", "unseen", "message", "value", "unit", "warn", "crit", "check_of__kind")
"""What a notice names of each."""


def tell(sheet: Sheet, word: str, now: datetime, by: str = "") -> None:
    """Made, signed or refused: for the channels under ``inspection: tell:`` alone. In the caller's transaction."""
    names = inspections.own(sheet.system).tell
    data = _data(sheet, by)
    announce_all([Telling(None, word, now, data, level=1, to=name) for name in names])


def tell_late(sheet: Sheet, now: datetime) -> None:
    """Nobody signed in time: for the channels of the inspection, else for those of the system's incidents."""
    only = inspections.own(sheet.system).tell or sheet.system.document.get("notify", [])
    announce(None, "inspection-late", now, _data(sheet, ""), level=2, system=sheet.system.name, only=only)


def tell_higher(sheet: Sheet, now: datetime) -> None:
    """Still nobody: for the channels under ``inspection: escalate:``, whatever levels they hear of otherwise."""
    data = _data(sheet, "")
    names = inspections.own(sheet.system).escalate
    announce_all([Telling(None, "inspection-still", now, data, level=1, to=name) for name in names])


def _data(sheet: Sheet, by: str) -> dict[str, Any]:
    wrong = Line.objects.filter(sheet=sheet, state__in=ABNORMAL).order_by("place")
    return {
        "inspection": sheet.pk, "system": sheet.system.name, "system_title": sheet.head["title"],
        "day": sheet.day.isoformat(), "number": sheet.number, "state": sheet.state, "stage": sheet.stage,
        "counts": sheet.counts, "words": sheet.words, "digest": sheet.digest, "by": by,
        "lines": list(wrong.values(*LINE)[:SHOWN]),
    }  # fmt: skip
