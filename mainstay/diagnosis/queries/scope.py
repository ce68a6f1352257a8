"""Which components an incident is about: those affected, those they depend on, those on the same host, those that
depend on them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Q

from mainstay.catalogue.models import Check, Component
from mainstay.domain.actor import EVERYTHING, Sight
from mainstay.domain.cause import reached
from mainstay.incidents.models import Incident, Member
from mainstay.people.queries import seen

MOST_PARTS, MOST_CHECKS = 60, 400
_HERE = frozenset({"local", "localhost", "127.0.0.1", "::1"})


class Relation(StrEnum):
    """What a component has to do with an incident, the nearest first."""

    AFFECTED = "affected"
    UPSTREAM = "upstream"
    HOST = "host"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Scope:
    """``parts``: component id → component, the nearest first; ``needs``: → what it depends on directly; ``failing``:
    those with a check that is still not well."""

    parts: dict[int, Component]
    relations: dict[int, Relation]
    needs: dict[int, set[int]]
    members: list[Member]
    checks: list[Check]
    failing: frozenset[int]

    def of(self, *relations: Relation) -> list[Component]:
        """The components of these relations."""
        return [self.parts[key] for key, relation in self.relations.items() if relation in relations]


def scope_of(incident: Incident, sight: Sight = EVERYTHING) -> Scope:
    """By five queries. Of a very large system the nearest components and their checks."""
    members = list(Member.objects.filter(incident=incident).select_related("check_of__component", "check_of__system"))
    rows = {
        row.pk: row
        for row in Component.objects.filter(system=incident.system_id, retired_at=None).select_related("system")
    }
    needs: dict[int, set[int]] = defaultdict(set)
    arrows = Component.depends_on.through.objects.filter(from_component__system=incident.system_id)
    for above, below in arrows.values_list("from_component_id", "to_component_id"):
        needs[above].add(below)
    affected = {one.check_of.component_id for one in members} | {incident.root_id}
    relations = _relations([key for key in rows if key in affected], rows, needs)
    for row in _neighbours([rows[key] for key in relations], sight):
        rows.setdefault(row.pk, row)
        relations.setdefault(row.pk, Relation.HOST)
    nearest = sorted(relations, key=lambda key: (list(Relation).index(relations[key]), key))[:MOST_PARTS]
    checks = Check.objects.filter(
        Q(component__in=nearest) | Q(pk__in=[one.check_of_id for one in members]), retired_at=None
    )
    checks = checks.select_related("system", "component").defer("document").order_by("pk")[:MOST_CHECKS]
    return Scope(
        {key: rows[key] for key in nearest}, {key: relations[key] for key in nearest}, dict(needs), members,
        list(checks), frozenset(_failing(incident, members)),
    )  # fmt: skip


def _failing(incident: Incident, members: list[Member]) -> Iterator[int]:
    """Components of which a check failed, or which a person named."""
    for one in members:
        if one.check_of.component_id is not None:
            yield one.check_of.component_id
    if not members and incident.root_id is not None:
        yield incident.root_id


def _relations(
    affected: Collection[int], rows: Mapping[int, Component], needs: Mapping[int, set[int]]
) -> dict[int, Relation]:
    found = dict.fromkeys(affected, Relation.AFFECTED)
    for key in affected:
        for below in reached(key, needs):
            if below in rows:
                found.setdefault(below, Relation.UPSTREAM)
    above: dict[int, set[int]] = defaultdict(set)
    for key, those in needs.items():
        for one in those:
            above[one].add(key)
    for key in affected:
        for one in reached(key, above):
            if one in rows:
                found.setdefault(one, Relation.DOWNSTREAM)
    return found


def _neighbours(parts: Collection[Component], sight: Sight) -> list[Component]:
    """Hosts, of whatever system, under which the parts lie by their addresses."""
    names = set().union(*(hosts_in(row.settings) for row in parts)) if parts else set()
    if not names:
        return []
    found = Component.objects.filter(
        seen(sight, "system__name"), kind="host", retired_at=None, settings__address__in=sorted(names)
    )
    return list(found.exclude(pk__in=[row.pk for row in parts]).select_related("system")[:MOST_PARTS])


def hosts_in(settings: Mapping[str, Any]) -> set[str]:
    """The names of the hosts that a component's settings speak of, as far as they are written out."""
    found = {str(settings.get(key) or "") for key in ("address", "host")}
    for key in ("url", "dsn"):
        text = str(settings.get(key) or "")
        if "://" in text:
            try:
                found.add(urlsplit(text).hostname or "")
            except ValueError:  # a placeholder where the port should be
                continue
    found = {name for name in found if name and "${" not in name}
    return found | (_HERE if found & _HERE else set())
