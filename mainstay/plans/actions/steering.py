"""A drill as it goes on: the fault is brought about, steps are ticked off, wrong turns noted, until it is over."""

from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from mainstay.catalogue.models import Check
from mainstay.domain.actor import ENGINE, Actor
from mainstay.domain.drill import score
from mainstay.domain.run_answers import Refused
from mainstay.domain.saying import say
from mainstay.incidents import actions as incidents
from mainstay.incidents.models import Incident, Member
from mainstay.incidents.queries import of_drill
from mainstay.monitoring.actions import begin_exercise, end_exercise
from mainstay.plans import queries
from mainstay.plans.actions.learning import attend_all
from mainstay.plans.actions.notes import Illegal, going_on, tell
from mainstay.plans.models import Drill, Entry
from mainstay.runbooks import actions as runbooks
from mainstay.runbooks.models import Run


def inject(number: int, *, text: str = "", actor: Actor) -> Drill:
    """Bring the fault about: by the runbook that the plan names, else somebody has done it by hand, as ``text`` says.
    Where no check is to see it, the incident is opened at once. Raises Illegal, Refused by the runbook."""
    with transaction.atomic():
        drill, now = going_on(number, actor, "drill.inject"), datetime.now(UTC)
        if drill.kind != "live":
            raise Illegal(say("a drill at the table brings no fault about"))
        if drill.injected_at is not None:
            raise Illegal(say("the fault of drill %(number)s was brought about already", number=number))
        plan = queries.document(drill)
        checks = Check.objects.filter(system=drill.plan.system, name__in=plan["checks"], retired_at=None)
        begin_exercise(drill.plan.system, drill.pk, list(checks.values_list("pk", flat=True)), now)
        drill.run, drill.injected_at = _by_runbook(drill, plan["injection"], actor), now
        drill.save()
        said = f"{drill.run} {text}" if drill.run else text
        tell(drill, actor, "drill.inject", "injected", said)
        if not plan["checks"]:
            _open(drill, plan, now, actor)
    return drill


def _by_runbook(drill: Drill, injection: dict[str, Any], actor: Actor) -> Run | None:
    if not injection["runbook"]:
        return None
    on, system = str(injection["on"]), drill.plan.system.name
    target = on if "/" in on else f"{system}/{on}" if on else system
    try:
        return runbooks.run(injection["runbook"], injection["given"], target=target, actor=actor)
    except Refused as error:
        raise Illegal(*error.args) from None


def alarm(number: int, *, text: str = "", actor: Actor) -> Drill:
    """Nothing has seen the fault, so a person raises the alarm: the incident is opened, and the score says that it was
    not detected. Raises Illegal."""
    with transaction.atomic():
        drill = going_on(number, actor, "drill.alarm")
        if drill.injected_at is None:
            raise Illegal(say("the fault of drill %(number)s was not brought about yet", number=number))
        if found := of_drill(drill.pk).first():
            raise Illegal(say("drill %(number)s has its incident: %(incident)s", number=number, incident=found.pk))
        tell(drill, actor, "drill.alarm", "raised", text)
        _open(drill, queries.document(drill), datetime.now(UTC), actor)
    return drill


def _open(drill: Drill, plan: dict[str, Any], now: datetime, actor: Actor) -> Incident:
    return incidents.open_for_drill(
        drill.pk, drill.plan.system, drill.plan.title, category=plan["category"], level=plan["level"], now=now,
        actor=actor,
    )  # fmt: skip


def step(number: int, place: int, *, skipped: bool = False, text: str = "", actor: Actor) -> Entry:
    """A step of the plan is done, or was left out; once. Raises Illegal."""
    with transaction.atomic():
        drill = going_on(number, actor, "drill.step")
        if not 1 <= place <= len(queries.document(drill)["steps"]):
            raise Illegal(say("the plan has no step %(place)s", place=place))
        if drill.kind == "live" and drill.injected_at is None:
            raise Illegal(say("the fault of drill %(number)s was not brought about yet", number=number))
        if drill.entries.filter(place=place).exists():
            raise Illegal(say("step %(place)s is ticked off already", place=place))
        return tell(drill, actor, "drill.step", "skipped" if skipped else "done", text, place=place)


