"""A transaction as a user does it: steps over HTTP and JSON-RPC with what earlier steps found.

``{name}`` in a later step is a value that an earlier one saved; ``{b64:login:id:key}`` is several of them, joined by
colons, in Base64 (RFC 4648), as some services want their sessions. Steps marked ``always`` run even when one before
failed, so that a session is closed.
"""

import base64
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pycurl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from mainstay.domain.json_path import brief, parse_json, parse_path
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.curl import Body, Guard, Loop, bounded, problem
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

METRICS = {"total": "s", "*": "s"}
TITLES = {
    "total": say("duration of all steps"),
}  # fmt: skip
LARGEST = 1024 * 1024
_HOLE = re.compile(r"\{(b64:)?([A-Za-z_]\w*(?::[^{}]*)*)\}")


class Rpc(BaseModel):
    """A JSON-RPC call; an ``error`` in its answer is a failure, whatever the status says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str
    params: list[Any] = []


class Step(BaseModel):
    """One request. ``path`` is added to the component's ``url``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    path: str = ""
    url: str = ""
    method: str = "GET"
    headers: dict[str, str] = {}
    body: str = ""
    rpc: Rpc | None = None
    status: int = 200
    contains: str = ""
    expect: dict[str, Any] = Field({}, description="JSON path → the value it must have")
    save: dict[str, str] = Field({}, description="name → JSON path of what later steps use")
    always: bool = False

    @model_validator(mode="after")
    def _paths(self) -> "Step":
        for path in (*self.expect, *self.save.values()):
            parse_path(path)
        return self


class Settings(Strict):
    """``values`` are known from the start: accounts, secrets."""

    values: dict[str, str] = {}
    steps: list[Step] = Field(min_length=1, max_length=50)
    ca_file: str = ""


@dataclass(slots=True)
class _Run:
    """One look under way. ``deadline`` is of the steady clock."""

    handle: pycurl.Curl
    curls: Loop
    known: dict[str, str]
    deadline: float
    values: dict[str, float] = field(default_factory=dict)


class _Failed(Exception):
    def __init__(self, found: Problem) -> None:
        self.found = found


