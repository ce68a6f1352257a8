"""A person allows a remedy, or takes that back."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.restoring import is_person
from mainstay.domain.run_answers import Refused
from mainstay.domain.saying import say
from mainstay.remedies import queries
from mainstay.remedies.models import Allowance

LONGEST = 366
"""Days that an allowance lasts at most; then somebody thinks about it anew."""


def allow(system: str, name: str, *, days: int, reason: str, actor: Actor, sign: str = "") -> Allowance:
    """Let a remedy be applied from now on. ``sign`` names what was read. Raises Refused, queries.Absent."""
    authorise(actor, "remedy.allow", system=system)
    now = datetime.now(UTC)
    if not is_person(actor.name):
        raise Refused(say("people allow a remedy; a token cannot"))
    if not reason.strip():
        raise Refused(say("say why it is allowed"))
    if not 1 <= days <= LONGEST:
        raise Refused(say("an allowance lasts 1 to %(most)s days", most=LONGEST))
    with transaction.atomic():
        list(System.objects.filter(name=system).select_for_update(no_key=True))
        found = queries.remedy(system, name, now, actor.sight)
        if found.wrong:
            raise Refused(say("it cannot be a remedy: %(why)s", why=found.wrong))
        if sign and not found.sign.startswith(sign):
            raise Refused(say("this is not what would be allowed any more; read it again"))
        _end(found.allowance, now, actor, "")
        made = Allowance.objects.create(
            system=found.system, remedy=name, sign=found.sign, until=now + timedelta(days=days),
            reason=reason.strip()[:500], made_at=now, made_by=actor.name,
        )  # fmt: skip
        about = {"until": made.until.isoformat(), "reason": made.reason, "sign": made.sign[:16]}
        record(actor, "remedy.allow", found.path, {**about, "runbook": found.remedy.runbook})
    return made


def revoke(system: str, name: str, *, reason: str, actor: Actor) -> Allowance:
    """No further run begins; one that is under way goes on. Raises Refused when nothing is allowed."""
    authorise(actor, "remedy.revoke", system=system)
    now = datetime.now(UTC)
    with transaction.atomic():
        rows = Allowance.objects.select_for_update(of=("self",)).select_related("system")
        row = rows.filter(system__name=system, remedy=name, ended_at=None).first()
        if row is None:
            raise Refused(say("the remedy %(name)s is not allowed", name=name))
        _end(row, now, actor, reason)
        record(actor, "remedy.revoke", str(row), {"reason": reason.strip()[:500]})
    return row


def _end(row: Allowance | None, now: datetime, actor: Actor, reason: str) -> None:
    if row is not None:
        row.ended_at, row.ended_by, row.end_reason = now, actor.name, reason.strip()[:500]
        row.save()
