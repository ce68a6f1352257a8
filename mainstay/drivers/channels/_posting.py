"""What the channels that POST have in common: which answer is an arrival, and what of it may be kept."""

from collections.abc import Callable

from mainstay.drivers import answers
from mainstay.drivers.channels import Message, Undelivered
from mainstay.drivers.curl import Failed, post

Judge = Callable[[int, str], None]
"""Raises Undelivered for an answer, with its status, that is a refusal whatever the status says."""


def delivered(
    url: str,
    body: bytes,
    headers: list[str],
    message: Message,
    timeout: float,
    *,
    secrets: list[str],
    ca_file: str = "",
    judge: Judge = lambda _status, _answer: None,
) -> str:
    """POST it; the receiver's answer, in which nothing of ``secrets`` is left. Raises Undelivered.

    Any status of 2xx is an arrival; 3xx and 4xx but 408, 425 and 429 will not soon get better by trying again.
    """
    try:
        status, answer = post(url, body, headers, message.network, timeout, ca_file=ca_file)
    except Failed as error:
        raise Undelivered(_without(str(error.problem.detail or error), secrets)) from None
    answer = _without(" ".join(answer.split()), secrets)
    judge(status, answer)
    if 200 <= status < 300:
        return f"{status} {answer[:200]}".strip()
    hopeless = 300 <= status < 500 and status not in (408, 425, 429)
    raise Undelivered(answers.RECEIVER % {"status": status, "answer": answer[:200]}, retry=not hopeless)


def _without(text: str, secrets: list[str]) -> str:
    """A receiver may say back what it was sent."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
