"""Every write on reviews: ``opening`` them, what people ``writing`` them do, the ``acting`` that follows from them and
from drills, and what is ``chasing`` it until it is done.
"""

from mainstay.reviews.actions.acting import accept_risk, act_on_drill, add_action, change_action, end_action
from mainstay.reviews.actions.chasing import chase, lapse, open_again
from mainstay.reviews.actions.opening import open_by_hand, open_due, renew
from mainstay.reviews.actions.refusal import Illegal
from mainstay.reviews.actions.writing import close, draft_article, hold, reopen, write

__all__ = [
    "Illegal",
    "accept_risk",
    "act_on_drill",
    "add_action",
    "change_action",
    "chase",
    "close",
    "draft_article",
    "end_action",
    "hold",
    "lapse",
    "open_again",
    "open_by_hand",
    "open_due",
    "renew",
    "reopen",
    "write",
]
