"""A signed POST of JSON.

``Mainstay-Signature: t=<seconds since 1970>,v1=<hex>`` is the HMAC-SHA256, under the shared secret, of ``t``, a dot and
the body. ``Idempotency-Key`` is the delivery's key: a receiver that has seen it may answer 200 and do nothing.
"""

import hashlib
import hmac
import json
import time

from pydantic import Field, field_validator

from mainstay.drivers.channels import Message
from mainstay.drivers.channels._posting import delivered
from mainstay.drivers.kinds import Strict


class Settings(Strict):
    """Where to, and the secret that the signature is made with."""

    url: str = Field(pattern=r"^(https?://|\$\{)")
    secret: str = Field("", description="write a ${SECRET}")
    headers: dict[str, str] = {}
    ca_file: str = ""

    @field_validator("headers")
    @classmethod
    def _one_line_each(cls, value: dict[str, str]) -> dict[str, str]:
        if any(set("\r\n\0:") & set(name) or set("\r\n\0") & set(text) for name, text in value.items()):
            raise ValueError("a header is one line, and its name has no colon")
        return value


def send(settings: Settings, message: Message, timeout: float) -> str:
    """The receiver's answer. What the notice is about stands beside its text as fields of their own."""
    content = {**message.facts, "key": message.key, "subject": message.subject, "text": message.text}
    body = json.dumps(content, ensure_ascii=False, default=str).encode()
    headers = ["Content-Type: application/json", f"Idempotency-Key: {message.key}"]
    if settings.secret:
        headers.append(f"Mainstay-Signature: {signature(settings.secret, int(time.time()), body)}")
    headers += [f"{name}: {value}" for name, value in settings.headers.items()]
    return delivered(
        settings.url, body, headers, message, timeout, ca_file=settings.ca_file, secrets=_secrets(settings)
    )


def _secrets(settings: Settings) -> list[str]:
    return [settings.secret, *settings.headers.values(), settings.url]


def signature(secret: str, at: int, body: bytes) -> str:
    """The value of the signature header."""
    mac = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"
