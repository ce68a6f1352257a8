"""A signed POST of JSON.

``Mainstay-Signature: t=<seconds since 1970>,v1=<hex>`` is the HMAC-SHA256, under the shared secret, of ``t``, a dot and
the body. ``Idempotency-Key`` is the delivery's key: a receiver that has seen it may answer 200 and do nothing.
"""

import hashlib
import hmac
import json
import time

from pydantic import Field

from mainstay.drivers.channels import Message, Strict, Undelivered
from mainstay.drivers.curl import Failed, post


class Settings(Strict):
    """Where to, and the secret that the signature is made with."""

    url: str = Field(pattern=r"^(https?://|\$\{)")
    secret: str = Field("", description="write a ${SECRET}")
    headers: dict[str, str] = {}
    ca_file: str = ""


def send(settings: Settings, message: Message, timeout: float) -> str:
    """Any status of 2xx is an arrival; 4xx but 408 and 429 will not get better by trying again."""
    body = json.dumps({"key": message.key, "subject": message.subject, "text": message.text, **message.facts},
                      ensure_ascii=False).encode()  # fmt: skip
    headers = ["Content-Type: application/json", f"Idempotency-Key: {message.key}"]
    if settings.secret:
        headers.append(f"Mainstay-Signature: {signature(settings.secret, int(time.time()), body)}")
    headers += [f"{name}: {value}" for name, value in settings.headers.items()]
    try:
        status, answer = post(settings.url, body, headers, message.network, timeout, ca_file=settings.ca_file)
    except Failed as error:
        raise Undelivered(str(error)) from None
    if 200 <= status < 300:
        return f"{status} {answer[:200]}".strip()
    hopeless = 400 <= status < 500 and status not in (408, 429)
    raise Undelivered(f"the receiver answered {status}: {answer[:200]}", retry=not hopeless)


def signature(secret: str, at: int, body: bytes) -> str:
    """The value of the signature header."""
    mac = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"