def note(number: int, text: str, *, wrong: bool = False, actor: Actor) -> Entry:
    """Something worth knowing afterwards; ``wrong``: somebody took a wrong turn. Raises Illegal without words."""
    if not text.strip():
        raise Illegal(say("a note needs some text"))
    with transaction.atomic():
        drill = going_on(number, actor, "drill.note")
        return tell(drill, actor, "drill.note", "wrong-turn" if wrong else "note", text)


def recover(number: int, *, text: str = "", actor: Actor) -> Drill:
    """The system is back. Of a live one the incidents end with it, which no check of theirs may gainsay; what fails
    from now on is real. Raises Illegal."""
    with transaction.atomic():
        drill = going_on(number, actor, "drill.recover")
        if drill.recovered_at is not None:
            raise Illegal(say("drill %(number)s has recovered already", number=number))
        if drill.kind == "live":
            _resolve(drill, actor)
        _recovered(drill, actor, text)
    return drill


def _resolve(drill: Drill, actor: Actor) -> None:
    found = list(of_drill(drill.pk))
    if not found:
        raise Illegal(say("drill %(number)s has no incident yet", number=drill.pk))
    failing = Member.objects.filter(incident__in=found, recovered_at=None).exclude(incident__state="resolved")
    if worst := failing.select_related("check_of__system").first():
        raise Illegal(say("%(check)s still fails", check=worst.check_of))
    for one in found:
        if one.state != "resolved":
            incidents.resolve(one.pk, actor=actor)


def _recovered(drill: Drill, actor: Actor, text: str = "") -> None:
    now = datetime.now(UTC)
    ends = [one.resolved_at for one in of_drill(drill.pk) if one.resolved_at]
    drill.recovered_at = max(ends, default=now)
    drill.save()
    end_exercise(drill.pk, now)
    tell(drill, actor, "drill.recover", "recovered", text)


def follow() -> int:
    """The engine's part: a live drill all of whose incidents are over has recovered. Returns how many did."""
    count = 0
    for drill in Drill.objects.filter(state="running", kind="live", recovered_at=None, injected_at__isnull=False):
        rows = list(of_drill(drill.pk))
        if not rows or any(one.state != "resolved" for one in rows):
            continue
        with transaction.atomic():
            mine = Drill.objects.select_for_update(of=("self",)).select_related("plan__system", "version")
            still = mine.filter(pk=drill.pk, state="running", recovered_at=None).first()
            if still is not None:
                _recovered(still, ENGINE)
                count += 1
    return count


def end(number: int, *, text: str = "", loss: float | None = None, leave: bool = False, actor: Actor) -> Drill:
    """It is over: the score is reckoned, and who took part is on record. ``loss``: seconds of data that were lost.
    ``leave``: end it although its fault goes on, which makes the incidents real. Raises Illegal."""
    with transaction.atomic():
        drill, now = going_on(number, actor, "drill.end"), datetime.now(UTC)
        if loss is not None and not 0 <= loss <= 10 * 365 * 86_400:
            raise Illegal(say("the data lost is a time from 0 to ten years"))
        running = of_drill(drill.pk).exclude(state="resolved")
        if not leave and (left := running.first()):
            raise Illegal(say("incident %(number)s of the drill still runs", number=left.pk))
        if drill.recovered_at is None and drill.kind == "live" and of_drill(drill.pk).exists() and not running.exists():
            _recovered(drill, ENGINE)
        incidents.make_real(drill.pk, now=now, actor=actor)
        end_exercise(drill.pk, now)
        drill.state, drill.ended_at, drill.loss = "done", now, loss
        drill.words = text.replace("\0", "").strip()[:5000]
        reckoned = score(queries.course(drill), queries.limits(drill))
        drill.score, drill.passed = reckoned.plain(), reckoned.passed
        drill.save()
        attend_all(drill)
        tell(drill, actor, "drill.end", "ended", text)
    return drill
