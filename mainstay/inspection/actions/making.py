"""A sheet is made: how every check stands, against its limits and yesterday, written in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, OuterRef, Subquery

from mainstay.audit.actions import record
from mainstay.catalogue import inspections
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check, System
from mainstay.domain import inspection
from mainstay.domain.actor import ENGINE, Actor, authorise
from mainstay.domain.daily import Turn
from mainstay.domain.duration import parse_duration
from mainstay.domain.evidence import kept
from mainstay.domain.state import State
from mainstay.domain.trend import ABNORMAL
from mainstay.incidents.queries import running_of
from mainstay.inspection import queries
from mainstay.inspection.actions.telling import tell
from mainstay.inspection.models import Line, Sheet
from mainstay.monitoring import queries as monitoring
from mainstay.monitoring.models import Observation, StateChange

DAY = timedelta(days=1)
NEAR = 1800.0
"""Seconds around the same time yesterday within which a sample stands for it; twice the interval for slow checks."""
ROWS, EXCERPT = 20, 2000


@dataclass(frozen=True, slots=True)
class Draft:
    """All that was read; writing it needs nothing more."""

    system: System
    plan: inspection.Plan
    lines: Sequence[inspection.Line]
    standing_since: Mapping[int, datetime]
    yesterday: Mapping[tuple[int, str], float]
    evidence: Mapping[int, dict[str, Any]]


def run_by_hand(system_name: str, *, actor: Actor) -> Sheet:
    """A sheet of its own number. Raises System.DoesNotExist."""
    authorise(actor, "inspection.run", system=system_name)
    draft = gather(catalogue.system(system_name), now := datetime.now(UTC))
    with transaction.atomic():
        _lock(draft.system)
        day = now.astimezone(ZoneInfo(draft.system.timezone)).date()
        last = Sheet.objects.filter(system=draft.system, day=day).aggregate(last=Max("number"))["last"] or 0
        return _write(draft, Turn(day, None), last + 1, now, actor)


def run_by_schedule(system: System, turn: Turn, now: datetime) -> Sheet | None:
    """The day's sheet; None when it is there already, whoever made it."""
    if Sheet.objects.filter(system=system, day=turn.day, number=0).exists():
        return None
    draft = gather(system, now)
    with transaction.atomic():
        _lock(system)
        if Sheet.objects.filter(system=system, day=turn.day, number=0).exists():
            return None
        return _write(draft, turn, 0, now, ENGINE)


def _lock(system: System) -> None:
    """One at a time makes a system's sheets. SQLite's transactions wait anyway."""
    System.objects.select_for_update(no_key=True).get(pk=system.pk)


def gather(system: System, now: datetime) -> Draft:
    """Read everything; outside any transaction, for nobody must wait for it."""
    checks = list(
        catalogue.checks(system.name).select_related("standing").order_by("component__name", "name")
    )  # those of one component together
    values = monitoring.last_values([check.pk for check in checks])
    plan = inspections.plan_of(system, {check.pack for check in checks if check.pack})
    seen = [_seen(check, {name: (one.value, one.unit) for name, one in values[check.pk].items()}) for check in checks]
    lines = inspection.fill(plan, seen, now, ZoneInfo(system.timezone))
    wanted = {(line.check.id, line.metric): max(NEAR, 2 * line.check.every) for line in lines if line.check}
    before = monitoring.values_around(wanted, (now - DAY).timestamp())
    since = {check.pk: check.standing.since for check in checks if hasattr(check, "standing")}
    return Draft(system, plan, lines, since, before, _evidence(seen))


def _seen(check: Check, values: Mapping[str, tuple[float, str]]) -> inspection.Seen:
    standing = getattr(check, "standing", None)
    return inspection.Seen(
        check.pk, check.name, check.kind, check.category, check.title, check.every,
        standing.state if standing else State.UNKNOWN.value,
        component=check.component.name if check.component else "",
        component_kind=check.component.kind if check.component else "",
        pack=check.pack,
        primary=monitoring.primary_metric(check, values),
        warn=check.document.get("warn", []), crit=check.document.get("crit", []), values=values,
        message=standing.message if standing else {}, looked_at=standing.looked_at if standing else None,
    )  # fmt: skip


