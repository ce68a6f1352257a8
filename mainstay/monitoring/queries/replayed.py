"""What a check would have done in the last days by another definition, out of the samples that were kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mainstay.catalogue.models import Check
from mainstay.catalogue.specs import rule_of
from mainstay.domain.preview import Course, Look, Past, Turn, gathered, recorded, replay, retrace
from mainstay.domain.reading import Fault, Problem
from mainstay.domain.saying import restored
from mainstay.domain.state import State
from mainstay.domain.state_machine import Memory, Rule
from mainstay.monitoring.models import Series, StateChange
from mainstay.monitoring.queries.history import state_bands
from mainstay.monitoring.queries.raw import raw

MOST_DAYS = 7
MOST_LOOKS = 60_480
"""Looks that are replayed: a week of one every ten seconds. Of more the newest are taken, for thinned ones would say
nothing of how long a condition held."""
_WARM_UP = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """A span as it is on record, by the present definition and by the changed one.

    ``shortened``: there were more looks than are replayed. ``unmeasured`` are metrics of the changed conditions of
    which there is no sample, so that they would never have held. ``findings``: whether a look found something is not
    known, because it was left to conditions that are now taken away.
    """

    start: datetime
    end: datetime
    looks: int
    shortened: bool
    recorded: Course
    before: Course
    after: Course
    unmeasured: tuple[str, ...] = ()
    findings: bool = False


def preview(check: Check, definition: Mapping[str, Any] | None, now: datetime, days: float = MOST_DAYS) -> Preview:
    """What ``definition`` (None: the check is left out) would have made of the last days; at most MOST_DAYS and
    MOST_LOOKS."""
    start = now - timedelta(days=min(days, MOST_DAYS))
    names = list(Series.objects.filter(check_of=check).order_by("pk").values_list("metric", flat=True))
    present, changed = (rule_of(check, one, names[0] if names else "") for one in (check.document, definition or {}))
    warm = start - min(_WARM_UP, timedelta(seconds=_longest_hold(present, changed) + 30 * check.every))
    left_out = definition is None
    looks = raw(check.pk, _needed(names, present, changed), warm.timestamp(), now.timestamp(), MOST_LOOKS + 1)
    shortened = len(looks) > MOST_LOOKS
    if shortened:
        looks = looks[1:]
        warm = datetime.fromtimestamp(looks[0].at, UTC)
        start = max(start, warm)
    past = _past(check, looks, warm, now)
    events = retrace(past, present)
    span = start.timestamp(), now.timestamp()
    return Preview(
        start=start, end=now, looks=sum(look.at >= span[0] for look in looks), shortened=shortened,
        recorded=recorded([(a.timestamp(), b.timestamp(), state) for a, b, state in state_bands(check.pk, start, now)]),
        before=replay(events, present, past.memory, *span),
        after=replay([] if left_out else events, changed, past.memory, *span),
        unmeasured=tuple(sorted(_metrics(changed) - set(names))) if looks else (),
        findings=not left_out and check.kind == "integrity" and _metrics(changed) == set() != _metrics(present),
    )  # fmt: skip


def _longest_hold(*rules: Rule) -> float:
    return max((one.hold for rule in rules for one in (*rule.warn, *rule.crit)), default=0.0)


def _metrics(rule: Rule) -> set[str]:
    return {one.metric or rule.primary for one in (*rule.warn, *rule.crit)}


def _needed(names: Sequence[str], *rules: Rule) -> list[str]:
    """What conditions speak of; and the first metric in any case, to know when a look was taken."""
    asked = set().union(*(_metrics(rule) for rule in rules))
    return [name for place, name in enumerate(names) if place == 0 or name in asked]


def _past(check: Check, looks: list[Look], start: datetime, end: datetime) -> Past:
    """With the recorded changes, the one before the span first: what it left is remembered, or goes on."""
    changes = StateChange.objects.filter(check_of=check, at__lt=end)
    inside = [_turn(row.at, row) for row in changes.filter(at__gte=start).order_by("at", "id")]
    memory = Memory()
    before = changes.filter(at__lt=start).order_by("-at", "-id").first()
    if before is not None:
        condition = before.message.get("condition")
        held = {str(condition): before.at.timestamp()} if condition else {}
        memory = Memory(state=State(before.after), holding=held)
        if (turn := _turn(start, before)).failed:
            inside.insert(0, turn)
    return gathered(looks, inside, end.timestamp(), check.every, memory)


def _turn(at: datetime, row: StateChange) -> Turn:
    state, fault = State(row.after), row.message.get("fault", "")
    if fault not in set(Fault):
        return Turn(at.timestamp(), state, failed=state is State.UNKNOWN)
    problem = Problem(Fault(fault), restored(row.message.get("detail")), warning=state is State.WARNING)
    return Turn(at.timestamp(), state, failed=True, problem=problem)
