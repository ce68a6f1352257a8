"""The inspection sheet: what stands on it and in which order, and how a system's checks fill it.

A template, what the packs add and what a system says of its own are laid over each other, key by key. A line without a
check behind it says so, and one whose check did not look lately is unknown: nothing is well for want of looking.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from mainstay.domain import document, document_forms, metric
from mainstay.domain.draft import languages
from mainstay.domain.state import State
from mainstay.domain.threshold import Condition, parse_condition

NOT_WATCHED = "none"
"""The state of a line behind which there is no check."""

SLACK = 0.5
"""Share of its interval by which a check may be late before it counts as not seen."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the sheet; ``nothing`` is what it says when it is empty."""

    name: str
    title: Mapping[str, str]
    nothing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """What is looked for. ``rank``: 0 the system's own, 1 a pack's, 2 the template's; the nearer one takes a check."""

    name: str
    section: str
    title: Mapping[str, str]
    checks: document.Selection
    metric: str = ""
    optional: bool = False
    rank: int = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """Sections and items in their order."""

    sections: Sequence[Section]
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Seen:
    """A check as it stands when the sheet is made. ``values``: metric → value and unit; ``primary`` is the metric that
    a bare condition is about."""

    id: int
    name: str
    kind: str
    category: str
    title: Mapping[str, str]
    every: float
    state: str
    component: str = ""
    component_kind: str = ""
    pack: str = ""
    primary: str = ""
    warn: Sequence[str] = ()
    crit: Sequence[str] = ()
    values: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    message: Mapping[str, Any] = field(default_factory=dict)
    looked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the sheet. ``unseen``: the check did not look today; ``check`` None: nothing is watched."""

    section: str
    item: str
    title: Mapping[str, str]
    state: str
    check: Seen | None = None
    metric: str = ""
    value: float | None = None
    unit: str = ""
    warn: Sequence[str] = ()
    crit: Sequence[str] = ()
    unseen: bool = False


def plan(below: Sequence[document.InspectionPart], own: document.Inspection) -> Plan:
    """The layers over each other: the template, what packs add, and on top the system's own."""
    sections: dict[str, dict[str, Any]] = {}
    items: dict[str, dict[str, Any]] = {}
    for depth, layer in enumerate([*below, own]):
        for name, section in layer.sections.items():
            _lay(sections.setdefault(name, {"order": []}), section)
        for name, item in layer.items.items():
            known = items.setdefault(name, {"rank": 2 if depth == 0 else 0 if layer is own else 1})
            _lay(known, item)
    shown = [name for name in _ordered(sections, own.order) if not sections[name].get("hide")]
    return Plan(
        [_section(name, sections[name]) for name in shown],
        [
            _item(name, items[name])
            for section in shown
            for name in _ordered(_of_section(items, section), sections[section]["order"])
        ],
    )  # fmt: skip


def _of_section(items: Mapping[str, Mapping[str, Any]], section: str) -> list[str]:
    return [
        name
        for name, one in items.items()
        if one.get("section") == section and not one.get("hide") and one.get("checks") is not None
    ]


def _lay(known: dict[str, Any], part: document_forms.Mapping) -> None:
    for key in type(part).model_fields:
        if (value := getattr(part, key)) not in (None, "", [], False) or (value is False and key == "optional"):
            known[key] = value


def _ordered(names: Iterable[str], first: Sequence[str]) -> list[str]:
    known = list(names)
    return [name for name in first if name in known] + [name for name in known if name not in first]


def _section(name: str, values: Mapping[str, Any]) -> Section:
    return Section(name, languages(values.get("title", name)), languages(values.get("nothing", "")))


def _item(name: str, values: Mapping[str, Any]) -> Item:
    return Item(
        name, values["section"], languages(values.get("title", name)), values["checks"], values.get("metric", ""),
        bool(values.get("optional")), values["rank"],
    )  # fmt: skip


