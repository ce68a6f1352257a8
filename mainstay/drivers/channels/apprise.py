"""Chat and push services by Apprise: DingTalk, WeCom, Feishu, Slack and a hundred more.

A hook address as it is copied from the service's page is accepted as well as Apprise's own form.
"""

import logging
import re
import threading
from urllib.parse import parse_qs, urlsplit

from apprise import Apprise
from pydantic import Field

from mainstay.drivers.channels import Message, Strict, Undelivered
from mainstay.drivers.outward import Bounds, bounded

LONGEST = 1900
"""Bytes of text: a WeCom robot takes 2,048, others more."""


class Settings(Strict):
    """``urls`` as copied from the service, or in Apprise's form."""

    urls: list[str] = Field(min_length=1, description="write ${SECRET}s: such an address is a password")


def send(settings: Settings, message: Message, timeout: float) -> str:
    """Every address must take it. When one does not, those before it will hear it again: with the same key."""
    text = _shortened(f"{message.text}\n{message.key}")
    with bounded(message.network, timeout) as bounds:
        for number, url in enumerate(settings.urls, 1):
            _tell(number, url, message.subject, text, bounds)
    return f"taken by {len(settings.urls)} address{'es' if len(settings.urls) > 1 else ''}"


def _tell(number: int, url: str, title: str, text: str, bounds: Bounds) -> None:
    target, said = Apprise(), _Listener()
    logger = logging.getLogger("apprise")
    logger.addHandler(said)
    try:
        if not target.add(translated(url)):
            raise Undelivered(f"address {number} is in no form that is known", retry=False)
        if not target.notify(title=title, body=text):
            reason = bounds.refusal or ("no end in time" if bounds.late else said.last) or "no answer"
            raise Undelivered(f"address {number} ({urlsplit(translated(url)).scheme}): {reason}"[:300])
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


def _shortened(text: str) -> str:
    data = text.encode()
    return text if len(data) <= LONGEST else data[: LONGEST - 3].decode("utf-8", "ignore") + "…"


def translated(url: str) -> str:
    """A pasted hook address in Apprise's form; anything else as it is."""
    parts = urlsplit(url)
    host, path, query = parts.hostname or "", parts.path, parse_qs(parts.query)
    if host == "oapi.dingtalk.com" and "access_token" in query:
        secret = query.get("secret", [""])[0]
        return (
            f"dingtalk://{secret}@{query['access_token'][0]}/" if secret else f"dingtalk://{query['access_token'][0]}/"
        )
    if host == "qyapi.weixin.qq.com" and "key" in query:
        return f"wecombot://{query['key'][0]}/"
    if host in ("open.feishu.cn", "open.larksuite.com") and "/hook/" in path:
        scheme = "feishu" if host == "open.feishu.cn" else "lark"
        return f"{scheme}://{path.rsplit('/', 1)[1]}/"
    return url
