"""The engine's part after a run was begun: how does it go, and does the check that failed stand well afterwards?

What did not help ends remedies in that incident, and a person is called at once: the next step of the system's
escalation is taken without its wait, and the channels hear it, in the transaction that writes it down.
"""

from datetime import datetime, timedelta

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import ENGINE
from mainstay.domain.document_remedies import Remedy
from mainstay.domain.duration import parse_duration
from mainstay.domain.run_state import OPEN, RunState
from mainstay.domain.state import State
from mainstay.incidents.actions.telling import tell
from mainstay.incidents.models import Incident
from mainstay.incidents.queries import running_of
from mainstay.monitoring import actions as monitoring
from mainstay.monitoring.queries import look_result
from mainstay.on_call.actions import call_now
from mainstay.remedies.actions.beginning import acting, note
from mainstay.remedies.models import Attempt
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks.queries import WAITS_FOR_PEOPLE


def follow(now: datetime) -> int:
    """One look at every attempt that is under way; returns how many there are."""
    open_ones = list(Attempt.objects.filter(ended_at=None).values_list("pk", flat=True))
    for number in open_ones:
        with transaction.atomic():
            rows = Attempt.objects.select_for_update(of=("self",)).filter(pk=number, ended_at=None)
            row = rows.select_related(
                "run__version__runbook", "check_of__system", "incident__system", "allowance"
            ).first()
            if row is not None:
                _follow(row, Remedy.model_validate(row.document), now)
    return len(open_ones)


def _follow(row: Attempt, remedy: Remedy, now: datetime) -> None:
    if row.looked_from is None and (because := _trouble(row, remedy, now)):
        _failed(row, because, now)
    elif row.looked_from is None and row.run.state == RunState.DONE:
        row.looked_from = now
        _ask(row)
    elif row.looked_from is not None:
        _judge(row, remedy, row.looked_from, now)


def _trouble(row: Attempt, remedy: Remedy, now: datetime) -> str:
    """Why the run came to nothing; empty while it may still."""
    run = row.run
    if run.state not in OPEN:
        return "" if run.state == RunState.DONE else "ended"
    if run.state == RunState.STOPPED:
        return "stopped"
    if run.steps.filter(state__in=WAITS_FOR_PEOPLE).exists():
        return "asked"
    if now >= row.begun_at + timedelta(seconds=parse_duration(remedy.within)):
        return "slow"
    return ""


def _judge(row: Attempt, remedy: Remedy, begun: datetime, now: datetime) -> None:
    """By the check that failed, looked at after the run; again and again until it is well or its time is over."""
    state = look_result(row.check_of, row.look, now)
    if row.check_of.retired_at is not None:
        _end(row, "void", "", now)
    elif state == State.OK:
        _end(row, "helped", "", now)
        note(row, row.incident, "remedy-helped", ENGINE.name, now)
    elif now >= begun + timedelta(seconds=parse_duration(remedy.settle)):
        _failed(row, "failing", now)
    elif state:
        _ask(row)


def _ask(row: Attempt) -> None:
    who = acting(row.allowance.made_by, row.check_of.system.name)
    row.look = monitoring.request_run(row.check_of, actor=who).pk
    row.save()


def _failed(row: Attempt, because: str, now: datetime) -> None:
    """It is a person's now: where the incident has become part of another, on that one."""
    if because == "slow" and not row.run.wish:
        runbooks.pause(row.run_id, actor=ENGINE)
    _end(row, "failed", because, now)
    incident = _running(row)
    note(row, incident, "remedy-failed", ENGINE.name, now, failed=because)
    if incident.state != "resolved":
        tell(incident.pk, "remedy-failed", now, {"remedy": row.remedy, "run": row.run_id})
        call_now(incident, now)


def _running(row: Attempt) -> Incident:
    if row.incident.state != "resolved":
        return row.incident
    return running_of([row.check_of_id]).get(row.check_of_id, row.incident)


def _end(row: Attempt, outcome: str, because: str, now: datetime) -> None:
    row.ended_at, row.outcome, row.because = now, outcome, because
    row.save()
    data = {"run": row.run_id, "outcome": outcome, **({"because": because} if because else {})}
    record(ENGINE, "remedy.run", f"{row.check_of.system.name}/{row.remedy}", data)
