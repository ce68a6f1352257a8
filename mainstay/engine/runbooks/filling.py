"""What ``${…}`` stands for at a step of a run, and the settings that the step then has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from pydantic import BaseModel, ValidationError

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Component
from mainstay.catalogue.secret_book import SecretBook
from mainstay.domain.placeholder import fill as fill_secrets
from mainstay.domain.run_plan import Node, every
from mainstay.domain.run_state import StepState
from mainstay.domain.run_values import HIDDEN, Unknown, fill, names
from mainstay.domain.saying import say
from mainstay.drivers.steps import StepFailed
from mainstay.runbooks import kinds, queries
from mainstay.runbooks.models import Run, Step


@dataclass(slots=True)
class Sheet:
    """Values of one run as they are now. ``hidden``: secrets are not looked up, and stand as ``***``."""

    run: Run
    nodes: tuple[Node, ...]
    steps: Mapping[str, Step]
    hidden: bool = False
    used: dict[str, str] = field(default_factory=dict)
    _book: SecretBook = field(default_factory=SecretBook)

    def secret(self, name: str) -> str:
        """Raises Unfilled. What was given away is remembered, so that it can be struck out of what comes back."""
        if self.hidden:
            return HIDDEN
        self.used[name] = self._book.value(name)
        return self.used[name]

    def of(self, scope: str) -> Callable[[str], Any]:
        """The values that a step of this scope may use."""
        known = queries.values(self.run)
        inputs = self.run.inputs if not scope else (self.steps[scope].outputs if scope in self.steps else {})

        def value(name: str) -> Any:
            step, dot, output = name.partition(".")
            if dot:
                return self._output(scope, step, output)
            if step in inputs:
                return inputs[step]
            if step in known:
                return known[step]
            raise Unknown(say("there is no value %(name)s", name=name))

        return value

    def _output(self, scope: str, step: str, output: str) -> Any:
        for node in every(self.nodes):
            if node.scope == scope and node.path.rpartition("/")[2] == step and node.path in self.steps:
                row = self.steps[node.path]
                if row.state == StepState.DONE and output in row.outputs:
                    return row.outputs[output]
        raise Unknown(say("the step %(step)s gave no %(output)s", step=step, output=output))

    def component(self, node: Node) -> Component | None:
        """What the step is on. A name that was filled in leads to no other system than the run's. Raises StepFailed."""
        if not node.on:
            return self.run.component
        text = str(fill(node.on, self.of(node.scope), self.secret))
        own = self.run.system.name if self.run.system else ""
        system, _, name = text.rpartition("/")
        self.require_own(node.on, system or own)
        try:
            return catalogue.components(system or own).get(name=name)
        except ObjectDoesNotExist:
            raise StepFailed(say("there is no component %(name)s", name=text), retry=False) from None

    def path(self, node: Node, key: str, filled: str) -> str:
        """The full name of a check or a policy. Raises StepFailed."""
        own = self.run.system.name if self.run.system else ""
        system = filled.partition("/")[0] if "/" in filled else own
        self.require_own(str(node.settings.get(key, "")), system)
        return filled if "/" in filled else f"{own}/{filled}"

    def require_own(self, template: str, system: str) -> None:
        """Who may run on one system does not reach another by an input. Raises StepFailed."""
        own = self.run.system.name if self.run.system else ""
        if list(names(template)) and system != own:
            raise StepFailed(
                say("a value leads to the system %(name)s; the run is about another", name=system), retry=False
            )

    def component_settings(self, row: Component | None) -> dict[str, Any]:
        """Filled in. Raises Unfilled."""
        if row is None:
            return {}
        filled: dict[str, Any] = fill_secrets(row.settings, self.secret)
        return filled

    def settings(self, node: Node) -> Any:
        """The step's own, as its kind has them. Raises StepFailed, Unfilled, Unknown."""
        filled = fill(node.settings, self.of(node.scope), self.secret)
        return validated(kinds.settings_model(node.kind), filled)

    def inner(self, node: Node) -> dict[str, Any]:
        """The inputs of a sub-runbook."""
        given = fill(node.given, self.of(node.scope), self.secret)
        return {**node.defaults, **given}


def validated(model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    """Raises StepFailed, which names keys and never a value."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = sorted({".".join(map(str, item["loc"])) for item in error.errors(include_input=False)})
        raise StepFailed(
            say("the value filled into %(keys)s does not fit", keys=", ".join(wrong)), retry=False
        ) from None
