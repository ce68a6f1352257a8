"""The engine's part: steps of escalations that are due are taken, and who was called hears when it is over.

A step is a row that cannot be written twice, and its calls with their notices and deliveries are written with it in one
transaction: an engine that is killed at any point has either taken the step, and the outbox sends it, or not at all.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import ENGINE
from mainstay.domain.duration import parse_duration
from mainstay.domain.escalation import Chain, Taken, chain_of, due, step_now
from mainstay.domain.escalation import Move as Due
from mainstay.domain.on_call import Escalation
from mainstay.incidents.models import Entry, Incident
from mainstay.notices.actions import Summons, summon, withdraw_calls
from mainstay.notices.recipients import vendor
from mainstay.on_call.models import Call, Move
from mainstay.on_call.queries import Found, Receiver, Resolver, escalation_of
from mainstay.on_call.queries.calling import begun, chain_named, history, taken

LINK_LASTS = timedelta(hours=24)


def call_due(now: datetime) -> list[Move]:
    """Take every step that is due; returns them."""
    moves: list[Move] = []
    chains = _chains()
    if not chains:
        return moves
    waiting = Incident.objects.filter(state="open").select_related("system")
    waiting = waiting.exclude(system__document__escalation=None).exclude(system=None)
    known = _history()
    for incident in waiting:
        name = escalation_of(incident.system, incident.level)
        chain = chains.get(name)
        if chain is None:
            continue
        history = [row for since, which, row in known[incident.pk] if (since, which) == (incident.since, name)]
        while (move := due(chain, begun(incident), history, now)) is not None:
            row = _take(incident, name, chain, move, now)
            if row is None:
                break
            moves.append(row)
            history.append(taken(row))
    return moves


def shift(by: timedelta) -> None:
    """The wall clock was set: the next step of a running escalation still comes as long after the last as it would."""
    running = Move.objects.exclude(incident__state="resolved").filter(since=F("incident__since"))
    running.update(leapt=F("leapt") + by)


def call_now(incident: Incident, now: datetime) -> Move | None:
    """The next step of an open incident's escalation, without its wait. None where nothing escalates, all was done, or
    somebody has taken it on."""
    name = escalation_of(incident.system, incident.level)
    chain = chain_named(name)
    if chain is None or incident.state != "open":
        return None
    move = step_now(chain, begun(incident), history(incident, name), now)
    return _take(incident, name, chain, move, now) if move is not None else None


def _chains() -> dict[str, Chain]:
    rows = catalogue.arrangements("escalation")
    return {row.name: chain_of(Escalation.model_validate(row.document)) for row in rows}


def _history() -> dict[int, list[tuple[datetime, str, Taken]]]:
    """Of all open incidents: since when, by which escalation, what was done."""
    found: dict[int, list[tuple[datetime, str, Taken]]] = defaultdict(list)
    for row in Move.objects.filter(incident__state="open").order_by("at", "pk"):
        found[row.incident_id].append((row.since, row.escalation, taken(row)))
    return found


def _take(incident: Incident, name: str, chain: Chain, move: Due, now: datetime) -> Move | None:
    """One step, or nothing when somebody took the incident on meanwhile or another engine was quicker."""
    with transaction.atomic():
        still = Incident.objects.select_for_update().filter(pk=incident.pk, state="open", since=incident.since)
        if not still.exists():
            return None
        passed = not chain.steps[move.step].is_open(now)
        only = incident.system.document.get("notify", []) if incident.system else []
        found = Found() if passed else Resolver(only).step(chain, move.step, now)
        outcome = "passed" if passed else "called" if found.receivers else "nobody"
        row, is_new = Move.objects.get_or_create(
            incident=incident, since=incident.since, escalation=name, round=move.round, step=move.step,
            reminder=move.reminder, defaults={"at": now, "outcome": outcome, "level": incident.level},
        )  # fmt: skip
        if not is_new:
            return None
        for one in found.receivers:
            _call(row, one, only, now)
        if outcome == "nobody":
            _say_nobody(row, found, only, now)
        _write(row, found, now)
    return row


def _call(row: Move, one: Receiver, only: list[str], now: datetime) -> None:
    made = Call.objects.create(
        move=row, incident_id=row.incident_id, kind=one.kind, name=one.name, at=now, why=one.why,
        expires_at=now + LINK_LASTS, answer_by=_answer_by(one, now),
    )  # fmt: skip
    word = "call-again" if row.reminder else "call"
    data = {"call": made.pk, "escalation": row.escalation, "step": row.step + 1, "round": row.round + 1, **one.why}
    summon(Summons(one.kind, one.name, word, f"call-{made.pk}", now, data, row.incident_id, only))


def _answer_by(one: Receiver, now: datetime) -> datetime | None:
    known = vendor(one.name) if one.kind == "vendor" else None
    return now + timedelta(seconds=parse_duration(known.respond)) if known and known.respond else None


def _say_nobody(row: Move, found: Found, only: list[str], now: datetime) -> None:
    """Where a step and what stands in for it lead to nobody, all the system's channels hear it."""
    names = only or list(catalogue.channels().values_list("name", flat=True))
    data = {"escalation": row.escalation, "step": row.step + 1, "missed": [one.target for one in found.missed]}
    for name in names:
        summon(Summons("channel", name, "call-nobody", f"nobody-{row.pk}-{name}", now, data, row.incident_id))


def _write(row: Move, found: Found, now: datetime) -> None:
    """The timeline's line, and the audit record."""
    called = [f"{one.kind}:{one.name}" for one in found.receivers]
    data: dict[str, Any] = {
        "escalation": row.escalation, "step": row.step + 1, "round": row.round + 1, "called": called,
        "missed": [one.target for one in found.missed], "outcome": row.outcome,
    }  # fmt: skip
    word = {"called": "called-again" if row.reminder else "called", "nobody": "call-nobody", "passed": "passed-over"}
    text = ", ".join(one.name for one in found.receivers) or ", ".join(data["missed"])
    Entry.objects.create(
        incident_id=row.incident_id, at=now, word=word[row.outcome], actor=ENGINE.name, text=text, data=data
    )
    record(ENGINE, "oncall.call", f"incident {row.incident_id}", data)


def end_calls(now: datetime) -> int:
    """Somebody took the incident on, or it is over: what is not sent is not, and who was called hears it, once each.
    How many calls."""
    goes_on = Q(incident__state="open", move__since=F("incident__since"))
    rows = list(Call.objects.filter(over_at=None).exclude(goes_on).select_related("incident__system"))
    by_incident: dict[int, list[Call]] = defaultdict(list)
    for row in rows:
        by_incident[row.incident_id].append(row)
    for calls in by_incident.values():
        _end(calls, now)
    return len(rows)


def _end(calls: list[Call], now: datetime) -> None:
    incident = calls[0].incident
    with transaction.atomic():
        mine = Call.objects.filter(pk__in=[one.pk for one in calls], over_at=None)
        if mine.update(over_at=now) != len(calls):
            transaction.set_rollback(True)  # another engine is at it
            return
        heard = withdraw_calls([f"call-{one.pk}" for one in calls], now)
        by = incident.acknowledged_by if incident.state == "acknowledged" else incident.resolved_by
        told = {one.name: one for one in calls if one.kind == "person" and f"call-{one.pk}" in heard}
        for name, one in told.items():
            if f"person:{name}" != by and incident.state != "open":
                data = {"call": one.pk, "by": by, "state": incident.state}
                summon(Summons("person", name, "call-over", f"over-{one.pk}", now, data, incident.pk))