def fits(selection: document.Selection, check: Seen) -> bool:
    """Whether the item is about this check."""
    own = {
        "kind": check.kind, "pack": check.pack, "category": check.category, "component": check.component,
        "component_kind": check.component_kind, "name": check.name,
    }  # fmt: skip
    return all(
        not (wanted := getattr(selection, key)) or any(fnmatchcase(value, str(pattern)) for pattern in wanted)
        for key, value in own.items()
    )


def fill(found: Plan, checks: Sequence[Seen], now: datetime, zone: ZoneInfo) -> list[Line]:
    """Every line, in the order of the plan. Items with a metric choose first, nearer ones before the template's; each
    check without one stands once, so that none is left out or doubled."""
    taken: set[int] = set()
    chosen: dict[str, list[tuple[Seen, str]]] = {}
    for item in sorted(found.items, key=lambda one: (not one.metric, one.rank)):
        fitting = [check for check in checks if fits(item.checks, check)]
        if item.metric:
            chosen[item.name] = [(check, item.metric) for check in _telling(fitting, item.metric)]
        else:
            chosen[item.name] = [(check, own_metric(check)) for check in fitting if check.id not in taken]
        taken |= {check.id for check, _ in chosen[item.name]}
    lines: list[Line] = []
    for section in found.sections:
        mine = [item for item in found.items if item.section == section.name]
        behind = any(chosen[item.name] for item in mine)
        for item in mine:
            lines += [_line(item, check, metric, now, zone) for check, metric in chosen[item.name]]
            if behind and not chosen[item.name] and not item.optional:
                lines.append(Line(item.section, item.name, item.title, NOT_WATCHED))
    return lines


def _telling(checks: Sequence[Seen], metric: str) -> list[Seen]:
    """Those that judge the metric; where none does, the first of each component that measures it."""
    judging = [check for check in checks if any(_about(check, metric, (*check.warn, *check.crit)))]
    places = {check.component for check in judging}
    for check in checks:
        if metric in check.values and check.component not in places:
            places.add(check.component)
            judging.append(check)
    return judging


def _about(check: Seen, metric: str, texts: Iterable[str]) -> list[Condition]:
    found = [parse_condition(text) for text in texts]
    return [one for one in found if (one.metric or check.primary) == metric]


def own_metric(check: Seen) -> str:
    """The metric that stands for a check on its sheet."""
    complaint = str(check.message.get("metric") or "") if check.state != State.OK else ""
    return metric.own_metric(check.values, check.primary, (*check.crit, *check.warn), complaint)


def _line(item: Item, check: Seen, metric: str, now: datetime, zone: ZoneInfo) -> Line:
    value, unit = check.values.get(metric, (None, ""))
    unseen = not seen_lately(check, now, zone)
    state = State.UNKNOWN.value if unseen else _state(check, metric)
    warn, crit = ([one.text for one in _about(check, metric, texts)] for texts in (check.warn, check.crit))
    return Line(item.section, item.name, item.title, state, check, metric, value, unit, warn, crit, unseen)


def seen_lately(check: Seen, now: datetime, zone: ZoneInfo) -> bool:
    """Looked at today on the clocks of the zone, or, for what is looked at less often, within its own rhythm."""
    if check.looked_at is None:
        return False
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    rhythm = timedelta(seconds=check.every * (1 + SLACK))
    return check.looked_at >= today or now - check.looked_at <= rhythm


def _state(check: Seen, metric: str) -> str:
    """A check may judge several metrics; a line is not wrong for what another line shows."""
    named = check.message.get("metric")
    if check.state == State.OK or not named or not metric or named == metric:
        return check.state
    values = {name: value for name, (value, _) in check.values.items()}
    wrong = [one for one in _about(check, metric, (*check.warn, *check.crit)) if one.holds(values, metric, False)]
    return check.state if wrong or metric not in values else State.OK.value


def worst(states: Iterable[str]) -> State:
    """Of all lines behind which there is a check; unknown where there is none."""
    found = [State(one) for one in states if one != NOT_WATCHED]
    return max(found, key=lambda one: one.rank, default=State.UNKNOWN)
