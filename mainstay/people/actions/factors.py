"""The second factor: one-time codes of an authenticator, recovery codes, passkeys.

What must be read again is sealed, bound to its person; what need only be known again is kept as a digest. A person's
row is locked before anything of his is sealed, and all of them before keys change, so that nothing is sealed with a key
that is just being dropped.
"""

import secrets
from datetime import datetime

import pyotp
from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.actor import Actor, authorise
from mainstay.domain.one_time_code import matching_step
from mainstay.domain.saying import say
from mainstay.people.actions.refusal import Refused
from mainstay.people.actions.sessions import end_all
from mainstay.people.actions.tokens import digest
from mainstay.people.models import Passkey, Person, RecoveryCode, Totp
from mainstay.sealing import RING, SealBroken, seal, unseal

RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz3456789"
"""Letters and digits that are not taken for each other."""
MOST_PASSKEYS = 20


def begin_totp(person: Person) -> None:
    """A new secret for an authenticator; it counts once a code of it was given. Raises Refused."""
    with transaction.atomic():
        _lock(person)
        if Totp.objects.filter(person=person).exclude(confirmed_at=None).exists():
            raise Refused(say("there is an authenticator already; remove it first"))
        sealed, key_id = seal(_totp_name(person), pyotp.random_base32(), RING)
        Totp.objects.update_or_create(person=person, defaults={"sealed": sealed, "key_id": key_id, "used_step": 0})


def totp_secret(person: Person) -> str | None:
    """The secret that waits to be confirmed, for its owner to put into an authenticator."""
    row = Totp.objects.filter(person=person, confirmed_at=None).first()
    return _unsealed(_totp_name(person), row) if row else None


def confirm_totp(person: Person, code: str, now: datetime) -> list[str]:
    """From now on the authenticator counts; new recovery codes, told this once. Raises Refused."""
    with transaction.atomic():
        _lock(person)
        row = Totp.objects.filter(person=person, confirmed_at=None).first()
        step = matching_step(_unsealed(_totp_name(person), row), code, now.timestamp()) if row else None
        if row is None or step is None:
            raise Refused(say("the code is not right; is the clock of the phone?"))
        row.confirmed_at, row.used_step = now, step
        row.save()
        _record(person, "account.factor", {"authenticator": "added"})
        return _new_codes(person)


def remove_totp(person: Person, *, required: bool) -> None:
    """No codes any more. Raises Refused when the role asks for a second factor and nothing else is one."""
    with transaction.atomic():
        _lock(person)
        if required and not Passkey.objects.filter(person=person).exists():
            raise Refused(say("your role needs a second factor; add a passkey first"))
        Totp.objects.filter(person=person).delete()
        _tidy(person)
        _record(person, "account.factor", {"authenticator": "removed"})


def prove(person: Person, code: str, now: datetime) -> str | None:
    """``code`` or ``recovery`` when it is a code of the authenticator or a recovery code; each is good once. None: it
    is neither. Raises Refused when the secret cannot be opened."""
    row = Totp.objects.filter(person=person).exclude(confirmed_at=None).first()
    step = matching_step(_unsealed(_totp_name(person), row), code, now.timestamp()) if row else None
    if step is not None:
        fresh = Totp.objects.filter(person=person, used_step__lt=step).update(used_step=step)
        return "code" if fresh else None
    found = RecoveryCode.objects.filter(person=person, digest=digest(_bare(code)), used_at=None)
    return "recovery" if found.update(used_at=now) else None


def new_recovery_codes(person: Person) -> list[str]:
    """Told this once; those of before are void. Raises Refused without a second factor."""
    with transaction.atomic():
        _lock(person)
        if not _has_any(person):
            raise Refused(say("recovery codes stand in for a second factor; set one up first"))
        return _new_codes(person)


def add_passkey(
    person: Person, name: str, credential: bytes, *, credential_id: bytes, count: int, now: datetime
) -> None:
    """``credential`` is what a signature is verified with. Raises Refused."""
    with transaction.atomic():
        _lock(person)
        handle = passkey_handle(credential_id)
        if Passkey.objects.filter(handle=handle).exists():
            raise Refused(say("this passkey is known already"))
        if Passkey.objects.filter(person=person).count() >= MOST_PASSKEYS:
            raise Refused(say("%(most)s passkeys are enough; remove one first", most=MOST_PASSKEYS))
        sealed, key_id = seal(_passkey_name(person, handle), credential.hex(), RING)
        Passkey.objects.create(
            person=person, name=name.strip()[:100] or "passkey", handle=handle, sealed=sealed, key_id=key_id,
            count=count, added_at=now,
        )  # fmt: skip
        _record(person, "account.passkey", {"added": name.strip()[:100]})


