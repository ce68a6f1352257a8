"""A command on another host, over SSH with a pinned host key. Each word is quoted, so that a value stays one word."""

import asyncio
import shlex
import time
from typing import Any

from pydantic import Field

from mainstay.domain.saying import say
from mainstay.drivers import ssh
from mainstay.drivers.steps import Bench, Done, StepFailed, StepSettings

FIXED = ("command.0",)


class Settings(StepSettings):
    """Where to sign in stands with the component (``address``, ``user``, ``key_file``, ``host_key``), or here."""

    command: list[str] = Field(min_length=1, max_length=100, description="the program, then its arguments one by one")
    codes: list[int] = Field([0], description="exit codes that are good")
    address: str = ""
    user: str = ""
    key_file: str = ""
    host_key: str = Field("", description="the host's public key, as in known_hosts: ssh-ed25519 AAAA…")
    port: int = Field(0, ge=0, le=65535)


def repeatable(_settings: Any) -> bool:
    """Nobody here can know."""
    return False


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done:
    """The host's key decides whether it is the right one; what it prints is bounded."""
    known = bench.component
    door = ssh.Door(
        settings.address or str(known.get("address", "")), settings.user or str(known.get("user", "")),
        settings.key_file or str(known.get("key_file", "")), settings.host_key or str(known.get("host_key", "")),
        settings.port or int(known.get("port") or 22),
    )  # fmt: skip
    try:
        ended = asyncio.run(_bounded(shlex.join(settings.command), door, bench))
    except TimeoutError:
        raise StepFailed(say("it was not done in its time")) from None
    except ssh.ERRORS as error:
        problem, _ = ssh.problem_of(error, door)
        raise StepFailed(problem.detail) from None
    if ended.code not in settings.codes:
        raise StepFailed(say("it ended with code %(code)s", code=ended.code), text=ended.text)
    return Done({"code": ended.code, "text": ended.text.strip()}, ended.text)


async def _bounded(command: str, door: ssh.Door, bench: Bench) -> ssh.Ended:
    async with asyncio.timeout(max(0.1, bench.until - time.monotonic())):
        return await ssh.execute(command, door, bench.network)
