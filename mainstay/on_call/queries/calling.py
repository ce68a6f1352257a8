"""Whom an escalation calls, at a moment, and why: for the engine that calls, and for those who only ask."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import System
from mainstay.catalogue.queries import mail_channel
from mainstay.domain.escalation import Chain, Taken, chain_of, course, next_move
from mainstay.domain.on_call import ROLES, Escalation, Team, escalation_for, parse_target
from mainstay.domain.saying import say
from mainstay.incidents.models import Incident
from mainstay.notices.queries import ways_to
from mainstay.on_call.models import Call, Move
from mainstay.on_call.queries.duty import Rota, rotas
from mainstay.people.models import Person
from mainstay.settings import CONFIGURATION


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody to call: a person, a channel or a vendor. ``why``: what led to him, as codes and names."""

    kind: str
    name: str
    why: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Missed:
    """A target that leads to nobody, and the reason (a saying)."""

    target: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """Whom some targets lead to, and those that lead to nobody."""

    receivers: list[Receiver] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


class Resolver:
    """Looks targets up; what it knows is read once."""

    def __init__(self, only: Collection[str] = (), since: datetime | None = None) -> None:
        self._rotas: dict[str, Rota] = rotas(since)
        self._people = {one.username: one for one in Person.objects.filter(is_active=True)}
        self._teams = {row.name: Team.model_validate(row.document) for row in catalogue.arrangements("team")}
        self._channels = set(catalogue.channels().values_list("name", flat=True))
        self._vendors = set(catalogue.arrangements("vendor").values_list("name", flat=True))
        self._mail = mail_channel(only)
        self._reached: dict[str, bool] = {}

    def step(self, chain: Chain, step: int, at: datetime) -> Found:
        """Whom a step calls; where that is nobody, whom the escalation has for that case."""
        found = self.find(chain.steps[step].targets, at)
        if found.receivers or not chain.nobody:
            return found
        stand_in = self.find(chain.nobody, at)
        missing = ", ".join(one.target for one in found.missed)
        receivers = [Receiver(one.kind, one.name, {**one.why, "instead_of": missing}) for one in stand_in.receivers]
        return Found(receivers, [*found.missed, *stand_in.missed])

    def find(self, targets: Sequence[str], at: datetime) -> Found:
        """Whom they lead to, each once."""
        found, known = Found(), set[tuple[str, str]]()
        for target in targets:
            for one in self._one(target, at):
                if isinstance(one, Missed):
                    found.missed.append(one)
                elif (one.kind, one.name) not in known:
                    known.add((one.kind, one.name))
                    found.receivers.append(one)
        return found

    def _one(self, target: str, at: datetime) -> list[Receiver | Missed]:
        kind, name = parse_target(target)
        why = {"target": target}
        if kind == "person":
            return [self._person(name, why)]
        if kind == "team":
            team = self._teams.get(name)
            return [self._person(one, why) for one in team.members] if team else [_gone(target)]
        if kind == "rotation":
            return [self._on(target, name, at)]
        if kind == "vendor" and self._mail is None:
            return [Missed(target, say("there is no SMTP channel"))]
        there = self._channels if kind == "channel" else self._vendors
        return [Receiver(kind, name, why)] if name in there else [_gone(target)]

    def _on(self, target: str, name: str, at: datetime) -> Receiver | Missed:
        rota = self._rotas.get(name)
        if rota is None:
            return _gone(target)
        on = rota.on(at)
        if on.person is None:
            return Missed(target, say("nobody is on call then"))
        return self._person(on.person, {"target": target, "layer": on.layer, "override": on.override})

    def _person(self, name: str, why: dict[str, Any]) -> Receiver | Missed:
        person = self._people.get(name)
        if person is None:
            return Missed(why["target"], say("%(name)s has no account that is active", name=name))
        if name not in self._reached:
            self._reached[name] = bool(ways_to(person, self._mail))
        if not self._reached[name]:
            return Missed(why["target"], say("%(name)s has no address to be called at", name=name))
        return Receiver("person", name, why)


