"""Chat and push services: the robots of DingTalk, WeCom, Feishu, Lark and Slack, and a hundred more by Apprise.

A hook address as it is copied from the service's page is accepted as well as Apprise's own form.
"""

import contextlib
import logging
import re
import threading
import time
from urllib.parse import urlsplit

from apprise import Apprise, NotifyBase
from pydantic import Field

from mainstay.drivers.channels import Message, Undelivered
from mainstay.drivers.channels._robots import robot, tell, with_key
from mainstay.drivers.kinds import Strict
from mainstay.drivers.outward import bounded

LONGEST = 1900
"""Bytes of text to a service that only Apprise knows: those that are for more than a line take 2,000 and more."""


class Settings(Strict):
    """``urls`` as copied from the service, or in Apprise's form."""

    urls: list[str] = Field(min_length=1, description="write ${SECRET}s: such an address is a password")


def is_known(url: str) -> bool:
    """Whether an address is in a form in which something can be sent; nothing is."""
    try:
        return robot(url) is not None or isinstance(Apprise.instantiate(url, suppress_exceptions=True), NotifyBase)
    except ValueError:  # no address at all
        return False


def send(settings: Settings, message: Message, timeout: float) -> str:
    """Every address must take it. When one does not, those before it will hear it again: with the same key."""
    deadline = time.monotonic() + timeout
    for number, url in enumerate(settings.urls, 1):
        left = max(0.001, deadline - time.monotonic())
        try:
            known = robot(url)
            tell(known, message, left) if known else _by_apprise(url, message, left)
        except Undelivered as error:
            name = known.service.name if known else urlsplit(url).scheme
            raise Undelivered(f"address {number} ({name}): {error.reason}"[:300], retry=error.retry) from None
    return f"taken by {len(settings.urls)} address{'es' if len(settings.urls) > 1 else ''}"


def _by_apprise(url: str, message: Message, timeout: float) -> None:
    """``Apprise.notify`` would send in a thread of its own, where nothing is bounded: the service itself is asked."""
    logger, said = logging.getLogger("apprise"), _Listener()
    logger.addHandler(said)
    try:
        with bounded(message.network, timeout) as bounds, contextlib.suppress(OSError):
            service = Apprise.instantiate(url)
            if not isinstance(service, NotifyBase):
                raise Undelivered("it is in no form that is known", retry=False)
            if service.notify(title=message.subject, body=with_key(message.text, message.key, LONGEST)):
                return
        raise Undelivered(bounds.refusal or ("no end in time" if bounds.late else said.last) or "no answer")
    finally:
        logger.removeHandler(said)


class _Listener(logging.Handler):
    """What Apprise said last in this thread, without anything that looks like an address or a token."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.last = re.sub(r"\S*://\S+|[^\s]{20,}", "…", record.getMessage())
