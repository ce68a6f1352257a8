"""The catalogue in use as plain objects, and how another one differs from it."""

import json
from collections.abc import Collection, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

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
from mainstay.domain.difference import Difference, ObjectKey, compare
from mainstay.domain.draft import HELP_DESK, Catalogue, DraftPolicy, header_object, policy_object
from mainstay.domain.on_call import ARRANGEMENTS, Vendor


def differences(catalogue: Catalogue) -> list[Difference]:
    """What ``actions.apply`` would do."""
    in_use, retired = stored(None if catalogue.whole else _systems_of(catalogue))
    if not catalogue.whole:
        in_use = {key: value for key, value in in_use.items() if _touched(key, catalogue)}
    wanted = catalogue.objects()
    found = compare(in_use, wanted, retired)
    return found + _rewritten(catalogue, found)


def _systems_of(catalogue: Catalogue) -> set[str]:
    """The systems of which a catalogue that is not whole speaks."""
    return {*catalogue.systems, *(name.partition("/")[0] for _kind, name in catalogue.leaving)}


def _touched(key: ObjectKey, catalogue: Catalogue) -> bool:
    """Whether a catalogue that is not whole speaks of the object."""
    kind, name = key
    if key in catalogue.leaving:
        return True
    if key == HELP_DESK:
        return catalogue.help_desk is not None
    if kind in ARRANGEMENTS:
        return key in catalogue.arrangements
    shared = {"channel": catalogue.channels, "calendar": catalogue.calendars, "store": catalogue.stores}
    if kind in ("grading", "clock", "words"):
        return key in catalogue.practices
    if kind in shared:
        return name in shared[kind]
    return name.partition("/")[0] in catalogue.systems


def _rewritten(catalogue: Catalogue, found: list[Difference]) -> list[Difference]:
    """Systems that mean the same but are written otherwise, so that export keeps giving what was applied."""
    known = {one.name.partition("/")[0] for one in found if one.kind in ("system", "check", "component", "policy")}
    names = [name for name in catalogue.systems if name not in known]
    rows = Original.objects.filter(system__name__in=names).values_list("system__name", "text")
    return [Difference.rewritten(name) for name, text in rows if json.loads(text) != catalogue.systems[name].written]


def stored(systems: Collection[str] | None = None) -> tuple[dict[ObjectKey, dict[str, Any]], frozenset[ObjectKey]]:
    """Every object in use in the form of ``Catalogue.objects``, and the keys of those retired; what belongs to a system
    only of these ones."""
    found: dict[ObjectKey, dict[str, Any]] = {}
    retired: set[ObjectKey] = set()
    for key, value, at in chain(_shared_rows(), _rows_of(systems)):
        if at is None:
            found[key] = value
        else:
            retired.add(key)
    return found, frozenset(retired)


# What an older Mainstay stored has no key for what came later: the default stands in.
_HEADER = header_object(document.System(system="none"))
_POLICY = policy_object(DraftPolicy(backup_policy.Policy(of="none", stores=["none"]), ""))
_VENDOR = Vendor(email="none@none").model_dump(mode="json")
_CHECK = document.Check(probe=document.Probe(kind="none")).model_dump(mode="json")


def _shared_rows() -> Iterator[tuple[ObjectKey, dict[str, Any], datetime | None]]:
    for calendar in Calendar.objects.all():
        yield ("calendar", calendar.name), calendar.document, calendar.retired_at
    for channel in Channel.objects.all():
        yield ("channel", channel.name), {"categories": [], **channel.document}, channel.retired_at
    for arrangement in Arrangement.objects.all():
        later = _VENDOR if arrangement.kind == "vendor" else {}
        yield (arrangement.kind, arrangement.name), {**later, **arrangement.document}, arrangement.retired_at
    for store in Store.objects.all():
        yield ("store", store.name), store.document, store.retired_at
    for desk in HelpDesk.objects.all():
        yield HELP_DESK, desk.document, desk.retired_at
    for practice in Practice.objects.all():
        yield (practice.kind, practice.name), practice.document, practice.retired_at


def _rows_of(systems: Collection[str] | None) -> Iterator[tuple[ObjectKey, dict[str, Any], datetime | None]]:
    mine, theirs = ({}, {}) if systems is None else ({"name__in": systems}, {"system__name__in": systems})
    for system in System.objects.filter(**mine):
        yield ("system", system.name), {**_HEADER, **system.document}, system.retired_at
    for component in Component.objects.filter(**theirs).select_related("system").prefetch_related("depends_on"):
        value = {
            "kind": component.kind,
            "title": component.title,
            "settings": component.settings,
            "depends_on": sorted(needed.name for needed in component.depends_on.all()),
        }
        yield ("component", f"{component.system.name}/{component.name}"), value, component.retired_at
    for policy in Policy.objects.filter(**theirs).select_related("system"):
        yield ("policy", f"{policy.system.name}/{policy.name}"), {**_POLICY, **policy.document}, policy.retired_at
    rows = (
        Check.objects.filter(**theirs)
        .order_by()
        .values_list("system__name", "name", "document", "component__name", "pack", "retired_at")
    )
    for owner, name, definition, component_name, pack, at in rows.iterator(chunk_size=2000):
        value = {**_CHECK, **definition, "component": component_name, "pack": pack}
        yield ("check", f"{owner}/{name}"), value, at
