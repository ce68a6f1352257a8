"""Steps of runbooks: one file a kind; the file's name is the ``kind`` written in YAML.

Each file holds, and nothing outside the file needs to know more:

``Settings``    a ``StepSettings`` model of what may stand beside ``kind:`` in YAML.
``FIXED``       keys in which no ``${value}`` may stand, because it would be read as more than a value.
``repeatable(settings)``  whether doing it twice does no harm. What is not is never done again unasked.
``asks(settings)``        whether a person has to say something before it is done, or instead of it.

and, unless all that it does is to ask:

``perform(settings, bench)``  does it, in a thread that may block until ``bench.until``: ``Done``, or ``Again`` for what
                has to be looked at later. Raises ``StepFailed``. It may be called anew by another process, with the
                memo that was last given back.

and, when it asks:

``question(settings, bench)`` who is asked what: ``Ask``. Raises ``StepFailed``. It changes nothing outside.

``settings`` reach these two with every ``${…}`` filled in; before a run they may be plain mappings with ``${…}``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ConfigDict

from mainstay.domain.network import NetworkPolicy
from mainstay.drivers.kinds import Kinds, Strict


class StepSettings(Strict):
    """A number that an earlier step gave may stand where a text is wanted."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class StepFailed(Exception):
    """It did not come about; ``str()`` says why. ``retry``: another try can help. ``text``: what was printed."""

    def __init__(self, reason: str, *, retry: bool = True, text: str = "") -> None:
        super().__init__(reason)
        self.retry, self.text = retry, text


@dataclass(frozen=True, slots=True)
class Done:
    """It is done. ``outputs`` are what later steps may use, ``text`` is what was printed."""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """Not yet: look again after so many seconds. ``note``: what is waited for."""

    after: float
    note: str = ""
    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """``role``: the least role whose word counts, ``quorum`` how many of them are needed; ``seconds`` until it is too
    late. ``questions``: name → domain.runbook.Question as a mapping. ``shown``: what they decide upon; ``others``: not
    the one who asked for the run. ``then``: it is performed after a yes."""

    role: str = "operator"
    quorum: int = 1
    seconds: float = 0.0
    words: Any = ""
    questions: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    others: bool = False
    evidence: bool = False
    then: bool = False


class Means(Protocol):
    """What the engine does for steps that are about Mainstay's own things. What is asked for is asked for once,
    however often it is called with the step's key."""

    def look(self, check: str) -> Mapping[str, Any] | None: ...

    def backup(self, policy: str, act: str) -> Mapping[str, Any] | None: ...

    def restore(self, policy: str, to: str, target: str, reason: str) -> Mapping[str, Any] | None: ...

    def notify(self, words: str, channels: Sequence[str]) -> int: ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What a step gets. ``key`` is the same at every try; ``component`` are the settings of the component it is on,
    filled in; ``until``: monotonic seconds; ``began``: seconds since the epoch. ``shown`` is what people said yes
    to."""

    key: str
    until: float
    began: float
    network: NetworkPolicy
    component: Mapping[str, Any]
    programs: tuple[str, ...]
    means: Means
    memo: Mapping[str, Any] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)


_KINDS = Kinds(__name__, __path__)
kinds, load = _KINDS.names, _KINDS.load
