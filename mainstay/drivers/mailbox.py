"""A mailbox read by IMAP: what is unseen is handed over, one mail at a time, and marked as seen once it was taken.

A kill between the two brings the mail again; who takes it knows it by its digest. A mail that is too large is not
fetched, only its header.
"""

import imaplib
import re
import ssl
from collections.abc import Callable
from typing import Any

from mainstay.domain.help_desk import Mailbox
from mainstay.domain.incoming_mail import LARGEST_MAIL
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.saying import say
from mainstay.drivers.outward import bounded

AT_ONCE = 20
"""Mails in one visit; the rest comes with the next."""

Take = Callable[[bytes, bool], None]
"""Gets a mail, and whether it is whole."""


class Unread(Exception):
    """The mailbox could not be read; the message says why."""


def visit(settings: Mailbox, network: NetworkPolicy, timeout: float, take: Take) -> int:
    """Hand over what is unseen; returns how many. Raises Unread, and whatever ``take`` raises."""
    where = f"{settings.host}:{settings.port}"
    with bounded(network, timeout) as bounds:
        try:
            with _opened(settings, timeout) as box:
                return _emptied(box, settings.folder, take)
        except imaplib.IMAP4.error as error:
            words = _without(settings, str(error.args[0] if error.args else error))
            raise Unread(say("%(where)s refused: %(answer)s", where=where, answer=words)) from None
        except OSError as error:
            reason = bounds.refusal or _without(settings, str(error))
            raise Unread(say("%(where)s: %(reason)s", where=where, reason=reason)) from None


def _opened(settings: Mailbox, timeout: float) -> imaplib.IMAP4:
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if settings.tls == "implicit":
        box: imaplib.IMAP4 = imaplib.IMAP4_SSL(settings.host, settings.port, ssl_context=context, timeout=timeout)
    else:
        box = imaplib.IMAP4(settings.host, settings.port, timeout=timeout)
    if settings.tls == "starttls":
        box.starttls(context)
    box.login(settings.user, settings.password)
    return box


def _emptied(box: imaplib.IMAP4, folder: str, take: Take) -> int:
    quoted = folder.replace("\\", "\\\\").replace('"', '\\"')
    _good(box.select(f'"{quoted}"'))
    (found,) = _good(box.uid("SEARCH", "UNSEEN"))
    numbers = _bytes(found).split()[:AT_ONCE]
    for number in numbers:
        whole = _size(box, number) <= LARGEST_MAIL
        raw = _fetched(box, number, "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]")
        if raw:
            take(raw, whole)
        _good(box.uid("STORE", number.decode(), "+FLAGS", r"(\Seen)"))
    return len(numbers)


def _size(box: imaplib.IMAP4, number: bytes) -> int:
    answer = _good(box.uid("FETCH", number.decode(), "(RFC822.SIZE)"))
    found = re.search(rb"RFC822\.SIZE (\d+)", _bytes(answer[0]) if answer else b"")
    return int(found[1]) if found else LARGEST_MAIL + 1


def _fetched(box: imaplib.IMAP4, number: bytes, what: str) -> bytes:
    answer = _good(box.uid("FETCH", number.decode(), f"({what})"))
    return next((part[1] for part in answer if isinstance(part, tuple)), b"")


def _bytes(part: object) -> bytes:
    return part if isinstance(part, bytes) else b""


def _good(answer: tuple[str, Any]) -> list[Any]:
    kind: str = answer[0]
    data: list[Any] = answer[1]
    if kind != "OK":
        raise imaplib.IMAP4.error(str(data[0] if data else kind))
    return data


def _without(settings: Mailbox, text: str) -> str:
    """A server may say back what it was told."""
    return text.replace(settings.password, "…") if settings.password else text
