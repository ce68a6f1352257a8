"""The engine's part before a run: of each incident whose check a remedy names, is it to be applied now?

It is decided again under the system's lock, and the attempt, its run and the incident's line are written in one
transaction: an engine that is killed at any point has begun the run, which then stands in its row, or has not.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import System
from mainstay.catalogue.specs import day_books
from mainstay.domain.actor import ENGINE, Actor, Denied, Role
from mainstay.domain.calendar import NO_BOOK
from mainstay.domain.remedy import HOUR, SILENT, Allowance, Bound, Case, Refusal, bounds_of, decide, fits
from mainstay.domain.remedy import Attempt as Past
from mainstay.domain.run_answers import Refused
from mainstay.domain.run_plan import kept as kept_plan
from mainstay.domain.saying import stored, words_of
from mainstay.incidents.models import Entry, Incident, Member
from mainstay.monitoring.queries import muted_checks
from mainstay.remedies import queries
from mainstay.remedies.models import Attempt, Decline
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks import queries as runs

_PARTS = ("root", "joined")
"""What is explained by another fault is not mended by itself."""
_FAILING = ("warning", "critical")


class Overtaken(Exception):
    """The runbook was changed while it was begun: it is decided anew."""


@dataclass(frozen=True, slots=True)
class Chance:
    """A failing check of an incident, and a remedy for it."""

    member: Member
    remedy: queries.Standing

    @property
    def incident(self) -> Incident:
        return self.member.incident


def begin_due(now: datetime) -> list[Attempt]:
    """Begin what is to be begun, and note once on the incident why another is not."""
    begun: list[Attempt] = []
    for chance in _chances(now):
        reason = _decided(chance, now)
        if reason is None:
            begun += _begin(chance, now)
        elif reason not in SILENT:
            _decline(chance, reason, now)
    return begun


def _chances(now: datetime, incident: int | None = None) -> list[Chance]:
    """What fails, as the check itself stands now, and what is written down for it."""
    found = Member.objects.exclude(incident__state="resolved").filter(
        role__in=_PARTS, state__in=_FAILING, check_of__retired_at=None, check_of__standing__state__in=_FAILING
    )
    found = found.filter(incident=incident) if incident is not None else found
    rows = list(found.select_related("incident", "check_of__system", "check_of__component", "check_of__standing"))
    if not any(row.check_of.system.document.get("remedies") for row in rows):
        return []
    known = queries.remedies(now, systems={row.check_of.system_id for row in rows})
    return [
        Chance(row, one) for row in rows for one in known if one.system.pk == row.check_of.system_id and _fits(one, row)
    ]


def _fits(remedy: queries.Standing, member: Member) -> bool:
    check, stands = member.check_of, member.check_of.standing
    return fits(remedy.remedy, check.name, stands.state, stands.message.get("fault", ""))


def _decided(chance: Chance, now: datetime) -> Refusal | None:
    standing = chance.remedy
    if standing.refusal is Refusal.CANNOT:
        return Refusal.CANNOT
    system, row = standing.system, standing.allowance
    book = day_books().get(system.document.get("calendar") or "", NO_BOOK)
    good = row is not None and row.until > now
    allowance = Allowance(row.sign, standing.refusal is not Refusal.LAPSED) if row is not None and good else None
    history = _history(chance, now)
    case = Case(
        chance.member.joined_at, chance.incident.state == "acknowledged",
        bool(muted_checks([chance.member.check_of], now)), runs.open_runs().filter(system=system).exists(),
    )  # fmt: skip
    bounds = bounds_of(standing.remedy, system.timezone, book)
    return decide(Bound(standing.name, bounds, standing.sign, allowance), case, history, now)


def _history(chance: Chance, now: datetime) -> list[Past]:
    """Attempts on the system that count: of the last hour, of this incident, and those that are under way. What was
    tried for one of its checks in an incident that became part of it counts as tried in it."""
    incident = chance.incident
    checks = set(Member.objects.filter(incident=incident).values_list("check_of_id", flat=True))
    rows = Attempt.objects.filter(system=chance.remedy.system).order_by("begun_at", "pk")
    found = rows.filter(begun_at__gt=now - HOUR) | rows.filter(incident=incident) | rows.filter(ended_at=None)
    found |= rows.filter(begun_at__gte=incident.since, check_of__in=checks)
    return [
        Past(row.remedy, row.begun_at, row.ended_at is not None, _helped(row), _here(row, incident, checks))
        for row in found.distinct()
    ]


def _helped(row: Attempt) -> bool | None:
    return {"helped": True, "failed": False}.get(row.outcome)


def _here(row: Attempt, incident: Incident, checks: set[int]) -> bool:
    if row.incident_id == incident.pk:
        return row.since == incident.since
    return row.begun_at >= incident.since and row.check_of_id in checks


def _begin(chance: Chance, now: datetime) -> list[Attempt]:
    """One, or none where it is not to be any more, or another engine was quicker."""
    try:
        with transaction.atomic():
            list(System.objects.filter(pk=chance.remedy.system.pk).select_for_update(no_key=True))
            fresh = _again(chance, now)
            if fresh is None or _decided(fresh, now) is not None:
                return []
            return [_begun(fresh, now)]
    except (IntegrityError, Overtaken):
        return []
    except (Refused, Denied, ObjectDoesNotExist) as error:
        _decline(chance, Refusal.CANNOT, now, why=words_of(error) if isinstance(error, Refused) else str(error))
        return []


def _again(chance: Chance, now: datetime) -> Chance | None:
    """The same as it is now."""
    for one in _chances(now, chance.incident.pk):
        if one.member.pk == chance.member.pk and one.remedy.name == chance.remedy.name:
            return one
    return None


def _begun(chance: Chance, now: datetime) -> Attempt:
    standing, incident, check = chance.remedy, chance.incident, chance.member.check_of
    remedy, allowance = standing.remedy, standing.allowance
    assert allowance is not None  # noqa: S101 - decided just now
    who = acting(allowance.made_by, standing.system.name)
    name = remedy.on or (check.component.name if check.component else "")
    target = f"{standing.system.name}/{name}" if name else standing.system.name
    run = runbooks.run(
        remedy.runbook, remedy.inputs, target=target, incident=incident, actor=who, why="remedy", writes=remedy.writes
    )
    if run.plan != kept_plan(standing.nodes):
        raise Overtaken
    number = Attempt.objects.filter(incident=incident, since=incident.since).count() + 1
    row = Attempt.objects.create(
        system=standing.system, remedy=standing.name, allowance=allowance, incident=incident, since=incident.since,
        number=number, check_of=check, run=run, document=remedy.model_dump(mode="json"), begun_at=now,
    )  # fmt: skip
    note(row, incident, "remedy-begun", who.name, now)
    data = {"run": run.pk, "check": str(check), "incident": incident.pk, "allowance": allowance.pk}
    record(who, "remedy.run", standing.path, data)
    return row


def acting(allowed_by: str, system: str) -> Actor:
    """Who a remedy acts as: named by the person who allowed it, and of no role but on its system."""
    return Actor(f"remedy:{allowed_by.partition(':')[2]}", Role.NONE, systems={system: Role.OPERATOR})


def note(row: Attempt, incident: Incident, word: str, actor: str, now: datetime, **data: str) -> None:
    """A line on an incident's timeline."""
    about = {
        "remedy": row.remedy, "check": str(row.check_of), "runbook": row.run.version.runbook.name, "run": row.run_id,
        **data,
    }  # fmt: skip
    Entry.objects.create(incident=incident, at=now, word=word, actor=actor, data=about)


def _decline(chance: Chance, reason: Refusal, now: datetime, why: str = "") -> None:
    """Once for each reason."""
    incident, name = chance.incident, chance.remedy.name
    with transaction.atomic():
        _row, new = Decline.objects.get_or_create(
            incident=incident, since=incident.since, remedy=name, reason=reason.value, defaults={"at": now}
        )
        if new:
            said = why or chance.remedy.wrong
            data: dict[str, Any] = {"remedy": name, "refusal": reason.value, "check": str(chance.member.check_of)}
            data |= {"why": stored(said, 300)} if said else {}
            Entry.objects.create(incident=incident, at=now, word="remedy-not", actor=ENGINE.name, data=data)
