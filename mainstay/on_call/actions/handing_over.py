"""Shifts handed over: what stands is written down when the person changes, and the next one confirms that he knows."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import ENGINE, Actor, Role, authorise
from mainstay.domain.rota import Shift
from mainstay.domain.saying import say
from mainstay.notices.actions import Summons, summon
from mainstay.on_call import queries
from mainstay.on_call.actions.standing_in import Refused
from mainstay.on_call.digest import digest
from mainstay.on_call.models import Handover, Watch
from mainstay.on_call.queries import Rota
from mainstay.people.models import Person

LOOK_BACK = timedelta(days=4)
"""A gap of a long weekend lies between two who follow each other."""


def hand_over_due(now: datetime) -> list[Handover]:
    """Write down what each new person on call has to know, once a change. What changed before a rotation was followed,
    and what was followed by another change while no engine ran, is nobody's."""
    rotas = queries.rotas(now - LOOK_BACK)
    since = dict(Watch.objects.values_list("rotation", "since"))
    Watch.objects.bulk_create([Watch(rotation=name, since=now) for name in rotas.keys() - since], ignore_conflicts=True)
    made = []
    for name, rota in rotas.items():
        if (change := _last_change(rota, now)) is None or name not in since:
            continue
        before, shift = change
        if shift.start > since[name] and (found := _hand_over(rota, before, shift, now)) is not None:
            made.append(found)
    return made


def _last_change(rota: Rota, now: datetime) -> tuple[str, Shift] | None:
    """Who was on call before the one who is now, and the shift with which that changed; hours of nobody are passed
    over."""
    manned = [one for one in rota.shifts(now - LOOK_BACK, now + timedelta(seconds=1)) if one.on.person]
    if not manned or manned[-1].end <= now:
        return None
    last = manned[-1]
    for one in reversed(manned[:-1]):
        if one.on.person != last.on.person:
            return one.on.person or "", last
        last = one
    return None


def _hand_over(rota: Rota, before: str, shift: Shift, now: datetime) -> Handover | None:
    if Handover.objects.filter(rotation=rota.name, at=shift.start).exists():
        return None
    with transaction.atomic():
        row, is_new = Handover.objects.get_or_create(
            rotation=rota.name, at=shift.start,
            defaults={
                "before": before, "after": shift.on.person or "", "digest": digest(rota, now), "made_at": now,
                "made_by": ENGINE.name,
            },
        )  # fmt: skip
        if not is_new:
            return None
        record(ENGINE, "oncall.handover", f"rotation {rota.name}", {"before": before, "after": row.after})
        _tell(row, now)
    return row


def hand_over(rotation: str, words: str = "", *, to: str = "", actor: Actor) -> Handover:
    """Now, by hand, with words: to ``to``, else to who comes next. Raises Arrangement.DoesNotExist, Refused."""
    authorise(actor, "oncall.handover")
    now = datetime.now(UTC)
    rota = queries.rota(rotation)
    coming = queries.next_after(rota, now)
    after = to or (coming.on.person if coming else None)
    if not after:
        raise Refused(say("nobody comes next in %(rotation)s; say to whom", rotation=rotation))
    if after == rota.on(now).person:
        raise Refused(say("%(name)s is on call already", name=after))
    if not Person.objects.filter(username=after, is_active=True).exists():
        raise Refused(say("%(name)s has no account that is active", name=after))
    with transaction.atomic():
        row = Handover.objects.create(
            rotation=rotation, at=now, before=rota.on(now).person or "", after=after, digest=digest(rota, now),
            made_at=now, made_by=actor.name, words=words.strip()[:4000],
        )  # fmt: skip
        record(actor, "oncall.handover", f"rotation {rotation}", {"before": row.before, "after": after})
        _tell(row, now)
    return row


def _tell(row: Handover, now: datetime) -> None:
    """By every way that leads to him; Today shows it too."""
    if Person.objects.filter(username=row.after, is_active=True).exists():
        data = {"handover": row.pk, "rotation": row.rotation, "counts": {
            name: len(lines) for name, lines in row.digest.items()
        }, "by": row.before}  # fmt: skip
        summon(Summons("person", row.after, "handover", f"handover-{row.pk}", now, data))


def confirm(number: int, *, actor: Actor) -> Handover:
    """The next person knows; who may approve can say it for him. Raises Handover.DoesNotExist, Refused."""
    authorise(actor, "oncall.handover")
    with transaction.atomic():
        row = Handover.objects.select_for_update().get(pk=number)
        if row.confirmed_at is not None:
            raise Refused(say("it is confirmed already"))
        if actor.name != f"person:{row.after}" and actor.role < Role.APPROVER:
            raise Refused(say("only %(name)s, or an approver, may say this", name=row.after))
        row.confirmed_at, row.confirmed_by = datetime.now(UTC), actor.name
        row.save()
        record(actor, "oncall.handover", f"rotation {row.rotation}", {"confirmed": row.pk})
    return row
