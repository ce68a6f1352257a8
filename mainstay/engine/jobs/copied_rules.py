"""The rules of a system's checks, asked of a restored copy as of the copy's own moment. The live system is not touched.

A broken integrity rule says something against the copy, or against the business at that moment: either way it is not
proved. A flow that is stuck says that people had work waiting; the copy holds it, and that is what is shown.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from mainstay.catalogue.queries import Spec, specs
from mainstay.domain import state_machine
from mainstay.domain.evidence import masked
from mainstay.domain.network import LOOPBACK, NetworkPolicy
from mainstay.domain.proof import Gate, Outcome
from mainstay.domain.reading import Reading
from mainstay.domain.state import State
from mainstay.drivers import probes
from mainstay.drivers.probes import Reach

KINDS = ("integrity", "flow")
SCRATCH = NetworkPolicy((*LOOPBACK,), setting="the scratch place of a proof")
"""A scratch server has a socket file and no port: there is nothing else that a rule could reach by it."""
LONGEST = 600.0
"""Seconds for one rule; a copy in a scratch place is colder than the live database."""


def gates(component: int, settings: Mapping[str, Any], at: datetime) -> Iterator[Gate]:
    """A gate for each rule on the component; ``settings`` point at the restored copy."""
    found = [spec for spec in specs() if spec.component_id == component and spec.kind in KINDS]
    if not found:
        yield Gate("rules", Outcome.NOT_ASKED, "no integrity rule or flow watches this component")
    shared: dict[str, Any] = {}
    try:
        for spec in found:
            yield _gate(spec, _reading(spec, settings, at, shared), at)
    finally:
        for one in shared.values():
            one.close()


def _reading(spec: Spec, component: Mapping[str, Any], at: datetime, shared: dict[str, Any]) -> Reading | str:
    """What the rule found, or why it could not be asked."""
    if spec.setup_problem:
        return spec.setup_problem
    module = probes.load(spec.kind)
    # A dsn of the rule's own would lead elsewhere: the component's, which is the copy's, takes its place.
    asked = module.Settings.model_validate(spec.settings).model_copy(update={"dsn": ""})

    def share(key: str, factory: Callable[[], Any]) -> Any:
        if key not in shared:
            shared[key] = factory()
        return shared[key]

    probe = module.Probe(asked, Reach(max(spec.timeout, LONGEST), SCRATCH, component, share, (), at))
    try:
        reading: Reading = probe.read()
    finally:
        probe.close()
    return reading


def _gate(spec: Spec, reading: Reading | str, at: datetime) -> Gate:
    name = f"rules.{spec.path.partition('/')[2]}"
    if isinstance(reading, str):
        return Gate(name, Outcome.UNSEEN, reading)
    if reading.blind or (reading.problem is not None and not reading.values):
        return Gate(name, Outcome.UNSEEN, str(reading.problem.detail if reading.problem else "no answer"))
    evidence = {"values": {key: str(value) for key, value in reading.values.items() if key != "seconds"}}
    state = state_machine.judge_alone(reading, spec.rule, at.timestamp()).state
    if spec.kind == "flow" or state in (State.OK, State.WARNING):
        return Gate(name, Outcome.PASSED, "" if state is State.OK else f"as it was then: {state.value}", evidence)
    if state is State.UNKNOWN:
        return Gate(name, Outcome.UNSEEN, "the rule gave no verdict", evidence)
    rows = [{key: str(value) for key, value in row.items()} for row in masked(reading.rows[:20], spec.mask)]
    detail = reading.problem.detail if reading.problem else "its condition is met"
    return Gate(name, Outcome.FAILED, detail, {**evidence, "rows": rows})
