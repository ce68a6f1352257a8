"""Reading who is on call: ``duty`` by the turns, ``calling`` whom an escalation calls, ``record`` what was done."""

from mainstay.on_call.queries.calling import (
    Found,
    Missed,
    Planned,
    Receiver,
    Resolver,
    chain_named,
    escalation_of,
    explain,
    response_team,
    simulate,
)
from mainstay.on_call.queries.duty import AHEAD, Held, Rota, gaps_ahead, held_by, next_after, rota, rotas
from mainstay.on_call.queries.record import (
    calls_of,
    handover,
    handovers,
    overrides,
    swap,
    swaps,
    to_confirm,
    waiting_swaps,
)

__all__ = [
    "AHEAD",
    "Found",
    "Held",
    "Missed",
    "Planned",
    "Receiver",
    "Resolver",
    "Rota",
    "calls_of",
    "chain_named",
    "escalation_of",
    "explain",
    "gaps_ahead",
    "handover",
    "handovers",
    "held_by",
    "next_after",
    "overrides",
    "response_team",
    "rota",
    "rotas",
    "simulate",
    "swap",
    "swaps",
    "to_confirm",
    "waiting_swaps",
]
