"""What is known that helps: past incidents alike and what ended them, emergency plans and runbooks that fit, vendors,
and who uses it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mainstay.catalogue.models import Arrangement, Component
from mainstay.catalogue.queries import arrangements
from mainstay.diagnosis.models import Exhibit
from mainstay.diagnosis.queries.scope import Relation, Scope
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.full_text import Query
from mainstay.domain.on_call import Vendor
from mainstay.domain.plan import worded
from mainstay.incidents.models import Entry, Incident
from mainstay.knowledge.queries import SIMILAR, Past, subject
from mainstay.knowledge.queries import similar as of_the_same_checks
from mainstay.people.queries import seen
from mainstay.plans.queries import followed_on
from mainstay.runbooks.models import Run
from mainstay.runbooks.queries import documents

LOOKED_AT = 300
"""Past incidents whose titles are compared; the newest."""
FITTING = 5


@dataclass(frozen=True, slots=True)
class Alike:
    """A past incident, how it ended, and the runbooks that were run to their end on it. ``why``: key, text."""

    past: Past
    why: str
    runs: list[str] = field(default_factory=list)


def alike(incident: Incident, sight: Sight = EVERYTHING) -> list[Alike]:
    """Those of the same key or checks first, then those of any system whose title says nearly the same."""
    same = of_the_same_checks(incident, sight)
    others = _by_title(incident, [one.incident.pk for one in same], sight)[: SIMILAR - len(same)]
    found = [(one, "key") for one in same] + [(one, "text") for one in others]
    done: dict[int, list[str]] = {}
    rows = Run.objects.filter(incident__in=[one.incident.pk for one, _ in found], state="done")
    for number, name in rows.order_by("pk").values_list("incident", "version__runbook__name"):
        done.setdefault(number or 0, []).append(name)
    return [Alike(one, why, list(dict.fromkeys(done.get(one.incident.pk, [])))) for one, why in found]


def _by_title(incident: Incident, but: Sequence[int], sight: Sight) -> list[Past]:
    query = Query.of(subject(str(incident.title.get("en") or next(iter(incident.title.values()), ""))))
    over = Incident.objects.filter(seen(sight, "system__name"), state="resolved").exclude(pk__in=[*but, incident.pk])
    newest = over.order_by("-resolved_at", "-pk").select_related("system")[:LOOKED_AT]
    scored = [(max(query.nearly(subject(str(text)), "") for text in row.title.values() or [""]), row) for row in newest]
    fitting = sorted((one for one in scored if one[0]), key=lambda one: -one[0])[:SIMILAR]
    said = Entry.objects.filter(incident__in=[row for _, row in fitting], word__in=("resolved", "note")).exclude(
        text=""
    )
    endings = {row.incident_id: row for row in said.order_by("at", "pk")}
    return [Past(row, endings.get(row.pk)) for _, row in fitting]


@dataclass(frozen=True, slots=True)
class Fitting:
    """A runbook, the component it can be run on, and why it fits: ``past`` (it ended one alike), ``pack`` (it came with
    the pack of a check that fails), ``kind`` (it is for components of that kind)."""

    name: str
    title: Mapping[str, str]
    target: str
    why: str


def runbooks(scope: Scope, likely: Iterable[Component], past: Iterable[Alike]) -> list[Fitting]:
    """Those that fit best first, each once."""
    books = documents()
    ended = {name for one in past for name in one.runs}
    packs = {f"pack:{one.check_of.pack}" for one in scope.members if one.check_of.pack}
    places = list(dict.fromkeys([*likely, *scope.of(Relation.AFFECTED)]))
    found: list[tuple[int, Fitting]] = []
    for name, version in books.items():
        kinds = version.document.get("kinds") or []
        target = next((str(one) for one in places if one.kind in kinds), "")
        if kinds and not target:
            continue
        came = version.runbook.source in packs
        why = "past" if name in ended else "pack" if came else "kind" if target else ""
        if why:
            found.append((("past", "pack", "kind").index(why), Fitting(name, version.runbook.title, target, why)))
    return [one for _, one in sorted(found, key=lambda one: (one[0], one[1].name))][:FITTING]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An emergency plan in force of the system, and why it fits: ``sees`` (a check that it names is among those that
    fail), ``system`` (it is for this system)."""

    name: str
    title: Mapping[str, str]
    why: str


def plans(incident: Incident, scope: Scope) -> list[Prepared]:
    """Those that name a failing check first."""
    if incident.system is None:
        return []
    failing = {one.check_of.name for one in scope.members if one.check_of.system_id == incident.system_id}
    found = [
        Prepared(one.plan.name, worded(one.document), "sees" if failing & set(one.document["checks"]) else "system")
        for one in followed_on(incident.system)
    ]
    return sorted(found, key=lambda one: ("sees", "system").index(one.why))[:FITTING]


@dataclass(frozen=True, slots=True)
class Called:
    """A vendor, and which part of the incident the contract is about; empty: the whole system."""

    name: str
    contract: Vendor
    part: str


def vendors(incident: Incident, scope: Scope) -> list[Called]:
    """Of the nearest component first, then the system's own and who its response team names."""
    near = [*scope.of(Relation.AFFECTED), *scope.of(Relation.UPSTREAM), *scope.of(Relation.HOST)]
    named = [(str(row.settings["vendor"]), str(row)) for row in near if row.settings.get("vendor")]
    if incident.system is not None:
        document = incident.system.document
        liaison = str((document.get("response_team") or {}).get("vendor_liaison") or "")
        whole = [str(document.get("vendor") or ""), liaison.removeprefix("vendor:") if liaison[:7] == "vendor:" else ""]
        named += [(name, "") for name in whole if name]
    known: dict[str, Arrangement] = {row.name: row for row in arrangements("vendor")} if named else {}
    first = {name: part for name, part in reversed(named) if name in known}
    order = list(dict.fromkeys(name for name, _ in named if name in known))
    return [Called(name, Vendor.model_validate(known[name].document), first[name]) for name in order]


@dataclass(frozen=True, slots=True)
class Users:
    """Who uses it: components that depend on it, how many people the catalogue says, who was signed in at its databases
    when the incident began."""

    dependants: list[Component]
    people: int
    check: str
    sessions: list[dict[str, Any]]


def users(incident: Incident, scope: Scope, exhibits: Iterable[Exhibit]) -> Users:
    """``check``: the one whose value says how many, where the catalogue names one."""
    said: Any = incident.system.document.get("users", 0) if incident.system is not None else 0
    sessions = [
        {"component": str(one.component), **row} for one in exhibits for row in one.rows.get("sessions", ())
    ]  # fmt: skip
    dependants = scope.of(Relation.DOWNSTREAM)
    return Users(dependants, said if isinstance(said, int) else 0, said if isinstance(said, str) else "", sessions)
