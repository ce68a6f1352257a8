"""Remedies of the catalogue, how each stands, and what was tried."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import QuerySet

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Component, System
from mainstay.domain.actor import EVERYTHING, PERMISSIONS, Actor, Sight
from mainstay.domain.document_remedies import Remedy
from mainstay.domain.remedy import Refusal
from mainstay.domain.run_answers import Refused
from mainstay.domain.run_plan import Node, every
from mainstay.domain.runbook import Runbook
from mainstay.domain.saying import words_of
from mainstay.people.models import Person
from mainstay.people.queries import actor_of, seen
from mainstay.remedies.fitness import Fit, fit
from mainstay.remedies.models import Allowance, Attempt
from mainstay.runbooks import queries as runbooks


class Absent(ObjectDoesNotExist):
    """There is no such remedy."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A remedy as it is written, and whether it may be applied: ``refusal`` says why not, be it that its runbook
    cannot be run so (``wrong``). ``allowance`` is the newest that was not taken back."""

    system: System
    name: str
    remedy: Remedy
    sign: str
    nodes: tuple[Node, ...]
    wrong: str
    allowance: Allowance | None
    refusal: Refusal | None

    @property
    def path(self) -> str:
        return f"{self.system.name}/{self.name}"

    @property
    def writing(self) -> list[Node]:
        """Steps that change data without a second person."""
        return [node for node in every(self.nodes) if node.granted]


def remedies(
    now: datetime, sight: Sight = EVERYTHING, *, system: str = "", systems: Collection[int] | None = None
) -> list[Standing]:
    """All that are written down, by system and name."""
    found = catalogue.systems(sight).order_by("name")
    found = found.filter(name=system) if system else found
    found = found.filter(pk__in=systems) if systems is not None else found
    rows = [row for row in found if row.document.get("remedies")]
    if not rows:
        return []
    documents, kinds, allowed = known(), _kinds(rows), _allowances(rows)
    good = holding(allowed.values())
    return [
        _standing(row, _fitted(row, name, plain, documents, kinds), allowed.get((row.pk, name)), good, now)
        for row in rows
        for name, plain in sorted(row.document["remedies"].items())
    ]


def _fitted(
    system: System,
    name: str,
    plain: Mapping[str, object],
    documents: Mapping[str, Runbook],
    kinds: Mapping[tuple[int, str], str],
) -> tuple[str, Remedy, Fit | str]:
    """A remedy of a system by its name, and its runbook's steps or why it has none."""
    found = Remedy.model_validate(plain)
    try:
        return name, found, fit(found, documents, kinds.get((system.pk, found.on or "")))
    except Refused as error:
        return name, found, words_of(error)


def remedy(system: str, name: str, now: datetime, sight: Sight = EVERYTHING) -> Standing:
    """Raises Absent."""
    for one in remedies(now, sight, system=system):
        if one.name == name:
            return one
    raise Absent


def known() -> dict[str, Runbook]:
    """Runbooks in use by name."""
    return {name: runbooks.document(row) for name, row in runbooks.documents().items()}


def _allowances(systems: Collection[System]) -> dict[tuple[int, str], Allowance]:
    """System and remedy → what was allowed and not taken back, be it over by now."""
    rows = Allowance.objects.filter(system__in=systems, ended_at=None).select_related("system")
    return {(row.system_id, row.remedy): row for row in rows}


def _kinds(systems: Collection[System]) -> dict[tuple[int, str], str]:
    rows = Component.objects.filter(system__in=[row.pk for row in systems], retired_at=None)
    return {(owner, name): kind for owner, name, kind in rows.values_list("system_id", "name", "kind")}


def _standing(
    system: System,
    found: tuple[str, Remedy, Fit | str],
    allowance: Allowance | None,
    good: Collection[int],
    now: datetime,
) -> Standing:
    name, remedy, what = found
    if isinstance(what, str):
        return Standing(system, name, remedy, "", (), what, allowance, Refusal.CANNOT)
    refusal = None
    if allowance is None or allowance.until <= now:
        refusal = Refusal.NOT_ALLOWED
    elif allowance.sign != what.sign:
        refusal = Refusal.CHANGED
    elif allowance.pk not in good:
        refusal = Refusal.LAPSED
    return Standing(system, name, remedy, what.sign, what.nodes, "", allowance, refusal)


def holding(allowances: Iterable[Allowance]) -> set[int]:
    """Those whose maker may still allow it: his account is open, and his role on the system large enough. Who worked
    at the shell holds the machine."""
    rows = list(allowances)
    names = {row.made_by.removeprefix("person:") for row in rows}
    people = Person.objects.filter(username__in=names, is_active=True).prefetch_related("system_roles")
    actors = {f"person:{one.username}": actor_of(one) for one in people}
    return {row.pk for row in rows if not row.made_by.startswith("person:") or _may(actors.get(row.made_by), row)}


def _may(who: Actor | None, row: Allowance) -> bool:
    return who is not None and who.role_on(row.system.name) >= PERMISSIONS["remedy.allow"]


def attempts(
    *, system: str = "", remedy: str = "", incident: int | None = None, sight: Sight = EVERYTHING
) -> QuerySet[Attempt]:
    """The newest first."""
    found = Attempt.objects.filter(seen(sight, "system__name")).select_related(
        "system", "check_of__system", "run__version__runbook", "allowance", "incident"
    )
    found = found.filter(system__name=system) if system else found
    found = found.filter(remedy=remedy) if remedy else found
    return found.filter(incident=incident) if incident is not None else found


def past_allowances(system: str, remedy: str) -> QuerySet[Allowance]:
    """Of one remedy, the newest first."""
    return Allowance.objects.filter(system__name=system, remedy=remedy)
