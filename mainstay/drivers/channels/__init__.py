"""Channels: one file a kind of way to tell somebody; the file's name is the ``kind`` written in YAML.

Each file holds ``Settings`` (a ``Strict`` model) and ``send(settings, message, timeout)``, which blocks, returns the
receiver's answer in a line, and raises ``Undelivered`` otherwise. The message's ``key`` must go out with it, so that a
copy is known as one. No secret may stand in an answer or an error. ``EVERY_ONE = True`` in a module says that a machine
reads what it sends, so that none may be folded into a digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.kinds import Kinds


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told, in one language. ``thread`` is alike for all messages about one incident."""

    key: str
    thread: str
    subject: str
    text: str
    html: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    reply_to: str = ""
    network: NetworkPolicy = field(default_factory=lambda: NetworkPolicy(()))


class Undelivered(Exception):
    """It did not arrive. ``retry`` says whether trying again can help."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


_KINDS = Kinds(__name__, __path__)
kinds, load = _KINDS.names, _KINDS.load
