"""Updates that wait on a Debian or Ubuntu host, and how old its knowledge of them is.

Nothing is installed, fetched or locked: apt is asked to simulate. This machine from inside; others over SSH.
"""

import asyncio
import contextlib
import shutil
import time
from pathlib import Path

from pydantic import Field

from mainstay.domain.patches import Pending, parse_answer, parse_upgrade
from mainstay.domain.reading import Fault, Problem, Reading, late
from mainstay.domain.saying import say, words_of
from mainstay.drivers import ssh
from mainstay.drivers.kinds import Strict
from mainstay.drivers.probes import Reach

METRICS = {"security": "1", "pending": "1", "lists_age": "s", "restart": "1"}
TITLES = {
    "security": say("security updates that wait"), "pending": say("updates that wait"),
    "lists_age": say("age of the package lists"), "restart": say("restart needed"),
}  # fmt: skip

LISTS = "/var/lib/apt/lists"
_FETCHED = (f"{LISTS}/partial", LISTS, "/var/lib/apt/periodic/update-success-stamp")
"""What a fetch touches; the files themselves bear the time at which the archive made them."""
_RESTART = "/run/reboot-required"
_UPGRADE = ("apt-get", "--simulate", "-o", "Debug::NoLocking=1", "dist-upgrade")
_COMMAND = (
    f"date +%s; echo ==; stat -c %Y {' '.join(_FETCHED)} 2>/dev/null; echo ==; "
    f"ls {LISTS} 2>/dev/null | grep -c _Packages; echo ==; [ -e {_RESTART} ] && echo yes; echo ==; "
    f"LC_ALL=C {' '.join(_UPGRADE)} 2>&1; code=$?; echo ==; echo $code"
)
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


class Settings(Strict):
    """Without ``user`` it signs in as the component says, should it say so; without either the component's
    ``address: local`` is looked at from inside."""

    user: str = ""
    key_file: str = Field("", description="the private key to sign in with")
    host_key: str = Field("", description="the host's public key, as in known_hosts: ssh-ed25519 AAAA…")
    port: int = Field(22, ge=1, le=65535)


class NoApt(Exception):
    """The text says what is missing."""


class Probe:
    """Asks anew each time."""

    def __init__(self, settings: Settings, reach: Reach) -> None:
        self._settings, self._reach = settings, reach
        address = str(reach.component.get("address", "local"))
        own = ssh.Door(address, settings.user, settings.key_file, settings.host_key, settings.port)
        self._door = own if settings.user else ssh.door_of(reach.component)

    async def read(self) -> Reading:
        try:
            async with asyncio.timeout(self._reach.timeout):
                pending = await self._pending()
        except TimeoutError:
            problem = late(self._reach.timeout)
            return Reading(problem=problem, blind=True)
        except NoApt as error:
            return Reading(problem=Problem(Fault.SETUP, words_of(error)), blind=True)
        except ssh.ERRORS as error:
            problem, blind = ssh.problem_of(error, self._door)
            return Reading(problem=problem, blind=blind)
        if not pending.lists:
            detail = say("no package lists in %(path)s; fetch them with: apt-get update", path=LISTS)
            problem = Problem(Fault.MISSING, detail)
            return Reading(problem=problem, blind=True)
        return Reading(pending.values(), rows=pending.rows())

    async def _pending(self) -> Pending:
        if self._door.address in ("local", "localhost") and not self._door.user:
            return await _local()
        return parse_answer((await ssh.run(_COMMAND, self._door, self._reach.network)).text)

    def close(self) -> None:
        """Nothing is kept between two looks."""


async def _local() -> Pending:
    program = shutil.which(_UPGRADE[0], path=_ENVIRONMENT["PATH"])
    if program is None:
        raise NoApt(say("there is no apt-get here; this probe knows Debian's and Ubuntu's updates only"))
    process = await asyncio.create_subprocess_exec(
        program, *_UPGRADE[1:], env=_ENVIRONMENT, cwd="/", stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        printed = (await process.communicate())[0].decode("utf-8", "replace")
    finally:
        if process.returncode is None:  # the deadline came first
            process.kill()
            await process.wait()
    if process.returncode:
        raise NoApt((printed.strip().splitlines() or [say("apt-get ended with %(code)s", code=process.returncode)])[-1])
    lists = sum("_Packages" in path.name for path in Path(LISTS).iterdir()) if Path(LISTS).is_dir() else 0
    return Pending(parse_upgrade(printed), lists, _age(), Path(_RESTART).exists())


def _age() -> float | None:
    times = []
    for path in _FETCHED:
        with contextlib.suppress(OSError):
            times.append(Path(path).stat().st_mtime)
    return time.time() - max(times) if times else None
