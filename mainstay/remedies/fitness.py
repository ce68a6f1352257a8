"""Whether a runbook can be a remedy, and all that an allowance of it would be about."""

from collections.abc import Mapping
from dataclasses import dataclass

from mainstay.domain.document_remedies import Remedy
from mainstay.domain.remedy import granted, objection, sign_of
from mainstay.domain.run_answers import Refused, answers
from mainstay.domain.run_plan import Node, Unplannable, plan
from mainstay.domain.runbook import Runbook
from mainstay.domain.saying import say
from mainstay.runbooks import kinds


@dataclass(frozen=True, slots=True)
class Fit:
    """The steps as they would be taken. ``sign`` stands for them and for the remedy's text."""

    runbook: Runbook
    nodes: tuple[Node, ...]
    sign: str


def fit(remedy: Remedy, documents: Mapping[str, Runbook], kind: str | None = None) -> Fit:
    """``kind``: of the component that the run would be about; None: it is not known. Raises Refused."""

    def found(name: str) -> Runbook:
        if name not in documents:
            raise Unplannable(say("there is no runbook %(name)s", name=name))
        return documents[name]

    try:
        runbook = found(remedy.runbook)
        nodes = plan(runbook, found, kinds.manner)
    except Unplannable as error:
        raise Refused(*error.args) from None
    if why := objection(nodes, remedy.writes, kinds.acting_kinds()):
        raise Refused(why)
    if runbook.kinds and kind is not None and kind not in runbook.kinds:
        raise Refused(say("it is run on a component of kind: %(kinds)s", kinds=", ".join(runbook.kinds)))
    answers(runbook.inputs, remedy.inputs)
    nodes = granted(nodes, remedy.writes)
    return Fit(runbook, nodes, sign_of(remedy.model_dump(mode="json"), runbook, nodes))
