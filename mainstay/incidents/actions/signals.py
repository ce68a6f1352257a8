"""Alerts about components go the line's own way: what a component's alerts say together is a check of it.

So alerts are grouped by what depends on what, graded, muted and ended as what Mainstay sees itself is, and a thousand
alerts behind one broken switch are one incident.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mainstay.catalogue.models import Check, Component
from mainstay.domain.alert import Alert, is_outage, state_of
from mainstay.domain.state import Category, Impact, State
from mainstay.incidents.actions.following import follow
from mainstay.incidents.actions.judging import weigh_again
from mainstay.incidents.models import ALERTS, Member, Signal
from mainstay.incidents.queries import running_of
from mainstay.monitoring.actions import record_changes, record_standings
from mainstay.monitoring.models import Standing, StateChange
from mainstay.monitoring.queries import muted_checks

SHOWN = 5
"""Alerts that a change of state has as its evidence."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """What of a message was new: the check, its signal, and whether it fires."""

    check: Check
    signal: Signal
    alert: Alert


def components_of(alerts: Iterable[Alert]) -> dict[tuple[str, str], Component]:
    """(system, component) → the component in use, for alerts that name one."""
    wanted = {(one.system, one.component) for one in alerts if one.system and one.component}
    if not wanted:
        return {}
    found = Component.objects.filter(
        system__name__in={system for system, _ in wanted}, name__in={name for _, name in wanted}, retired_at=None,
        system__retired_at=None,
    ).select_related("system")  # fmt: skip
    known = {(one.system.name, one.name): one for one in found}
    return {key: known[key] for key in wanted & known.keys()}


def completed(alerts: Sequence[Alert]) -> list[Alert]:
    """Who says that an alert was taken on or is over needs not say again what it was about."""
    short = {one.fingerprint[:300] for one in alerts if not one.component and (one.taken or not one.firing)}
    if not short:
        return list(alerts)
    rows = Signal.objects.filter(fingerprint__in=short).exclude(state=State.OK).order_by("heard_at")
    about = {row.fingerprint: row.check_of for row in rows.select_related("check_of__system", "check_of__component")}
    return [_about(one, about.get(one.fingerprint[:300])) if not one.component else one for one in alerts]


def _about(alert: Alert, check: Check | None) -> Alert:
    if check is None or check.component is None or (alert.firing and not alert.taken):
        return alert
    return replace(alert, system=check.system.name, component=check.component.name)


def hear(placed: Sequence[tuple[Alert, Component]], now: datetime) -> int:
    """Take in alerts, each with its component; returns how many of them were new. In a fixed number of queries, inside
    the caller's transaction, which holds the systems."""
    checks = _checks({component.pk: component for _, component in placed}, now)
    heard = _new([(checks[component.pk], alert) for alert, component in placed], now)
    if not heard:
        return 0
    Signal.objects.bulk_create(
        [one.signal for one in heard], update_conflicts=True, unique_fields=["check_of", "fingerprint"],
        update_fields=["state", "title", "severity", "text", "source", "since", "heard_at", "ended_at"],
    )  # fmt: skip
    _judge(heard, now)
    return len(heard)


def _checks(components: Mapping[int, Component], now: datetime) -> dict[int, Check]:
    """Component's id → its check. No catalogue has it, so it is born retired; nor can one have one of its name."""
    found = Check.objects.filter(component__in=components, kind=ALERTS)
    checks = {row.component_id or 0: row for row in found}
    if missing := components.keys() - checks.keys():
        made = Check.objects.bulk_create(_check(components[key], now) for key in sorted(missing))
        checks |= {row.component_id or 0: row for row in made}
    return checks


def _check(component: Component, now: datetime) -> Check:
    return Check(
        system_id=component.system_id, component=component, name=f"{ALERTS}:{component.name}", kind=ALERTS, every=60.0,
        category=Category.SYSTEM.value, impact=Impact.DEGRADED.value, retired_at=now,
    )  # fmt: skip


def _new(told: Sequence[tuple[Check, Alert]], now: datetime) -> list[_Heard]:
    """Without what is known already; the same outbreak told again is no news, nor is its end if another followed."""
    rows = Signal.objects.filter(
        check_of__in={check.pk for check, _ in told}, fingerprint__in={alert.fingerprint[:300] for _, alert in told}
    )
    known = {(row.check_of_id, row.fingerprint): row for row in rows}
    heard: dict[tuple[int, str], _Heard] = {}
    for check, alert in told:
        key = check.pk, alert.fingerprint[:300]
        if _is_news(alert, known.get(key)):
            heard[key] = _Heard(check, _signal(check, alert, known.get(key), now), alert)
    return list(heard.values())


def _is_news(alert: Alert, known: Signal | None) -> bool:
    if known is None or alert.taken:
        return alert.firing and not alert.taken
    since = alert.starts_at
    if not alert.firing:
        return known.state != State.OK and (since is None or since >= known.since)
    if known.state == State.OK:
        return since is None or since > known.since
    return state_of(alert).value != known.state


