"""What people do to watching: mute, unmute, ask for a look now, get a heartbeat's address."""

import secrets
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mainstay.audit.actions import record
from mainstay.catalogue.models import Check, Component, System
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.saying import say
from mainstay.monitoring.models import Mute, PingToken, RunRequest


def mute(
    *,
    system: System,
    component: Component | None = None,
    check: Check | None = None,
    reason: str,
    until: datetime,
    actor: Actor,
) -> Mute:
    """Judge on, but tell nobody until ``until``. ValueError for an empty reason or an end that has passed."""
    authorise(actor, "check.mute", system=system.name)
    now = timezone.now()
    if not reason.strip():
        raise ValueError(say("say why: a muted check without a reason is a forgotten one"))
    if until <= now:
        raise ValueError(say("the end of a mute must lie in the future"))
    for part in (component, check):
        if part is not None and part.system_id != system.pk:
            raise ValueError(
                say("%(part)s belongs to another system than %(system)s", part=part.name, system=str(system))
            )
    with transaction.atomic():
        made = Mute.objects.create(
            system=system, component=component, check_of=check, reason=reason.strip()[:500], actor=actor.name,
            starts_at=now, ends_at=until,
        )  # fmt: skip
        record(actor, "check.mute", str(check or component or system), {"reason": reason, "until": until.isoformat()})
    return made


def unmute(mute_id: int, *, actor: Actor) -> None:
    """End a mute now; one that has ended already stays as it is. Mute.DoesNotExist for an unknown one."""
    now = timezone.now()
    with transaction.atomic():
        ending = Mute.objects.select_related("system", "component__system", "check_of__system").get(pk=mute_id)
        authorise(actor, "check.unmute", system=ending.system.name)
        if ending.ends_at > now:
            Mute.objects.filter(pk=mute_id).update(ends_at=now)
            record(actor, "check.unmute", str(ending.check_of or ending.component or ending.system), {"mute": mute_id})


def request_run(check: Check, *, actor: Actor) -> RunRequest:
    """Ask the checker to look at once."""
    authorise(actor, "check.run", system=check.system.name)
    with transaction.atomic():
        asked = RunRequest.objects.create(check_of=check, asked_at=timezone.now(), asked_by=actor.name)
        record(actor, "check.run", str(check), {})
    return asked


def ping_token(check: Check, *, actor: Actor) -> str:
    """The secret last part of the address at which this check's job reports; made on first use, then kept."""
    authorise(actor, "check.run", system=check.system.name)
    with transaction.atomic():
        token, made = PingToken.objects.get_or_create(check_of=check, defaults={"token": secrets.token_urlsafe(24)})
        if made:
            record(actor, "check.ping-address", str(check))
    return token.token
