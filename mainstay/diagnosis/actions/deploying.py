"""Somebody, mostly a program that builds and delivers software, tells what was put to work or changed."""

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction

from mainstay.audit.actions import record
from mainstay.catalogue.models import Component, System
from mainstay.diagnosis.models import Deployment
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.saying import say

AHEAD = timedelta(minutes=5)
"""How far clocks of other machines may be ahead."""


class Unclear(ValueError):
    """What was told cannot be kept; the message says what would be right."""


def tell_deployment(
    system: str, component: str, version: str, *, actor: Actor, at: datetime | None = None, note: str = "",
    url: str = "", key: str = "",
) -> Deployment:  # fmt: skip
    """``at``: now where it is not said. Told again with the same ``key`` it is the same deployment, unchanged. Raises
    Component.DoesNotExist, Unclear."""
    authorise(actor, "deployment.tell", system=system)
    now = datetime.now(UTC)
    if not version.strip():
        raise Unclear(say("say which version was deployed"))
    if at is not None and at > now + AHEAD:
        raise Unclear(say("a deployment is told once it was made; %(at)s is still to come", at=at.isoformat()))
    if url and not url.startswith(("https://", "http://")):
        raise Unclear(say("%(url)s is no address; write https://…", url=url))
    part = Component.objects.select_related("system").get(
        system__name=system, name=component, retired_at=None, system__retired_at=None
    )
    row = Deployment(
        system=part.system, component=part, version=version.strip()[:100], at=at or now, note=note.strip()[:500],
        url=url[:500], key=key[:200], told_at=now, told_by=actor.name,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save()
            record(actor, "deployment.tell", f"component {part}", {"version": row.version, "at": row.at.isoformat()})
    except IntegrityError:
        return Deployment.objects.select_related("component__system").get(component=part, key=row.key)
    return row


def tell_change(
    summary: str, *, system: str, actor: Actor, source: str = "", url: str = "", at: datetime | None = None
) -> Deployment:
    """Another program's word that something was changed. What it says of an unknown system is kept as of none."""
    owner = System.objects.filter(name=system, retired_at=None).first() if system else None
    authorise(actor, "alert.receive", system=owner.name if owner else None)
    now = datetime.now(UTC)
    said = f"{summary} ({source})" if source else summary
    with transaction.atomic():
        row = Deployment.objects.create(
            system=owner, at=min(at or now, now), note=said[:1000], url=url[:500], told_at=now, told_by=actor.name
        )
        record(actor, "alert.receive", f"deployment {row.pk}", {"note": row.note[:200]})
    return row
