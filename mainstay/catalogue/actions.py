"""Changing the catalogue: every write, in one transaction with its audit record."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mainstay.audit.actions import record
from mainstay.catalogue import queries
from mainstay.catalogue.editing import Proposal, proposal, seen_of, writing
from mainstay.catalogue.editing_backups import (
    StoreWriting,
    policy_proposal,
    policy_retirement,
    policy_writing,
    store_proposal,
    store_writing,
)
from mainstay.catalogue.editing_rotations import RotationWriting, rotation_proposal, rotation_writing
from mainstay.catalogue.models import Outline as OutlineRow
from mainstay.catalogue.models import Revision, Secret
from mainstay.catalogue.secret_book import stored
from mainstay.catalogue.store import write
from mainstay.domain.actor import ENGINE, Actor, authorise
from mainstay.domain.difference import Difference
from mainstay.domain.draft import Catalogue
from mainstay.domain.outline import Outline
from mainstay.domain.placeholder import SECRET_NAME
from mainstay.domain.saying import say
from mainstay.drivers.own_archive import keys_of
from mainstay.people.actions import reseal_contacts, reseal_factors
from mainstay.sealing import RING, seal, unseal
from mainstay.settings import DATA

_SUMMARY = 500
"""Differences that a revision and the audit trail name; the rest is counted."""
_MAX_SECRET = 65_536
_OWN, _KEYS = "MAINSTAY_", "BACKUP_KEY_"
"""Names of what Mainstay keeps for itself, and of the keys of copies."""


class Refused(ValueError):
    """The value cannot be taken; ``str()`` says what would be right and never holds the value."""


class Overtaken(ValueError):
    """What was to be changed was changed by somebody else since it was looked at."""


def apply(catalogue: Catalogue, *, actor: Actor, seen: Mapping[str, str] | None = None) -> list[Difference]:
    """Make the stored catalogue what ``catalogue`` says. All or nothing; what is so already is not touched.

    ``seen``: system → what ``editing.seen_of`` gave when its text was taken. Raises Overtaken.
    """
    authorise(actor, "catalogue.apply")
    with transaction.atomic():
        _lock()
        for system, sign in (seen or {}).items():
            _require_as_seen(system, sign)
        differences = queries.differences(catalogue)
        if differences:
            number = _write(catalogue, differences, actor)
            counts = Counter(f"{difference.act} {difference.kind}" for difference in differences)
            data = {"revision": number, "counts": dict(counts), "first": _named(differences)}
            record(actor, "catalogue.apply", f"revision {number}", data)
    return differences


def edit_check(
    system: str, name: str, changes: Mapping[str, Any], *, actor: Actor, seen: str | None = None
) -> list[Difference]:
    """Change keys (``domain.amend.KEYS``) of one check in what its system's user wrote, and apply that.

    Raises Check.DoesNotExist, Invalid with what is wrong, and Overtaken where ``seen`` is not how the system is
    written now.
    """
    authorise(actor, "check.edit", system=system)
    with transaction.atomic():
        _lock()
        present = writing(system, name)
        if seen is not None:
            _require_as_seen(system, seen)
        wanted = proposal(present, changes)
        keys = {key: [present.definition.get(key), value] for key, value in wanted.changes.items()}
        _carry_out(wanted, actor, "check.edit", f"{system}/{name}", keys)
    return wanted.differences


def put_policy(
    system: str, name: str, wanted: Mapping[str, Any], *, actor: Actor, seen: str | None = None
) -> list[Difference]:
    """Make one backup policy say ``wanted`` in what its system's user wrote, and apply that; it may be new.

    It is for who may change the whole catalogue: a policy names accounts and paths of its own choice. Raises
    System.DoesNotExist, Invalid with what is wrong, and Overtaken as ``edit_check``.
    """
    authorise(actor, "catalogue.apply")
    with transaction.atomic():
        _lock()
        present = policy_writing(system, name)
        if seen is not None:
            _require_as_seen(system, seen)
        found = policy_proposal(present, wanted)
        _carry_out(found, actor, "catalogue.apply", f"policy {system}/{name}", found.changes)
    return found.differences


def retire_policy(system: str, name: str, *, actor: Actor, seen: str | None = None) -> list[Difference]:
    """Take one backup policy, and with it its checks, out of what its system's user wrote. Its copies stay, and so do
    its key and its record. Raises Policy.DoesNotExist, and otherwise as ``put_policy``."""
    authorise(actor, "catalogue.apply")
    with transaction.atomic():
        _lock()
        if seen is not None:
            _require_as_seen(system, seen)
        found = policy_retirement(policy_writing(system, name))
        _carry_out(found, actor, "catalogue.apply", f"policy {system}/{name}", {})
    return found.differences


def put_store(name: str, wanted: Mapping[str, Any], *, actor: Actor, seen: str | None = None) -> list[Difference]:
    """Make one store say ``wanted``; it may be new. Raises Invalid, and Overtaken where ``seen`` is not how it is
    written now."""
    return _put_shared(
        "store", name, store_writing, lambda present: store_proposal(present, wanted), actor=actor, seen=seen
    )


def put_rotation(name: str, wanted: Mapping[str, Any], *, actor: Actor, seen: str | None = None) -> list[Difference]:
    """Make one rotation say ``wanted``; it may be new. Raises as ``put_store``."""
    return _put_shared(
        "rotation", name, rotation_writing, lambda present: rotation_proposal(present, wanted), actor=actor, seen=seen
    )


Written = TypeVar("Written", StoreWriting, RotationWriting)


def _put_shared(
    kind: str, name: str, read: Callable[[str], Written], propose: Callable[[Written], Proposal], *, actor: Actor,
    seen: str | None,
) -> list[Difference]:  # fmt: skip
    """What belongs to no system, read and changed under the lock."""
    authorise(actor, "catalogue.apply")
    with transaction.atomic():
        _lock()
        present = read(name)
        if seen is not None and present.seen != seen:
            raise Overtaken(say("%(name)s was changed by somebody else meanwhile; look at it again", name=name))
        found = propose(present)
        _carry_out(found, actor, "catalogue.apply", f"{kind} {name}", found.changes)
    return found.differences


def _carry_out(wanted: Proposal, actor: Actor, act: str, what: str, changed: Mapping[str, Any]) -> None:
    """What was proposed becomes so, on the record with each key before and after; nothing is a revision of nothing."""
    if wanted.differences:
        number = _write(wanted.catalogue, wanted.differences, actor)
        data = {"revision": number, "changed": dict(changed), "first": _named(wanted.differences)}
        record(actor, act, what, data)


def _require_as_seen(system: str, sign: str) -> None:
    if seen_of(system) != sign:
        raise Overtaken(say("%(system)s was changed by somebody else meanwhile; look at it again", system=system))


def _write(catalogue: Catalogue, differences: Sequence[Difference], actor: Actor) -> int:
    write(catalogue, differences, timezone.now())
    return _revise(differences, actor)


def set_secret(name: str, value: str, *, actor: Actor) -> None:
    """Keep ``value`` sealed under ``name``; running checks take it over. Raises Refused."""
    authorise(actor, "secret.set")
    if name.startswith(_OWN):
        raise Refused(say("%(name)s is Mainstay's own", name=name))
    if not SECRET_NAME.fullmatch(name):
        raise Refused(
            say(
                "%(name)s is not a name for a secret; write capitals, digits and _, such as SHOP_DB_DSN",
                name=repr(name),
            )
        )
    if not value or len(value) > _MAX_SECRET or "\x00" in value:
        raise Refused(
            say(
                "the value of %(name)s must have 1 to %(most)s characters and no zero byte", name=name, most=_MAX_SECRET
            )
        )
    with transaction.atomic():
        _lock()
        sealed, key_id = seal(name, value, RING)  # under the lock: a rotation may be dropping keys
        Secret.objects.update_or_create(
            name=name,
            defaults={"sealed": sealed, "key_id": key_id, "set_at": timezone.now(), "set_by": actor.name},
        )
        _revise([], actor, {"act": "changed", "kind": "secret", "name": name})
        record(actor, "secret.set", name, {})


def make_secret(name: str, value: str) -> str:
    """Keep a value that Mainstay made for itself, unless there is one of that name; the one that counts."""
    with transaction.atomic():
        _lock()
        if not Secret.objects.filter(name=name).exists():
            sealed, key_id = seal(name, value, RING)
            Secret.objects.create(name=name, sealed=sealed, key_id=key_id, set_at=timezone.now(), set_by=ENGINE.name)
            record(ENGINE, "secret.set", name, {})
    return stored(name)


def delete_secret(name: str, *, actor: Actor) -> None:
    """Forget a secret; Secret.DoesNotExist if there is none. Raises Refused for a key that copies need."""
    authorise(actor, "secret.delete")
    if name.startswith((_OWN, _KEYS)):
        raise Refused(say("%(name)s is kept: what was made with it cannot be read without it", name=name))
    with transaction.atomic():
        _lock()
        Secret.objects.get(name=name).delete()
        _revise([], actor, {"act": "retired", "kind": "secret", "name": name})
        record(actor, "secret.delete", name, {})


def retire(
    kind: Literal["channel", "calendar", "store", "rotation"], name: str, *, actor: Actor
) -> list[Difference]:  # fmt: skip
    """Take a channel, a calendar, a store or a rotation out of use. Raises Refused while something names it."""
    authorise(actor, "catalogue.apply")
    if users := queries.users_of(kind, name):
        who = ", ".join(users)
        raise Refused({
            "channel": say("%(users)s names the channel %(name)s; change that first", users=who, name=name),
            "calendar": say("%(users)s names the calendar %(name)s; change that first", users=who, name=name),
            "rotation": say("%(users)s calls the rotation %(name)s; change that first", users=who, name=name),
            "store": say("%(users)s names the store %(name)s; change that first", users=who, name=name),
        }[kind])  # fmt: skip
    return apply(Catalogue(whole=False, leaving=frozenset({(kind, name)})), actor=actor)


def keep_outline(outline: Outline, *, actor: Actor) -> None:
    """Keep what somebody is describing, in the place of what he described before."""
    authorise(actor, "catalogue.apply")
    now = timezone.now()
    with transaction.atomic():
        document = outline.model_dump(mode="json")
        OutlineRow.objects.update_or_create(
            actor=actor.name,
            defaults={"document": document, "touched_at": now},
            create_defaults={"document": document, "touched_at": now, "begun_at": now},
        )
        record(actor, "catalogue.outline", outline.system, {"parts": [part.name for part in outline.parts]})


def drop_outline(*, actor: Actor) -> None:
    """Forget what somebody is describing, and the secrets that were given for it and that nothing uses."""
    authorise(actor, "catalogue.apply")
    with transaction.atomic():
        _drop(OutlineRow.objects.filter(actor=actor.name), actor)


def drop_old_outlines(now: datetime) -> None:
    """Forget what was left lying for a day."""
    with transaction.atomic():
        _drop(OutlineRow.objects.filter(touched_at__lt=now - queries.OUTLINE_KEPT), ENGINE)


def _drop(rows: QuerySet[OutlineRow], actor: Actor) -> None:
    for row in rows.select_for_update():
        sealed = set(row.document.get("sealed", [])) - queries.secret_uses().keys()
        gone = list(Secret.objects.filter(name__in=sealed).values_list("name", flat=True))
        Secret.objects.filter(name__in=gone).delete()
        record(actor, "catalogue.outline", f"{row.document.get('system', '')} dropped", {"secrets": gone})
        row.delete()


def rotate_secrets(*, actor: Actor) -> int:
    """Seal every secret, and every second factor, anew with a new key and drop the old keys. How many secrets there
    were. Raises SealBroken."""
    authorise(actor, "secret.rotate")
    old = RING.ids()
    RING.make()
    with transaction.atomic():
        _lock()
        secrets = list(Secret.objects.select_for_update())
        for secret in secrets:
            value = unseal(secret.name, bytes(secret.sealed), secret.key_id, RING)
            secret.sealed, secret.key_id = seal(secret.name, value, RING)
        Secret.objects.bulk_update(secrets, ["sealed", "key_id"])
        reseal_factors()
        reseal_contacts()
        record(actor, "secret.rotate", f"{len(secrets)} secrets", {"names": [secret.name for secret in secrets]})
    needed = keys_of(DATA)  # by what an upgrade left, to go back to
    for key_id in old:  # only after the commit: until then the old rows may come back
        if key_id not in needed:
            RING.drop(key_id)
    return len(secrets)


def _lock() -> None:
    """One change at a time: PostgreSQL waits for this row, SQLite's transactions are one at a time anyway."""
    list(Revision.objects.select_for_update().order_by("-number")[:1])


def _revise(differences: Sequence[Difference], actor: Actor, *more: dict[str, Any]) -> int:
    number = queries.revision() + 1
    summary = [*_named(differences), *more]
    Revision.objects.create(number=number, at=timezone.now(), actor=actor.name, summary=summary)
    return number


def _named(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    return [{"act": one.act.value, "kind": one.kind, "name": one.name} for one in differences[:_SUMMARY]]