def _gone(target: str) -> Missed:
    return Missed(target, say("there is nothing of that name"))


def chain_named(name: str) -> Chain | None:
    """An escalation in use."""
    row = catalogue.arrangements("escalation").filter(name=name).first() if name else None
    return chain_of(Escalation.model_validate(row.document)) if row else None


def escalation_of(system: System | None, level: int) -> str:
    """The name of the escalation of a system's incidents of a level; empty for none."""
    return escalation_for(system.document.get("escalation"), level) if system else ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step as it would be taken. ``passed``: its hours are closed then."""

    round: int
    step: int
    at: datetime
    passed: bool
    found: Found


def simulate(system: System, level: int, at: datetime) -> list[Planned]:
    """Who would be called for an incident of this level that begins at a moment, if nobody ever took it on. Nothing is
    sent. Empty where nothing escalates."""
    chain = chain_named(escalation_of(system, level))
    if chain is None:
        return []
    resolver = Resolver(system.document.get("notify", []), at)
    begin = at + timedelta(seconds=CONFIGURATION.settle)
    moves = course(chain, begin, lambda step, when: bool(resolver.step(chain, step, when).receivers))
    planned = []
    for move in moves:
        closed = not chain.steps[move.step].is_open(move.at)
        found = Found() if closed else resolver.step(chain, move.step, move.at)
        planned.append(Planned(move.round, move.step, move.at, closed, found))
    return planned


def explain(incident: Incident, person: str = "") -> dict[str, Any]:
    """Every step that was taken, whom it called and why; and what comes next if nobody takes the incident on.
    ``person`` narrows to what called him."""
    moves = list(Move.objects.filter(incident=incident).order_by("at", "pk"))
    calls = Call.objects.filter(incident=incident).select_related("move").order_by("at", "pk")
    if person:
        calls = calls.filter(kind="person", name=person)
        moves = [move for move in moves if move.pk in {call.move_id for call in calls}]
    name = escalation_of(incident.system, incident.level)
    return {"escalation": name, "moves": moves, "calls": list(calls), "next": _next(incident, name)}


def _next(incident: Incident, name: str) -> dict[str, Any] | None:
    chain = chain_named(name) if incident.state == "open" else None
    if chain is None:
        return None
    move = next_move(chain, begun(incident), history(incident, name))
    if move is None:
        return None
    only = incident.system.document.get("notify", []) if incident.system else []
    return {"move": move, "found": Resolver(only).step(chain, move.step, move.at)}


def begun(incident: Incident) -> datetime:
    """From when its steps are counted: it may still grow for a moment."""
    return incident.counted_since + timedelta(seconds=CONFIGURATION.settle)


def history(incident: Incident, escalation: str) -> list[Taken]:
    """What an escalation has done for an incident since it was opened, or opened again."""
    rows = Move.objects.filter(incident=incident, since=incident.since, escalation=escalation).order_by("at", "pk")
    return [taken(row) for row in rows]


def taken(row: Move) -> Taken:
    """What was done, at its moment by the clock as it is set now."""
    return Taken(row.round, row.step, row.reminder, row.at + row.leapt, row.outcome == "called")


def response_team(system: System, at: datetime) -> list[dict[str, Any]]:
    """Each role that the system fills, and who has it at a moment; ``reason`` says why nobody."""
    named = system.document.get("response_team") or {}
    wanted = [(role, named[role]) for role in ROLES if named.get(role)]
    if not wanted:
        return []
    resolver, rows = Resolver(since=at), []
    for role, target in wanted:
        found = resolver.find([target], at)
        names = [one.name for one in found.receivers]
        rows.append({
            "role": role, "target": target, "names": names, "reason": found.missed[0].reason if not names else "",
        })  # fmt: skip
    return rows
