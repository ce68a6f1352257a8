"""A runbook made ready to be run: sub-runbooks put in, durations in seconds. A run keeps its plan to its end, whatever
becomes of the runbook meanwhile.

A step is known by its way: ``agree``, ``check-both/left/look``, and ``stop-service/undo/start`` for what undoes it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from mainstay.domain.document_forms import Text
from mainstay.domain.duration import parse_duration
from mainstay.domain.runbook import PARALLEL, RUN, Branches, Inner, Runbook, Step
from mainstay.domain.saying import say

UNDO = "undo"
DEEPEST = 5
"""Runbooks inside each other."""
LARGEST = 500
"""Steps of one plan."""


class Unplannable(ValueError):
    """The runbook cannot be run so; ``str()`` says why."""


class Node(BaseModel):
    """One step of a plan. ``timeout`` and ``retry_after`` in seconds. ``scope``: the way of the sub-runbook whose
    names its values are; ``given``: of a sub-runbook its inputs, still to be filled in. ``granted``: the rows that a
    step which asks may change without being answered, because a person allowed that beforehand."""

    model_config = ConfigDict(frozen=True)

    path: str
    kind: str
    scope: str = ""
    title: Text = ""
    on: str = ""
    when: tuple[str, ...] = ()
    settings: dict[str, Any] = {}
    timeout: float = 60.0
    retries: int = 0
    retry_after: float = 10.0
    on_failure: Literal["stop", "skip", "roll-back"] = "stop"
    repeatable: bool = False
    asks: bool = False
    granted: int = 0
    rollback: tuple["Node", ...] = ()
    branches: tuple[tuple["Node", ...], ...] = ()
    given: dict[str, Any] = {}
    defaults: dict[str, Any] = {}

    @property
    def holds(self) -> bool:
        """Whether it only holds other steps."""
        return self.kind in (PARALLEL, RUN)


Manner = Callable[[str, Mapping[str, Any]], tuple[bool, bool]]
"""Kind and settings → whether it may be repeated, and whether a person has to agree first."""


def plan(runbook: Runbook, find: Callable[[str], Runbook], manner: Manner) -> tuple[Node, ...]:
    """``find`` gives a runbook by its name and raises Unplannable. Raises Unplannable."""
    nodes = _Planner(find, manner).sequence(runbook.steps, "", "", (runbook.runbook,))
    if sum(1 for _ in every(nodes)) > LARGEST:
        raise Unplannable(say("a run has %(most)s steps at most", most=LARGEST))
    return nodes


class _Planner:
    def __init__(self, find: Callable[[str], Runbook], manner: Manner) -> None:
        self._find, self._manner = find, manner

    def sequence(self, steps: Mapping[str, Step], prefix: str, scope: str, within: tuple[str, ...]) -> tuple[Node, ...]:
        return tuple(self._node(step, f"{prefix}{name}", scope, within) for name, step in steps.items())

    def _node(self, step: Step, path: str, scope: str, within: tuple[str, ...]) -> Node:
        own = dict(step.model_extra or {})
        common = {
            "path": path, "kind": step.kind, "scope": scope, "title": step.title, "on": step.on,
            "when": tuple(step.when), "timeout": parse_duration(step.timeout), "retries": step.retries,
            "retry_after": parse_duration(step.retry_after), "on_failure": step.on_failure,
            "rollback": self.sequence(step.rollback, f"{path}/{UNDO}/", scope, within),
        }  # fmt: skip
        if step.kind == PARALLEL:
            branches = Branches.model_validate(own).branches.items()
            inner = tuple(self.sequence(steps, f"{path}/{name}/", scope, within) for name, steps in branches)
            return Node(**common, branches=inner, repeatable=True)
        if step.kind == RUN:
            return self._run(Inner.model_validate(own), common, path, within)
        repeatable, asks = self._manner(step.kind, own)
        return Node(
            **common, settings=own, asks=asks, repeatable=repeatable if step.repeatable is None else step.repeatable
        )

    def _run(self, inner: Inner, common: dict[str, Any], path: str, within: tuple[str, ...]) -> Node:
        if inner.runbook in within:
            raise Unplannable(say("%(circle)s is a circle", circle=" → ".join([*within, inner.runbook])))
        if len(within) >= DEEPEST:
            raise Unplannable(say("runbooks lie %(most)s deep in each other at most", most=DEEPEST))
        found = self._find(inner.runbook)
        if missing := [name for name, one in found.inputs.items() if one.required and one.default is None]:
            for name in missing:
                if name not in inner.given:
                    raise Unplannable(say("%(runbook)s needs the input %(name)s", runbook=inner.runbook, name=name))
        if strangers := sorted(set(inner.given) - set(found.inputs)):
            raise Unplannable(say("%(runbook)s has no input %(name)s", runbook=inner.runbook, name=strangers[0]))
        steps = self.sequence(found.steps, f"{path}/", path, (*within, inner.runbook))
        defaults = {name: one.default for name, one in found.inputs.items()}
        title = common["title"] or found.title
        return Node(
            **{**common, "title": title}, branches=(steps,), given=inner.given, defaults=defaults, repeatable=True
        )


def every(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """All steps of a plan, in its order, those that undo after the step that they undo."""
    for node in nodes:
        yield node
        for branch in node.branches:
            yield from every(branch)
        yield from every(node.rollback)


def find(nodes: tuple[Node, ...], path: str) -> Node:
    """Raises KeyError."""
    for node in every(nodes):
        if node.path == path:
            return node
    raise KeyError(path)


def kept(nodes: tuple[Node, ...]) -> list[dict[str, Any]]:
    """As JSON can hold it."""
    return [node.model_dump(mode="json", exclude_defaults=True) for node in nodes]


def plan_of(kept_plan: list[dict[str, Any]]) -> tuple[Node, ...]:
    """The other way round."""
    return tuple(Node.model_validate(one) for one in kept_plan)
