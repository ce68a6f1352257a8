"""What comes by mail: a new ticket, or more words to one; each mail once, and each on record."""

import hashlib
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from mainstay.domain import incoming_mail
from mainstay.domain.attachment import Unfit
from mainstay.domain.help_desk import number_in
from mainstay.domain.incoming_mail import Ignored, Mail
from mainstay.help_desk.actions.reporting import Report, Sent, TooMany, report, say_more
from mainstay.help_desk.models import Received, Ticket
from mainstay.notices.models import LETTER, Delivery


def receive(raw: bytes, own: str, language: str, *, whole: bool = True) -> Received | None:
    """Take a mail in; None for one that was taken in before. ``own`` is the help desk's address, ``language`` that of
    a reporter of whom none is known. Of one that is not ``whole`` only the header came; it is noted and not heard."""
    key = hashlib.sha256(raw).hexdigest()
    if Received.objects.filter(key=key).exists():
        return None
    try:
        with transaction.atomic():
            return _taken(raw if whole else b"", key, own, language)
    except IntegrityError:  # somebody else has just taken it in
        return None


def _taken(raw: bytes, key: str, own: str, language: str) -> Received:
    row = Received(key=key, at=datetime.now(UTC))
    row.outcome = _outcome(row, raw, own, language) if raw else "too-large"
    row.save()
    return row


def _outcome(row: Received, raw: bytes, own: str, language: str) -> str:
    """What became of it; who wrote and the ticket are noted on its row."""
    try:
        mail = incoming_mail.read(raw, own)
        row.address = mail.address
        with transaction.atomic():
            row.ticket, heard = _heard(mail, language)
    except Ignored as error:
        return str(error)
    except TooMany:
        return "too-many"
    except Unfit:
        return "unfit"
    return heard


def _heard(mail: Mail, language: str) -> tuple[Ticket, str]:
    files = [Sent(name, content) for name, content in mail.files]
    if (known := _ticket_of(mail)) is not None:
        return say_more(known, mail.text or "…", files=files), "said"
    earlier = Ticket.objects.filter(address__iexact=mail.address).order_by("-pk").first()
    spoken = earlier.language if earlier else _tongue(mail, language)
    what = Report("question", mail.subject, mail.text, "", mail.address, mail.name, spoken, files)
    return report(what, came_by="mail"), "opened"


def _ticket_of(mail: Mail) -> Ticket | None:
    """The ticket that a mail answers: by the letters that it refers to, else by the number in its subject. Only its
    reporter is heard on it: whoever guesses a number opens a ticket of his own."""
    mine = Ticket.objects.filter(address__iexact=mail.address)
    keys = [reference.partition("@")[0] for reference in mail.references]
    told = (
        Delivery.objects.filter(key__in=keys)
        .filter(recipient__startswith=LETTER)
        .values_list("notice__data__ticket", flat=True)
    )
    found = mine.filter(pk__in=[number for number in told if number]).order_by("-pk").first()
    number = number_in(mail.subject)
    return found or (mine.filter(pk=number).first() if number else None)


def _tongue(mail: Mail, otherwise: str) -> str:
    """Chinese where more than a few of its characters are, English where only Latin letters are."""
    wide = sum("\u4e00" <= one <= "\u9fff" for one in mail.subject + mail.text)
    return "zh" if wide > 3 and otherwise != "zh-hant" else otherwise if wide > 3 else "en"