def _signal(check: Check, alert: Alert, known: Signal | None, now: datetime) -> Signal:
    goes_on = known is not None and known.state != State.OK
    since = known.since if known is not None and goes_on else min(alert.starts_at or now, now)
    return Signal(
        check_of=check, fingerprint=alert.fingerprint[:300], state=state_of(alert).value,
        title=alert.title[:200] or (known.title if known else ""), severity=alert.severity[:50],
        text=alert.text[:1000], source=alert.source[:500], since=since, heard_at=now,
        ended_at=None if alert.firing else now,
    )  # fmt: skip


def _judge(heard: Sequence[_Heard], now: datetime) -> None:
    """What the news make of their checks: state changes for those that changed, and for those whose failing has no
    incident any more, because a person ended it."""
    checks = {one.check.pk: one.check for one in heard}
    firing = {one.check.pk for one in heard if one.alert.firing}
    stood = dict(Standing.objects.filter(pk__in=checks).values_list("pk", "state"))
    before = {key: stood.get(key, State.OK.value) for key in checks}
    after = _states(checks)
    worse = _describe(heard, before)
    changed = {key for key in checks if after[key] != before[key]}
    changed |= (firing - changed) - _in_incidents(firing - changed)
    if changed:
        rows = _changes([one for one in heard if one.check.pk in changed], before, after, now)
        record_standings([_standing(row) for row in rows], [])
        follow(record_changes(rows), now, together=True)
    if worse - changed:
        weigh_again({row.pk for row in running_of(worse - changed).values()}, now)


def _states(check_ids: Collection[int]) -> dict[int, str]:
    """The worst of what fires about each."""
    states = dict.fromkeys(check_ids, State.OK.value)
    rows = Signal.objects.filter(check_of__in=check_ids).exclude(state=State.OK).order_by()
    for key, state in rows.values_list("check_of", "state").distinct():
        states[key] = max(states[key], state, key=lambda one: State(one).rank)
    return states


def _in_incidents(check_ids: Collection[int]) -> set[int]:
    failing = Member.objects.filter(check_of__in=check_ids).exclude(state=State.OK).exclude(incident__state="resolved")
    return set(failing.values_list("check_of_id", flat=True))


def _describe(heard: Sequence[_Heard], before: Mapping[int, str]) -> set[int]:
    """A check is called as the worst of what made it fail, or made it worse. Returns those that have turned out to be
    an outage meanwhile."""
    worst: dict[int, _Heard] = {}
    for one in heard:
        if one.alert.firing and (one.check.pk not in worst or _rank(one) > _rank(worst[one.check.pk])):
            worst[one.check.pk] = one
    worse, touched = set(), []
    for key, one in worst.items():
        check, begins = one.check, before[key] == State.OK
        outage = is_outage(one.alert) or (check.impact == Impact.OUTAGE and not begins)
        impact = Impact.OUTAGE if outage else Impact.DEGRADED
        grows = impact != check.impact and not begins
        if begins or grows or state_of(one.alert).rank > State(before[key]).rank:
            check.title, check.impact = dict.fromkeys(("en", "zh"), one.alert.title[:200]), impact.value
            touched.append(check)
        worse |= {key} if grows else set()
    Check.objects.bulk_update(touched, ["title", "impact"], batch_size=100)
    return worse


def _rank(one: _Heard) -> tuple[int, bool]:
    return state_of(one.alert).rank, is_outage(one.alert)


def _changes(
    heard: Iterable[_Heard], before: Mapping[int, str], after: Mapping[int, str], now: datetime
) -> list[StateChange]:
    by_check: dict[int, list[_Heard]] = defaultdict(list)
    for one in heard:
        by_check[one.check.pk].append(one)
    muted = muted_checks([rows[0].check for rows in by_check.values()], now)
    return [
        StateChange(
            check_of_id=key, at=now, before=before[key], after=after[key], message=_message(rows[0].check, after[key]),
            evidence={"rows": [_evidence(one) for one in rows[:SHOWN]], "excerpt": ""},
            muted=muted[key].reason[:200] if key in muted else "",
        )
        for key, rows in by_check.items()
    ]  # fmt: skip


def _message(check: Check, after: str) -> dict[str, Any]:
    """As ``line.message`` has it."""
    return {"fault": ALERTS, "detail": check.title.get("en", "")} if after != State.OK else {}


def _evidence(one: _Heard) -> dict[str, Any]:
    return {"alert": one.signal.title, "severity": one.signal.severity, "state": one.signal.state}


def _standing(row: StateChange) -> Standing:
    return Standing(
        check_of_id=row.check_of_id, state=row.after, since=row.at, message=row.message, looked_at=row.at,
        updated_at=row.at,
    )  # fmt: skip
