"""Schedules and escalation chains of Grafana OnCall, as rotations and escalations.

What comes in are the objects of its API (``/api/v1/users``, ``teams``, ``schedules``, ``on_call_shifts``,
``escalation_chains``, ``escalation_policies``) in one mapping, each a list or a page with ``results``. What cannot be
said with turns of whole days is left out, and every such thing is named.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mainstay.domain.duration import format_duration
from mainstay.domain.saying import say

Object = Mapping[str, Any]
PARTS = ("users", "teams", "schedules", "on_call_shifts", "escalation_chains", "escalation_policies")
_DAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}
_WEEK = tuple(_DAYS.values())
_DAY = 86_400
_UNIT = {"daily": 1, "weekly": 7}
_MOST_REPEATED = 5


class Unreadable(ValueError):
    """It is no export of Grafana OnCall; the message says what is missing."""


@dataclass(slots=True)
class Translated:
    """A catalogue's shared mapping, and what is not in it: in English, for the one who moves."""

    shared: dict[str, dict[str, Any]] = field(default_factory=lambda: {"teams": {}, "rotations": {}, "escalations": {}})
    left_out: list[str] = field(default_factory=list)


def translate(export: Any) -> Translated:
    """Raises Unreadable."""
    if not isinstance(export, Mapping) or not any(part in export for part in PARTS):
        raise Unreadable(say("this is no export of Grafana OnCall: it holds none of %(parts)s", parts=", ".join(PARTS)))
    return _Translator({part: _objects(export, part) for part in PARTS}).all()


def _objects(export: Object, part: str) -> list[Object]:
    found = export.get(part) or []
    found = found.get("results", []) if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Unreadable(say("%(part)s is no list of objects", part=part))
    return found


