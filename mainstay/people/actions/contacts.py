"""Where a person is called: a person's own affair, whatever his role."""

import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from mainstay.audit.actions import record
from mainstay.domain.saying import say
from mainstay.drivers import channels
from mainstay.people.actions.persons import own_actor
from mainstay.people.actions.refusal import Refused
from mainstay.people.models import Contact, Person
from mainstay.sealing import RING, seal, unseal

MOST = 8
_LONGEST = 2000


def add_contact(person: Person, kind: str, address: str) -> Contact:
    """One more address, of kind ``email`` or ``chat`` (any that a channel of kind apprise takes). Raises Refused."""
    address = address.strip()
    shown = _fit_email(address) if kind == "email" else _fit_chat(address)
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)  # or a change of keys may pass it by
        if Contact.objects.filter(person=person, retired_at=None).count() >= MOST:
            raise Refused(say("nobody needs more than %(most)s addresses; remove one first", most=MOST))
        handle = secrets.token_hex(8)
        sealed, key_id = seal(_name(person, handle), address, RING)
        made = Contact.objects.create(
            person=person, kind=kind, shown=shown, handle=handle, sealed=sealed, key_id=key_id,
            added_at=datetime.now(UTC),
        )  # fmt: skip
        record(own_actor(person), "account.contact", f"person {person.username}", {"added": kind})
    return made


def _fit_email(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        raise Refused(say("%(text)s is no mail address", text=address[:100])) from None
    if len(address) > 254:
        raise Refused(say("this address is too long"))
    return address


def _fit_chat(address: str) -> str:
    if len(address) > _LONGEST:
        raise Refused(say("this address is too long"))
    if not channels.load("apprise").is_known(address):
        raise Refused(say("this is no address of a service that is known; copy the hook as the service shows it"))
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname if parts.scheme in ('http', 'https') else '…'}"[:254]


def remove_contact(person: Person, number: int) -> None:
    """He is not called there any more; what was sent there stays on record. Raises Contact.DoesNotExist."""
    with transaction.atomic():
        found = Contact.objects.select_for_update().get(pk=number, person=person, retired_at=None)
        found.retired_at, found.sealed, found.key_id = datetime.now(UTC), b"", ""
        found.save()
        record(own_actor(person), "account.contact", f"person {person.username}", {"removed": found.kind})


def contact_address(contact: Contact) -> str:
    """The address itself; never show or log it. Raises SealBroken."""
    return unseal(_name(contact.person, contact.handle), bytes(contact.sealed), contact.key_id, RING)


def reseal_contacts() -> int:
    """Seal all of them anew, as part of a change of keys. How many. Raises SealBroken."""
    rows = list(Contact.objects.filter(retired_at=None).select_related("person"))
    for row in rows:
        row.sealed, row.key_id = seal(_name(row.person, row.handle), contact_address(row), RING)
    Contact.objects.bulk_update(rows, ["sealed", "key_id"])
    return len(rows)


def _name(person: Person, handle: str) -> str:
    return f"contact {handle} of person {person.pk}"
