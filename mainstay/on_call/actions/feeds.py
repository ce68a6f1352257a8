"""Addresses of calendar feeds."""

import secrets
from datetime import UTC, datetime

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.catalogue import queries as catalogue
from mainstay.domain.actor import Actor, Role, authorise
from mainstay.domain.saying import say
from mainstay.on_call.actions.standing_in import Refused, require_active
from mainstay.on_call.models import Feed

KINDS = ("person", "team")


def renew_feed(kind: str, name: str, *, actor: Actor) -> Feed:
    """A new address for a person's or a team's shifts; the old one shows nothing any more. One's own, or any by who may
    approve; a team's by anybody who may. Raises Refused."""
    authorise(actor, "oncall.feed")
    if kind == "person":
        require_active(name)
        if actor.name != f"person:{name}" and actor.role < Role.APPROVER:
            raise Refused(say("only %(name)s, or an approver, may say this", name=name))
    elif kind != "team" or not catalogue.arrangements("team").filter(name=name).exists():
        raise Refused(say("there is nothing of that name"))
    with transaction.atomic():
        made, _is_new = Feed.objects.update_or_create(
            kind=kind, name=name, defaults={"salt": secrets.token_hex(16), "made_at": datetime.now(UTC)}
        )
        record(actor, "oncall.feed", f"{kind} {name}", {})
    return made
