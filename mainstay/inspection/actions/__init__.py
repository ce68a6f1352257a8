"""Every write on inspection sheets: ``making`` them, the acts of ``people``, and what the ``schedule`` wants."""

from mainstay.inspection.actions.making import run_by_hand, run_by_schedule
from mainstay.inspection.actions.people import Illegal, countersign, raise_incident, refuse, remark, sign
from mainstay.inspection.actions.schedule import due, escalate, remind

__all__ = [
    "Illegal",
    "countersign",
    "due",
    "escalate",
    "raise_incident",
    "refuse",
    "remark",
    "remind",
    "run_by_hand",
    "run_by_schedule",
    "sign",
]
