"""Where a delivery to one person, or to a vendor, goes, and in which language."""

from mainstay.catalogue.queries import arrangements
from mainstay.domain.on_call import Vendor
from mainstay.domain.saying import say
from mainstay.drivers.channels import Undelivered
from mainstay.monitoring.wording import language_of
from mainstay.notices.models import Delivery
from mainstay.people.actions import contact_address
from mainstay.people.models import Person
from mainstay.settings import CONFIGURATION


def address_of(delivery: Delivery) -> str:
    """Never show or log it. Raises Undelivered, SealBroken."""
    if delivery.contact is not None:
        if delivery.contact.retired_at is not None:
            raise Undelivered(say("the address was removed"), retry=False)
        return contact_address(delivery.contact)
    kind, _, name = delivery.recipient.partition(":")
    if delivery.is_letter:
        return name
    if kind == "vendor":
        found = vendor(name)
        address = found.email if found else ""
    else:
        address = Person.objects.filter(username=name, is_active=True).values_list("email", flat=True).first() or ""
    if not address:
        raise Undelivered(say("no e-mail address is known"), retry=False)
    return address


def language_for(delivery: Delivery) -> str:
    """``en``, ``zh`` or ``zh-hant``."""
    kind, _, name = delivery.recipient.partition(":")
    if delivery.is_letter:
        return str(delivery.notice.data.get("language", "en"))
    if kind == "vendor":
        found = vendor(name)
        return found.language if found else "en"
    if kind == "person":
        chosen = Person.objects.filter(username=name).values_list("language", flat=True).first()
        return language_of(chosen or CONFIGURATION.language)
    return str(delivery.channel.document.get("language", "en")) if delivery.channel else "en"


def vendor(name: str) -> Vendor | None:
    """A vendor in use."""
    row = arrangements("vendor").filter(name=name).first()
    return Vendor.model_validate(row.document) if row else None
