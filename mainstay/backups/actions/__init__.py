"""Every write on backups: ``asking`` for jobs, ``running`` them, what they found (``keeping``),
the ``keys``, and ``restoring`` for real."""

from mainstay.backups.actions.asking import Refused, ask, ask_for_proof, follow_up, owe, plan
from mainstay.backups.actions.keeping import (
    cleaned,
    drop,
    keep_copy,
    keep_proof,
    keep_repository,
    looked_through,
)
from mainstay.backups.actions.keys import key_sheet, repository_key
from mainstay.backups.actions.restoring import (
    abort,
    approve,
    ask_to_restore,
    begin,
    proceed,
    restored,
    stands,
    tell_step,
)
from mainstay.backups.actions.running import Lost, fail, finish, give_back, lease, reclaim, renew, tell

__all__ = [
    "Lost",
    "Refused",
    "abort",
    "approve",
    "ask",
    "ask_for_proof",
    "ask_to_restore",
    "begin",
    "cleaned",
    "drop",
    "fail",
    "finish",
    "follow_up",
    "give_back",
    "keep_copy",
    "keep_proof",
    "keep_repository",
    "key_sheet",
    "lease",
    "looked_through",
    "owe",
    "plan",
    "proceed",
    "reclaim",
    "renew",
    "repository_key",
    "restored",
    "stands",
    "tell",
    "tell_step",
]
