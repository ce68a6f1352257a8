"""Chat and push services by Apprise: DingTalk, WeCom, Feishu, Slack and a hundred more.

A hook address as it is copied from the service's page is accepted as well as Apprise's own form.
"""

import logging
import re
from urllib.parse import parse_qs, urlsplit

from apprise import Apprise
from pydantic import Field

from mainstay.drivers.channels import Message, Strict, Undelivered

LONGEST = 1900
"""Bytes of text: a WeCom robot takes 2,048, others more."""


class Settings(Strict):
    """``urls`` as copied from the service, or in Apprise's form."""

    urls: list[str] = Field(min_length=1, description="write ${SECRET}s: such an address is a password")


def send(settings: Settings, message: Message, timeout: float) -> str:  # noqa: ARG001 - Apprise has its own
    """Every address must take it."""
    text = _shortened(f"{message.text}\n{message.key}")
    for number, url in enumerate(settings.urls, 1):
        target = Apprise()
        if not target.add(translated(url)):
            raise Undelivered(f"address {number} is in no form that is known", retry=False)
        said: list[str] = []
        handler = _Listener(said)
        logger = logging.getLogger("apprise")
        logger.addHandler(handler)
        try:
            if not target.notify(title=message.subject, body=text):
                raise Undelivered(
                    f"address {number} ({urlsplit(url).scheme}): {said[-1] if said else 'no answer'}"[:300]
                )
        finally:
            logger.removeHandler(handler)
    return f"taken by {len(settings.urls)} address{'es' if len(settings.urls) > 1 else ''}"


class _Listener(logging.Handler):
    """What Apprise said, without anything that looks like an address or a token."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(re.sub(r"\S*://\S+|\S{20,}", "…", record.getMessage()))


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
