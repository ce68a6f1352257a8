"""What the checker runs: every check with its settings filled in and its conditions read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from mainstay.catalogue import kinds
from mainstay.catalogue.models import Calendar, Check, Component, System
from mainstay.catalogue.secret_book import SecretBook
from mainstay.domain.calendar import NO_BOOK, DayBook, Hours, parse_hours
from mainstay.domain.draft import Catalogue, check_object
from mainstay.domain.duration import parse_duration
from mainstay.domain.placeholder import Unfilled, fill, has_placeholder
from mainstay.domain.saying import say, words_of
from mainstay.domain.state_machine import Rule
from mainstay.domain.threshold import Condition, parse_condition

_PROBE_KEYS = ("kind", "on")
_OF_THE_RECORD = ("backup",)
"""Kinds that look at what Mainstay has on record of a component and never at the component: nothing that it lacks
keeps them from it."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One check, ready to run. ``setup_problem`` says why it cannot; empty when it can. Times in seconds."""

    id: int
    path: str
    system_id: int
    component_id: int | None
    kind: str
    settings: dict[str, Any]
    component: dict[str, Any]
    every: float
    timeout: float
    missing: float
    rule: Rule
    evidence: int
    mask: tuple[str, ...]
    setup_problem: str = ""


@dataclass(frozen=True, slots=True)
class _Clock:
    zone: ZoneInfo
    book: DayBook


class _Row(NamedTuple):
    """The columns of a check that make its spec."""

    id: int
    name: str
    system_id: int
    system: str
    component_id: int | None
    kind: str
    document: Mapping[str, Any]


def own_spec(row: Check) -> Spec:
    """A check under which Mainstay speaks of itself: no probe looks, and the first complaint counts."""
    return Spec(
        id=row.pk, path=f"mainstay/{row.name}", system_id=row.system_id, component_id=None, kind=row.name, settings={},
        component={}, every=60.0, timeout=10.0, missing=float("inf"), rule=Rule(failures=1, flapping=False),
        evidence=0, mask=(),
    )  # fmt: skip


def specs() -> list[Spec]:
    """Every check in use."""
    book = SecretBook()
    clocks = _clocks()
    parts = {
        row.pk: _Filled.of({"kind": row.kind, **row.settings}, book)
        for row in Component.objects.filter(retired_at=None).only("kind", "settings")
    }
    rows = Check.objects.filter(retired_at=None).order_by("pk")
    columns = rows.values_list("pk", "name", "system_id", "system__name", "component_id", "kind", "document")
    return [
        _spec(row, parts.get(row.component_id or 0, _NOTHING), clocks[row.system_id], book)
        for row in map(_Row._make, columns.iterator(chunk_size=2000))
    ]


def drafted(catalogue: Catalogue) -> list[Spec]:
    """The checks of a catalogue that is not applied. They and their systems are numbered as they come; calendars that
    it does not bring are those in use."""
    book, found = SecretBook(), list[Spec]()
    books = day_books() | {name: _day_book(one.model_dump(mode="json")) for name, one in catalogue.calendars.items()}
    for number, (name, system) in enumerate(catalogue.systems.items(), 1):
        clock = _Clock(ZoneInfo(system.header.timezone), books.get(system.header.calendar or "", NO_BOOK))
        parts = {
            part: _Filled.of({"kind": one.kind, **(one.model_extra or {})}, book)
            for part, one in system.components.items()
        }
        for check, draft in system.checks.items():
            kind, document = draft.definition.probe.kind, check_object(draft)
            row = _Row(len(found) + 1, check, number, name, None, kind, document)
            found.append(_spec(row, parts.get(draft.component or "", _NOTHING), clock, book))
    return found


@dataclass(frozen=True, slots=True)
class _Filled:
    settings: dict[str, Any]
    problem: str = ""

    @classmethod
    def of(cls, settings: dict[str, Any], book: SecretBook) -> "_Filled":
        try:
            return cls(fill(settings, book.value))
        except Unfilled as error:
            return cls(settings, words_of(error))


