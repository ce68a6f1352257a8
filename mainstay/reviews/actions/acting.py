"""Actions that follow from a review or a drill: who does what until when, and how it ended. Each act is authorised,
carried out and audited in one transaction."""

from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.catalogue.models import Check, System
from mainstay.domain.actor import Actor, Role, authorise, person_name
from mainstay.domain.review import ActionState, Ending, State
from mainstay.domain.saying import say
from mainstay.people.models import Person
from mainstay.people.queries import actor_of
from mainstay.plans.actions.notes import locked as locked_drill
from mainstay.reviews.actions.refusal import Illegal
from mainstay.reviews.actions.telling import tell
from mainstay.reviews.actions.writing import locked
from mainstay.reviews.days import day_of
from mainstay.reviews.models import Action, Turn
from mainstay.reviews.queries import ORIGIN
from mainstay.runbooks import queries as runbooks
from mainstay.runbooks.models import Version


def add_action(number: int, title: str, *, owner: str, due: date, actor: Actor) -> Action:
    """To a review that is not closed. Raises Illegal, Review.DoesNotExist."""
    with transaction.atomic():
        review = locked(number, actor, "review.act")
        if review.state == State.CLOSED:
            raise Illegal(say("review %(number)s is closed; open it again first", number=number))
        return _agreed(Action(review=review, title=title, owner=owner, due=due), actor, "review.act", review=number)


def act_on_drill(number: int, title: str, *, owner: str, due: date, actor: Actor) -> Action:
    """What a drill showed is to be done by somebody. Raises Illegal, Drill.DoesNotExist."""
    with transaction.atomic():
        drill = locked_drill(number, actor, "drill.find")
        if drill.began_at is None:
            raise Illegal(say("drill %(number)s has not begun", number=number))
        return _agreed(Action(drill=drill, title=title, owner=owner, due=due), actor, "drill.find", drill=number)


def _agreed(action: Action, actor: Actor, act: str, **origin: int) -> Action:
    """A new action is kept, and its owner hears of it."""
    now, owner, due = datetime.now(UTC), action.owner, str(action.due)
    action.title, action.made_at, action.made_by = " ".join(action.title.split())[:300], now, actor.name
    if not action.title:
        raise Illegal(say("say what is to be done"))
    if action.due < day_of(now):
        raise Illegal(say("the day until which it is done is past"))
    _may_see(owner, action.system)
    action.save()
    turn(action, "made", actor, now, owner=owner, due=due)
    record(actor, act, f"action {action.pk}", {**origin, "owner": owner, "due": due})
    if owner != person_name(actor.name):
        tell(action, "action-new", now)
    return action


def change_action(
    number: int, *, actor: Actor, reason: str, owner: str | None = None, due: date | None = None
) -> Action:
    """Another owner, another day, with a reason. Raises Illegal, Action.DoesNotExist."""
    if not reason.strip():
        raise Illegal(say("say why it is changed"))
    with transaction.atomic():
        action, now = _locked(number, actor, "review.act"), datetime.now(UTC)
        _undone(action)
        before = action.owner, action.due
        if owner:
            action.owner = _may_see(owner, action.system)
        if due is not None and due != action.due and due < day_of(now):
            raise Illegal(say("the day until which it is done is past"))
        action.due = due or action.due
        if (action.owner, action.due) == before:
            raise Illegal(say("nothing is changed by that"))
        action.save()
        turn(action, "changed", actor, now, reason, owner=action.owner, due=str(action.due))
        facts = {"owner": action.owner, "due": str(action.due), "reason": reason.strip()[:300]}
        record(actor, "review.act", f"action {number}", facts)
        if action.owner not in (before[0], person_name(actor.name)):
            tell(action, "action-new", now)
    return action


