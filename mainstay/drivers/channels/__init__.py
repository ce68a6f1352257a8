"""Channels: one file a kind of way to tell somebody; the file's name is the ``kind`` written in YAML.

Each file holds ``Settings`` (a ``Strict`` model) and ``send(settings, message, timeout)``, which blocks, returns the
receiver's answer in a line, and raises ``Undelivered`` otherwise. The message's ``key`` must go out with it, so that a
copy is known as one. No secret may stand in an answer or an error. ``EVERY_ONE = True`` in a module says that a machine
reads what it sends, so that none may be folded into a digest.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from mainstay.domain.network import NetworkPolicy


class Strict(BaseModel):
    """Settings in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told, in one language. ``thread`` is alike for all messages about one incident."""

    key: str
    thread: str
    subject: str
    text: str
    html: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    network: NetworkPolicy = field(default_factory=lambda: NetworkPolicy(()))


class Undelivered(Exception):
    """It did not arrive. ``retry`` says whether trying again can help."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


def kinds() -> list[str]:
    """The names of all channels that are installed."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def load(kind: str) -> ModuleType:
    """The module of a kind; KeyError for a kind that does not exist."""
    if kind not in kinds():
        raise KeyError(kind)
    return importlib.import_module(f"{__name__}.{kind}")
