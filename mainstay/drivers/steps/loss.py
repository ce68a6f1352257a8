"""What a broken PostgreSQL primary had committed that its standby never got, counted in the primary's own log by its
own ``pg_waldump``, over SSH with a pinned host key. Nothing is changed there.

Needs ``awk`` and an account that may read the data directory. What is counted are rows of committed transactions behind
the place ``since``; with synchronous replication none of them was confirmed to anybody.
"""

import asyncio
import time
from typing import Any

from pydantic import Field

from mainstay.domain.saying import say, words_of
from mainstay.domain.wal_loss import command, parsed
from mainstay.drivers import ssh
from mainstay.drivers.steps import Bench, Done, StepFailed, StepSettings

FIXED: tuple[str, ...] = ()


class Settings(StepSettings):
    """The component is the host of the old primary."""

    data: str = Field(min_length=1, max_length=500, pattern=r"^/", description="the old primary's data directory")
    programs: str = Field("", max_length=500, description="the directory of pg_waldump, if it is not on the PATH")
    since: str = Field(description="the place in the log that the standby came to, such as 0/3000148")
    timeline: int = Field(1, ge=1)
    kept: str = Field("", max_length=60, description="when the last commit was made that the standby has")


def repeatable(_settings: Any) -> bool:
    return True


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done:
    """Outputs ``commits``, ``rows`` and ``seconds``."""
    door = ssh.door_of(bench.component)
    try:
        line = command(settings.data, settings.programs, settings.since, settings.timeline)
        ended = asyncio.run(_bounded(line, door, bench))
    except TimeoutError:
        raise StepFailed(say("it was not done in its time")) from None
    except ssh.ERRORS as error:
        problem, _ = ssh.problem_of(error, door)
        raise StepFailed(problem.detail) from None
    try:
        found = parsed(ended.text, settings.kept)
    except ValueError as error:
        raise StepFailed(words_of(error), retry=False, text=ended.text) from None
    text = say(
        "%(commits)s transactions with %(rows)s rows, of %(seconds)s s, did not reach the standby",
        commits=found.commits, rows=found.rows, seconds=f"{found.seconds:.1f}",
    )  # fmt: skip
    return Done({"commits": found.commits, "rows": found.rows, "seconds": round(found.seconds, 1)}, text)


async def _bounded(line: str, door: ssh.Door, bench: Bench) -> ssh.Ended:
    async with asyncio.timeout(max(0.1, bench.until - time.monotonic())):
        return await ssh.execute(line, door, bench.network)
