"""Where whatever speaks PagerDuty's Events API v2 can send its events: ``/v2/enqueue`` and ``/v2/change/enqueue``.

Senders change the address and nothing else. ``routing_key`` is a token of ours, with the scope ``alert.receive``.
"""

import json
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from mainstay.api.auth import KNOWN, STRANGERS
from mainstay.diagnosis.actions import tell_change
from mainstay.domain import pagerduty
from mainstay.domain.actor import Actor, At, Denied, authorise
from mainstay.incidents.actions import receive
from mainstay.people import actions, queries

INVALID = "Event object is invalid"


class _Slow(Exception):
    """Too many from there; ``str()`` says for how many seconds to wait."""


@csrf_exempt  # the key is in the body, and no cookie is looked at
def enqueue(request: HttpRequest) -> HttpResponse:
    """An alert fires, was taken on, or is over."""
    return _answered(request, _event)


@csrf_exempt  # as above
def enqueue_change(request: HttpRequest) -> HttpResponse:
    """Something was changed."""
    return _answered(request, _change)


def _answered(request: HttpRequest, take: Callable[[Any, Actor], JsonResponse]) -> HttpResponse:
    if request.method != "POST":
        return _refused(
            405, "Method Not Allowed", [f"{request.method} is not for this address, but POST"], Allow="POST"
        )
    try:
        body = json.loads(_read(request))
        return take(body, _sender(request, body))
    except Exception as error:
        if (known := _told(error)) is None:
            raise
        return known


def _told(error: Exception) -> HttpResponse | None:
    """A refusal in PagerDuty's form; None for what is a fault of ours."""
    found: HttpResponse | None = None
    match error:
        case pagerduty.Unfit():
            found = _refused(400, INVALID, error.errors)
        case RequestDataTooBig():
            found = _refused(413, INVALID, [f"The event is larger than {pagerduty.LARGEST // 1024} KB"])
        case json.JSONDecodeError() | UnicodeDecodeError() | RecursionError():
            found = _refused(400, INVALID, ["The body is no JSON"])
        case Denied():
            found = _refused(403, "Forbidden", [str(error)])
        case _Slow():
            found = _refused(429, "Too many events", ["try again later"], Retry_After=str(error))
        case OperationalError():
            found = _refused(503, "Try again", ["the database does not answer"], Retry_After="5")
    return found


def _read(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > pagerduty.LARGEST:
        raise RequestDataTooBig
    return request.body


def _sender(request: HttpRequest, body: Any) -> Actor:
    """Whose ``routing_key`` it is. Raises Unfit, Denied, _Slow."""
    key = body.get("routing_key") if isinstance(body, dict) else None
    now = datetime.now(UTC)
    token = queries.token_of(key, now) if isinstance(key, str) and "\0" not in key else None
    pace, name = (
        (STRANGERS, str(request.META.get("REMOTE_ADDR", ""))) if token is None else (KNOWN, f"token:{token.pk}")
    )
    if wait := pace.wait(name, time.monotonic()):
        raise _Slow(str(int(wait) + 1))
    if token is None:
        raise pagerduty.Unfit(["'routing_key' is missing or is no valid token"])
    actions.touch_token(token, now)
    found = queries.actor_of_token(token)
    authorise(found, "alert.receive", system=At.ANYWHERE)
    return found


def _event(body: Any, sender: Actor) -> JsonResponse:
    found = pagerduty.event(body, secrets.token_hex(16))
    receive([found.alert], actor=sender)
    return JsonResponse({"status": "success", "message": "Event processed", "dedup_key": found.key}, status=202)


def _change(body: Any, sender: Actor) -> JsonResponse:
    found = pagerduty.change(body)
    url = next((one["href"] for one in found.links if one.get("href")), "")
    tell_change(found.summary, system=found.system, source=found.source, url=url, at=found.at, actor=sender)
    return JsonResponse({"status": "success", "message": "Change event processed"}, status=202)


def _refused(status: int, message: str, errors: list[str], **headers: str) -> JsonResponse:
    answer = JsonResponse({"status": "invalid event", "message": message, "errors": errors}, status=status)
    for name, value in headers.items():
        answer[name.replace("_", "-")] = value
    return answer
