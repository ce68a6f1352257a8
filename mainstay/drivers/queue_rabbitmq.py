"""A queue of RabbitMQ, as its management interface tells of it."""

import math
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pycurl

from mainstay.domain.json_path import parse_json
from mainstay.domain.network import NetworkPolicy
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.curl import Body, Guard, bounded, problem

MOST = 1_000_000
"""Bytes of answer that are read."""
_COUNTS = {
    "depth": "messages", "ready": "messages_ready", "unacknowledged": "messages_unacknowledged",
    "consumers": "consumers",
}  # fmt: skip
_WELL = ("running", "idle", "flow")


class RabbitMQ:
    """Asks anew for each look."""

    def __init__(
        self, url: str, vhost: str, queue: str, *, user: str, password: str, ca_file: str, network: NetworkPolicy,
        seconds: float,
    ) -> None:  # fmt: skip
        self._url, self._name = url, say("queue %(queue)s of %(vhost)s", queue=queue, vhost=vhost)
        self._path = f"/api/queues/{quote(vhost, safe='')}/{quote(queue, safe='')}"
        self._user, self._password, self._ca_file = user, password, ca_file
        self._network, self._seconds = network, seconds

    def read(self) -> Reading:
        if not self._url.startswith(("http://", "https://")):
            detail = say("no url of RabbitMQ's management; write such as http://192.0.2.7:15672")
            return Reading(problem=Problem(Fault.SETUP, detail), blind=True)
        guard, body, handle = Guard(self._network), Body(MOST), pycurl.Curl()
        try:
            self._prepare(handle, guard, body)
            handle.perform()
            return self._judge(int(handle.getinfo(pycurl.RESPONSE_CODE)), bytes(body.data))
        except pycurl.error as error:
            if body.over:
                return Reading(problem=Problem(Fault.TOO_LARGE, say("the answer went on beyond what is read")))
            return Reading(problem=problem(int(error.args[0]), str(error.args[1]), guard))
        finally:
            handle.close()

    def _prepare(self, handle: pycurl.Curl, guard: Guard, body: Body) -> None:
        bounded(handle, guard, self._seconds)
        handle.setopt(pycurl.URL, (self._url.rstrip("/") + self._path).encode())
        handle.setopt(pycurl.PATH_AS_IS, 1)
        handle.setopt(pycurl.WRITEFUNCTION, body)
        if self._user:
            handle.setopt(pycurl.USERNAME, self._user.encode())
            handle.setopt(pycurl.PASSWORD, self._password.encode())
        if self._ca_file:
            handle.setopt(pycurl.CAINFO, self._ca_file)

    def _judge(self, status: int, body: bytes) -> Reading:
        if status == 404:
            return Reading(problem=Problem(Fault.MISSING, say("there is no %(thing)s", thing=self._name)))
        if status in (401, 403):
            barred = say("the account may not look at %(thing)s: %(status)s", thing=self._name, status=status)
            return Reading(problem=Problem(Fault.AUTH, barred))
        if status != 200:
            other = say("status %(status)s, expected %(wanted)s", status=status, wanted=200)
            return Reading(problem=Problem(Fault.STATUS, other))
        try:
            told = parse_json(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            return Reading(problem=Problem(Fault.PROTOCOL, say("the answer is not one of RabbitMQ's management")))
        return self._measured(told)

    def _measured(self, told: Mapping[str, Any]) -> Reading:
        counted = {ours: _number(told.get(theirs)) for ours, theirs in _COUNTS.items()}
        values = {name: count for name, count in counted.items() if count is not None}
        head = _number(told.get("head_message_timestamp"))
        if head is not None:
            values["age"] = max(0.0, time.time() - head)
        elif values.get("depth") == 0:
            values["age"] = 0.0
        state = str(told.get("state", "running"))[:60]
        if state not in _WELL:
            return Reading(values, Problem(Fault.STATUS, say("%(thing)s is %(state)s", thing=self._name, state=state)))
        if "depth" not in values:
            detail = say("%(thing)s has no count yet; RabbitMQ takes some seconds, unless its statistics are off",
                         thing=self._name)  # fmt: skip
            return Reading(values, Problem(Fault.CONTENT, detail), blind=True)
        return Reading(values)

    def close(self) -> None:
        """Nothing is kept."""


def _number(value: Any) -> float | None:
    """A finite number that JSON gave, or None."""
    try:
        found = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return None
    return found if math.isfinite(found) else None
