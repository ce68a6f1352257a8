"""Any monitoring plugin (Nagios, Icinga, Monitoring Plugins): a program whose exit code is its verdict.

Only programs in the directories that an administrator named are run (``plugin_directories`` in ``mainstay.toml``),
never by a shell, with a small environment, and with everything they started ended at the deadline.
"""

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import asdict
from typing import Any

from pydantic import Field, field_validator

from mainstay.domain.plugin_output import Output, parse_output
from mainstay.domain.reading import Fault, Problem, Reading
from mainstay.domain.saying import say
from mainstay.drivers.foreign import at, os_words
from mainstay.drivers.kinds import Strict
from mainstay.drivers.named_programs import named
from mainstay.drivers.probes import Reach

METRICS = {"exit_code": "1", "time": "s", "*": "1"}
TITLES = {
    "exit_code": say("exit code"), "time": say("duration of the plugin"),
}  # fmt: skip

_TOGETHER = 16
"""Plugins at once; each is a process."""
_LARGEST = 65_536
_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
_VERDICTS = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}


class Settings(Strict):
    """The plugin's own thresholds decide; ``warn`` and ``crit`` of the check may judge its numbers besides."""

    command: list[str] = Field(min_length=1, description="the program's name or path, then its arguments, one by one")
    env: dict[str, str] = Field({}, description="for what must not be seen in the list of processes, such as ${SECRET}")

    @field_validator("command")
    @classmethod
    def _can_be_run(cls, value: list[str]) -> list[str]:
        if not value[0] or any("\0" in word for word in value):
            raise ValueError("write the program and its arguments as a list of texts")
        return value


class Probe:
    """Starts the program anew for each look."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach

    async def read(self) -> Reading:
        program = named(self._settings.command[0], self._reach.plugins)
        if isinstance(program, Problem):
            return Reading(problem=program, blind=True)
        began = time.monotonic()
        room: asyncio.Semaphore = self._reach.shared("plugins", lambda: asyncio.Semaphore(_TOGETHER))
        try:
            async with asyncio.timeout(self._reach.timeout), room:
                code, printed = await self._run(program)
        except TimeoutError:
            problem = Problem(Fault.TIMEOUT, say("not done within %(seconds)s s", seconds=f"{self._reach.timeout:g}"))
            return Reading({"time": time.monotonic() - began}, problem, blind=True)
        except OSError as error:
            return Reading(problem=Problem(Fault.SETUP, at(program, os_words(error))), blind=True)
        return _judged(code, printed, time.monotonic() - began)

    async def _run(self, program: str) -> tuple[int, bytes]:
        process = await asyncio.create_subprocess_exec(
            program, *self._settings.command[1:], env={**_ENVIRONMENT, **self._settings.env}, cwd="/",
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None  # noqa: S101 - asked for above
            printed = b""
            while chunk := await process.stdout.read(_LARGEST):
                printed += chunk[: _LARGEST - len(printed)]
            return await process.wait(), printed
        finally:
            with contextlib.suppress(ProcessLookupError):  # its children too, and though it has ended itself
                os.killpg(process.pid, signal.SIGKILL)
            if process.returncode is None:
                await process.wait()

    def close(self) -> None:
        """Nothing is kept between two looks."""


def _judged(code: int, printed: bytes, took: float) -> Reading:
    output = parse_output(printed.decode("utf-8", "replace"))
    values = {**output.values, "exit_code": float(code), "time": took}
    units = {**output.units, "exit_code": "1", "time": "s"}
    payload = _limits(output)
    if code == 0:
        return Reading(values, excerpt=output.text, units=units, payload=payload)
    text = output.text.partition("\n")[0][:500]
    if code < 0:
        text = say("ended by signal %(number)s: %(text)s", number=-code, text=text)
    elif code not in _VERDICTS:
        text = say("exit code %(code)s, which no plugin may give: %(text)s", code=code, text=text)
    problem = Problem(Fault.STATUS, text or _VERDICTS.get(code, ""), warning=code == 1)
    return Reading(values, problem, blind=code not in (1, 2), excerpt=output.text, units=units, payload=payload)


def _limits(output: Output) -> dict[str, Any] | None:
    """The ranges that the program printed with its numbers, for the check's page; it has judged by them itself."""
    kinds = {"warning": output.warn, "critical": output.crit}
    limits = {kind: {label: asdict(one) for label, one in ranges.items()} for kind, ranges in kinds.items() if ranges}
    return {"limits": limits} if limits else None
