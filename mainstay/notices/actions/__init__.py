"""Every write on notices: ``announcing`` what people should know, ``calling`` one of them, ``sending`` it, and the acts
of ``people``.

The outbox is a table: deliveries are written in the transaction of what they tell, and leave it one by one.
"""

from mainstay.notices.actions.announcing import Telling, announce, announce_all, withdraw, write_letter
from mainstay.notices.actions.calling import Summons, summon, withdraw_calls
from mainstay.notices.actions.people import retry, test_channel
from mainstay.notices.actions.sending import LEASE, back, delivered, failed, fold, is_pressing, lease, pull_in, shift

__all__ = [
    "LEASE",
    "Summons",
    "Telling",
    "announce",
    "announce_all",
    "back",
    "delivered",
    "failed",
    "fold",
    "is_pressing",
    "lease",
    "pull_in",
    "retry",
    "shift",
    "summon",
    "test_channel",
    "withdraw",
    "withdraw_calls",
    "write_letter",
]
