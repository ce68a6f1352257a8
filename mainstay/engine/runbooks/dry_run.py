"""What a run would do, said without doing anything: every value that is known filled in, secrets hidden, nothing
outside touched and nothing written down."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.run_plan import Node, every
from mainstay.domain.run_values import Unknown, fill
from mainstay.domain.saying import words_of
from mainstay.drivers.steps import StepFailed
from mainstay.engine.runbooks.filling import Sheet
from mainstay.runbooks import queries
from mainstay.runbooks.actions import prepared
from mainstay.runbooks.models import Run


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One step. What an earlier step has to give first still reads ``${…}``. ``wrong``: why it could not be done."""

    node: Node
    on: str
    settings: Mapping[str, Any]
    wrong: str = ""


def dry_run(name: str, given: Mapping[str, Any], *, target: str = "", actor: Actor) -> list[Foreseen]:
    """Step by step. Raises Refused, and what is not there."""
    system, _, part = target.partition("/")
    authorise(actor, "runbook.run", system=system or None)
    version = queries.newest(name)
    of = catalogue.system(system, actor.sight) if system else None
    component = catalogue.components(system, actor.sight).get(name=part) if part else None
    nodes, inputs = prepared(queries.document(version), given, component)
    run = Run(
        version=version, system=of, component=component, inputs=inputs, plan=[], asked_by=actor.name,
        asked_at=datetime.now(UTC),
    )  # fmt: skip
    return list(_foreseen(Sheet(run, nodes, {}, hidden=True), nodes))


def _foreseen(sheet: Sheet, nodes: tuple[Node, ...]) -> Iterator[Foreseen]:
    for node in every(nodes):
        values = _values(sheet, node.scope)
        settings = fill(node.given if node.holds else node.settings, values, sheet.secret)
        on, wrong = "", ""
        try:
            if not node.holds:
                on = str(sheet.component(node) or "")
        except StepFailed as error:
            wrong = words_of(error)
        except Unknown:
            on = node.on
        yield Foreseen(node, on, settings, wrong)


def _values(sheet: Sheet, scope: str) -> Callable[[str], Any]:
    """What is known before the run; the rest stays as it is written."""
    known = sheet.of(scope)

    def value(name: str) -> Any:
        try:
            return known(name)
        except Unknown:
            return f"${{{name}}}"

    return value