_NOTHING = _Filled({})


def _spec(row: _Row, part: _Filled, clock: _Clock, book: SecretBook) -> Spec:
    document = row.document
    part = _NOTHING if row.kind in _OF_THE_RECORD else part
    written = {key: value for key, value in document["probe"].items() if key not in _PROBE_KEYS}
    settings = _Filled.of(written, book) if has_placeholder(written) else _Filled(written)
    every = _seconds(document["every"])
    problem = part.problem or settings.problem or _misfit(row.kind, written, settings.settings)
    return Spec(
        id=row.id,
        path=f"{row.system}/{row.name}",
        system_id=row.system_id,
        component_id=row.component_id,
        kind=row.kind,
        settings=settings.settings,
        component=part.settings,
        every=every,
        timeout=min(_seconds(document["timeout"]), every),
        missing=_seconds(document["missing"]) if document["missing"] else 3 * every,
        rule=_rule(row.kind, document, clock),
        evidence=document["evidence"],
        mask=tuple(document["mask"]),
        setup_problem=problem,
    )


def _misfit(kind: str, written: Mapping[str, Any], filled: Mapping[str, Any]) -> str:
    """What was still open when the catalogue was examined is judged now, without ever saying the value."""
    if kind not in kinds.probe_kinds():
        return say("there is no probe kind %(kind)s in this installation", kind=repr(kind))
    if written == filled:
        return ""
    try:
        kinds.probe_settings(kind).model_validate(filled)
    except ValidationError as error:
        keys = ", ".join(sorted({".".join(map(str, item["loc"])) for item in error.errors(include_input=False)}))
        if not keys:
            return say("the value filled into the probe does not fit")
        return say("the value filled into %(keys)s does not fit", keys=keys)
    return ""


def rule_of(check: Check, definition: Mapping[str, Any], first: str = "") -> Rule:
    """How a check would be judged by a definition; ``first`` is the metric that it gives first, where the target
    names its metrics itself."""
    calendar = Calendar.objects.filter(name=check.system.document.get("calendar") or "", retired_at=None).first()
    clock = _Clock(ZoneInfo(check.system.timezone), _day_book(calendar.document) if calendar else NO_BOOK)
    rule = _rule(check.kind, {**_DEFAULTS, **definition}, clock)
    return replace(rule, primary=first) if rule.primary == "*" else rule


_DEFAULTS = {"warn": [], "crit": [], "failures": 2, "during": "", "flapping": True}


def _rule(kind: str, document: Mapping[str, Any], clock: _Clock) -> Rule:
    return Rule(
        primary=kinds.primary(kind),
        warn=tuple(map(_condition, document["warn"])),
        crit=tuple(map(_condition, document["crit"])),
        failures=document["failures"],
        hours=_hours(document["during"]),
        zone=clock.zone,
        book=clock.book,
        flapping=document["flapping"],
    )


def _clocks() -> dict[int, _Clock]:
    books = day_books()
    return {
        row.pk: _Clock(ZoneInfo(row.timezone), books.get(row.document.get("calendar") or "", NO_BOOK))
        for row in System.objects.all()
    }


def day_books() -> dict[str, DayBook]:
    """The calendars in use by name."""
    return {row.name: _day_book(row.document) for row in Calendar.objects.filter(retired_at=None)}


def _day_book(document: Mapping[str, list[str]]) -> DayBook:
    return DayBook(
        frozenset(map(date.fromisoformat, document.get("holidays", []))),
        frozenset(map(date.fromisoformat, document.get("workdays", []))),
    )


@lru_cache(maxsize=10_000)
def _condition(text: str) -> Condition:
    return parse_condition(text)


@lru_cache(maxsize=1_000)
def _hours(text: str) -> Hours:
    return parse_hours(text)


@lru_cache(maxsize=1_000)
def _seconds(text: str) -> float:
    return parse_duration(text)