def _evidence(seen: Collection[inspection.Seen]) -> dict[int, dict[str, Any]]:
    """The last change of each check; of a flow its stages as they stand."""
    ids = [one.id for one in seen]
    newest = StateChange.objects.filter(check_of=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    changes = Check.objects.filter(pk__in=ids).annotate(newest=Subquery(newest)).values("newest")
    found: dict[int, dict[str, Any]] = {}
    for change in StateChange.objects.filter(pk__in=changes):
        rows, excerpt = change.evidence.get("rows") or [], change.evidence.get("excerpt") or ""
        known = {"at": change.at.isoformat(), "before": change.before, "after": change.after}
        found[change.check_of_id] = kept({**known, "rows": rows[:ROWS], "excerpt": excerpt[:EXCERPT]})
    flows = {one.id for one in seen if one.kind == "flow"}
    for picture in Observation.objects.filter(pk__in=flows):
        stages = [
            {key: stage.get(key) for key in ("name", "cases", "amount", "stuck", "stuck_amount")}
            for stage in picture.payload.get("stages", [])
        ]
        found.setdefault(picture.pk, {}).update(kept({"at": picture.at.isoformat(), "rows": stages}))
    return found


def _write(draft: Draft, turn: Turn, number: int, now: datetime, actor: Actor) -> Sheet:
    system = draft.system
    states = [line.state for line in draft.lines]
    found = Sheet.objects.create(
        system=system, day=turn.day, number=number, zone=system.timezone, due_at=turn.due,
        made_at=now, made_by=actor.name,
        head=_head(draft), state=inspection.worst(states).value, measured="",
        counts={state: states.count(state) for state in (*map(str, State), inspection.NOT_WATCHED)},
        **(_waits(system, now) if turn.due else {}),
    )  # fmt: skip
    incidents = running_of([line.check.id for line in draft.lines if line.check])
    rows = [_row(draft, found, place, line) for place, line in enumerate(draft.lines, 1)]
    for row in rows:
        if row.state in ABNORMAL and row.check_of_id in incidents:
            row.incident = incidents[row.check_of_id]
    Line.objects.bulk_create(rows)
    found.refresh_from_db()  # as it will be read: what databases do to numbers and moments is in the digest
    found.measured = queries.measured(found, queries.lines(found.pk))
    found.save(update_fields=["measured"])
    record(actor, "inspection.run", queries.label(found), {"sheet": str(found), "measured": found.measured})
    tell(found, "inspection-made", now)
    return found


def _waits(system: System, now: datetime) -> dict[str, datetime]:
    """Until when it is to be signed and, where somebody is named for it, how long it waits before it goes higher."""
    mine = inspections.own(system)
    late = now + timedelta(seconds=parse_duration(mine.late))
    higher = {"escalate_after": late + timedelta(seconds=parse_duration(mine.escalate_after))} if mine.escalate else {}
    return {"late_after": late, **higher}


def _head(draft: Draft) -> dict[str, Any]:
    system = draft.system
    sections = [
        {"name": one.name, "title": dict(one.title), "nothing": dict(one.nothing)} for one in draft.plan.sections
    ]
    return {"title": system.title, "tier": system.tier, "owner": system.owner, "sections": sections}


def _row(draft: Draft, found: Sheet, place: int, line: inspection.Line) -> Line:
    check = line.check
    row = Line(
        sheet=found, place=place, section=line.section, item=line.item, title=dict(line.title), state=line.state,
        metric=line.metric[:100], value=line.value, unit=line.unit[:16], warn=list(line.warn), crit=list(line.crit),
        unseen=line.unseen,
    )  # fmt: skip
    if check is not None:
        row.check_of_id, row.check_title, row.looked_at = check.id, dict(check.title), check.looked_at
        row.since, row.yesterday = draft.standing_since.get(check.id), draft.yesterday.get((check.id, line.metric))
        row.message = dict(check.message) if line.state != State.OK else {}
        row.evidence = draft.evidence.get(check.id, {})
    return row
