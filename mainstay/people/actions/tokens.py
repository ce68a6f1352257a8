"""Tokens for programs: made, revoked, used."""

import hashlib
import secrets
import string
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import PERMISSIONS, Actor, Role, authorise
from mainstay.domain.saying import say
from mainstay.people.actions.refusal import Refused
from mainstay.people.actions.roles import set_roles, told
from mainstay.people.models import Token

PREFIX = "mst"
LETTERS = string.ascii_letters + string.digits
LONGEST_DAYS = 365


def create_token(
    *,
    name: str,
    role: Role,
    systems: Mapping[str, Role] | None = None,
    scopes: Collection[str] | None = None,
    days: int = 90,
    actor: Actor,
) -> tuple[Token, str]:
    """A token and its text, which is shown once and never again. Raises Refused."""
    authorise(actor, "token.create")
    if not 1 <= days <= LONGEST_DAYS:
        raise Refused(say("a token lives from 1 to %(most)s days", most=LONGEST_DAYS))
    if role > actor.role or any(one > actor.role_on(name) for name, one in (systems or {}).items()):
        raise Refused(say("a token cannot do more than the one who makes it"))
    known = set(PERMISSIONS) | {act.split(".")[0] for act in PERMISSIONS}
    if unknown := sorted(set(scopes or ()) - known):
        wrong, right = ", ".join(unknown), ", ".join(sorted(known))
        raise Refused(say("%(wrong)s: no such scope; known are %(right)s", wrong=wrong, right=right))
    number = "".join(secrets.choice(LETTERS) for _ in range(8))
    text = f"{PREFIX}_{number}_{''.join(secrets.choice(LETTERS) for _ in range(32))}"
    now = datetime.now(UTC)
    with transaction.atomic():
        token = Token.objects.create(
            id=number, name=name, digest=digest(text), role=int(role), scopes=sorted(scopes) if scopes else None,
            created_at=now, created_by=actor.name, expires_at=now + timedelta(days=days),
        )  # fmt: skip
        set_roles(token, systems or {})
        data = {"name": name, "role": role.name.lower(), "systems": told(systems or {}), "days": days}
        record(actor, "token.create", f"token {number}", data)
    return token, text


def digest(text: str) -> str:
    """What is kept of a token: 190 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def revoke_token(number: str, *, actor: Actor) -> Token:
    """No longer valid from now on. Raises Token.DoesNotExist."""
    authorise(actor, "token.revoke")
    with transaction.atomic():
        token = Token.objects.select_for_update().get(pk=number)
        token.revoked_at = token.revoked_at or datetime.now(UTC)
        token.save()
        record(actor, "token.revoke", f"token {number}", {"name": token.name})
    return token


def touch_token(token: Token, now: datetime) -> None:
    """Note the last use, to the minute."""
    if token.used_at is None or now - token.used_at >= timedelta(minutes=1):
        Token.objects.filter(pk=token.pk).update(used_at=now)
