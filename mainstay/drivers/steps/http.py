"""A request to a service of the system. Values are encoded where they stand and cannot lead to another host."""

import json
import time
from typing import Any, Literal
from urllib.parse import quote, urlencode

from pydantic import Field, field_validator

from mainstay.domain.json_path import parse_json, parse_path
from mainstay.domain.saying import say
from mainstay.drivers.curl import Failed, request
from mainstay.drivers.steps import Bench, Done, StepFailed, StepSettings

FIXED = ("url", "method")
_MOST = 1_000_000
_SAFE = ("GET", "HEAD", "PUT", "DELETE")
"""Methods that may be repeated: RFC 9110, section 9.2.2."""


class Settings(StepSettings):
    """Without ``url`` the component's own."""

    url: str = ""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: list[str] = Field([], max_length=30, description="words that are added to the address, one by one")
    query: dict[str, str | int | float | bool] = {}
    headers: dict[str, str] = {}
    json_body: Any = Field(None, alias="json", description="sent as JSON")
    status: list[int] = Field([200, 201, 202, 204], description="answers that are good")
    take: dict[str, str] = Field({}, description="output: where it stands in the answer, such as $.job.id")

    @field_validator("take")
    @classmethod
    def _paths(cls, value: dict[str, str]) -> dict[str, str]:
        for path in value.values():
            parse_path(path)
        return value

    @field_validator("headers")
    @classmethod
    def _one_line(cls, value: dict[str, str]) -> dict[str, str]:
        if any("\n" in text or "\r" in text or ":" in name for name, text in value.items()):
            raise ValueError("a header is one line")
        return value


def repeatable(settings: Any) -> bool:
    return _method(settings) in _SAFE


def asks(_settings: Any) -> bool:
    return False


def _method(settings: Any) -> str:
    return str(settings.get("method", "GET") if isinstance(settings, dict) else settings.method)


def perform(settings: Settings, bench: Bench) -> Done:
    """Goes out with the step's key as Idempotency-Key, for those who heed it."""
    base = settings.url or str(bench.component.get("url", ""))
    if not base:
        raise StepFailed(say("no url: give one to the step or its component"), retry=False)
    url = "/".join([base.rstrip("/") if settings.path else base, *(quote(one, safe="") for one in settings.path)])
    if settings.query:
        url += ("&" if "?" in url else "?") + urlencode({name: str(one) for name, one in settings.query.items()})
    body = b"" if settings.json_body is None else json.dumps(settings.json_body, ensure_ascii=False).encode()
    headers = [f"{name}: {value}" for name, value in settings.headers.items()]
    headers += [f"Idempotency-Key: {bench.key}", *(["Content-Type: application/json"] if body else [])]
    seconds = max(0.1, bench.until - time.monotonic())
    try:
        status, answer = request(settings.method, url, body, headers, bench.network, seconds=seconds, most=_MOST)
    except Failed as error:
        raise StepFailed(error.problem.detail) from None
    text = answer.decode("utf-8", "replace")
    if status not in settings.status:
        raise StepFailed(say("the answer was %(status)s", status=status), text=text)
    return Done({"status": status, **_taken(settings, text)}, text)


def _taken(settings: Settings, text: str) -> dict[str, Any]:
    if not settings.take:
        return {}
    try:
        document = parse_json(text)
    except ValueError:
        raise StepFailed(say("the answer is no JSON"), retry=False, text=text) from None
    return {name: parse_path(path).find(document) for name, path in settings.take.items()}
