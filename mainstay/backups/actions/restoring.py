"""A restore for real, from the asking to the end. Each step is in its story and in the audit trail, with who took it.

To the live place: asked for by one person, approved by a second, made safe by a fresh copy, and only then done. What
was approved is known by its seal; what does not bear it any more is not done.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from mainstay.audit.actions import record
from mainstay.backups.actions.running import Lost, held
from mainstay.backups.models import Copy, Job, Restore
from mainstay.backups.queries.restores import seal_of
from mainstay.domain.actor import ENGINE, Actor, authorise, person_name
from mainstay.domain.evidence import kept
from mainstay.domain.restoring import ASKED_FOR, OPEN, Refused, State, Wish, examine_approval, is_person, lapses, seal
from mainstay.domain.saying import say

_ENOUGH = 12
"""Characters of a seal by which it is known."""


def ask_to_restore(copy: Copy, wish: Wish, place: Any, reason: str, now: datetime, *, actor: Actor) -> Restore:
    """``place`` describes the live place; the caller has looked at the target. To a new place it begins at once. Raises
    Refused."""
    authorise(actor, "backup.restore", system=copy.policy.system.name)
    if wish.to == "live" and not is_person(actor.name):
        raise Refused(say("people ask for the live place to be restored; a token cannot"))
    with _alone(), transaction.atomic():
        other = Restore.objects.select_for_update().filter(policy=copy.policy, state__in=OPEN)
        if (there := other.exclude(state=State.ASKED).first()) is not None:
            raise Refused(say("restore %(number)s of this policy is under way", number=there.pk))
        row = Restore(
            policy=copy.policy, copy=copy, wanted=wish.plain(), seal=seal(wish, copy.identifier, place),
            reason=reason.strip()[:1000], asked_by=actor.name, asked_at=now,
        )  # fmt: skip
        _write(row, actor, now, "asked", to=wish.to, target=wish.target, only=list(wish.only))
        if wish.to != "live":
            _hand_over(row, actor, now)
    return row


def approve(number: int, given: str, now: datetime, *, actor: Actor) -> Restore:
    """By a second person, of exactly what bears the seal that he read. A fresh copy is then taken first. Raises
    Refused, Restore.DoesNotExist."""
    with _alone(), transaction.atomic():
        row = _open(number, actor, "backup.approve")
        if row.state != State.ASKED:
            raise Refused(say("restore %(number)s waits for nobody's approval", number=number))
        examine_approval(row.asked_by, actor.name, row.asked_at, now)
        if len(given) < _ENOUGH or not row.seal.startswith(given) or seal_of(row) != row.seal:
            raise Refused(say("this is not what was asked for any more; read it again, or ask anew"))
        if Restore.objects.filter(policy=row.policy, state__in=(State.SAFETY, State.RUNNING)).exists():
            raise Refused(say("another restore of this policy is under way"))
        row.approved_by, row.approved_at, row.state = actor.name, now, State.SAFETY
        row.safety = Job.objects.create(
            policy=row.policy, act="backup", tick=now, level="full", why="safety", asked_by=actor.name
        )
        _write(row, actor, now, "approved", safety=row.safety.pk, lapses=lapses(now).isoformat())
    return row


def abort(number: int, reason: str, now: datetime, *, actor: Actor) -> Restore:
    """Possible until the place itself is being changed. Raises Refused, Restore.DoesNotExist."""
    with transaction.atomic():
        row = _open(number, actor, "backup.abort")
        if row.begun_at is not None:
            raise Refused(say("the place itself is being changed already; it cannot be aborted any more"))
        for job in (row.safety, row.job):
            if job is not None:  # one that runs notices by itself, before it touches the place
                Job.objects.filter(pk=job.pk, state="waiting").update(
                    state="failed", ended_at=now, problem={"code": "aborted", "detail": person_name(actor.name)}
                )
        _end(row, actor, now, State.ABORTED, reason=reason.strip()[:500])
    return row


@contextmanager
def _alone() -> Iterator[None]:
    """Of two at the same moment the database lets one through. Raises Refused."""
    try:
        yield
    except IntegrityError:
        raise Refused(say("another restore of this policy is under way")) from None


def _open(number: int, actor: Actor, act: str) -> Restore:
    row = _locked().get(pk=number)
    authorise(actor, act, system=row.policy.system.name)
    if row.state not in OPEN:
        raise Refused(say("restore %(number)s is over", number=number))
    return row


# The engine's part


def proceed(now: datetime) -> list[Restore]:
    """Take each open restore a step further: what lapsed ends, what has its fresh copy begins, what failed is said."""
    moved = []
    for number in Restore.objects.filter(state__in=OPEN).values_list("pk", flat=True):
        with transaction.atomic():
            row = _locked().filter(pk=number, state__in=OPEN).first()
            if row is not None and _moved(row, now):
                moved.append(row)
    return moved


def _moved(row: Restore, now: datetime) -> bool:
    before = row.state
    if row.state == State.ASKED and now >= row.asked_at + ASKED_FOR:
        _end(row, ENGINE, now, State.LAPSED)
    elif row.state == State.SAFETY:
        _after_safety(row, now)
    elif row.state == State.RUNNING and row.job is not None and row.job.state == "failed":
        _end(row, ENGINE, now, State.FAILED, **row.job.problem)
    return row.state != before


def _after_safety(row: Restore, now: datetime) -> None:
    """The fresh copy is whole, or nothing is done."""
    job = row.safety
    assert job is not None and row.approved_at is not None  # noqa: PT018, S101 - so it came into this state
    if job.state == "waiting" and job.attempt == 0 and now >= lapses(row.approved_at):
        Job.objects.filter(pk=job.pk, state="waiting").update(state="failed", ended_at=now, problem={"code": "lapsed"})
        _end(row, ENGINE, now, State.LAPSED)
    elif job.state == "failed":
        _end(row, ENGINE, now, State.FAILED, code="no-safety", detail=str(job.problem.get("detail", "")))
    elif job.state == "done":
        copy = Copy.objects.filter(pk=job.report.get("copy"), dropped_at=None, repository__damage="").first()
        if copy is None or copy.level != "full":
            _end(row, ENGINE, now, State.FAILED, code="no-safety", detail="the fresh copy is not whole")
            return
        _write(row, ENGINE, now, "safe", safety_copy=copy.pk)
        _hand_over(row, ENGINE, now)


def _hand_over(row: Restore, actor: Actor, now: datetime) -> None:
    """Its job. It is as old as the asking, so that what the fresh copy asks for does not come first."""
    row.state = State.RUNNING
    row.job = Job.objects.create(
        policy=row.policy, act="restore", tick=row.asked_at, why="hand", asked_by=row.asked_by, copy=row.copy,
        wanted=row.wanted,
    )  # fmt: skip
    _write(row, actor, now, "handed-over", job=row.job.pk)


def tell_step(row: Restore, now: datetime, word: str, **data: Any) -> None:
    """A step of the job that does it. Raises Lost."""
    with transaction.atomic():
        _write(_of(row), ENGINE, now, word, **data)
    row.refresh_from_db()


def begin(row: Restore, marks: Mapping[str, Any], now: datetime) -> None:
    """From here on the place itself is changed. Raises Lost, and Refused when it was aborted or is another place."""
    with transaction.atomic():
        fresh = _of(row)
        if fresh.state != State.RUNNING:
            raise Refused(say("it was aborted"))
        if fresh.seal != seal_of(fresh):
            raise Refused(say("the live place is not described as it was when this was asked for"))
        fresh.begun_at, fresh.marks, fresh.place = fresh.begun_at or now, kept(marks), "between"
        _write(fresh, ENGINE, now, "begun")
    row.refresh_from_db()


def stands(row: Restore, place: str, now: datetime, **data: Any) -> None:
    """How the place was found after something broke. Raises Lost."""
    with transaction.atomic():
        fresh = _of(row)
        fresh.place = place
        _write(fresh, ENGINE, now, "found", place=place, **data)
    row.refresh_from_db()


def restored(row: Restore, outcome: Mapping[str, Any], now: datetime) -> None:
    """It is there and it is what was copied. In one transaction with the job's end. Raises Lost."""
    fresh = _of(row)
    fresh.place, fresh.outcome = "restored", kept(outcome)
    _end(fresh, ENGINE, now, State.DONE)


def _of(row: Restore) -> Restore:
    """The row as it stands, locked, while its job is still this run's. Raises Lost."""
    if row.job is None:
        raise Lost
    held(row.job)
    return _locked().get(pk=row.pk)


def _locked() -> QuerySet[Restore]:
    return Restore.objects.select_for_update(of=("self",)).select_related("policy__system", "policy__component", "copy")


def _end(row: Restore, actor: Actor, now: datetime, state: State, **data: Any) -> None:
    row.state, row.ended_at = state, now
    _write(row, actor, now, state.value, **data)


def _write(row: Restore, actor: Actor, now: datetime, word: str, **data: Any) -> None:
    row.story = [*row.story, kept({"at": now.isoformat(), "who": actor.name, "word": word, **data})][-200:]
    row.save()
    record(actor, "backup.restore", str(row.policy), kept({"restore": row.pk, "step": word, **data}))
