"""Writes a draft into the tables. Called by ``actions.apply`` inside its transaction; rows are never deleted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model

from mainstay.catalogue.models import (
    Arrangement,
    Calendar,
    Channel,
    Check,
    Component,
    HelpDesk,
    Original,
    Policy,
    Practice,
    Store,
    System,
)
from mainstay.domain import backup_policy, document
from mainstay.domain.difference import Act, Difference
from mainstay.domain.draft import (
    Catalogue,
    DraftCheck,
    DraftSystem,
    check_object,
    component_object,
    header_object,
    languages,
    policy_object,
)
from mainstay.domain.duration import parse_duration
from mainstay.domain.on_call import ARRANGEMENTS

_BATCH = 500
_OF_A_SYSTEM = ("system", "component", "policy", "check")
Row = TypeVar("Row", Component, Check)


class _Plan:
    """Which objects are written and which retired, by kind."""

    def __init__(self, differences: Iterable[Difference]) -> None:
        self._written: dict[str, set[str]] = {}
        self._retired: dict[str, set[str]] = {}
        for difference in differences:
            side = self._retired if difference.act is Act.RETIRED else self._written
            side.setdefault(difference.kind, set()).add(difference.name)

    def written(self, kind: str) -> set[str]:
        return self._written.get(kind, set())

    def retired(self, kind: str) -> set[str]:
        return self._retired.get(kind, set())


def write(catalogue: Catalogue, differences: Sequence[Difference], now: datetime) -> None:
    """Carry out ``differences``."""
    plan = _Plan(differences)
    _write_shared(catalogue, plan, now)
    systems = _write_systems(catalogue, differences, plan, now)
    _write_components(catalogue, plan, systems, now)
    _write_policies(catalogue, plan, systems, now)
    _write_checks(catalogue, plan, systems, now)


def _write_shared(catalogue: Catalogue, plan: _Plan, now: datetime) -> None:
    for name in plan.written("calendar"):
        values = {"document": catalogue.calendars[name].model_dump(mode="json"), "retired_at": None}
        Calendar.objects.update_or_create(name=name, defaults=values)
    for name in plan.written("channel"):
        Channel.objects.update_or_create(name=name, defaults=_values_of_a_kind(catalogue.channels[name]))
    for name in plan.written("store"):
        Store.objects.update_or_create(name=name, defaults=_values_of_a_kind(catalogue.stores[name]))
    for kind, name in catalogue.practices:
        if name in plan.written(kind):
            values = {"document": dict(catalogue.practices[kind, name]), "retired_at": None}
            Practice.objects.update_or_create(kind=kind, name=name, defaults=values)
    for kind in ("grading", "clock", "words"):
        Practice.objects.filter(kind=kind, name__in=plan.retired(kind)).update(retired_at=now)
    for kind in ARRANGEMENTS:
        for name in plan.written(kind):
            values = {"document": catalogue.arrangements[kind, name].model_dump(mode="json"), "retired_at": None}
            Arrangement.objects.update_or_create(kind=kind, name=name, defaults=values)
        Arrangement.objects.filter(kind=kind, name__in=plan.retired(kind)).update(retired_at=now)
    for name in plan.written("help desk"):
        assert catalogue.help_desk is not None  # noqa: S101 - it is what differs
        values = {"document": catalogue.help_desk.model_dump(mode="json"), "retired_at": None}
        HelpDesk.objects.update_or_create(name=name, defaults=values)
    retired: Mapping[str, type[Model]] = {
        "calendar": Calendar, "channel": Channel, "store": Store, "help desk": HelpDesk,
    }  # fmt: skip
    for kind, model in retired.items():
        model._default_manager.filter(name__in=plan.retired(kind)).update(retired_at=now)


def _values_of_a_kind(one: document.Channel | backup_policy.Store) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "settings": dict(one.model_extra or {}),
        "document": one.model_dump(mode="json"),
        "retired_at": None,
    }


def _write_systems(
    catalogue: Catalogue, differences: Sequence[Difference], plan: _Plan, now: datetime
) -> dict[str, System]:
    """Every system that anything changed in keeps the words that now describe it."""
    touched = {one.name.partition("/")[0] for one in differences if one.kind in _OF_A_SYSTEM}
    found = {}
    for name in touched & catalogue.systems.keys():
        draft = catalogue.systems[name]
        found[name], _ = System.objects.update_or_create(name=name, defaults=_system_values(draft))
        Original.objects.update_or_create(
            system=found[name], defaults={"text": json.dumps(dict(draft.written), ensure_ascii=False)}
        )
    System.objects.filter(name__in=plan.retired("system")).update(retired_at=now)
    for system in System.objects.filter(name__in=touched - found.keys()):
        found[system.name] = system
    return found


def _system_values(draft: DraftSystem) -> dict[str, Any]:
    header = draft.header
    return {
        "title": languages(header.title),
        "tier": header.tier,
        "timezone": header.timezone,
        "owner": header.owner,
        "objectives": header.objectives.model_dump(mode="json"),
        "document": header_object(header),
        "source": draft.source,
        "retired_at": None,
    }


def _write_components(catalogue: Catalogue, plan: _Plan, systems: Mapping[str, System], now: datetime) -> None:
    rows = _rows_of(Component, systems)
    new: list[Component] = []
    changed: list[Component] = []
    for path in sorted(plan.written("component")):
        owner, _, name = path.partition("/")
        value = component_object(catalogue.systems[owner].components[name])
        row = rows.get(path) or Component(system=systems[owner], name=name)
        row.kind, row.title, row.settings, row.retired_at = value["kind"], value["title"], value["settings"], None
        (changed if row.pk else new).append(row)
    Component.objects.bulk_create(new, batch_size=_BATCH)
    Component.objects.bulk_update(changed, ["kind", "title", "settings", "retired_at"], batch_size=_BATCH)
    retired = [rows[path].pk for path in plan.retired("component")]
    for start in range(0, len(retired), _BATCH):
        Component.objects.filter(pk__in=retired[start : start + _BATCH]).update(retired_at=now)
    _write_links(catalogue, plan, systems)


def _write_links(catalogue: Catalogue, plan: _Plan, systems: Mapping[str, System]) -> None:
    """What each written component depends on, set anew."""
    rows = _rows_of(Component, systems)
    link = Component.depends_on.through
    written = sorted(plan.written("component"))
    keys = [rows[path].pk for path in written]
    for start in range(0, len(keys), _BATCH):
        link.objects.filter(from_component_id__in=keys[start : start + _BATCH]).delete()
    links = []
    for path in written:
        owner, _, name = path.partition("/")
        for needed in dict.fromkeys(catalogue.systems[owner].components[name].depends_on):
            links.append(link(from_component_id=rows[path].pk, to_component_id=rows[f"{owner}/{needed}"].pk))
    link.objects.bulk_create(links, batch_size=_BATCH)


def _write_policies(catalogue: Catalogue, plan: _Plan, systems: Mapping[str, System], now: datetime) -> None:
    """Few enough to be written one by one."""
    written = sorted(plan.written("policy"))
    components = _rows_of(Component, systems) if written else {}
    for path in written:
        owner, _, name = path.partition("/")
        draft = catalogue.systems[owner].policies[name]
        value = policy_object(draft)
        values = {
            "component": components[f"{owner}/{draft.definition.of}"],
            "title": value["title"],
            "tool": draft.tool,
            "document": value,
            "retired_at": None,
        }
        row = Policy.objects.filter(system=systems[owner], name=name).first()
        if row is None or row.retired_at is not None:
            values["made_at"] = now
        Policy.objects.update_or_create(system=systems[owner], name=name, defaults=values)
    for path in plan.retired("policy"):
        owner, _, name = path.partition("/")
        Policy.objects.filter(system__name=owner, name=name).update(retired_at=now)


def _write_checks(catalogue: Catalogue, plan: _Plan, systems: Mapping[str, System], now: datetime) -> None:
    rows = _rows_of(Check, systems)
    components = _rows_of(Component, systems)
    new: list[Check] = []
    changed: list[Check] = []
    for path in sorted(plan.written("check")):
        owner, _, name = path.partition("/")
        draft = catalogue.systems[owner].checks[name]
        row = rows.get(path) or Check(system=systems[owner], name=name)
        _fill_check(row, draft)
        row.component = components[f"{owner}/{draft.component}"] if draft.component else None
        (changed if row.pk else new).append(row)
    Check.objects.bulk_create(new, batch_size=_BATCH)
    Check.objects.bulk_update(changed, _CHECK_COLUMNS, batch_size=100)
    retired = [rows[path].pk for path in plan.retired("check")]
    for start in range(0, len(retired), _BATCH):
        Check.objects.filter(pk__in=retired[start : start + _BATCH]).update(retired_at=now)


_CHECK_COLUMNS = ["component", "title", "kind", "every", "category", "impact", "pack", "document", "retired_at"]


def _fill_check(row: Check, draft: DraftCheck) -> None:
    value = check_object(draft)
    del value["component"], value["pack"]  # columns of their own
    row.document, row.title, row.pack = value, value["title"], draft.pack
    row.kind, row.every = draft.definition.probe.kind, parse_duration(draft.definition.every)
    row.category, row.impact = value["category"], value["impact"]
    row.retired_at = None


def _rows_of(model: type[Row], systems: Mapping[str, System]) -> dict[str, Row]:
    names = {system.pk: name for name, system in systems.items()}
    found = model.objects.filter(system_id__in=names)
    return {f"{names[row.system_id]}/{row.name}": row for row in found}