class _Translator:
    def __init__(self, parts: Mapping[str, list[Object]]) -> None:
        self._parts = parts
        self._made = Translated()
        self._users = {str(one.get("id")): str(one.get("username") or one.get("email")) for one in parts["users"]}
        self._shifts = {str(one.get("id")): one for one in parts["on_call_shifts"]}
        self._names: dict[str, dict[str, str]] = {}

    def all(self) -> Translated:
        for part in ("teams", "schedules", "escalation_chains"):
            self._names[part] = _named(self._parts[part])
        for one in self._parts["teams"]:
            self._team(one)
        for one in self._parts["schedules"]:
            self._schedule(one)
        for one in self._parts["escalation_chains"]:
            self._chain(one)
        return self._made

    def _leave(self, what: str) -> None:
        self._made.left_out.append(what)

    def _team(self, team: Object) -> None:
        members = [
            self._users[str(one.get("id"))]
            for one in self._parts["users"]
            if team.get("id") in (one.get("teams") or [])
        ]
        if members:
            self._made.shared["teams"][self._name("teams", team)] = {"title": team.get("name"), "members": members}
        else:
            self._leave(f"team {team.get('name')}: it has no members")

    def _name(self, part: str, one: Object) -> str:
        return self._names[part][str(one.get("id"))]

    def _schedule(self, schedule: Object) -> None:
        label = f"schedule {schedule.get('name')}"
        if schedule.get("type") == "ical":
            self._leave(f"{label}: it is taken from a calendar elsewhere")
            return
        zone = schedule.get("time_zone") or "UTC"
        shifts = [self._shifts[str(key)] for key in schedule.get("shifts") or [] if str(key) in self._shifts]
        shifts.sort(key=lambda one: -(one.get("level") or 0))
        layers = [layer for one in shifts if (layer := self._layer(label, one, zone))]
        if not layers:
            self._leave(f"{label}: nothing is left of it")
            return
        rotation: dict[str, Any] = {"title": schedule.get("name"), "timezone": zone, "layers": layers}
        team = self._names["teams"].get(str(schedule.get("team_id")))
        if team in self._made.shared["teams"]:
            rotation["team"] = team
        self._made.shared["rotations"][self._name("schedules", schedule)] = rotation

    def _layer(self, label: str, shift: Object, zone: str) -> dict[str, Any] | None:
        label = f"{label}, shift {shift.get('name')}"
        people = self._people(label, shift)
        if not people:
            self._leave(f"{label}: nobody is in it")
            return None
        start = datetime.fromisoformat(str(shift.get("rotation_start") or shift.get("start"))).replace(tzinfo=None)
        begins = datetime.fromisoformat(str(shift.get("start"))).replace(tzinfo=None)
        if shift.get("type") in ("single_event", "override"):
            end = begins + timedelta(seconds=int(shift.get("duration") or 0))
            self._leave(f"{label}: it is one time only, {people[0]} from {begins} to {end}; make it an override")
            return None
        unit = _UNIT.get(str(shift.get("frequency")))
        if unit is None or shift.get("by_month") or shift.get("by_monthday"):
            self._leave(f"{label}: turns are of whole days or weeks, not {shift.get('frequency')}")
            return None
        if shift.get("until"):
            self._leave(f"{label}: that it ends at {shift['until']}; take the layer out then")
        days = unit * int(shift.get("interval") or 1)
        during = _during(shift, begins, days)
        if during is None:
            self._leave(
                f"{label}: its hours of {format_duration(int(shift.get('duration') or 0))} fit no days of the week"
            )
            return None
        if unit == 1 and shift.get("by_day") and len(people) > 1:
            self._leave(f"{label}: that days off do not count as turns; look at who comes when")
        layer = {
            "people": people, "start": f"{start:%Y-%m-%d}", "turn": f"{days}d", "handover": f"{begins:%H:%M}",
            "timezone": shift.get("time_zone") if shift.get("time_zone") not in (None, zone) else "", "during": during,
        }  # fmt: skip
        return {key: value for key, value in layer.items() if value}

    def _people(self, label: str, shift: Object) -> list[str]:
        """In the order of their turns; of several at a time the first."""
        groups = shift.get("rolling_users") or [shift.get("users") or []]
        groups = [[self._users[str(key)] for key in group if str(key) in self._users] for group in groups]
        first = int(shift.get("start_rotation_from_user_index") or 0) % len(groups)
        groups = [group for group in (*groups[first:], *groups[:first]) if group]
        for group in groups:
            if len(group) > 1:
                self._leave(f"{label}: {', '.join(group[1:])} beside {group[0]}; a layer has one person at a time")
        return [group[0] for group in groups]

    def _chain(self, chain: Object) -> None:
        label, steps = f"chain {chain.get('name')}", list[dict[str, Any]]()
        made: dict[str, Any] = {"title": chain.get("name"), "steps": steps}
        policies = [
            one for one in self._parts["escalation_policies"] if one.get("escalation_chain_id") == chain.get("id")
        ]
        waited, during = 0.0, ""
        for one in sorted(policies, key=lambda one: one.get("position") or 0):
            match one.get("type"):
                case "wait":
                    waited += float(one.get("duration") or 0)
                case "notify_if_time_from_to":
                    during = f"{str(one.get('notify_if_time_from'))[:5]}-{str(one.get('notify_if_time_to'))[:5]}"
                case "repeat_escalation":
                    made |= {"repeat": _MOST_REPEATED, "again": format_duration(max(waited, 60))}
                case _:
                    if call := self._targets(label, one):
                        step = {"call": call, "after": format_duration(waited), "during": during}
                        steps.append({key: value for key, value in step.items() if value not in ("", "0s")})
                        waited = 0.0
        if steps:
            self._made.shared["escalations"][self._name("escalation_chains", chain)] = made
        else:
            self._leave(f"{label}: it calls nobody")

    def _targets(self, label: str, policy: Object) -> list[str]:
        kind = policy.get("type")
        if kind in ("notify_persons", "notify_person_next_each_time"):
            keys = policy.get("persons_to_notify") or policy.get("persons_to_notify_next_each_time") or []
            if kind != "notify_persons":
                self._leave(f"{label}: that one after the other is called, each time the next; all of them are")
            return [f"person:{self._users[str(key)]}" for key in keys if str(key) in self._users]
        for key, part, shared, target in (
            ("notify_on_call_from_schedule", "schedules", "rotations", "rotation"),
            ("team_to_notify", "teams", "teams", "team"),
        ):
            if policy.get(key):
                name = self._names[part].get(str(policy[key]), "")
                if name in self._made.shared[shared]:
                    return [f"{target}:{name}"]
        self._leave(f"{label}: the step {kind}")
        return []


def _during(shift: Object, begins: datetime, days: int) -> str | None:
    """Hours as a calendar says them; empty where the whole turn is meant, None where they cannot be said."""
    seconds, by_day = int(shift.get("duration") or 0), [str(day) for day in shift.get("by_day") or []]
    if seconds >= days * _DAY or (by_day and seconds == _DAY and len(by_day) == 7):
        return ""
    if not 0 < seconds <= _DAY:
        return None
    clock = f"{begins:%H:%M}-{begins + timedelta(seconds=seconds):%H:%M}"
    if days < 7 and not by_day:
        return clock if days == 1 else None
    names = [_DAYS[day] for day in by_day] if by_day else [_WEEK[begins.weekday()]]
    return ", ".join(f"{name} {clock}" for name in sorted(names, key=_WEEK.index))


def _named(objects: list[Object]) -> dict[str, str]:
    """Id → a name of ours, no two alike."""
    found: dict[str, str] = {}
    for one in objects:
        stem = re.sub(r"[^a-z0-9]+", "-", str(one.get("name")).lower()).strip("-")[:55] or "unnamed"
        name, number = stem, 2
        while name in found.values():
            name, number = f"{stem}-{number}", number + 1
        found[str(one.get("id"))] = name
    return found