def remove_passkey(person: Person, passkey_id: int, *, required: bool) -> None:
    """Raises Passkey.DoesNotExist for one that is not his, Refused when the role needs it."""
    with transaction.atomic():
        _lock(person)
        row = Passkey.objects.get(person=person, pk=passkey_id)
        others = Passkey.objects.filter(person=person).exclude(pk=row.pk).exists()
        if required and not others and not Totp.objects.filter(person=person).exclude(confirmed_at=None).exists():
            raise Refused(say("your role needs a second factor; set up an authenticator first"))
        row.delete()
        _tidy(person)
        _record(person, "account.passkey", {"removed": row.name})


def passkey_handle(credential_id: bytes) -> str:
    """By what a passkey is found again."""
    return digest(credential_id.hex())


def passkey_credential(row: Passkey) -> bytes:
    """What its signatures are verified with. Raises Refused."""
    return bytes.fromhex(_unsealed(_passkey_name(row.person, row.handle), row))


def passkey_used(row: Passkey, count: int, now: datetime) -> None:
    """Raises Refused when its counter did not grow: somebody has a copy of it."""
    if count and not Passkey.objects.filter(pk=row.pk, count__lt=count).exists():
        raise Refused(say("the passkey's counter went back; it may have been copied"))
    Passkey.objects.filter(pk=row.pk).update(count=count, used_at=now)


def reset_factors(username: str, *, actor: Actor) -> Person:
    """Take somebody's authenticator, passkeys and recovery codes away, and sign him out: he lost them. Raises
    Person.DoesNotExist."""
    authorise(actor, "factor.reset")
    with transaction.atomic():
        person = Person.objects.select_for_update().get(username=username)
        counts = {
            "authenticators": Totp.objects.filter(person=person).delete()[0],
            "passkeys": Passkey.objects.filter(person=person).delete()[0],
        }
        RecoveryCode.objects.filter(person=person).delete()
        end_all(person)
        record(actor, "factor.reset", f"person {username}", counts)
    return person


def reseal_factors() -> int:
    """Seal all of them anew, as part of a change of keys. How many. Raises SealBroken."""
    list(Person.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    totps, passkeys = list(Totp.objects.select_related("person")), list(Passkey.objects.select_related("person"))
    for row in totps:
        _reseal(_totp_name(row.person), row)
    for one in passkeys:
        _reseal(_passkey_name(one.person, one.handle), one)
    Totp.objects.bulk_update(totps, ["sealed", "key_id"])
    Passkey.objects.bulk_update(passkeys, ["sealed", "key_id"])
    return len(totps) + len(passkeys)


def _reseal(name: str, row: Totp | Passkey) -> None:
    try:
        value = unseal(name, bytes(row.sealed), row.key_id, RING)
    except SealBroken:
        who = row.person.username
        raise SealBroken(
            say("the second factor of %(who)s cannot be opened any more; reset it first", who=who)
        ) from None
    row.sealed, row.key_id = seal(name, value, RING)


def _lock(person: Person) -> None:
    Person.objects.select_for_update().get(pk=person.pk)


def _totp_name(person: Person) -> str:
    return f"authenticator of person {person.pk}"


def _passkey_name(person: Person, handle: str) -> str:
    return f"passkey {handle} of person {person.pk}"


def _unsealed(name: str, row: Totp | Passkey) -> str:
    try:
        return unseal(name, bytes(row.sealed), row.key_id, RING)
    except SealBroken:
        raise Refused(say("this second factor cannot be opened any more; an administrator can reset it")) from None


def _has_any(person: Person) -> bool:
    confirmed = Totp.objects.filter(person=person).exclude(confirmed_at=None).exists()
    return confirmed or Passkey.objects.filter(person=person).exists()


def _tidy(person: Person) -> None:
    """Recovery codes stand in for something, or are not."""
    if not _has_any(person):
        RecoveryCode.objects.filter(person=person).delete()


def _new_codes(person: Person) -> list[str]:
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(person=person).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(person=person, digest=digest(code)) for code in codes)
    _record(person, "account.factor", {"recovery codes": len(codes)})
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def _bare(code: str) -> str:
    return "".join(code.lower().replace("-", " ").split())


def _record(person: Person, act: str, data: dict[str, object]) -> None:
    record(Actor(f"person:{person.username}", person.general_role), act, f"person {person.username}", data)
