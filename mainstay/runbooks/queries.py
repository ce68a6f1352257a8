"""Runbooks, their runs, and how those stand."""

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Max, QuerySet

from mainstay.catalogue.naming import numbered, says
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.run_plan import Node, plan_of
from mainstay.domain.run_state import OPEN, Fact, StepState
from mainstay.domain.runbook import Runbook as Document
from mainstay.people.queries import seen
from mainstay.runbooks.models import Entry, Proof, Run, Runbook, Step, Version

WAITS_FOR_PEOPLE = (StepState.ASKING, StepState.DOUBTFUL)


SORTS = {"name": ("name",), "changed": ("-changed_at", "name")}
RUN_SORTS = {"newest": ("-asked_at", "-pk"), "oldest": ("asked_at", "pk")}


def runbooks(text: str = "", sort: str = "name") -> QuerySet[Runbook]:
    """Those in use, by what is in their name, title or source."""
    found = Runbook.objects.filter(retired_at=None).annotate(changed_at=Max("versions__made_at"))
    found = found.order_by(*SORTS[sort])
    return found.filter(says(text, ("name", "source"), ("title",))) if text else found


def runbook(name: str) -> Runbook:
    """Raises Runbook.DoesNotExist."""
    return runbooks().get(name=name)


def versions(name: str) -> QuerySet[Version]:
    """The newest first."""
    return Version.objects.filter(runbook__name=name, runbook__retired_at=None).select_related("runbook")


def newest(name: str) -> Version:
    """Raises Version.DoesNotExist."""
    found = versions(name).first()
    if found is None:
        raise Version.DoesNotExist
    return found


def documents() -> dict[str, Version]:
    """Name → the newest version of each in use."""
    last = {
        row["runbook"]: row["last"]
        for row in Version.objects.filter(runbook__retired_at=None)
        .order_by()
        .values("runbook")
        .annotate(last=Max("pk"))
    }
    return {row.runbook.name: row for row in Version.objects.filter(pk__in=last.values()).select_related("runbook")}


def document(version: Version) -> Document:
    """As it was written."""
    return Document.model_validate(version.document)


def runs(
    *, name: str = "", states: Collection[str] = (), incident: int | None = None, sight: Sight = EVERYTHING,
    text: str = "", sort: str = "newest",
) -> QuerySet[Run]:  # fmt: skip
    """By runbook, state and incident; ``text``: a number, or what it is about, or who asked for it."""
    found = Run.objects.filter(seen(sight, "system__name")).select_related(
        "version__runbook", "system", "component__system", "incident"
    )
    found = _saying(found, text).order_by(*RUN_SORTS[sort])
    found = found.filter(version__runbook__name=name) if name else found
    found = found.filter(state__in=states) if states else found
    return found.filter(incident=incident) if incident is not None else found


def _saying(found: QuerySet[Run], text: str) -> QuerySet[Run]:
    if not text:
        return found
    fits = says(
        text, ("version__runbook__name", "system__name", "component__name", "asked_by"),
        ("version__runbook__title", "system__title"),
    )  # fmt: skip
    return found.filter(fits | numbered(text))


def run(number: int, sight: Sight = EVERYTHING) -> Run:
    """Raises Run.DoesNotExist."""
    return runs(sight=sight).get(pk=number)


def open_runs() -> QuerySet[Run]:
    """Those that are not over."""
    return Run.objects.filter(state__in=OPEN)


def waits_for_people(sight: Sight = EVERYTHING) -> QuerySet[Run]:
    """Open runs in which somebody has to say something."""
    asking = Step.objects.filter(state__in=WAITS_FOR_PEOPLE).values("run")
    stopped = runs(states=OPEN, sight=sight)
    return (stopped.filter(pk__in=asking) | stopped.filter(state="stopped")).distinct()


def steps(row: Run) -> dict[str, Step]:
    """By way."""
    return {one.path: one for one in row.steps.prefetch_related("answers__proofs")}


def facts(rows: Mapping[str, Step]) -> dict[str, Fact]:
    """What decides how a run goes on."""
    return {path: Fact(StepState(one.state), one.due, one.ended) for path, one in rows.items()}


def plan(row: Run) -> tuple[Node, ...]:
    """As it was frozen."""
    return plan_of(row.plan)


def story(row: Run) -> QuerySet[Entry]:
    """In its order."""
    return Entry.objects.filter(run=row)


def proof(run_number: int, number: int, sight: Sight = EVERYTHING) -> Proof:
    """A file of a run. Raises Proof.DoesNotExist."""
    return Proof.objects.get(pk=number, answer__step__run__in=runs(sight=sight).filter(pk=run_number))


def values(row: Run) -> dict[str, Any]:
    """What every run knows of itself."""
    return {
        "run": row.pk, "system": row.system.name if row.system else "",
        "component": row.component.name if row.component else "", "target": str(row.component or row.system or ""),
        "incident": row.incident_id or "", "asked_by": row.asked_by.partition(":")[2] or row.asked_by,
    }  # fmt: skip
