"""What the channels that POST have in common: which answer is an arrival, and what of it may be kept."""

from mainstay.drivers.channels import Message, Undelivered
from mainstay.drivers.curl import Failed, post


def delivered(
    url: str, body: bytes, headers: list[str], message: Message, timeout: float, *, ca_file: str, secrets: list[str]
) -> str:
    """POST it; the receiver's answer, in which nothing of ``secrets`` is left. Raises Undelivered.

    Any status of 2xx is an arrival; 3xx and 4xx but 408, 425 and 429 will not soon get better by trying again.
    """
    try:
        status, answer = post(url, body, headers, message.network, timeout, ca_file=ca_file)
    except Failed as error:
        raise Undelivered(_without(str(error), secrets)) from None
    said = _without(" ".join(answer.split()), secrets)[:200]
    if 200 <= status < 300:
        return f"{status} {said}".strip()
    hopeless = 300 <= status < 500 and status not in (408, 425, 429)
    raise Undelivered(f"the receiver answered {status}: {said}", retry=not hopeless)


def _without(text: str, secrets: list[str]) -> str:
    """A receiver may say back what it was sent."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
