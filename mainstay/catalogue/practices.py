"""How a system's incidents are graded, timed and told: what comes with Mainstay, shared documents, its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from mainstay.catalogue.models import Practice as Row
from mainstay.catalogue.models import System
from mainstay.catalogue.specs import day_books
from mainstay.catalogue.template import practice
from mainstay.domain.calendar import ALWAYS, NO_BOOK, DayBook, parse_hours
from mainstay.domain.clock import Limits
from mainstay.domain.document_levels import GradingRule, Practice, Selected, fits, narrowness
from mainstay.domain.draft import languages
from mainstay.domain.duration import parse_duration
from mainstay.domain.severity import Rule
from mainstay.domain.state import Level
from mainstay.domain.worktime import Timetable

Chosen = TypeVar("Chosen", bound=Selected)


@dataclass(slots=True)
class Practices:
    """Read once for many systems, by a fixed number of queries."""

    layers: list[Practice]
    books: Mapping[str, DayBook]
    _rules: dict[int | None, list[Rule]] = field(default_factory=dict)
    _own: dict[int, Practice] = field(default_factory=dict)
    _tables: dict[int | None, Timetable] = field(default_factory=dict)
    _always: Timetable = field(default_factory=Timetable)

    @classmethod
    def read(cls) -> "Practices":
        """As they are now."""
        written: dict[str, dict[str, object]] = {"grading": {}, "clock": {}, "words": {}}
        for kind, name, document in Row.objects.filter(retired_at=None).values_list("kind", "name", "document"):
            written[kind][name] = document
        shared = Practice.model_validate(
            {"grading": written["grading"], "clocks": written["clock"], "words": written["words"]}
        )
        return cls([practice(), shared], day_books())

    def rules(self, system: System | None) -> list[Rule]:
        """Its rules for levels; one of the same name replaces the wider one."""
        key = system.pk if system else None
        if key not in self._rules:
            named: dict[str, GradingRule] = {}
            for layer in self._layers(system):
                named |= layer.grading
            self._rules[key] = [_rule(name, one) for name, one in named.items() if one.enabled]
        return self._rules[key]

    def limits(self, system: System | None, level: int, category: str) -> Limits:
        """How long an incident of it may take: as the system says, else a shared document, else what comes with
        Mainstay; and in each as the narrowest entry says that fits."""
        respond = resolve = None
        hours = "always"
        for one in _chosen([layer.clocks for layer in self._layers(system)], level, category):
            respond, resolve, hours = one.respond or respond, one.resolve or resolve, one.hours or hours
        table = self.table(system) if hours == "business" else self._always
        return Limits(_lasting(respond), _lasting(resolve), table)

    def words(self, system: System | None, level: int, category: str) -> dict[str, str]:
        """What its users are told, by language; empty where nothing is said."""
        found = _chosen([layer.words for layer in self._layers(system)], level, category)
        return languages(found[-1].text) if found else {}

    def table(self, system: System | None) -> Timetable:
        """Its business hours."""
        key = system.pk if system else None
        if key not in self._tables:
            document = system.document if system else {}
            hours = parse_hours(document.get("hours", "")) if system else ALWAYS
            zone = ZoneInfo(system.timezone if system else "UTC")
            self._tables[key] = Timetable(hours, zone, self.books.get(document.get("calendar") or "", NO_BOOK))
        return self._tables[key]

    def _layers(self, system: System | None) -> list[Practice]:
        if system is None:
            return self.layers
        if system.pk not in self._own:
            said = {key: system.document.get(key) or {} for key in ("grading", "clocks", "words")}
            self._own[system.pk] = Practice.model_validate(said)
        return [*self.layers, self._own[system.pk]]


def _chosen(layers: Iterable[Mapping[str, Chosen]], level: int, category: str) -> list[Chosen]:
    """Those that fit, so that what counts comes last."""
    found = []
    for layer in layers:
        fitting = [(narrowness(one), name, one) for name, one in layer.items() if fits(one, level, category)]
        found += [one for *_, one in sorted(fitting, key=lambda row: row[:2])]
    return found


def _lasting(text: str | None) -> timedelta | None:
    return timedelta(seconds=parse_duration(text)) if text else None


def _rule(name: str, one: GradingRule) -> Rule:
    return Rule(
        name, Level(one.level), languages(one.title), tuple(one.tier), tuple(one.state), tuple(one.impact),
        tuple(one.category), {"": None, "in": True, "out": False}[one.hours], parse_hours(one.during), one.above,
        one.money, one.stuck, one.users,
    )  # fmt: skip
