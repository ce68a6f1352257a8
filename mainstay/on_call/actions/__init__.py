"""Every write about who is on call: ``standing_in`` for somebody, ``swapping``, ``calling`` by the engine,
``answering`` a call, ``handing_over``, calendar ``feeds``."""

from mainstay.on_call.actions.answering import acknowledge_by_link
from mainstay.on_call.actions.calling import call_due, call_now, end_calls, shift
from mainstay.on_call.actions.feeds import KINDS as FEEDS
from mainstay.on_call.actions.feeds import renew_feed
from mainstay.on_call.actions.handing_over import confirm, hand_over, hand_over_due
from mainstay.on_call.actions.standing_in import Refused, end_override, override
from mainstay.on_call.actions.swapping import ask_swap, refuse_swap, take_swap, withdraw_swap

__all__ = [
    "FEEDS",
    "Refused",
    "acknowledge_by_link",
    "ask_swap",
    "call_due",
    "call_now",
    "confirm",
    "end_calls",
    "end_override",
    "hand_over",
    "hand_over_due",
    "override",
    "refuse_swap",
    "renew_feed",
    "shift",
    "take_swap",
    "withdraw_swap",
]
