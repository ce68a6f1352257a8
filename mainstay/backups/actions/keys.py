"""Keys of repositories: made once a policy, kept sealed apart from the copies, and printed on a sheet to put away."""

import secrets
from dataclasses import dataclass, field

from django.db import transaction

from mainstay.audit.actions import record
from mainstay.backups.models import Repository
from mainstay.catalogue.actions import make_secret
from mainstay.catalogue.models import Policy, Secret
from mainstay.catalogue.secret_book import stored
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.backup_policy import key_name
from mainstay.domain.placeholder import Unfilled
from mainstay.domain.saying import say


class KeyLost(ValueError):
    """A policy has copies and its key is gone; ``str()`` says what to do."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is put away in a safe: the key, and what it opens."""

    policy: Policy
    name: str
    key: str = field(repr=False)
    repositories: tuple[Repository, ...] = ()


def repository_key(policy: Policy) -> str:
    """The key of a policy's repositories, made on first use. Raises KeyLost: never a second key beside copies that the
    first one locked."""
    name = key_name(policy.system.name, policy.name)
    try:
        if not Secret.objects.filter(name=name).exists() and not policy.repositories.exists():
            return make_secret(name, secrets.token_urlsafe(32))
        return stored(name)
    except Unfilled as error:
        why = error.args[0]
    lost = say(
        "the key of the copies of %(policy)s cannot be read (%(why)s); set it from its recovery sheet: "
        "mainstay secret set %(name)s", policy=str(policy), why=why, name=name,
    )  # fmt: skip
    raise KeyLost(lost)


def key_sheet(policy: Policy, *, actor: Actor) -> Sheet:
    """The recovery sheet. Raises KeyLost."""
    authorise(actor, "backup.key", system=policy.system.name)
    with transaction.atomic():
        key = repository_key(policy)
        record(actor, "backup.key", str(policy), {})
    repositories = tuple(policy.repositories.select_related("store"))
    return Sheet(policy, key_name(policy.system.name, policy.name), key, repositories)
