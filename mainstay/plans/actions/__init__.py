"""Every write on plans and drills: ``writing`` plans, ``planning`` and ``steering`` drills, ``learning`` from them."""

from mainstay.plans.actions.learning import attend
from mainstay.plans.actions.notes import Illegal
from mainstay.plans.actions.planning import KINDS, cancel, plan_drill, start
from mainstay.plans.actions.steering import alarm, end, follow, inject, note, recover, step
from mainstay.plans.actions.writing import approve, retire, write

__all__ = [
    "KINDS",
    "Illegal",
    "alarm",
    "approve",
    "attend",
    "cancel",
    "end",
    "follow",
    "inject",
    "note",
    "plan_drill",
    "recover",
    "retire",
    "start",
    "step",
    "write",
]