class Probe:
    """One connection a look, cookies kept within it."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        self._guard = Guard(reach.network)

    async def read(self) -> Reading:
        curls: Loop = self._reach.shared("curl loop", Loop)
        run = _Run(pycurl.Curl(), curls, dict(self._settings.values), time.monotonic() + self._reach.timeout)
        failure: Problem | None = None
        began = time.perf_counter()
        try:
            for step in self._settings.steps:
                if failure is not None and not step.always:
                    continue
                try:
                    await self._take(step, run)
                except _Failed as error:
                    failure = failure or Problem(
                        error.found.fault, say("step %(step)s: %(why)s", step=step.name, why=error.found.detail)
                    )
        finally:
            curls.cancel(run.handle)
            run.handle.close()
        run.values["total"] = time.perf_counter() - began
        return Reading(run.values if failure is None else {}, failure)

    async def _take(self, step: Step, run: _Run) -> None:
        rest = run.deadline - time.monotonic()
        if rest <= 0:
            nothing = say("nothing was left of %(seconds)s s", seconds=f"{self._reach.timeout:g}")
            raise _Failed(Problem(Fault.TIMEOUT, nothing))
        body = Body(LARGEST)
        try:
            self._prepare(step, run, body, rest)
        except KeyError as error:
            unsaved = say("%(hole)s was saved by no step before", hole=f"{{{error.args[0]}}}")
            raise _Failed(Problem(Fault.SETUP, unsaved)) from None
        began = time.perf_counter()
        code, text = await run.curls.perform(run.handle)
        run.values[step.name] = time.perf_counter() - began
        if code:
            large = Problem(Fault.TOO_LARGE, say("the answer is larger than %(size)s kB", size=LARGEST // 1024))
            raise _Failed(large if body.over else problem(code, text, self._guard))
        self._judge(
            step, int(run.handle.getinfo(pycurl.RESPONSE_CODE)), body.data.decode("utf-8", "replace"), run.known
        )

    def _prepare(self, step: Step, run: _Run, body: Body, rest: float) -> None:
        handle, known = run.handle, run.known
        handle.reset()
        bounded(handle, self._guard, rest)
        handle.setopt(pycurl.COOKIEFILE, "")
        base = str(self._reach.component.get("url", "")).rstrip("/")
        handle.setopt(pycurl.URL, filled(step.url, known) or base + filled(step.path, known))
        handle.setopt(pycurl.WRITEFUNCTION, body)
        handle.setopt(pycurl.ACCEPT_ENCODING, "")
        if self._settings.ca_file:
            handle.setopt(pycurl.CAINFO, self._settings.ca_file)
        headers = [f"{name}: {filled(value, known)}" for name, value in step.headers.items()]
        if step.rpc is not None:
            call = {"id": 1, "method": filled(step.rpc.method, known), "params": _filled_deep(step.rpc.params, known)}
            handle.setopt(pycurl.POSTFIELDS, json.dumps(call).encode())
            headers.append("Content-Type: application/json")
        elif step.body or step.method != "GET":
            handle.setopt(pycurl.POSTFIELDS, filled(step.body, known).encode())
            handle.setopt(pycurl.CUSTOMREQUEST, step.method)
        if headers:
            handle.setopt(pycurl.HTTPHEADER, headers)

    def _judge(self, step: Step, status: int, text: str, known: dict[str, str]) -> None:
        if status != step.status:
            fault = Fault.AUTH if status in (401, 403) else Fault.STATUS
            other = say("status %(status)s, expected %(wanted)s", status=status, wanted=step.status)
            raise _Failed(Problem(fault, other))
        if step.contains and step.contains not in text:
            lacks = say("the answer does not contain %(wanted)s", wanted=repr(step.contains))
            raise _Failed(Problem(Fault.CONTENT, lacks))
        if not (step.rpc or step.expect or step.save):
            return
        try:
            document = parse_json(text)
        except ValueError:
            strange = say("the answer is not JSON: %(error)s", error=repr(text[:80]))
            raise _Failed(Problem(Fault.PROTOCOL, strange)) from None
        if step.rpc is not None and isinstance(document, dict) and document.get("error"):
            refused = say("the call was refused: %(error)s", error=brief(document["error"]))
            raise _Failed(Problem(Fault.CONTENT, refused))
        for path, wanted in step.expect.items():
            found = parse_path(path).find(document)
            if found != wanted:
                other = say("%(path)s is %(found)s, expected %(wanted)s", path=path, found=brief(found),
                            wanted=repr(wanted))  # fmt: skip
                raise _Failed(Problem(Fault.CONTENT, other))
        for name, path in step.save.items():
            found = parse_path(path).find(document)
            if found is None:
                raise _Failed(Problem(Fault.CONTENT, say("the answer has nothing at %(path)s", path=path)))
            if isinstance(found, dict | list):
                many = say("%(path)s is %(found)s, not one text or number", path=path, found=brief(found))
                raise _Failed(Problem(Fault.CONTENT, many))
            known[name] = str(found)

    def close(self) -> None:
        """Nothing is kept between two looks."""


def filled(text: str, known: Mapping[str, str]) -> str:
    """The text with its holes filled; KeyError for a name that nobody saved."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            joined = ":".join(known[name] for name in found[2].split(":"))
            return base64.b64encode(joined.encode()).decode()
        return known[found[2]]

    return _HOLE.sub(one, text)


def _filled_deep(value: Any, known: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return filled(value, known)
    if isinstance(value, list):
        return [_filled_deep(item, known) for item in value]
    if isinstance(value, dict):
        return {key: _filled_deep(item, known) for key, item in value.items()}
    return value
