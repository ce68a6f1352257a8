"""A program on this machine: a list of words and never a shell, from a directory that an administrator named."""

from typing import Any

from pydantic import Field

from mainstay.domain.reading import Problem
from mainstay.domain.saying import say
from mainstay.drivers.backup_tools import ToolFailed
from mainstay.drivers.named_programs import named
from mainstay.drivers.program import run
from mainstay.drivers.steps import Bench, Done, StepFailed, StepSettings

FIXED = ("command.0",)
_MOST = 1_000_000


class Settings(StepSettings):
    """The program must lie in one of the plugin directories."""

    command: list[str] = Field(min_length=1, max_length=100, description="the program, then its arguments one by one")
    env: dict[str, str] = Field({}, description="for what must not be seen in the list of processes, such as ${SECRET}")
    codes: list[int] = Field([0], description="exit codes that are good")


def repeatable(_settings: Any) -> bool:
    """Nobody here can know."""
    return False


def asks(_settings: Any) -> bool:
    return False


def perform(settings: Settings, bench: Bench) -> Done:
    """Its key is in the environment as MAINSTAY_STEP_KEY."""
    program = named(settings.command[0], bench.programs)
    if isinstance(program, Problem):
        raise StepFailed(program.detail, retry=False)
    environment = {**settings.env, "MAINSTAY_STEP_KEY": bench.key}
    try:
        ended = run([program, *settings.command[1:]], until=bench.until, environment=environment, most=_MOST)
    except ToolFailed as error:
        raise StepFailed(error.detail, retry=error.code == "timeout") from None
    text = "\n".join(one.strip("\n") for one in (ended.out, ended.err) if one.strip())
    if ended.code not in settings.codes:
        raise StepFailed(say("it ended with code %(code)s", code=ended.code), text=text)
    return Done({"code": ended.code, "text": ended.out.strip()}, text)