def end_action(number: int, *, ending: str, proof: str, actor: Actor) -> Action:
    """It is done, as a check, a rule, an edited runbook or a training; ``proof`` names it, and what can be looked up
    is. Raises Illegal, Action.DoesNotExist, ValueError for another ending."""
    how = Ending(ending)
    if how is Ending.RISK:
        raise Illegal(say("a risk is accepted by an approver, with a reason and an end"))
    with transaction.atomic():
        action = _locked(number, actor, "review.end")
        _undone(action)
        _done(action, how, _proved(how, proof, action, actor), actor)
    return action


def accept_risk(number: int, *, reason: str, until: date, actor: Actor) -> Action:
    """Nothing is done, and an approver who does not own the action answers for that until a day. Raises Illegal,
    Action.DoesNotExist."""
    with transaction.atomic():
        action = _locked(number, actor, "review.accept")
        _undone(action)
        if actor.name == f"person:{action.owner}":
            raise Illegal(say("nobody accepts the risk of his own action; ask another approver"))
        if not reason.strip():
            raise Illegal(say("say why the risk is accepted"))
        if until <= day_of(datetime.now(UTC)):
            raise Illegal(say("the day until which the risk is accepted must lie ahead"))
        _done(action, Ending.RISK, " ".join(reason.split())[:500], actor, until)
    return action


def _done(action: Action, how: Ending, proof: str, actor: Actor, until: date | None = None) -> None:
    """As what it ended, by whose word, and until when that holds."""
    now, act = datetime.now(UTC), "review.accept" if how is Ending.RISK else "review.end"
    action.state, action.ending, action.proof, action.until = ActionState.DONE.value, how.value, proof, until
    action.done_at, action.done_by = now, actor.name
    action.save()
    turn(action, "done", actor, now, proof, ending=how.value, **({"until": str(until)} if until else {}))
    record(actor, act, f"action {action.pk}", {"ending": how.value, "proof": proof, "until": str(until or "")})


def _proved(how: Ending, proof: str, action: Action, actor: Actor) -> str:
    """What the ending points to, as it is called."""
    name = " ".join(proof.split())[:500]
    if not name:
        raise Illegal(say("name the check, the rule or the runbook, or say who was trained in what"))
    if how is Ending.TRAINING:
        return name
    if how is Ending.RUNBOOK:
        return _edited(name, action)
    try:
        check = catalogue.check(name, actor.sight)
    except Check.DoesNotExist:
        raise Illegal(say("there is no check %(name)s in the catalogue; write it as system/check", name=name)) from None
    if how is Ending.RULE and check.kind != "integrity":
        raise Illegal(say("%(name)s is no rule on data but a check of the kind %(kind)s", name=name, kind=check.kind))
    return str(check)


def _edited(name: str, action: Action) -> str:
    """A runbook that was written or changed since the incident or the drill began: what was there before did not
    help."""
    try:
        version = runbooks.newest(name)
    except Version.DoesNotExist:
        raise Illegal(say("there is no runbook %(name)s", name=name)) from None
    if action.began_at and version.made_at <= action.began_at:
        raise Illegal(say("runbook %(name)s was not changed since the incident or the drill began", name=name))
    return name


def _may_see(name: str, system: System | None) -> str:
    """The name of a person who may see what it is about."""
    person = Person.objects.filter(username=name, is_active=True).first()
    if person is None or actor_of(person).role_on(system.name if system else None) <= Role.NONE:
        raise Illegal(say("%(name)s has no account that may see this", name=name))
    return name


def _locked(number: int, actor: Actor, act: str) -> Action:
    """The action, for one who may do this on its system."""
    action = Action.objects.select_for_update(of=("self",)).select_related(*ORIGIN).get(pk=number)
    authorise(actor, act, system=action.system.name if action.system else None)
    return action


def _undone(action: Action) -> None:
    if action.state == ActionState.DONE:
        raise Illegal(say("action %(number)s is done", number=action.pk))


def turn(action: Action, word: str, actor: Actor, now: datetime, text: str = "", **data: Any) -> None:
    """A line of its story."""
    Turn.objects.create(action=action, at=now, word=word, actor=actor.name, text=text.strip()[:500], data=data)
